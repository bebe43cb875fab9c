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

_SLOTS = 4096
"""Values of a term key's last twelve bits."""


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
    columns = np.full(len(found), -1, np.int64)
    if not asked:
        return columns
    order = np.argsort(asked, kind="stable")
    keys = np.array(asked, np.int64)[order]
    # Few of thousands are asked for: by their last bits most others need not be searched for.
    kept = np.zeros(_SLOTS, np.bool_)
    kept[keys & (_SLOTS - 1)] = True
    likely = np.flatnonzero(kept[found & (_SLOTS - 1)])
    some = found[likely]
    place = np.minimum(np.searchsorted(keys, some), len(keys) - 1)
    columns[likely] = np.where(keys[place] == some, order[place], -1)
    return columns


def tabulate(rows: Counts, columns: Counts, height: int, width: int) -> Counts:
    """Count how often each pair occurs, int64 of shape (height, width)."""
    return np.bincount(rows * width + columns, minlength=height * width).reshape(height, width)
