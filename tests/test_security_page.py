"""Every test that the page on security names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("title", ["Threats", "What was tried"])
def test_every_line_of_a_table_names_a_test_that_exists(title: str) -> None:
    tests = set()
    for path in (ROOT / "tests").glob("test_*.py"):
        tests |= set(re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    rows = [
        line for line in PAGE.split(f"## {title}")[1].split("## ")[0].splitlines() if line.startswith("| ")
    ]
    assert len(rows) > 10
    for row in rows[1:]:
        named = re.findall(r"`(test_\w+)`", row.split("|")[3])
        assert named, row
        assert set(named) <= tests, row
