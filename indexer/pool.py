"""The passages that a question considers, in columns: everything that ranking and quoting need of them.

Read from the catalog in one go and checked row by row against its digest. Knows nothing of questions;
scores are computed from these columns elsewhere.
"""

import sqlite3
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.encoder import Vectors
from indexer.errors import IndexDamaged
from indexer.storage import digest, halves, offsets
from indexer.vectors import Keys

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pool:
    """Passages in rows ``0..n``, their sentences in rows ``0..m``, their terms in rows ``0..t``.

    Sentences and terms lie in passage order; ``sentence_passage`` and ``term_passage`` name the passage
    row they belong to, ``term_sentence`` the sentence row, or -1 for a term of the passage's context.
    Spans are offsets in the canonical text.
    """

    keys: Keys
    article_ids: tuple[str, ...]
    revisions: Ints
    spans: Ints  # (n, 2)
    lengths: Ints  # terms of each passage, its context included
    vectors: Vectors  # (n, dimension)
    sentence_passage: Ints
    sentence_spans: Ints  # (m, 2)
    sentence_kinds: NDArray[np.uint8]
    sentence_lengths: Ints  # terms
    sentence_vectors: Vectors  # (m, dimension)
    terms: Ints
    term_passage: Ints
    term_sentence: Ints

    def __len__(self) -> int:
        """Return the number of passages."""
        return len(self.keys)


_COLUMNS = (
    "SELECT p.key, a.id, p.revision, p.ordinal, p.start, p.stop, p.vector,"
    " parts.context, parts.spans, parts.kinds, parts.vectors, parts.counts, parts.terms, parts.digest"
    " FROM passages p JOIN parts ON parts.passage = p.key JOIN articles a ON a.key = p.article"
)


def read_pool(
    connection: sqlite3.Connection, keys: Keys, commit: int, generation: int, dimension: int
) -> Pool:
    """Read those of the passages that are valid at the commit, in the order of article id and offset.

    Raises IndexDamaged, naming the article, when a passage is not what was written.
    """
    rows = connection.execute(
        f"{_COLUMNS} WHERE p.key IN (SELECT value FROM json_each(?)) AND p.generation = ?"
        " AND p.from_commit <= ? AND (p.to_commit IS NULL OR p.to_commit > ?)",
        (str(keys.tolist()), generation, commit, commit),
    ).fetchall()
    # Sorted here: SQLite would copy every vector through its sorter.
    rows.sort(key=lambda row: (row[1], row[4]))
    for row in rows:
        _check(row)
    return _columns(rows, dimension)


def _check(row: tuple[Any, ...]) -> None:
    _, article, revision, ordinal, start, stop, vector, context, *blobs, noted = row
    if digest(revision, ordinal, start, stop, context, vector, *blobs) != noted:
        raise IndexDamaged(
            f"article {article!r}: its passage at {start} is not what was written; "
            "run 'civicite verify', then index the article again"
        )


def _columns(rows: list[tuple[Any, ...]], dimension: int) -> Pool:
    counts = [offsets(row[11]) for row in rows]
    sentences = np.array([len(count) - 1 for count in counts], np.int64)
    per_part = np.concatenate([*counts, np.empty(0, np.int32)]).astype(np.int64)
    parts = np.array([len(count) for count in counts], np.int64)
    # A part is a passage's context or one of its sentences; contexts have no sentence row.
    part_passage = np.repeat(np.arange(len(rows)), parts)
    is_context = np.zeros(len(per_part), bool)
    is_context[np.cumsum(parts) - parts] = True
    part_sentence = np.where(is_context, -1, np.cumsum(~is_context) - 1)
    return Pool(
        keys=np.array([row[0] for row in rows], np.int64),
        article_ids=tuple(row[1] for row in rows),
        revisions=np.array([row[2] for row in rows], np.int64),
        spans=np.array([(row[4], row[5]) for row in rows], np.int64).reshape(-1, 2),
        lengths=np.array([len(row[12]) // 4 for row in rows], np.int64),
        vectors=halves(b"".join(row[6] for row in rows), dimension),
        sentence_passage=np.repeat(np.arange(len(rows)), sentences),
        sentence_spans=offsets(b"".join(row[8] for row in rows)).reshape(-1, 2).astype(np.int64),
        sentence_kinds=np.frombuffer(b"".join(row[9] for row in rows), np.uint8),
        sentence_lengths=per_part[~is_context],
        sentence_vectors=halves(b"".join(row[10] for row in rows), dimension),
        terms=offsets(b"".join(row[12] for row in rows)).astype(np.int64),
        term_passage=np.repeat(part_passage, per_part),
        term_sentence=np.repeat(part_sentence, per_part),
    )
