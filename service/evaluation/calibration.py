"""How honest a confidence is: does it tell right from wrong, and does .8 mean right in eight of ten cases.

Functions of two arrays of equal length: confidences between 0 and 1, and whether each answer was right.
Knows nothing of questions and answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Bin:
    """Some answers of similar confidence: how many, their mean confidence, the share that is right."""

    count: int
    confidence: float
    right: float


def auroc(scores: ArrayLike, positive: ArrayLike) -> float:
    """Chance that a positive scores above a negative, ties counting half (Mann and Whitney 1947).

    NaN where one of the two is absent.
    """
    values, labels = np.asarray(scores, np.float64), np.asarray(positive, bool)
    above, below = values[labels], np.sort(values[~labels])
    if not len(above) or not len(below):
        return float("nan")
    smaller = np.searchsorted(below, above, "left")
    not_greater = np.searchsorted(below, above, "right")
    return float((smaller + not_greater).sum() / (2 * len(above) * len(below)))


def reliability(confidence: ArrayLike, right: ArrayLike, bins: int = 10) -> list[Bin]:
    """Return up to ``bins`` bins of equally many answers, the least confident first.

    Equal confidences may be divided between two bins; they are in the order in which they came.
    """
    values, hits = _by_confidence(confidence, right)
    parts = [part for part in np.array_split(np.arange(len(values)), bins) if len(part)]
    return [Bin(len(part), float(values[part].mean()), float(hits[part].mean())) for part in parts]


def calibration_error(confidence: ArrayLike, right: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error over bins of equally many answers (Nguyen and O'Connor 2015)."""
    found = reliability(confidence, right, bins)
    total = sum(one.count for one in found)
    return sum(one.count * abs(one.confidence - one.right) for one in found) / max(1, total)


def risk_at_coverage(confidence: ArrayLike, right: ArrayLike, coverages: Sequence[float]) -> list[float]:
    """Share of wrong answers among the most confident, for each coverage (El-Yaniv and Wiener 2010)."""
    _, hits = _by_confidence(confidence, right)
    best_first = hits[::-1]
    return [float(1 - best_first[: max(1, round(share * len(hits)))].mean()) for share in coverages]


def risk_coverage(confidence: ArrayLike, right: ArrayLike) -> NDArray[np.float64]:
    """Return the share of wrong answers among the 1, 2, … n most confident, of shape (n,).

    Equal confidences cannot be told apart by a threshold: each gets the risk that it has on average over the
    orders in which they could stand.
    """
    values, hits = _by_confidence(confidence, right)
    values, wrong = values[::-1], 1 - hits[::-1]
    _, group = np.unique(-values, return_inverse=True)
    expected = (np.bincount(group, wrong) / np.bincount(group))[group] if len(values) else wrong
    return np.cumsum(expected) / np.arange(1, len(values) + 1)


def risk_coverage_area(confidence: ArrayLike, right: ArrayLike) -> float:
    """Area under the risk–coverage curve, the mean of all its risks (Geifman and El-Yaniv 2017); 0 is best.

    NaN where there is no answer.
    """
    risks = risk_coverage(confidence, right)
    return float(risks.mean()) if len(risks) else float("nan")


def coverage_at_precision(confidence: ArrayLike, right: ArrayLike, precision: float = 0.9) -> float:
    """Return the largest share of answers that a threshold can give with at least this share of them right.

    A threshold gives all answers of equal confidence or none. NaN where there is no answer.
    """
    values, hits = _by_confidence(confidence, right)
    if not len(values):
        return float("nan")
    best_first, given = values[::-1], np.arange(1, len(values) + 1)
    precise = np.cumsum(hits[::-1]) / given >= precision
    last_of_equals = np.append(best_first[1:] != best_first[:-1], True)
    return float(given[precise & last_of_equals].max(initial=0) / len(values))


def _by_confidence(
    confidence: ArrayLike, right: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    values, hits = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    order = np.argsort(values, kind="stable")
    return values[order], hits[order]
