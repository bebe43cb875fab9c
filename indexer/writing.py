"""Rows of passages: written into a generation, closed in it, and its term statistics kept in step.

Knows how a passage, its parts and the counts of its terms hang together. Which passages there should be,
and at which commit, is known to ``committing.py`` for an edit and to ``rebuilding.py`` for a generation.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from indexer.storage import StoredPassage, digest, offsets, pack_offsets


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run of passages belongs: the row keys, and the commits during which it is valid."""

    generation: int
    article: int
    revision: int
    from_commit: int
    to_commit: int | None = None


@dataclass(slots=True)
class Tally:
    """What one transaction does to the statistics, generation by generation, counting passages alive."""

    frequencies: Counter[tuple[int, int]] = field(default_factory=Counter)
    passages: Counter[int] = field(default_factory=Counter)
    terms: Counter[int] = field(default_factory=Counter)
    term_keys: dict[str, int] = field(default_factory=dict)
    uncertain: bool = False
    """Whether a passage was closed of which it cannot be told any more what its terms were."""

    def count(self, generation: int, keys: Iterable[int], length: int, sign: int) -> None:
        """Count a passage of ``length`` terms in, with sign 1, or out, with sign -1."""
        for key in set(keys):
            self.frequencies[generation, key] += sign
        self.passages[generation] += sign
        self.terms[generation] += sign * length


def add_passages(
    connection: sqlite3.Connection, place: Place, passages: Sequence[StoredPassage], tally: Tally
) -> None:
    """Write a run of passages; it is counted unless it is closed from the start."""
    for ordinal, passage in enumerate(passages):
        keys = _term_keys(connection, passage.terms, tally.term_keys)
        cursor = connection.execute(
            "INSERT INTO passages (generation, article, revision, ordinal, start, stop, terms, vector,"
            " from_commit, to_commit) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                place.generation, place.article, place.revision, ordinal, passage.start, passage.stop,
                len(keys), passage.vector, place.from_commit, place.to_commit,
            ),
        )  # fmt: skip
        blobs = (passage.spans, passage.kinds, passage.vectors, passage.counts, pack_offsets(keys))
        fixed = (place.revision, ordinal, passage.start, passage.stop, passage.context, passage.vector)
        connection.execute(
            "INSERT INTO parts (passage, context, spans, kinds, vectors, counts, terms, digest)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (cursor.lastrowid, passage.context, *blobs, digest(*fixed, *blobs)),
        )
        if place.to_commit is None:
            tally.count(place.generation, keys, len(keys), 1)


def close_passages(
    connection: sqlite3.Connection,
    revision: int,
    number: int,
    tally: Tally,
    *,
    generation: int | None = None,
    born: int | None = None,
) -> None:
    """Close a revision's passages at a commit: in every generation, or in one; all, or those of one run."""
    rows = connection.execute(
        f"SELECT p.key, p.generation, {STORED} FROM passages p"
        " LEFT JOIN parts ON parts.passage = p.key WHERE p.revision = ? AND p.to_commit IS NULL"
        " AND (? IS NULL OR p.generation = ?) AND (? IS NULL OR p.from_commit = ?)",
        (revision, generation, generation, born, born),
    ).fetchall()
    for key, owner, *stored in rows:
        connection.execute("UPDATE passages SET to_commit = ? WHERE key = ?", (number, key))
        if is_whole(stored):
            keys = memoryview(stored[-2]).cast("i").tolist()
            tally.count(owner, keys, len(keys), -1)
        else:
            tally.uncertain = True


def write_counts(connection: sqlite3.Connection, tally: Tally) -> None:
    """Add what was counted to the statistics; where that is uncertain, count all of them anew."""
    if tally.uncertain:
        count_all(connection)
        return
    connection.executemany(
        "INSERT INTO frequencies (generation, term, passages) VALUES (?, ?, ?)"
        " ON CONFLICT (generation, term) DO UPDATE SET passages = passages + excluded.passages",
        [(*key, change) for key, change in tally.frequencies.items() if change],
    )
    connection.executemany(
        "UPDATE generations SET passages = passages + ?, terms = terms + ? WHERE id = ?",
        [(count, tally.terms[generation], generation) for generation, count in tally.passages.items()],
    )


def count_all(connection: sqlite3.Connection) -> None:
    """Count the terms of all passages that are alive, in every generation."""
    frequencies = defaultdict[int, Counter[int]](Counter)
    passages, terms = Counter[int](), Counter[int]()
    rows = connection.execute(
        f"SELECT p.generation, p.terms, {STORED} FROM passages p LEFT JOIN parts ON parts.passage = p.key"
        " WHERE p.to_commit IS NULL"
    )
    for generation, length, *stored in rows:
        if is_whole(stored):
            keys = offsets(stored[-2]).tolist()
            frequencies[generation].update(set(keys))
            length = len(keys)
        passages[generation] += 1
        terms[generation] += length
    connection.execute("DELETE FROM frequencies")
    for (generation,) in connection.execute("SELECT id FROM generations").fetchall():
        connection.executemany(
            "INSERT INTO frequencies (generation, term, passages) VALUES (?, ?, ?)",
            [(generation, term, holding) for term, holding in sorted(frequencies[generation].items())],
        )
        connection.execute(
            "UPDATE generations SET passages = ?, terms = ? WHERE id = ?",
            (passages[generation], terms[generation], generation),
        )


STORED = (
    "p.revision, p.ordinal, p.start, p.stop, CAST(parts.context AS BLOB), p.vector, parts.spans, parts.kinds,"
    " parts.vectors, parts.counts, parts.terms, parts.digest"
)
"""What a passage ``p`` is, with its ``parts``: everything that its digest is made of, then the digest."""


def is_whole(stored: Sequence[Any]) -> bool:
    """Tell whether a passage, read as ``STORED`` says, is what was written."""
    *place, context, vector, spans, kinds, vectors, counts, terms, noted = stored
    try:
        # As bytes it was read: what is damaged may be no UTF-8 at all.
        found = digest(*place, context.decode(), vector, spans, kinds, vectors, counts, terms)
        return bool(found == noted)
    except (TypeError, ValueError, AttributeError):
        return False


def _term_keys(connection: sqlite3.Connection, words: Sequence[str], known: dict[str, int]) -> list[int]:
    for word in dict.fromkeys(words):
        if word not in known:
            connection.execute("INSERT INTO terms (term) VALUES (?) ON CONFLICT (term) DO NOTHING", (word,))
            row = connection.execute("SELECT key FROM terms WHERE term = ?", (word,)).fetchone()
            known[word] = int(row[0])
    return [known[word] for word in words]
