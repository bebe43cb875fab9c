"""Compares two runs' per-question values: ``python -m benchmarks.compare BEFORE.json AFTER.json``.

The files are those that a run leaves in ``build/benchmarks``; keep a copy of one before measuring again.
"""

import json
import sys
from pathlib import Path

from benchmarks.report import show
from service.evaluation.intervals import mean_interval, paired_difference


def main(before_file: str, after_file: str) -> None:
    """Print each measure's two means and the paired difference with its 95 % interval."""
    before, after = (json.loads(Path(name).read_text(encoding="utf-8")) for name in (before_file, after_file))
    rows = [
        [
            name,
            len(after[name]),
            str(mean_interval(before[name])),
            str(mean_interval(after[name])),
            str(paired_difference(after[name], before[name])),
        ]
        for name in after
        if name in before
    ]
    show(
        f"{after_file} against {before_file}", ["measure", "questions", "before", "after", "difference"], rows
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
