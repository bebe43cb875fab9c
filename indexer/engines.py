"""The engines that propose candidates, and how those of one commit become those of the next.

Nothing is ever changed: a question goes on with the engines that it began with.
"""

import sqlite3
from dataclasses import dataclass, field, replace

import numpy as np

from indexer.counts import TermCounts
from indexer.generations import Generation, complete_to
from indexer.lexical import LexicalIndex
from indexer.lexical.engine import TantivyTerms
from indexer.marks import Watermark, watermark
from indexer.pool import MOST_KEPT, StoredColumns
from indexer.projections import TAIL_LEAST, fill_vectors, lag, postings_of, usable, vectors_of
from indexer.recent import Kept, Recent
from indexer.vectors import Keys, VectorIndex
from indexer.vectors.exact import ExactVectors
from indexer.vectors.flat import FlatVectors


@dataclass(frozen=True, slots=True)
class Engines:
    """What proposes candidates at one commit; never changed, only replaced.

    ``vectors`` has everything up to its own watermark, ``tail`` the passages born since, ``dead`` the
    keys in ``vectors`` that have gone since. ``terms`` are searched together; ``late`` are passages that
    none of them has, ``terms_dead`` those gone that they may still have. ``known`` are passages that were
    read before.

    Those of an earlier commit may be restricted to passages ``within``, and have the ``counts`` of their
    time; None in those of the newest one. ``recent`` is what was read at the newest commit: other engines
    never take it over.
    """

    mark: Watermark
    generation: Generation
    vectors: VectorIndex
    tail: ExactVectors
    dead: Keys
    terms: tuple[LexicalIndex, ...]
    late: Keys
    terms_dead: Keys
    known: Kept[int, StoredColumns] = field(default_factory=lambda: Kept(MOST_KEPT))
    within: Keys | None = None
    counts: TermCounts | None = None
    recent: Recent = field(default_factory=Recent, init=False)


def can_grow(connection: sqlite3.Connection, mark: Watermark, generation: Generation) -> bool:
    """Tell whether what stands at a commit is of this history and lacks only what was born after it.

    A generation that was brought up to date since has passages born before that commit, too.
    """
    return usable(connection, mark) and mark.commit >= (complete_to(connection, generation.id) or 0)


def advanced(connection: sqlite3.Connection, before: Engines, generation: Generation) -> Engines:
    """Return engines that have seen what was committed since; the ones before stay as they are.

    The tail is copied at every commit and so kept short; what it grows to becomes part of the vectors.
    """
    missing, mark = lag(connection, generation.id, before.mark), watermark(connection)
    before.known.drop(missing.gone.tolist())
    since = replace(before, mark=mark, generation=generation)
    length = len(before.tail) + len(before.dead) + len(missing.born) + len(missing.gone)
    if length > TAIL_LEAST:
        vectors = _grown(connection, before, generation)
        return replace(since, vectors=vectors, tail=ExactVectors(generation.dimension), dead=before.dead[:0])
    tail = before.tail.copy()
    tail.apply(mark, missing.born, vectors_of(connection, missing.born, generation.dimension), missing.gone)
    return replace(since, tail=tail, dead=np.union1d(before.dead, missing.gone))


def _grown(connection: sqlite3.Connection, before: Engines, generation: Generation) -> FlatVectors:
    """Return vectors at the newest commit that share with those before whatever is still there."""
    found = before.vectors
    vectors = found.copy() if isinstance(found, FlatVectors) else FlatVectors(generation.dimension)
    fill_vectors(connection, generation, vectors)
    return vectors


def with_terms(connection: sqlite3.Connection, engines: Engines, terms: TantivyTerms) -> Engines:
    """Return engines with these terms and what they lack: a few passages as they are, many in memory."""
    missing = lag(connection, engines.generation.id, terms.watermark)
    if len(missing.born) <= TAIL_LEAST:
        return replace(engines, terms=(terms.snapshot(),), late=missing.born, terms_dead=missing.gone)
    late = TantivyTerms()
    late.apply(engines.mark, postings_of(connection, missing.born), missing.gone)
    none = np.empty(0, np.int64)
    return replace(engines, terms=(terms.snapshot(), late), late=none, terms_dead=missing.gone)
