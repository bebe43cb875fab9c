"""Passages against their digests, and BM25's statistics against the passages. Reads, and changes nothing."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from indexer.findings import AGAIN, FROM_BACKUP, GIVE_UP, Finding, shown
from indexer.storage import offsets
from indexer.writing import STORED, is_whole


def check_passages(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Check each passage against its digest, and count what BM25's statistics should be meanwhile."""
    highest = highest_term(connection)
    counted: dict[int, _Counts] = {}
    rows = connection.execute(
        "SELECT CAST(a.id AS BLOB), p.generation, p.to_commit IS NULL, p.article, r.article, p.terms,"
        f" {STORED} FROM passages p"
        " LEFT JOIN articles a ON a.key = p.article LEFT JOIN revisions r ON r.key = p.revision"
        " LEFT JOIN parts ON parts.passage = p.key"
    )
    for identity, generation, alive, article, owner, length, *stored in rows:
        counts = counted.setdefault(generation, _Counts(np.zeros(highest + 1, np.int64)))
        if article != owner or not is_sound_passage(stored, length, highest):
            where = f"article {shown(identity)}"
            problem = f"its passage at {stored[2]} is not what was written"
            mend = AGAIN if alive else GIVE_UP
            if article == owner:
                yield Finding("damage", where, problem, mend, revision=stored[0])
            else:
                yield Finding("damage", where, problem, mend, articles=_known(article, owner))
            counts.uncertain += alive
        elif alive:
            counts.frequencies[np.unique(offsets(stored[-2]))] += 1
            counts.passages += 1
            counts.terms += length
    yield from _statistics(connection, counted, highest)


@dataclass(slots=True)
class _Counts:
    """``frequencies[term]``: passages alive that hold the term; ``uncertain`` are alive and damaged."""

    frequencies: np.ndarray[tuple[int], np.dtype[np.int64]]
    passages: int = 0
    terms: int = 0
    uncertain: int = 0

    def fit(self, passages: int, terms: int, frequencies: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bool:
        """Tell whether statistics may be these, whatever the terms of the ``uncertain`` passages were."""
        more = frequencies - self.frequencies
        return (
            passages - self.passages == self.uncertain
            and bool((more >= 0).all() and (more <= self.uncertain).all())
            and (terms == self.terms if not self.uncertain else terms - self.terms >= more.sum())
        )


def highest_term(connection: sqlite3.Connection) -> int:
    """Return the highest key of a term."""
    return int(connection.execute("SELECT COALESCE(MAX(key), 0) FROM terms").fetchone()[0])


def is_sound_passage(stored: Sequence[Any], length: int, highest: int) -> bool:
    """Tell whether a passage is what was written, read as ``STORED`` says, with the length that is noted.

    ``highest`` is the highest key of a term.
    """
    if not is_whole(stored):
        return False
    try:
        keys = offsets(stored[-2])
        return len(keys) == length and (not len(keys) or bool(0 < keys.max() <= highest))
    except (TypeError, ValueError):
        return False


def _statistics(
    connection: sqlite3.Connection, counted: dict[int, _Counts], highest: int
) -> Iterator[Finding]:
    for generation, passages, terms in connection.execute(
        "SELECT id, passages, terms FROM generations"
    ).fetchall():
        counts = counted.get(generation, _Counts(np.zeros(highest + 1, np.int64)))
        noted = np.zeros(highest + 1, np.int64)
        for term, holding in connection.execute(
            "SELECT term, passages FROM frequencies WHERE generation = ?", (generation,)
        ):
            noted[term if 0 < term <= highest else 0] = holding
        if not counts.fit(passages, terms, noted):
            where = f"catalog.sqlite: generation {generation}"
            yield Finding("damage", where, "its term statistics do not fit its passages", FROM_BACKUP)


def _known(*keys: int | None) -> tuple[int, ...]:
    return tuple(key for key in keys if key is not None)
