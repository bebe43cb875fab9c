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
from indexer.errors import IndexLocked
from indexer.generations import Generation, active_generation
from indexer.lexical.engine import remove_strays
from indexer.planning import current
from indexer.projections import Projections
from indexer.subscriptions import forget_articles


def finish_erasures(catalog: Catalog, wait: float | None = None) -> None:
    """Carry out what was noted for erasure; nothing is done when nothing was.

    The caller holds the index lock and has no projection open. First what was noted leaves every answer and
    the catalog's rows, which nobody can hold up. Then the files are swept: raises IndexLocked when another
    program reads an old state of the catalog for ``wait`` seconds, by default as long as SQLite waits. The
    erasure then is unfinished, and no work was done that would have to be done again.
    """
    with catalog.reading() as connection:
        generation = active_generation(connection)
        if generation is None or not is_unswept(connection):
            return
        noted = noted_erasures(connection)
        answering = [identity for identity in noted if current(connection, identity) is not None]
    if answering:
        commit(catalog, generation.id, [Withdraw(identity) for identity in answering])
    if noted:
        forget_articles(catalog.layout.root, noted)
        _clean_projections(catalog, generation, noted)
    # While somebody reads, rewriting the catalog would only copy all of it into the log.
    if not catalog.fold(wait):
        raise IndexLocked(
            f"{catalog.layout.catalog}: what is erased is in no answer any more, but traces of it are left in"
            " files: another program still reads an older state of it; run the command again when it has"
            " finished"
        )
    catalog.compact(wait)
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
    commit(catalog, generation.id, [Erase(tuple(noted))])
    with catalog.reading() as connection:
        projections.project(connection)
        projections.close(connection)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
