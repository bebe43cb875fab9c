"""An index opened for reading: follows the catalog by itself and hands out views.

A reader writes nothing. It loads what the writer has projected, holds what came since in a small exact
tail, and builds in memory whatever is missing or cannot be trusted.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from indexer.catalog import Catalog, check_mark, watermark
from indexer.errors import IndexDamaged, IndexNotFound
from indexer.generations import Generation, active_generation
from indexer.layout import Layout
from indexer.lexical import engine as tantivy_engine
from indexer.lexical.engine import TantivyTerms
from indexer.projections import (
    TAIL_LEAST,
    TAIL_MOST,
    Lag,
    belongs,
    fill_terms,
    lag,
    load_vectors,
    postings_of,
    vectors_of,
)
from indexer.vectors import VectorIndex
from indexer.vectors.exact import ExactVectors
from indexer.view import Engines, View


class Index:
    """Open with :meth:`open`; safe to use from many threads.

    Raises IndexNotFound, IndexTooNew, or IndexDamaged when commits that were reported as done are lost.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._refreshing = threading.Lock()
        self._engines: Engines | None = None
        self._disk: tuple[int, TantivyTerms] | None = None
        self._memory: TantivyTerms | None = None
        with catalog.reading() as connection:
            check_mark(catalog.layout, connection)

    @classmethod
    def open(cls, folder: Path) -> "Index":
        """Open an index folder for reading."""
        return cls(Catalog(Layout(folder)))

    @property
    def folder(self) -> Path:
        """The index folder."""
        return self._catalog.layout.root

    def generation(self) -> Generation:
        """Return the generation that answers; raises IndexNotFound while nothing was taken in."""
        with self._catalog.reading() as connection:
            return self._active(connection)

    @contextmanager
    def view(self) -> Iterator[View]:
        """Yield the newest commit's view, unchanged until it is left."""
        for attempt in range(PATIENCE + 1):
            with self._catalog.reading() as connection:
                engines = self._engines_at(connection, patient=attempt < PATIENCE)
                if engines is not None:
                    yield View(connection, engines)
                    return
            # The engines know commits that this snapshot does not: take a newer one.

    def close(self) -> None:
        """Close the catalog; views must have been left."""
        self._catalog.close()

    def _active(self, connection: sqlite3.Connection) -> Generation:
        generation = active_generation(connection)
        if generation is None:
            raise IndexNotFound(
                f"{self.folder}: nothing has been indexed yet; "
                f"run 'civicite index PATH --index {self.folder}'"
            )
        return generation

    def _engines_at(self, connection: sqlite3.Connection, *, patient: bool) -> Engines | None:
        """Return engines for the snapshot's commit; None, while patient, when a newer snapshot may help.

        Engines that stay ahead are of another history: a backup was restored. They are dropped.
        """
        mark = watermark(connection)
        engines = self._engines
        if engines is not None and engines.mark == mark:
            return engines
        with self._refreshing:
            before = self._engines
            if before is not None and not belongs(connection, before.mark):
                if patient:
                    return None
                before = None
            if before is None or before.mark != mark:
                refreshed = self._refreshed(connection, before, patient=patient)
                if refreshed is None:
                    return None
                self._engines = refreshed
            return self._engines

    def _refreshed(
        self, connection: sqlite3.Connection, before: Engines | None, *, patient: bool
    ) -> Engines | None:
        generation = self._active(connection)
        terms = self._terms_at(connection, generation, patient=patient)
        if terms is None:
            return None
        missing = lag(connection, generation.id, before.mark) if before else None
        if before and missing and before.generation.id == generation.id and not _long(before, missing):
            engines = _advanced(connection, before, generation, missing)
        else:
            engines = self._loaded(connection, generation)
        return _with_terms(connection, engines, terms)

    def _terms_at(
        self, connection: sqlite3.Connection, generation: Generation, *, patient: bool
    ) -> TantivyTerms | None:
        """Return terms that know no commit after the snapshot; None, while patient, when they do.

        What is on disk is used where it can be; else the same is kept in memory and brought along.
        """
        disk = self._disk_terms(generation)
        if disk is not None and belongs(connection, disk.watermark):
            self._memory = None
            return disk
        if disk is not None and patient:
            return None
        if self._memory is None or not belongs(connection, self._memory.watermark):
            self._memory = TantivyTerms()
        if self._memory.watermark != watermark(connection):
            fill_terms(connection, generation.id, self._memory)
        return self._memory

    def _disk_terms(self, generation: Generation) -> TantivyTerms | None:
        folder = self._catalog.layout.terms(generation.id)
        try:
            if self._disk is None or self._disk[0] != generation.id:
                if not tantivy_engine.exists(folder):
                    return None
                self._disk = (generation.id, TantivyTerms(folder))
            self._disk[1].refresh()
        except IndexDamaged:
            self._disk = None
            return None
        return self._disk[1]

    def _loaded(self, connection: sqlite3.Connection, generation: Generation) -> Engines:
        vectors: VectorIndex
        if generation.passages <= TAIL_LEAST:
            vectors = ExactVectors(generation.dimension)
        else:
            vectors = load_vectors(self._catalog.layout, connection, generation)
        none = np.empty(0, np.int64)
        tail = ExactVectors(generation.dimension)
        start = Engines(vectors.watermark, generation, vectors, tail, none, (), none, none)
        missing = lag(connection, generation.id, start.mark)
        return _advanced(connection, start, generation, missing)


PATIENCE = 5
"""Newer snapshots that are tried before engines that are ahead are dropped."""


def _long(engines: Engines, missing: Lag) -> bool:
    length = len(engines.tail) + len(engines.dead) + len(missing.born) + len(missing.gone)
    return length > min(max(TAIL_LEAST, len(engines.vectors) // 4), 2 * TAIL_MOST)


def _advanced(
    connection: sqlite3.Connection, before: Engines, generation: Generation, missing: Lag
) -> Engines:
    """Return engines that have seen what was committed since; the ones before stay as they are."""
    tail = before.tail.copy()
    mark = watermark(connection)
    vectors = vectors_of(connection, missing.born, generation.dimension)
    tail.apply(mark, missing.born, vectors, missing.gone)
    dead = np.union1d(before.dead, missing.gone)
    return replace(before, mark=mark, generation=generation, tail=tail, dead=dead)


def _with_terms(connection: sqlite3.Connection, engines: Engines, terms: TantivyTerms) -> Engines:
    """Return engines with these terms and what they lack: a few passages as they are, many in memory."""
    missing = lag(connection, engines.generation.id, terms.watermark)
    if len(missing.born) <= TAIL_LEAST:
        return replace(engines, terms=(terms.snapshot(),), late=missing.born, terms_dead=missing.gone)
    late = TantivyTerms()
    late.apply(engines.mark, postings_of(connection, missing.born), missing.gone)
    none = np.empty(0, np.int64)
    return replace(engines, terms=(terms.snapshot(), late), late=none, terms_dead=missing.gone)
