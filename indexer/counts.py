"""Term statistics of an earlier commit: counted from its passages, or from what has changed since.

The catalog keeps the statistics of its newest commit only. Knows how passages hold terms, and neither
engines nor questions.
"""

import sqlite3
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from indexer.matching import Statistics, read_statistics
from indexer.storage import offsets
from indexer.vectors import Keys

Ints = NDArray[np.int64]

ROWS_AT_ONCE = 5000
"""Passages whose terms are read into memory at a time."""


@dataclass(frozen=True, slots=True)
class TermCounts:
    """So many passages, ``holding``, hold each of ``terms`` (their keys, ascending).

    There are ``passages`` in all, with ``length`` terms. Where ``relative``, all of these are differences
    from the newest commit.
    """

    terms: Ints
    holding: Ints
    passages: int
    length: int
    relative: bool = False

    def minus(self, other: "TermCounts") -> "TermCounts":
        """Return the difference, term by term."""
        both = np.concatenate([self.terms, other.terms])
        change = np.concatenate([self.holding, -other.holding])
        terms, holding = _summed(both, change)
        return replace(
            self,
            terms=terms,
            holding=holding,
            passages=self.passages - other.passages,
            length=self.length - other.length,
        )

    def holding_of(self, term: int | None) -> int:
        """Return how many passages hold a term, 0 for one without a key."""
        if term is None:
            return 0
        place = int(np.searchsorted(self.terms, term))
        return int(self.holding[place]) if place < len(self.terms) and self.terms[place] == term else 0


def count_terms(connection: sqlite3.Connection, passages: Keys) -> TermCounts:
    """Count the terms of passages, whenever these were valid."""
    total = TermCounts(*2 * (np.empty(0, np.int64),), passages=0, length=0)
    for at in range(0, len(passages), ROWS_AT_ONCE):
        portion = _portion(connection, passages[at : at + ROWS_AT_ONCE])
        terms, holding = _summed(
            np.concatenate([total.terms, portion.terms]), np.concatenate([total.holding, portion.holding])
        )
        total = TermCounts(terms, holding, total.passages + portion.passages, total.length + portion.length)
    return total


def statistics_by(
    connection: sqlite3.Connection, generation: int, asked: tuple[str, ...], counts: TermCounts
) -> Statistics:
    """Return the statistics of the commit that was counted, for distinct terms."""
    found = connection.execute(
        f"SELECT term, key FROM terms WHERE term IN ({','.join('?' * len(asked))})", asked
    ).fetchall()
    known = dict(found)
    keys = tuple(known.get(term) for term in asked)
    holding = tuple(map(counts.holding_of, keys))
    if not counts.relative:
        return Statistics(asked, counts.passages, counts.length, keys, holding)
    now = read_statistics(connection, generation, asked)
    summed = tuple(newest + change for newest, change in zip(now.holding, holding, strict=True))
    return Statistics(asked, now.passages + counts.passages, now.terms + counts.length, keys, summed)


def _portion(connection: sqlite3.Connection, passages: Keys) -> TermCounts:
    rows = connection.execute(
        "SELECT terms FROM parts WHERE passage IN (SELECT value FROM json_each(?))", (str(passages.tolist()),)
    ).fetchall()
    lists = [offsets(packed) for (packed,) in rows]
    every = np.concatenate([*lists, np.empty(0, np.int32)]).astype(np.int64)
    owners = np.repeat(np.arange(len(lists)), [len(one) for one in lists])
    # A term counts once in a passage, however often it stands there: pairs of both in one number.
    pairs = np.unique((owners << 32) | every)
    terms, holding = np.unique(pairs & 0xFFFFFFFF, return_counts=True)
    return TermCounts(terms, holding.astype(np.int64), len(lists), len(every))


def _summed(terms: Ints, counts: Ints) -> tuple[Ints, Ints]:
    distinct, place = np.unique(terms, return_inverse=True)
    sums = np.zeros(len(distinct), np.int64)
    np.add.at(sums, place, counts)
    return distinct, sums
