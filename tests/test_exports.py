import ast
from pathlib import Path

import pytest

import indexer

STUB = ast.parse(Path(indexer.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
LISTED = next(ast.literal_eval(n.value) for n in STUB.body if isinstance(n, ast.Assign))


@pytest.mark.parametrize("name", LISTED)
def test_every_listed_name_can_be_imported(name: str) -> None:
    assert getattr(indexer, name) is not None


def test_what_is_imported_in_the_stub_is_what_it_lists() -> None:
    imported = {alias.name for node in STUB.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert sorted(imported) == sorted(LISTED) == sorted(indexer.__all__)


def test_no_listed_name_hides_behind_a_module_of_the_same_name() -> None:
    modules = {path.stem for path in Path(indexer.__file__).parent.iterdir()}
    assert not modules & set(LISTED)
