"""Keeping FAISS and Tantivy in step with the catalog: what a projection lacks, and giving it that.

Everything a projection needs is read from the catalog; nothing is ever encoded again for it. Only the
process that holds the index lock writes projections; readers load them, or build them in memory.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.encoder import Vectors
from indexer.errors import IndexDamaged
from indexer.generations import Generation, generation_by
from indexer.horizon import history_from
from indexer.layout import Layout
from indexer.lexical import LexicalIndex, Posting
from indexer.lexical import engine as tantivy_engine
from indexer.lexical.checksums import Known, torn
from indexer.lexical.engine import TantivyTerms
from indexer.marks import EMPTY, Watermark, watermark
from indexer.storage import halves, offsets, readable_offsets
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


def usable(connection: sqlite3.Connection, mark: Watermark) -> bool:
    """Tell whether a projection at this watermark can be brought along by what :func:`lag` says.

    Not when passages that went since were dropped from the catalog: it would keep them forever.
    """
    return mark == EMPTY or (belongs(connection, mark) and mark.commit >= (history_from(connection) or 0))


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


def counted_since(connection: sqlite3.Connection, generation: int, mark: Watermark) -> tuple[int, int]:
    """Count the passages that came, and those that went, after a watermark; from indexes alone.

    Those that came and went since are counted in both.
    """
    came, went = (
        int(
            connection.execute(
                f"SELECT COUNT(*) FROM passages WHERE generation = ? AND {column} > ?",
                (generation, mark.commit),
            ).fetchone()[0]
        )
        for column in ("from_commit", "to_commit")
    )
    return came, went


def vectors_of(
    connection: sqlite3.Connection, keys: Keys, dimension: int, *, lenient: bool = False
) -> Vectors:
    """Read passage vectors in the order of ``keys``, float32 of shape (keys, dimension).

    Where one cannot be read, IndexDamaged is raised or, when ``lenient``, it is all zeros.
    """
    found = dict(
        connection.execute(f"SELECT key, vector FROM passages WHERE key IN ({_listed(keys)})").fetchall()
    )
    if lenient:
        nothing = bytes(2 * dimension)
        found = {key: one if _is_bytes(one, len(nothing)) else nothing for key, one in found.items()}
    try:
        return halves(b"".join(found[key] for key in keys.tolist()), dimension)
    except (ValueError, TypeError, KeyError) as error:
        raise IndexDamaged(
            f"a passage vector is not what was written ({error!r}); run 'civicite verify'"
        ) from error


def _is_bytes(blob: object, length: int) -> bool:
    return isinstance(blob, bytes) and len(blob) == length


def postings_of(connection: sqlite3.Connection, keys: Keys, *, lenient: bool = False) -> list[Posting]:
    """Read the terms of passages, for a lexical index.

    Where they name none that there is, IndexDamaged is raised or, when ``lenient``, the passage has no terms.
    """
    rows = connection.execute(
        f"SELECT passage, terms FROM parts WHERE passage IN ({_listed(keys)})"
    ).fetchall()
    try:
        lists = {key: (readable_offsets if lenient else offsets)(packed) for key, packed in rows}
        if lenient:
            lists = {key: lists.get(key, _NO_TERMS) for key in keys.tolist()}
        distinct = np.unique(np.concatenate([_NO_TERMS, *lists.values()]))
        words = dict(
            connection.execute(f"SELECT key, term FROM terms WHERE key IN ({_listed(distinct)})").fetchall()
        )
        return [
            Posting(key, [words[term] for term in found.tolist() if not lenient or term in words])
            for key, found in lists.items()
        ]
    except (ValueError, TypeError, KeyError) as error:
        raise IndexDamaged(
            f"a passage's terms are not what was written ({error!r}); run 'civicite verify'"
        ) from error


_NO_TERMS: NDArray[np.int32] = np.empty(0, np.int32)


def fill_vectors(
    connection: sqlite3.Connection, generation: Generation, index: VectorIndex, *, lenient: bool = False
) -> None:
    """Bring a vector index to the catalog's newest commit."""
    missing = lag(connection, generation.id, index.watermark)
    mark = watermark(connection)
    for keys, gone in _in_portions(missing):
        index.apply(mark, keys, vectors_of(connection, keys, generation.dimension, lenient=lenient), gone)


def fill_terms(
    connection: sqlite3.Connection, generation: int, index: LexicalIndex, *, lenient: bool = False
) -> None:
    """Bring a lexical index to the catalog's newest commit, in one commit of its own."""
    missing = lag(connection, generation, index.watermark)
    postings = (
        posting
        for keys, _ in _in_portions(missing)
        for posting in postings_of(connection, keys, lenient=lenient)
    )
    index.apply(watermark(connection), postings, np.concatenate([missing.gone, missing.born]))


def load_vectors(
    layout: Layout, connection: sqlite3.Connection, generation: Generation, *, lenient: bool = False
) -> FlatVectors:
    """Read the vector file, or build the same in memory when the file cannot be used."""
    loaded = FlatVectors.load(
        layout.vectors(generation.id), layout.vectors_seal(generation.id), generation.dimension
    )
    if isinstance(loaded, FlatVectors) and _may_hold(
        connection, generation.id, loaded.watermark, len(loaded)
    ):
        return loaded
    rebuilt = FlatVectors(generation.dimension)
    fill_vectors(connection, generation, rebuilt, lenient=lenient)
    return rebuilt


def remove_projections(layout: Layout, generation: int) -> None:
    """Delete a generation's projections; whoever has them open goes on reading what was there."""
    tantivy_engine.remove(layout.terms(generation))
    _remove_vectors(layout, generation)


def _remove_vectors(layout: Layout, generation: int) -> None:
    for path in (layout.vectors_seal(generation), layout.vectors(generation)):
        path.unlink(missing_ok=True)


def sound_terms(connection: sqlite3.Connection, folder: Path, generation: int) -> TantivyTerms | None:
    """Open the lexical index on disk; None when there is none, or it cannot be trusted."""
    try:
        if not tantivy_engine.exists(folder) or not are_whole(folder):
            return None
        terms = TantivyTerms(folder)
    except (IndexDamaged, ValueError, OSError):
        return None
    sound = usable(connection, terms.watermark) and is_sound(connection, folder, generation, terms)
    return terms if sound else None


def are_whole(folder: Path) -> bool:
    """Tell whether the files of a lexical index are what was written; not when they cannot be read."""
    try:
        return torn(folder, _WHOLE) is None
    except OSError:
        return False


def is_sound(connection: sqlite3.Connection, folder: Path, generation: int, terms: TantivyTerms) -> bool:
    """Tell whether the files in use are what was written, and as many passages as there were then.

    An index that is ahead of the connection's snapshot is judged by its files alone.
    """
    if not are_whole(folder):
        return False
    mark = terms.watermark
    if not belongs(connection, mark):
        return True
    return _has_as_many(connection, generation, mark, len(terms))


def _may_hold(connection: sqlite3.Connection, generation: int, mark: Watermark, passages: int) -> bool:
    """Tell whether so many passages may be the generation's at a watermark, to be brought along from there.

    What was erased since is in no list of what went: its rows are gone. But the numbers differ.
    """
    return usable(connection, mark) and _has_as_many(connection, generation, mark, passages)


def _has_as_many(connection: sqlite3.Connection, generation: int, mark: Watermark, passages: int) -> bool:
    if mark == EMPTY:
        return passages == 0
    came, went = counted_since(connection, generation, mark)
    alive = connection.execute("SELECT passages FROM generations WHERE id = ?", (generation,)).fetchone()
    return bool(alive and passages == alive[0] - came + went)


_WHOLE: Known = set()
"""A process compares a file of the lexical index once: it is never changed once written.

Not an editor or a reader: a service opens an editor for each edit, which would then read every file.
"""


class Projections:
    """The writing side: held open by the process that holds the index lock.

    What is damaged of an article keeps nothing else from being written: its passages are there without terms
    or with a vector of zeros. Whoever answers builds projections without such articles, see ``aside.py``.
    """

    def __init__(self, layout: Layout, generation: int) -> None:
        self._layout, self._id = layout, generation
        self._terms: TantivyTerms | None = None

    def project(self, connection: sqlite3.Connection) -> None:
        """Make both projections fit for readers at the catalog's newest commit."""
        terms = self._open_terms(connection)
        if terms.watermark != watermark(connection):
            fill_terms(connection, self._id, terms, lenient=True)
        self._save_vectors(connection, only_when_long=True)

    def rewrite(self, connection: sqlite3.Connection, generation: Generation) -> None:
        """Write both projections of this generation anew, so that no file holds a passage that has gone."""
        everything = lag(connection, self._id, EMPTY)
        postings = (
            one for keys, _ in _in_portions(everything) for one in postings_of(connection, keys, lenient=True)
        )
        self._open_terms(connection).replace(watermark(connection), postings)
        vectors = FlatVectors(generation.dimension)
        fill_vectors(connection, generation, vectors, lenient=True)
        vectors.save(self._layout.vectors(self._id), self._layout.vectors_seal(self._id))

    def close(self, connection: sqlite3.Connection) -> None:
        """Finish merges and leave a vector file that readers can start from at once."""
        if self._terms is not None:
            self._terms.close()
        self._save_vectors(connection, only_when_long=self._layout.vectors(self._id).is_file())

    def _open_terms(self, connection: sqlite3.Connection) -> TantivyTerms:
        if self._terms is None:
            folder = self._layout.terms(self._id)
            self._terms = sound_terms(connection, folder, self._id)
            if self._terms is None:
                # A merge would carry damage into a new file with a new checksum: it is built anew instead.
                tantivy_engine.remove(folder)
                self._terms = TantivyTerms(folder)
            else:
                tantivy_engine.remove_strays(folder)
        return self._terms

    def _save_vectors(self, connection: sqlite3.Connection, *, only_when_long: bool) -> None:
        path, seal = self._layout.vectors(self._id), self._layout.vectors_seal(self._id)
        mark, passages = FlatVectors.sealed(path, seal)
        if not _may_hold(connection, self._id, mark, passages):
            _remove_vectors(self._layout, self._id)
            mark = EMPTY
        length = sum(counted_since(connection, self._id, mark))
        generation = generation_by(connection, self._id)
        most = min(max(TAIL_LEAST, int(TAIL_SHARE * generation.passages)), TAIL_MOST) if generation else 0
        if generation is None or mark == watermark(connection) or (only_when_long and length <= most):
            return
        vectors = load_vectors(self._layout, connection, generation, lenient=True)
        fill_vectors(connection, generation, vectors, lenient=True)
        vectors.save(path, seal)


def _in_portions(missing: Lag) -> Iterator[tuple[Keys, Keys]]:
    nothing = np.empty(0, np.int64)
    yield missing.born[:ROWS_AT_ONCE], missing.gone
    for at in range(ROWS_AT_ONCE, len(missing.born), ROWS_AT_ONCE):
        yield missing.born[at : at + ROWS_AT_ONCE], nothing


def _listed(keys: Keys | np.ndarray[tuple[int], np.dtype[np.int32]]) -> str:
    return ",".join(map(str, keys.tolist()))
