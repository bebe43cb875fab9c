"""An index whose folder goes while it is open: that is said, and nothing is begun in its place."""

import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest
from building import ENCODER, article, put

from indexer import Editor, IndexNotFound
from indexer.catalog import Catalog
from indexer.layout import Layout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path / "index", [article("well", "The old well was opened in 1880.")])
    return tmp_path / "index"


@pytest.mark.parametrize("left", [False, True])
def test_a_catalog_that_went_after_it_was_written_is_said_to_be_gone_when_it_is_closed(
    left: bool, folder: Path
) -> None:
    layout = Layout(folder)
    catalog = Catalog(layout)
    with catalog.writing():
        pass
    if left:
        layout.catalog.unlink()
    else:
        shutil.rmtree(folder)
    with pytest.raises(IndexNotFound, match="the index is gone"):
        catalog.close()
    catalog.close()


@pytest.mark.parametrize("left", [False, True])
def test_an_editor_whose_index_went_while_it_stood_aside_begins_none_in_its_place(
    left: bool, folder: Path
) -> None:
    with Editor(folder, lambda: ENCODER) as editor, ExitStack() as aside:
        aside.enter_context(editor.aside())
        shutil.rmtree(folder)
        if left:
            folder.mkdir()
        with pytest.raises(IndexNotFound, match="the index is gone"):
            aside.close()
    assert not list(folder.parent.rglob("catalog.sqlite*"))
    assert folder.exists() == left
    put(folder, [article("lamps", "The lamps of Ravel are lit at dusk.")])
