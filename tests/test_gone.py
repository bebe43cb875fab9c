"""An index whose folder goes while it is open: that is said, and nothing is begun in its place."""

import shutil
from pathlib import Path

import pytest
from building import article, put

from indexer import IndexNotFound
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
