"""The problem types that the code makes are those that the document lists, and no others."""

import re
from pathlib import Path

from service.problems import PROBLEMS, TYPES

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8")


def test_every_problem_type_is_listed_with_its_status_and_no_other() -> None:
    rows = dict(re.findall(rf"^\| `{TYPES}([a-z-]+)` \| (\w+) \| ", DOCUMENT, re.MULTILINE))
    assert rows == {
        name: "4xx" if name == "http-error" else str(status) for name, (status, _) in PROBLEMS.items()
    }


def test_the_code_makes_no_problem_that_is_not_listed_and_lists_none_that_it_does_not_make() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "service").glob("*.py"))
    source = source.replace(source[source.index("PROBLEMS: dict") : source.index('"""Every type')], "")
    made = set(re.findall(r'(?:Problem|problem_response)\(\s*"([a-z-]+)"', source))
    named = {name for name in PROBLEMS if f'"{name}"' in source}
    assert made <= set(PROBLEMS)
    assert named == set(PROBLEMS)
