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
    belongs,
    fill_terms,
    lag,
    load_vectors,
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
        self._terms: TantivyTerms | None = None
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
        while True:
            with self._catalog.reading() as connection:
                engines = self._engines_at(connection)
                if engines is not None:
                    yield View(connection, engines)
                    return
            # A projection was ahead of this snapshot: take a newer one.

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

    def _engines_at(self, connection: sqlite3.Connection) -> Engines | None:
        mark = watermark(connection)
        engines = self._engines
        if engines is not None and engines.mark == mark:
            return engines
        with self._refreshing:
            if self._engines is None or self._engines.mark.commit < mark.commit:
                self._engines = self._refreshed(connection, self._engines)
            return self._engines if self._engines and self._engines.mark == mark else None

    def _refreshed(self, connection: sqlite3.Connection, before: Engines | None) -> Engines | None:
        generation = self._active(connection)
        terms = self._terms_at(connection, generation)
        if terms is None:
            return before
        if before is None or before.generation.id != generation.id or _long(before):
            engines = self._loaded(connection, generation, terms)
        else:
            engines = _advanced(connection, before, generation)
        late = lag(connection, generation.id, terms.watermark)
        return replace(engines, terms=terms.snapshot(), terms_tail=late.born)

    def _terms_at(self, connection: sqlite3.Connection, generation: Generation) -> TantivyTerms | None:
        """Return terms a short tail behind the snapshot at most; None when they are ahead of it."""
        try:
            self._terms = self._terms or self._open_terms(generation)
            self._terms.refresh()
        except IndexDamaged:
            self._terms = TantivyTerms()
        mark = self._terms.watermark
        if mark.commit > watermark(connection).commit:
            return None
        if belongs(connection, mark) and len(lag(connection, generation.id, mark).born) <= TAIL_LEAST:
            return self._terms
        self._terms = TantivyTerms()
        fill_terms(connection, generation.id, self._terms)
        return self._terms

    def _open_terms(self, generation: Generation) -> TantivyTerms:
        folder = self._catalog.layout.terms(generation.id)
        return TantivyTerms(folder) if tantivy_engine.exists(folder) else TantivyTerms()

    def _loaded(self, connection: sqlite3.Connection, generation: Generation, terms: TantivyTerms) -> Engines:
        vectors: VectorIndex
        if generation.passages <= TAIL_LEAST:
            vectors = ExactVectors(generation.dimension)
        else:
            vectors = load_vectors(self._catalog.layout, connection, generation)
        none = np.empty(0, np.int64)
        tail = ExactVectors(generation.dimension)
        start = Engines(vectors.watermark, generation, vectors, tail, none, terms, none)
        return _advanced(connection, start, generation)


def _long(engines: Engines) -> bool:
    return len(engines.tail) + len(engines.dead) > min(
        max(TAIL_LEAST, len(engines.vectors) // 4), 2 * TAIL_MOST
    )


def _advanced(connection: sqlite3.Connection, before: Engines, generation: Generation) -> Engines:
    """Return engines that have seen what was committed since; the ones before stay as they are."""
    mark, since = watermark(connection), lag(connection, generation.id, before.mark)
    tail = before.tail.copy()
    tail.apply(mark, since.born, vectors_of(connection, since.born, generation.dimension), since.gone)
    dead = np.union1d(before.dead, since.gone)
    return replace(before, mark=mark, generation=generation, tail=tail, dead=dead)
