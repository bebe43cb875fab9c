"""Rebuilds what can be rebuilt from the catalog: both projections and the mark. Encodes nothing."""

from pathlib import Path

import filelock

from indexer.catalog import EMPTY, Catalog, watermark, write_mark
from indexer.errors import IndexLocked
from indexer.generations import active_generation
from indexer.layout import Layout
from indexer.lexical import engine as tantivy_engine
from indexer.projections import Projections


def repair(folder: Path) -> None:
    """Build the projections anew and accept the catalog's last commit as the last one there was.

    Raises IndexLocked, and IndexDamaged when the catalog itself cannot be read.
    """
    layout = Layout(folder)
    catalog = Catalog(layout)
    lock = filelock.FileLock(layout.lock)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise IndexLocked(
            f"{folder}: another process is writing to this index; try again when it has finished"
        ) from error
    try:
        _rebuild(layout, catalog)
    finally:
        catalog.close()
        lock.release()


def _rebuild(layout: Layout, catalog: Catalog) -> None:
    with catalog.reading() as connection:
        if watermark(connection) != EMPTY or layout.mark.exists():
            write_mark(layout, watermark(connection))
        generation = active_generation(connection)
        if generation is None:
            return
        tantivy_engine.remove(layout.terms(generation.id))
        for path in (layout.vectors_seal(generation.id), layout.vectors(generation.id)):
            path.unlink(missing_ok=True)
        projections = Projections(layout, generation.id)
        projections.project(connection)
        projections.close(connection)
