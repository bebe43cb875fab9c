"""The measures of an evaluation, each with its name, its direction and what it is the value of.

Two forms: the mean of a value that each question has or has not, and a statistic of confidences and
labels. Knows judged questions; nothing of how they are shown. What each measure is, in words and formulas, is
in docs/evaluation.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from service.evaluation import calibration
from service.evaluation.intervals import Interval, mean_interval, statistic_interval
from service.evaluation.judging import Judged

Better = Literal["higher", "lower"]
Floats = NDArray[np.float64]

PRECISION = 0.9
"""The precision at which coverage is reported."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A measure's value with its 95 % interval; all three are None where it is undefined.

    ``questions`` is the number of questions that it is about; ``better`` says which way is up.
    """

    name: str
    group: str
    value: float | None
    low: float | None
    high: float | None
    questions: int
    better: Better

    def __str__(self) -> str:
        return "–" if self.value is None else f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of ``of`` over the questions for which it is not None."""

    name: str
    group: str
    better: Better
    of: Callable[[Judged], float | bool | None]

    def column(self, judged: Sequence[Judged]) -> Floats:
        """Return a value for each question, NaN where it has none; float64 of shape (n,)."""
        found = (self.of(one) for one in judged)
        return np.array([np.nan if value is None else float(value) for value in found], np.float64)

    def value(self, column: Floats, confidence: Floats) -> float:
        """Return the measure of a column; the confidences do not matter."""
        present = column[~np.isnan(column)]
        return float(present.mean()) if len(present) else float("nan")


@dataclass(frozen=True, slots=True)
class Curve:
    """A statistic of confidences and labels, over the questions whose label is not None."""

    name: str
    group: str
    better: Better
    of: Callable[[Judged], bool | None]
    statistic: Callable[[Floats, Floats], float]

    def column(self, judged: Sequence[Judged]) -> Floats:
        """Return a label for each question, NaN where it has none; float64 of shape (n,)."""
        found = (self.of(one) for one in judged)
        return np.array([np.nan if label is None else float(label) for label in found], np.float64)

    def value(self, column: Floats, confidence: Floats) -> float:
        """Return the statistic over the labelled questions."""
        labelled = ~np.isnan(column)
        return self.statistic(confidence[labelled], column[labelled])


Measure = Mean | Curve


def _ranking(name: str) -> Mean:
    return Mean(name, "retrieval", "higher", lambda one: one.ranking.get(name))


def _coverage(confidence: Floats, right: Floats) -> float:
    return calibration.coverage_at_precision(confidence, right, PRECISION)


def _calibration_error(confidence: Floats, right: Floats) -> float:
    return calibration.calibration_error(confidence, right) if len(right) else float("nan")


def _right_of_answerable(one: Judged) -> bool | None:
    return one.right if one.gold.answerable else None


MEASURES: tuple[Measure, ...] = (
    *map(_ranking, ("nDCG@10", "MRR@10", "Success@1", "R@1", "R@10")),
    Mean("first sentence", "evidence", "higher", lambda one: one.first),
    Mean("any of first three", "evidence", "higher", lambda one: one.first_three),
    Mean("everything expected", "evidence", "higher", lambda one: one.every),
    Mean("article of first citation", "evidence", "higher", lambda one: one.article),
    Mean(
        "refused, of unanswerable",
        "abstention",
        "higher",
        lambda one: None if one.gold.answerable else one.abstained,
    ),
    Mean(
        "refused, of answerable",
        "abstention",
        "lower",
        lambda one: one.abstained if one.gold.answerable else None,
    ),
    Mean(
        "precision of given answers",
        "abstention",
        "higher",
        lambda one: None if one.abstained else one.right,
    ),
    Curve(
        "AUROC, answerable or not", "abstention", "higher", lambda one: one.gold.answerable, calibration.auroc
    ),
    Curve("AUROC, right or wrong", "calibration", "higher", lambda one: one.right, calibration.auroc),
    Curve(
        "AUROC, right or wrong, of answerable",
        "calibration",
        "higher",
        _right_of_answerable,
        calibration.auroc,
    ),
    Curve("expected calibration error", "calibration", "lower", lambda one: one.right, _calibration_error),
    Mean("Brier score", "calibration", "lower", lambda one: (one.confidence - one.right) ** 2),
    Curve("coverage at 90 % precision", "calibration", "higher", lambda one: one.right, _coverage),
    Curve(
        "area under risk–coverage",
        "calibration",
        "lower",
        lambda one: one.right,
        calibration.risk_coverage_area,
    ),
)


def measure_all(judged: Sequence[Judged]) -> tuple[Measured, ...]:
    """Measure questions by everything in :data:`MEASURES`, in that order."""
    confidence = np.array([one.confidence for one in judged], np.float64)
    return tuple(_measured(measure, judged, confidence) for measure in MEASURES)


def clusters_of(judged: Sequence[Judged]) -> list[str]:
    """Return the cluster of each question, its own where none is named."""
    # The mark keeps a question's id from being taken for a cluster's name.
    return [one.gold.cluster or f"\0{one.id}" for one in judged]


def _measured(measure: Measure, judged: Sequence[Judged], confidence: Floats) -> Measured:
    column = measure.column(judged)
    kept = ~np.isnan(column)
    count = int(kept.sum())
    if isinstance(measure, Mean):
        found = _mean(column, kept, judged)
    else:
        labels, scores = column[kept], confidence[kept]
        clusters = [cluster for cluster, here in zip(clusters_of(judged), kept, strict=True) if here]
        found = statistic_interval(lambda rows: measure.statistic(scores[rows], labels[rows]), clusters)
    bounds = defined(found.mean), defined(found.low), defined(found.high)
    return Measured(measure.name, measure.group, *bounds, count, measure.better)


def defined(number: float) -> float | None:
    """Return a number, or None for NaN, which JSON has not."""
    return None if np.isnan(number) else number


def _mean(column: Floats, kept: NDArray[np.bool_], judged: Sequence[Judged]) -> Interval:
    if not kept.any():
        return Interval(*[float("nan")] * 3)
    values = {one.id: float(column[at]) for at, one in enumerate(judged) if kept[at]}
    clusters = {one.id: one.gold.cluster for one in judged if one.gold.cluster}
    return mean_interval(values, clusters)
