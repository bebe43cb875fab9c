"""Summaries of repeated timings. The median is the figure; the least and the greatest show the noise."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Of ``runs`` measurements, in the unit that they came in."""

    median: float
    least: float
    greatest: float
    p95: float
    runs: int


def summarise(values: Sequence[float]) -> Timing:
    """Summarise at least one measurement; ``p95`` is the smallest value that 95 % do not exceed."""
    ordered = sorted(values)
    rank = -(-95 * len(ordered) // 100)
    return Timing(statistics.median(ordered), ordered[0], ordered[-1], ordered[rank - 1], len(ordered))


def in_turns(measured: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Call each in turn, ``rounds`` times, every second round in the opposite order."""
    values: dict[str, list[float]] = {name: [] for name in measured}
    for number in range(rounds):
        names = list(measured) if number % 2 == 0 else list(measured)[::-1]
        for name in names:
            values[name].append(measured[name]())
    return values
