"""How long the stages of one question took."""

import time


class Clock:
    """Milliseconds spent on each stage since the last one, and in total since the clock was made."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """Note the time since the last stage as this one's."""
        now = time.perf_counter()
        self._laps[stage], self._last = (now - self._last) * 1000, now

    def read(self) -> dict[str, float]:
        """Return the stages and the total, rounded to microseconds."""
        total = (time.perf_counter() - self._start) * 1000
        return {stage: round(spent, 3) for stage, spent in {**self._laps, "total": total}.items()}
