"""BM25 over columns of counts (Robertson and Zaragoza 2009), with Lucene's idf and parameters.

Pure arithmetic: which texts are scored, and whose statistics hold, is the caller's matter.
"""

import math

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

K1, B = 1.2, 0.75
"""Saturation and length normalisation."""


def idf(passages: int, holding: int) -> float:
    """Return a term's weight: ln(1 + (N - n + 0.5) / (n + 0.5)), never negative."""
    return math.log(1 + (passages - holding + 0.5) / (holding + 0.5))


def bm25(weights: Floats, counts: Counts, lengths: Counts, average: float) -> Floats:
    """Return float64 of shape (texts,) for counts of shape (texts, terms) and terms' weights.

    A text's score is the same whatever others are scored beside it.
    """
    norm = K1 * (1 - B + B * lengths / max(average, 1e-9))
    scores: Floats = np.einsum("ij,j->i", counts * (K1 + 1) / (counts + norm[:, None]), weights)
    return scores


def columns_of(found: Counts, asked: list[int]) -> Counts:
    """Return for each term key its place in ``asked``, or -1; shape as ``found``."""
    if not asked:
        return np.full(len(found), -1, np.int64)
    order = np.argsort(asked, kind="stable")
    keys = np.array(asked, np.int64)[order]
    place = np.minimum(np.searchsorted(keys, found), len(keys) - 1)
    return np.where(keys[place] == found, order[place], -1)


def tabulate(rows: Counts, columns: Counts, height: int, width: int) -> Counts:
    """Count how often each pair occurs, int64 of shape (height, width)."""
    return np.bincount(rows * width + columns, minlength=height * width).reshape(height, width)
