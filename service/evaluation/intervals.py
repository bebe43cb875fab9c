"""How sure a mean or a difference of means is: the percentile bootstrap over questions or their clusters.

Questions about one paragraph rise and fall together, so they are drawn together where clusters are given
(Efron and Tibshirani 1993, Field and Welsh 2007). Drawn with a fixed start: the same values give the same
interval.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
"""Of means, which are drawn all at once."""
STATISTIC_RESAMPLES = 2_000
"""Of whatever has to be computed anew for each resample."""
_START = 20_261_122
_BLOCK = 500


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with the bounds of its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def mean_interval(values: Mapping[str, float], clusters: Mapping[str, str] | None = None) -> Interval:
    """Mean over questions; ``clusters`` names the cluster of a question, itself where absent."""
    if not values:
        raise ValueError("the mean of no values: the part holds no question")
    sums, sizes = _per_cluster(values, clusters or {})
    means = _resampled(sums, sizes)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(sums.sum() / sizes.sum()), float(low), float(high))


def paired_difference(
    ours: Mapping[str, float], theirs: Mapping[str, float], clusters: Mapping[str, str] | None = None
) -> Interval:
    """Mean of ours minus theirs over the questions that both have; the same questions are drawn for both."""
    shared = [question for question in ours if question in theirs]
    return mean_interval({question: ours[question] - theirs[question] for question in shared}, clusters)


def statistic_interval(statistic: Callable[[NDArray[np.int64]], float], clusters: Sequence[str]) -> Interval:
    """Interval of a statistic of questions, given as a function of their row numbers.

    ``clusters`` names the cluster of each row. NaN, where a resample leaves the statistic undefined, is left
    out; an interval whose mean is NaN has NaN for its bounds. ``mean`` is the statistic of all rows.
    """
    whole = statistic(np.arange(len(clusters), dtype=np.int64))
    if np.isnan(whole):
        return Interval(whole, whole, whole)
    values = np.array([statistic(rows) for rows in _drawn(clusters)], np.float64)
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return Interval(whole, float(low), float(high))


def _drawn(clusters: Sequence[str]) -> Iterator[NDArray[np.int64]]:
    rows: dict[str, list[int]] = {}
    for row, cluster in enumerate(clusters):
        rows.setdefault(cluster, []).append(row)
    members = [np.array(found, np.int64) for found in rows.values()]
    alone = len(members) == len(clusters)
    draws = np.random.default_rng(_START)
    for _ in range(STATISTIC_RESAMPLES):
        chosen = draws.integers(0, len(members), len(members))
        yield chosen if alone else np.concatenate([members[one] for one in chosen])


def _per_cluster(
    values: Mapping[str, float], clusters: Mapping[str, str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    sums: dict[str, float] = {}
    sizes: dict[str, int] = {}
    for question, value in values.items():
        cluster = clusters.get(question, question)
        sums[cluster] = sums.get(cluster, 0.0) + value
        sizes[cluster] = sizes.get(cluster, 0) + 1
    return np.array(list(sums.values()), np.float64), np.array(list(sizes.values()), np.float64)


def _resampled(sums: NDArray[np.float64], sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    draws = np.random.default_rng(_START)
    blocks = []
    for _ in range(RESAMPLES // _BLOCK):
        chosen = draws.integers(0, len(sums), (_BLOCK, len(sums)))
        blocks.append(sums[chosen].sum(axis=1) / sizes[chosen].sum(axis=1))
    return np.concatenate(blocks)
