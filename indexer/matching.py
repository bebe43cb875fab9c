"""The passages that match a question's terms best, by exact BM25 at one commit.

An engine's own order counts deleted texts and keeps lengths in a byte; what it proposes is scored again
here with the catalog's statistics, so that the choice depends on the collection and not on its history.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexer.pool import StoredColumns
from indexer.scoring import Floats, bm25, columns_of, idf, tabulate
from indexer.vectors import Keys

PROPOSALS = 3
"""Times as many proposals are scored as passages are wanted."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What BM25 needs for the terms ``asked``: their keys and how many passages hold each of them.

    ``passages`` and ``terms`` count the whole generation. A term that no passage ever held has no key.
    """

    asked: tuple[str, ...]
    passages: int
    terms: int
    keys: tuple[int | None, ...]
    holding: tuple[int, ...]

    @property
    def average(self) -> float:
        """Terms of an average passage."""
        return self.terms / max(1, self.passages)

    @property
    def weights(self) -> Floats:
        """The inverse document frequency of each asked term, float64."""
        return np.array([idf(self.passages, holding) for holding in self.holding])

    def columns(
        self, terms: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    ) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        """Return which of the asked terms each term key is, or -1."""
        return columns_of(terms, [-1 - at if key is None else key for at, key in enumerate(self.keys)])


def read_statistics(connection: sqlite3.Connection, generation: int, asked: tuple[str, ...]) -> Statistics:
    """Read the statistics of the newest commit for distinct terms."""
    passages, terms = connection.execute(
        "SELECT passages, terms FROM generations WHERE id = ?", (generation,)
    ).fetchone()
    rows = connection.execute(
        "SELECT t.term, t.key, f.passages FROM terms t"
        " JOIN frequencies f ON f.term = t.key AND f.generation = ?"
        f" WHERE t.term IN ({','.join('?' * len(asked))})",
        (generation, *asked),
    ).fetchall()
    known = {term: (key, count) for term, key, count in rows}
    return Statistics(
        asked,
        passages,
        terms,
        tuple(known[term][0] if term in known else None for term in asked),
        tuple(known[term][1] if term in known else 0 for term in asked),
    )


def best_matching(proposed: Sequence[StoredColumns], statistics: Statistics, count: int) -> Keys:
    """Return the ``count`` best of the proposed passages that hold any of the terms, best first.

    Among equals the first proposed wins: they come in the order of article id and offset.
    """
    lengths = np.array([len(one.terms) for one in proposed], np.int64)
    columns = statistics.columns(np.concatenate([np.empty(0, np.int64), *(one.terms for one in proposed)]))
    hit = columns >= 0
    owners = np.repeat(np.arange(len(proposed)), lengths)
    counts = tabulate(owners[hit], columns[hit], len(proposed), len(statistics.asked))
    scores = bm25(statistics.weights, counts, lengths, statistics.average)
    best = np.argsort(-scores, kind="stable")[:count]
    return np.array([one.key for one in proposed], np.int64)[best[scores[best] > 0]]
