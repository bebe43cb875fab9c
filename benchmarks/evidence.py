"""Measures answers sentence by sentence: does the evidence hold the answer, and is the confidence honest.

Works on the JSON objects of ``civicite ask`` and on gold answers; knows nothing of how either was made.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarks.collection import Question

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer, judged: whether the first sentence, or one of the first three, holds a gold answer.

    ``answerable`` is what the collection says; an unanswerable question is never answered rightly.
    """

    id: str
    answerable: bool
    confidence: float
    abstained: bool
    sentences: int
    first: bool
    first_three: bool


def judge(question: Question, answer: dict[str, Any]) -> Judged:
    """Compare an answer of ``civicite ask --json`` with a question's gold answers."""
    quoted = [sentence["text"] for sentence in answer.get("sentences") or ()]
    gold = question.answers if question.answerable else ()
    return Judged(
        id=question.id,
        answerable=bool(question.answerable),
        confidence=float(answer.get("confidence") or 0.0),
        abstained=bool(answer.get("abstained")),
        sentences=len(quoted),
        first=any(holds(text, gold) for text in quoted[:1]),
        first_three=any(holds(text, gold) for text in quoted[:3]),
    )


def holds(text: str, answers: Sequence[str]) -> bool:
    """Whether a text contains one of the answers, whatever the case and the white space."""
    plain = _plain(text)
    return any(_plain(answer) in plain for answer in answers if answer.strip())


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


def calibration_error(confidence: ArrayLike, right: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error over bins of equally many answers (Nguyen and O'Connor 2015)."""
    values, hits = _by_confidence(confidence, right)
    parts = [part for part in np.array_split(np.arange(len(values)), bins) if len(part)]
    gaps = [len(part) * abs(values[part].mean() - hits[part].mean()) for part in parts]
    return float(sum(gaps) / max(1, len(values)))


def reliability(confidence: ArrayLike, right: ArrayLike, bins: int = 10) -> list[tuple[int, float, float]]:
    """Return a reliability diagram's points: answers, mean confidence, share of right ones, by tenths of it.

    Bins are of equal width from 0 to 1; those without an answer are left out.
    """
    values, hits = _by_confidence(confidence, right)
    places = np.minimum((values * bins).astype(int), bins - 1)
    inside = [places == place for place in range(bins) if (places == place).any()]
    return [(int(part.sum()), float(values[part].mean()), float(hits[part].mean())) for part in inside]


def coverage_at_precision(confidence: ArrayLike, right: ArrayLike, precision: float) -> float:
    """Return the greatest share of the most confident answers among which so many are right; else 0."""
    _, hits = _by_confidence(confidence, right)
    share = np.cumsum(hits[::-1]) / np.arange(1, len(hits) + 1)
    enough = np.flatnonzero(share >= precision)
    return float((enough[-1] + 1) / len(hits)) if len(enough) else 0.0


def risk_at_coverage(confidence: ArrayLike, right: ArrayLike, coverages: Sequence[float]) -> list[float]:
    """Share of wrong answers among the most confident, for each coverage (El-Yaniv and Wiener 2010)."""
    _, hits = _by_confidence(confidence, right)
    best_first = hits[::-1]
    return [float(1 - best_first[: max(1, round(share * len(hits)))].mean()) for share in coverages]


def _by_confidence(
    confidence: ArrayLike, right: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    values, hits = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    order = np.argsort(values, kind="stable")
    return values[order], hits[order]


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip().casefold()
