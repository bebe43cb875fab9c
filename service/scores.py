"""Exact scores of a question against a pool: cosines and BM25 of every passage and every sentence.

Computed from what the catalog stores, with the catalog's exact statistics, row by row in float32 and
float64, so that a passage's scores are the same whatever else is in the pool and whoever proposed it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer import K1, B, Pool, Statistics, Vectors, idf
from service.question import Question

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scores:
    """Columns beside a pool's passages (n), sentences (m) and the question's distinct terms (q).

    ``weights`` are the terms' inverse document frequencies; a term that no passage holds has the
    greatest. ``passages`` is the size of the collection. ``counts`` and ``sentence_counts`` say how
    often a term occurs. BM25 with k1 1.2, b 0.75 (Robertson and Zaragoza 2009), sentences as documents
    of their own with the passages' frequencies.
    """

    passages: int
    weights: Floats
    term_columns: NDArray[np.int64]  # (t,) which of the question's terms a pool's term is, or -1
    counts: NDArray[np.int64]  # (n, q)
    sentence_counts: NDArray[np.int64]  # (m, q)
    cosine: Floats  # (n,)
    sentence_cosine: Floats  # (m,)
    bm25: Floats  # (n,)
    sentence_bm25: Floats  # (m,)


def score(question: Question, pool: Pool, statistics: Statistics) -> Scores:
    """Score every passage and sentence of a pool."""
    weights = np.array(
        [idf(statistics.passages, statistics.holding.get(term, (0, 0))[1]) for term in question.terms]
    )
    columns = _term_columns(question, pool, statistics)
    width, hit = len(question.terms), columns >= 0
    counts = _tabulate(pool.term_passage[hit], columns[hit], len(pool), width)
    inside = hit & (pool.term_sentence >= 0)
    sentence_counts = _tabulate(pool.term_sentence[inside], columns[inside], len(pool.sentence_kinds), width)
    average = statistics.terms / max(1, statistics.passages)
    return Scores(
        passages=statistics.passages,
        weights=weights,
        term_columns=columns,
        counts=counts,
        sentence_counts=sentence_counts,
        cosine=_cosines(pool.vectors, question.vector),
        sentence_cosine=_cosines(pool.sentence_vectors, question.vector),
        bm25=_bm25(weights, counts, pool.lengths, average),
        sentence_bm25=_bm25(weights, sentence_counts, pool.sentence_lengths, SENTENCE_TERMS),
    )


SENTENCE_TERMS = 14.0
"""Terms of a common sentence; a constant, so that a sentence's score does not depend on the pool."""


def best_per_passage(pool: Pool, values: Floats) -> Floats:
    """Return the greatest value among each passage's sentences, shape (n,)."""
    best = np.full(len(pool), -np.inf)
    np.maximum.at(best, pool.sentence_passage, values)
    return best


def _cosines(vectors: Vectors, question: Vectors) -> Floats:
    # einsum sums each row by itself; a BLAS product may sum a row differently in another company.
    cosines: Floats = np.einsum("ij,j->i", vectors, question).astype(np.float64)
    return cosines


def _term_columns(question: Question, pool: Pool, statistics: Statistics) -> NDArray[np.int64]:
    known = sorted(
        (statistics.holding[term][0], column)
        for column, term in enumerate(question.terms)
        if term in statistics.holding
    )
    if not known:
        return np.full(len(pool.terms), -1, np.int64)
    keys, columns = np.array(known, np.int64).T
    place = np.minimum(np.searchsorted(keys, pool.terms), len(keys) - 1)
    return np.where(keys[place] == pool.terms, columns[place], -1)


def _tabulate(
    rows: NDArray[np.int64], columns: NDArray[np.int64], height: int, width: int
) -> NDArray[np.int64]:
    return np.bincount(rows * width + columns, minlength=height * width).reshape(height, width)


def _bm25(weights: Floats, counts: NDArray[np.int64], lengths: NDArray[np.int64], average: float) -> Floats:
    norm = K1 * (1 - B + B * lengths / max(average, 1e-9))
    found: Floats = np.einsum("ij,j->i", counts * (K1 + 1) / (counts + norm[:, None]), weights)
    return found
