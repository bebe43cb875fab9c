"""Finishes erasures: rows out of the catalog, then the last traces out of every file of the index.

Deleted rows leave their bytes behind: in free pages and the log of the catalog, in segments of Tantivy, in
projections of generations that do not answer, in what a killed writer left half written. Every step may be
repeated, and is, until the catalog notes the erasure as swept.
"""

import shutil
from pathlib import Path

from indexer.catalog import Catalog
from indexer.committing import Erase, Withdraw, commit
from indexer.erasing import is_unswept, mark_swept, noted_erasures
from indexer.generations import Generation, active_generation
from indexer.lexical.engine import remove_strays
from indexer.planning import current
from indexer.projections import Projections
from indexer.subscriptions import forget_articles


def finish_erasures(catalog: Catalog) -> None:
    """Carry out what was noted for erasure; nothing is done when nothing was.

    The caller holds the index lock and has no projection open. Raises IndexLocked when another program
    reads an old state of the catalog all the while: the erasure then waits for the next edit.
    """
    with catalog.reading() as connection:
        generation = active_generation(connection)
        if generation is None or not is_unswept(connection):
            return
        noted = noted_erasures(connection)
        answering = [identity for identity in noted if current(connection, identity) is not None]
    forget_articles(catalog.layout.root, noted)
    if answering:
        commit(catalog, generation.id, [Withdraw(identity) for identity in answering])
    _clean_projections(catalog, generation, noted)
    catalog.compact()
    # Only now: a rebuild writes projections from a snapshot and without the index lock. The catalog is
    # compacted when nobody reads an older state any more, and a new one is not begun without the lock.
    for path in catalog.layout.beside(generation.id):
        _remove(path)
    remove_strays(catalog.layout.terms(generation.id))
    with catalog.writing() as connection:
        mark_swept(connection)


def _clean_projections(catalog: Catalog, generation: Generation, noted: list[str]) -> None:
    # Projections forget the articles before the catalog does: at no moment is there a reader whose
    # projections propose passages of which the catalog knows nothing.
    projections = Projections(catalog.layout, generation.id)
    with catalog.reading() as connection:
        projections.rewrite(connection, generation)
    if noted:
        commit(catalog, generation.id, [Erase(tuple(noted))])
    with catalog.reading() as connection:
        projections.project(connection)
        projections.close(connection)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
