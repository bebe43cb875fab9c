"""Keeping FAISS and Tantivy in step with the catalog: what a projection lacks, and giving it that.

Everything a projection needs is read from the catalog; nothing is ever encoded again for it. Only the
process that holds the index lock writes projections; readers load them, or build them in memory.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from indexer.catalog import EMPTY, Watermark, watermark
from indexer.encoder import Vectors
from indexer.errors import IndexDamaged
from indexer.generations import Generation, active_generation
from indexer.layout import Layout
from indexer.lexical import LexicalIndex, Posting
from indexer.lexical import engine as tantivy_engine
from indexer.lexical.engine import TantivyTerms
from indexer.storage import halves, offsets
from indexer.vectors import Keys, VectorIndex
from indexer.vectors.flat import FlatVectors

ROWS_AT_ONCE = 5000
"""Passages read into memory at a time while a projection is built."""

TAIL_LEAST, TAIL_SHARE, TAIL_MOST = 256, 0.1, 8192
"""A vector file is written anew when what came since is more than a tenth of it, within these bounds."""


@dataclass(frozen=True, slots=True)
class Lag:
    """What a projection at some watermark lacks: passages born since and alive, and passages gone since."""

    born: Keys
    gone: Keys


def belongs(connection: sqlite3.Connection, mark: Watermark) -> bool:
    """Tell whether a watermark is part of this catalog's history and not ahead of it."""
    if mark == EMPTY:
        return True
    row = connection.execute("SELECT chain FROM commits WHERE id = ?", (mark.commit,)).fetchone()
    return row is not None and row[0] == mark.chain


def lag(connection: sqlite3.Connection, generation: int, mark: Watermark) -> Lag:
    """Return what happened to the generation's passages after a watermark."""
    born = connection.execute(
        "SELECT key FROM passages WHERE generation = ? AND from_commit > ? AND to_commit IS NULL",
        (generation, mark.commit),
    )
    gone = connection.execute(
        "SELECT key FROM passages WHERE generation = ? AND to_commit > ? AND from_commit <= ?",
        (generation, mark.commit, mark.commit),
    )
    return Lag(*(np.array([row[0] for row in rows.fetchall()], np.int64) for rows in (born, gone)))


def vectors_of(connection: sqlite3.Connection, keys: Keys, dimension: int) -> Vectors:
    """Read passage vectors in the order of ``keys``, float32 of shape (keys, dimension)."""
    found = dict(
        connection.execute(f"SELECT key, vector FROM passages WHERE key IN ({_listed(keys)})").fetchall()
    )
    try:
        return halves(b"".join(found[key] for key in keys.tolist()), dimension)
    except ValueError as error:
        raise IndexDamaged(f"a passage vector has a wrong length ({error}); run 'civicite verify'") from error


def postings_of(connection: sqlite3.Connection, keys: Keys) -> list[Posting]:
    """Read the terms of passages, for a lexical index."""
    rows = connection.execute(
        f"SELECT passage, terms FROM parts WHERE passage IN ({_listed(keys)})"
    ).fetchall()
    lists = [(key, offsets(packed)) for key, packed in rows]
    distinct = np.unique(np.concatenate([found for _, found in lists])) if lists else np.empty(0, np.int32)
    words = dict(
        connection.execute(f"SELECT key, term FROM terms WHERE key IN ({_listed(distinct)})").fetchall()
    )
    return [Posting(key, [words[term] for term in found.tolist()]) for key, found in lists]


def fill_vectors(connection: sqlite3.Connection, generation: Generation, index: VectorIndex) -> None:
    """Bring a vector index to the catalog's newest commit."""
    missing = lag(connection, generation.id, index.watermark)
    mark = watermark(connection)
    for keys, gone in _in_portions(missing):
        index.apply(mark, keys, vectors_of(connection, keys, generation.dimension), gone)


def fill_terms(connection: sqlite3.Connection, generation: int, index: LexicalIndex) -> None:
    """Bring a lexical index to the catalog's newest commit, in one commit of its own."""
    missing = lag(connection, generation, index.watermark)
    postings = (posting for keys, _ in _in_portions(missing) for posting in postings_of(connection, keys))
    index.apply(watermark(connection), postings, np.concatenate([missing.gone, missing.born]))


def load_vectors(layout: Layout, connection: sqlite3.Connection, generation: Generation) -> FlatVectors:
    """Read the vector file, or build the same in memory when the file cannot be used."""
    loaded = FlatVectors.load(
        layout.vectors(generation.id), layout.vectors_seal(generation.id), generation.dimension
    )
    if isinstance(loaded, FlatVectors) and belongs(connection, loaded.watermark):
        return loaded
    rebuilt = FlatVectors(generation.dimension)
    fill_vectors(connection, generation, rebuilt)
    return rebuilt


class Projections:
    """The writing side: held open by the process that holds the index lock."""

    def __init__(self, layout: Layout, generation: int) -> None:
        self._layout, self._id = layout, generation
        self._terms: TantivyTerms | None = None

    def project(self, connection: sqlite3.Connection) -> None:
        """Make both projections fit for readers at the catalog's newest commit."""
        terms = self._open_terms(connection)
        if terms.watermark != watermark(connection):
            fill_terms(connection, self._id, terms)
        self._save_vectors(connection, only_when_long=True)

    def close(self, connection: sqlite3.Connection) -> None:
        """Finish merges and leave a vector file that readers can start from at once."""
        if self._terms is not None:
            self._terms.close()
        self._save_vectors(connection, only_when_long=self._layout.vectors(self._id).is_file())

    def _open_terms(self, connection: sqlite3.Connection) -> TantivyTerms:
        if self._terms is None:
            folder = self._layout.terms(self._id)
            self._terms = TantivyTerms(folder)
            if not belongs(connection, self._terms.watermark):
                tantivy_engine.remove(folder)
                self._terms = TantivyTerms(folder)
        return self._terms

    def _save_vectors(self, connection: sqlite3.Connection, *, only_when_long: bool) -> None:
        path, seal = self._layout.vectors(self._id), self._layout.vectors_seal(self._id)
        mark = FlatVectors.sealed(path, seal)
        missing = lag(connection, self._id, mark if belongs(connection, mark) else EMPTY)
        length = len(missing.born) + len(missing.gone)
        generation = active_generation(connection)
        most = min(max(TAIL_LEAST, int(TAIL_SHARE * generation.passages)), TAIL_MOST) if generation else 0
        if generation is None or mark == watermark(connection) or (only_when_long and length <= most):
            return
        vectors = load_vectors(self._layout, connection, generation)
        fill_vectors(connection, generation, vectors)
        vectors.save(path, seal)


def _in_portions(missing: Lag) -> Iterator[tuple[Keys, Keys]]:
    nothing = np.empty(0, np.int64)
    yield missing.born[:ROWS_AT_ONCE], missing.gone
    for at in range(ROWS_AT_ONCE, len(missing.born), ROWS_AT_ONCE):
        yield missing.born[at : at + ROWS_AT_ONCE], nothing


def _listed(keys: Keys | np.ndarray[tuple[int], np.dtype[np.int32]]) -> str:
    return ",".join(map(str, keys.tolist()))
