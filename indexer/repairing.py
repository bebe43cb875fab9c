"""Rebuilds what follows from the catalog: both projections, the mark, how texts are alike, derived rows.

Encodes nothing.
"""

import sqlite3
from contextlib import suppress
from pathlib import Path

from indexer.catalog import Catalog
from indexer.errors import IndexDamaged, IndexLocked
from indexer.generations import active_generation
from indexer.layout import Layout
from indexer.likeness import mend_likeness
from indexer.locking import held
from indexer.marks import EMPTY, is_gone, watermark, write_mark
from indexer.mending import mend
from indexer.projections import Projections, remove_projections
from indexer.sweeping import finish_erasures
from indexer.upkeep import upkeep


def repair(folder: Path, *, wait: float = 0) -> None:
    """Build anew whatever follows from the catalog, and accept its last commit as the last one there was.

    An erasure that was not finished is finished, unless somebody reads an older state. Raises IndexLocked
    when another process is still writing after ``wait`` seconds, or rebuilds, and IndexDamaged when the
    catalog itself cannot be read. In the place of one that is gone it makes an empty one.
    """
    layout = Layout(folder)
    if is_gone(layout):
        with upkeep(layout), held(layout, wait):
            Catalog(layout, create=True).close()
    catalog = Catalog(layout)
    try:
        # Projections of all generations go, also of one that a rebuild would be writing.
        with upkeep(layout), held(layout, wait):
            mend(catalog)
            _rebuild(layout, catalog)
            with suppress(IndexLocked):  # somebody reads: the check that follows says so
                finish_erasures(catalog)
    finally:
        catalog.close()


def _rebuild(layout: Layout, catalog: Catalog) -> None:
    mend_likeness(catalog)
    with catalog.reading() as connection:
        if watermark(connection) != EMPTY or layout.mark.exists():
            write_mark(layout, watermark(connection))
        with suppress(PermissionError):  # the check that follows names what must not be read or deleted
            _project_anew(layout, connection)


def _project_anew(layout: Layout, connection: sqlite3.Connection) -> None:
    # Those of a generation that does not answer are written when it is to.
    for number in layout.projected():
        remove_projections(layout, number)
    generation = active_generation(connection)
    if generation is None:
        return
    try:
        projections = Projections(layout, generation.id)
        projections.project(connection)
        projections.close(connection)
    except IndexDamaged:
        # Some article's passages cannot be read: the check that follows names it.
        remove_projections(layout, generation.id)
