"""Two evaluations of the same questions side by side: differences with intervals, questions that changed.

Differences are paired: each resample draws the same questions for both sides. Knows nothing of why two
evaluations differ.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer import InputError
from service.evaluation.evaluating import Evaluation
from service.evaluation.intervals import statistic_interval
from service.evaluation.judging import OUTCOMES, Judged
from service.evaluation.measures import MEASURES, Better, Floats, Measure, clusters_of, defined


@dataclass(frozen=True, slots=True)
class Difference:
    """A measure before and after over the shared questions, and after minus before with its 95 % interval.

    All are None where the measure is undefined on either side.
    """

    name: str
    group: str
    before: float | None
    after: float | None
    difference: float | None
    low: float | None
    high: float | None
    better: Better

    @property
    def verdict(self) -> str:
        """``better`` or ``worse`` when the interval leaves out zero, else ``no clear difference``."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return "no clear difference"
        return "better" if (self.low > 0) == (self.better == "higher") else "worse"


@dataclass(frozen=True, slots=True)
class Change:
    """A question whose outcome is another one."""

    before: Judged
    after: Judged

    @property
    def improved(self) -> bool:
        """Whether the outcome after is the better one, in the order of ``OUTCOMES``."""
        order = list(OUTCOMES)
        return order.index(self.after.outcome) < order.index(self.before.outcome)


@dataclass(frozen=True, slots=True)
class Comparison:
    """``changes`` lists what became worse first; ``only_before`` and ``only_after`` are ids of one side."""

    differences: tuple[Difference, ...]
    changes: tuple[Change, ...]
    shared: int
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON object."""
        names = "name", "group", "before", "after", "difference", "low", "high", "better", "verdict"
        return {
            "questions": self.shared,
            "only_before": list(self.only_before),
            "only_after": list(self.only_after),
            "differences": [{name: getattr(one, name) for name in names} for one in self.differences],
            "changes": [
                {"id": one.after.id, "before": one.before.outcome, "after": one.after.outcome}
                for one in self.changes
            ],
        }


def compare(before: Evaluation, after: Evaluation) -> Comparison:
    """Compare two evaluations by the questions that both have.

    Raises InputError when they share none, or when an id stands for two different questions.
    """
    earlier = {one.id: one for one in before.questions}
    later = {one.id: one for one in after.questions}
    shared = [identity for identity in later if identity in earlier]
    if not shared:
        raise InputError("compare", "the two evaluations share no question", "give two of the same questions")
    for identity in shared:
        if earlier[identity].gold.text != later[identity].gold.text:
            raise InputError(
                "compare", f"{identity} is another question there", "give two of the same questions"
            )
    pairs = [Change(earlier[identity], later[identity]) for identity in shared]
    changed = [pair for pair in pairs if pair.before.outcome != pair.after.outcome]
    return Comparison(
        differences=_differences([pair.before for pair in pairs], [pair.after for pair in pairs]),
        changes=tuple(sorted(changed, key=lambda one: (one.improved, one.after.id))),
        shared=len(shared),
        only_before=tuple(identity for identity in earlier if identity not in later),
        only_after=tuple(identity for identity in later if identity not in earlier),
    )


def _differences(before: Sequence[Judged], after: Sequence[Judged]) -> tuple[Difference, ...]:
    clusters = clusters_of(after)
    return tuple(_difference(measure, before, after, clusters) for measure in MEASURES)


def _difference(
    measure: Measure, before: Sequence[Judged], after: Sequence[Judged], clusters: Sequence[str]
) -> Difference:
    earlier, later = _side(measure, before), _side(measure, after)
    everything = np.arange(len(clusters), dtype=np.int64)
    values = defined(earlier(everything)), defined(later(everything))
    found = statistic_interval(lambda rows: later(rows) - earlier(rows), clusters)
    bounds = defined(found.mean), defined(found.low), defined(found.high)
    return Difference(measure.name, measure.group, *values, *bounds, measure.better)


def _side(measure: Measure, judged: Sequence[Judged]) -> Callable[[NDArray[np.int64]], float]:
    column = measure.column(judged)
    confidence: Floats = np.array([one.confidence for one in judged], np.float64)
    return lambda rows: measure.value(column[rows], confidence[rows])
