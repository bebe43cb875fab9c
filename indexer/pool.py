"""The passages that a question considers, in columns: everything that ranking and quoting need of them.

A passage never changes under its key, so what was read once, and checked against its digest, is kept in
memory for the questions that follow; whether it is valid is asked of the catalog every time. Knows nothing
of questions; scores are computed from these columns elsewhere.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.encoder import Vectors
from indexer.errors import IndexDamaged
from indexer.storage import digest, halves, offsets
from indexer.vectors import Keys

Ints = NDArray[np.int64]

MOST_KEPT = 4096
"""Passages that are kept in memory, of ten to twenty kilobytes each."""


@dataclass(frozen=True, slots=True)
class StoredColumns:
    """One passage as the catalog has it, its bytes made into arrays; see :class:`Pool` for the columns."""

    key: int
    article_id: str
    revision: int
    start: int
    stop: int
    vector: Vectors  # (1, dimension)
    spans: Ints  # (sentences, 2)
    kinds: NDArray[np.uint8]
    vectors: Vectors  # (sentences, dimension)
    counts: Ints  # terms of the context, then of each sentence
    terms: Ints


class Known(dict[int, StoredColumns]):
    """Passages of one index, read and checked, by key. Threads may share it."""

    def keep(self, passages: Sequence[StoredColumns]) -> None:
        """Keep passages for the questions that follow; what was kept longest makes room."""
        self.update((passage.key, passage) for passage in passages)
        for key in list(self)[: max(0, len(self) - MOST_KEPT)]:
            self.pop(key, None)


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


def read_passages(
    connection: sqlite3.Connection, keys: Keys, commit: int, generation: int, dimension: int, known: Known
) -> list[StoredColumns]:
    """Read those of the passages that are valid at the commit, in the order of article id and offset.

    Raises IndexDamaged, naming the article, when a passage is not what was written.
    """
    # The plus keeps SQLite from starting at the generation and reading all of its passages.
    valid = [
        row[0]
        for row in connection.execute(
            "SELECT key FROM passages WHERE key IN (SELECT value FROM json_each(?)) AND +generation = ?"
            " AND from_commit <= ? AND (to_commit IS NULL OR to_commit > ?)",
            (str(keys.tolist()), generation, commit, commit),
        )
    ]
    found = [known.get(key) for key in valid]
    passages = [passage for passage in found if passage is not None]
    if len(passages) < len(valid):
        missing = [key for key, passage in zip(valid, found, strict=True) if passage is None]
        fresh = _read(connection, missing, dimension)
        known.keep(fresh)
        passages += fresh
    # Sorted here: SQLite would copy every vector through its sorter.
    passages.sort(key=lambda passage: (passage.article_id, passage.start))
    return passages


def _read(connection: sqlite3.Connection, keys: list[int], dimension: int) -> list[StoredColumns]:
    rows = connection.execute(
        "SELECT p.key, a.id, p.revision, p.ordinal, p.start, p.stop, p.vector,"
        " parts.context, parts.spans, parts.kinds, parts.vectors, parts.counts, parts.terms, parts.digest"
        " FROM passages p JOIN parts ON parts.passage = p.key JOIN articles a ON a.key = p.article"
        " WHERE p.key IN (SELECT value FROM json_each(?))",
        (str(keys),),
    ).fetchall()
    return [_columns(row, dimension) for row in rows]


def _columns(row: tuple[Any, ...], dimension: int) -> StoredColumns:
    key, article, revision, ordinal, start, stop, vector, context, *blobs, noted = row
    if digest(revision, ordinal, start, stop, context, vector, *blobs) != noted:
        raise IndexDamaged(
            f"article {article!r}: its passage at {start} is not what was written; "
            "run 'civicite verify', then index the article again"
        )
    spans, kinds, vectors, counts, terms = blobs
    return StoredColumns(
        key,
        article,
        revision,
        start,
        stop,
        halves(vector, dimension),
        offsets(spans).reshape(-1, 2).astype(np.int64),
        np.frombuffer(kinds, np.uint8),
        halves(vectors, dimension),
        offsets(counts).astype(np.int64),
        offsets(terms).astype(np.int64),
    )


def pooled(passages: Sequence[StoredColumns], dimension: int) -> Pool:
    """Put passages beside each other, in the order given."""
    no_vectors, no_number = np.empty((0, dimension), np.float32), np.empty(0, np.int64)
    sentences = np.array([len(one.kinds) for one in passages], np.int64)
    per_part = np.concatenate([no_number, *(one.counts for one in passages)])
    parts = sentences + 1
    # A part is a passage's context or one of its sentences; contexts have no sentence row.
    part_passage = np.repeat(np.arange(len(passages)), parts)
    is_context = np.zeros(len(per_part), bool)
    is_context[np.cumsum(parts) - parts] = True
    part_sentence = np.where(is_context, -1, np.cumsum(~is_context) - 1)
    return Pool(
        keys=np.array([one.key for one in passages], np.int64),
        article_ids=tuple(one.article_id for one in passages),
        revisions=np.array([one.revision for one in passages], np.int64),
        spans=np.array([(one.start, one.stop) for one in passages], np.int64).reshape(-1, 2),
        lengths=np.array([len(one.terms) for one in passages], np.int64),
        vectors=np.concatenate([no_vectors, *(one.vector for one in passages)]),
        sentence_passage=np.repeat(np.arange(len(passages)), sentences),
        sentence_spans=np.concatenate([np.empty((0, 2), np.int64), *(one.spans for one in passages)]),
        sentence_kinds=np.concatenate([np.empty(0, np.uint8), *(one.kinds for one in passages)]),
        sentence_lengths=per_part[~is_context],
        sentence_vectors=np.concatenate([no_vectors, *(one.vectors for one in passages)]),
        terms=np.concatenate([no_number, *(one.terms for one in passages)]),
        term_passage=np.repeat(part_passage, per_part),
        term_sentence=np.repeat(part_sentence, per_part),
    )
