"""The passages that a question considers, in columns: everything that ranking and quoting need of them.

A passage never changes under its key, so what was read once, and checked against its digest, is kept in
memory for the questions that follow; whether it is valid is asked of the catalog every time. Knows nothing
of questions; scores are computed from these columns elsewhere.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.catalog import readable_at
from indexer.encoder import Vectors
from indexer.errors import IndexDamaged
from indexer.recent import Kept
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
    start: int
    facts: Ints  # (1, 6): key, revision, start, stop, number of terms, number of sentences
    vector: Vectors  # (1, dimension)
    spans: Ints  # (sentences, 2)
    kinds: NDArray[np.uint8]
    vectors: Vectors  # (sentences, dimension)
    counts: Ints  # terms of the context, then of each sentence
    terms: Ints


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


def valid_passages(
    connection: sqlite3.Connection, keys: Sequence[int], generation: int, commit: int
) -> set[int]:
    """Return those of the keys that are passages of a generation, valid at a commit and not lost."""
    # The plus keeps SQLite from starting at the generation and reading all of its passages.
    rows = connection.execute(
        "SELECT key FROM passages p WHERE key IN (SELECT value FROM json_each(:keys))"
        f" AND +generation = :generation AND {readable_at('p')}",
        {"keys": str(list(keys)), "generation": generation, "commit": commit},
    )
    return {row[0] for row in rows.fetchall()}


def read_passages(
    connection: sqlite3.Connection, valid: Sequence[int], dimension: int, known: Kept[int, StoredColumns]
) -> list[StoredColumns]:
    """Read passages by their keys, in the order of article id and offset.

    Raises IndexDamaged, naming the article, when a passage is not what was written.
    """
    found = known.several(valid)
    passages = [passage for passage in found if passage is not None]
    if len(passages) < len(valid):
        missing = [key for key, passage in zip(valid, found, strict=True) if passage is None]
        fresh = _read(connection, missing, dimension)
        for passage in fresh:
            known.keep(passage.key, passage)
        passages += fresh
    # Sorted here: SQLite would copy every vector through its sorter.
    passages.sort(key=_PLACE)
    return passages


_PLACE = attrgetter("article_id", "start")


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
    terms_found = offsets(terms).astype(np.int64)
    return StoredColumns(
        key,
        article,
        start,
        np.array([(key, revision, start, stop, len(terms_found), len(kinds))], np.int64),
        halves(vector, dimension),
        offsets(spans).reshape(-1, 2).astype(np.int64),
        np.frombuffer(kinds, np.uint8),
        halves(vectors, dimension),
        offsets(counts).astype(np.int64),
        terms_found,
    )


def pooled(passages: Sequence[StoredColumns], dimension: int) -> Pool:
    """Put passages beside each other, in the order given."""
    if not passages:
        return _nothing(dimension)
    facts = np.concatenate([one.facts for one in passages])
    sentences = facts[:, 5]
    per_part = np.concatenate([one.counts for one in passages])
    parts = sentences + 1
    # A part is a passage's context or one of its sentences; contexts have no sentence row.
    part_passage = np.repeat(np.arange(len(passages)), parts)
    is_context = np.zeros(len(per_part), bool)
    is_context[np.cumsum(parts) - parts] = True
    part_sentence = np.where(is_context, -1, np.cumsum(~is_context) - 1)
    return Pool(
        keys=facts[:, 0],
        article_ids=tuple([one.article_id for one in passages]),
        revisions=facts[:, 1],
        spans=facts[:, 2:4],
        lengths=facts[:, 4],
        vectors=np.concatenate([one.vector for one in passages]),
        sentence_passage=np.repeat(np.arange(len(passages)), sentences),
        sentence_spans=np.concatenate([one.spans for one in passages]),
        sentence_kinds=np.concatenate([one.kinds for one in passages]),
        sentence_lengths=per_part[~is_context],
        sentence_vectors=np.concatenate([one.vectors for one in passages]),
        terms=np.concatenate([one.terms for one in passages]),
        term_passage=np.repeat(part_passage, per_part),
        term_sentence=np.repeat(part_sentence, per_part),
    )


def _nothing(dimension: int) -> Pool:
    none, vectors = np.empty(0, np.int64), np.empty((0, dimension), np.float32)
    spans, kinds = np.empty((0, 2), np.int64), np.empty(0, np.uint8)
    return Pool(none, (), none, spans, none, vectors, none, spans, kinds, none, vectors, none, none, none)
