"""Exact scores of a question against a pool: cosines and BM25 of every passage and every sentence.

Computed from what the catalog stores, with the catalog's exact statistics, row by row in float32 and
float64, so that a passage's scores are the same whatever else is in the pool and whoever proposed it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer import Pool, Statistics, Vectors, bm25, tabulate
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
    context_counts: NDArray[np.int64]  # (n, q), in the title that a passage is read with
    cosine: Floats  # (n,)
    sentence_cosine: Floats  # (m,)
    bm25: Floats  # (n,)
    sentence_bm25: Floats  # (m,)

    @property
    def total(self) -> float:
        """The weight of all terms, to divide by."""
        return total_of(self.weights)

    @property
    def held_in_context(self) -> NDArray[np.bool_]:
        """The terms that a passage holds, or the title that it is read with, shape (n, q)."""
        return (self.counts > 0) | (self.context_counts > 0)

    def share(self, held: NDArray[np.bool_]) -> Floats:
        """Return the share of the question's terms, by weight, that each row holds."""
        found: Floats = held @ self.weights / self.total
        return found


def total_of(weights: Floats) -> float:
    """Return the sum of weights, never quite 0, to divide by."""
    return max(float(weights.sum()), 1e-9)


def score(question: Question, pool: Pool, statistics: Statistics) -> Scores:
    """Score every passage and sentence of a pool."""
    weights, columns = statistics.weights, statistics.columns(pool.terms)
    width, hit = len(question.terms), columns >= 0
    counts = tabulate(pool.term_passage[hit], columns[hit], len(pool), width)
    inside = hit & (pool.term_sentence >= 0)
    sentence_counts = tabulate(pool.term_sentence[inside], columns[inside], len(pool.sentence_kinds), width)
    outside = hit & (pool.term_sentence < 0)
    return Scores(
        passages=statistics.passages,
        weights=weights,
        term_columns=columns,
        counts=counts,
        sentence_counts=sentence_counts,
        context_counts=tabulate(pool.term_passage[outside], columns[outside], len(pool), width),
        cosine=_cosines(pool.vectors, question.vector),
        sentence_cosine=_cosines(pool.sentence_vectors, question.vector),
        bm25=bm25(weights, counts, pool.lengths, statistics.average),
        sentence_bm25=bm25(weights, sentence_counts, pool.sentence_lengths, SENTENCE_TERMS),
    )


SENTENCE_TERMS = 14.0
"""Terms of a common sentence; a constant, so that a sentence's score does not depend on the pool."""


def probability_of(log_odds: float) -> float:
    """Return the probability that log-odds stand for."""
    return float(1 / (1 + np.exp(-log_odds)))


def best_per_passage(pool: Pool, values: Floats) -> Floats:
    """Return the greatest value among each passage's sentences, shape (n,)."""
    best = np.full(len(pool), -np.inf)
    np.maximum.at(best, pool.sentence_passage, values)
    return best


def _cosines(vectors: Vectors, question: Vectors) -> Floats:
    # einsum sums each row by itself; a BLAS product may sum a row differently in another company.
    cosines: Floats = np.einsum("ij,j->i", vectors, question).astype(np.float64)
    return cosines
