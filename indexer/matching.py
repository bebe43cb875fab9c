"""The passages that match a question's terms best, by exact BM25 at one commit.

An engine's own order counts deleted texts and keeps lengths in a byte; what it proposes is scored again
here with the catalog's statistics, so that the choice depends on the collection and not on its history.
"""

import sqlite3
from dataclasses import dataclass

import numpy as np

from indexer.scoring import Floats, bm25, columns_of, idf, tabulate
from indexer.storage import offsets
from indexer.vectors import Keys

PROPOSALS = 4
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


def best_matching(
    connection: sqlite3.Connection, proposed: Keys, statistics: Statistics, commit: int, count: int
) -> Keys:
    """Return the ``count`` best of the proposed passages that are valid and hold any of the terms."""
    rows = connection.execute(
        "SELECT a.id, p.start, p.key, parts.terms FROM passages p"
        " JOIN parts ON parts.passage = p.key JOIN articles a ON a.key = p.article"
        " WHERE p.key IN (SELECT value FROM json_each(?))"
        " AND p.from_commit <= ? AND (p.to_commit IS NULL OR p.to_commit > ?)",
        (str(proposed.tolist()), commit, commit),
    ).fetchall()
    rows.sort(key=lambda row: (row[0], row[1]))  # the rule for ties, whatever the keys
    lengths = np.array([len(row[3]) // 4 for row in rows], np.int64)
    columns = statistics.columns(offsets(b"".join(row[3] for row in rows)).astype(np.int64))
    hit = columns >= 0
    owners = np.repeat(np.arange(len(rows)), lengths)
    counts = tabulate(owners[hit], columns[hit], len(rows), len(statistics.asked))
    scores = bm25(statistics.weights, counts, lengths, statistics.average)
    best = np.argsort(-scores, kind="stable")[:count]
    return np.array([row[2] for row in rows], np.int64)[best[scores[best] > 0]]
