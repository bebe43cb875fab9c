"""A process that is killed at one moment of a rebuild or a compaction: ``killing.py FOLDER WORK MOMENT``.

A moment is ``module:Class.function``, or ``module:function``, with ``@N`` for its N-th call: the process
ends by SIGKILL when it would begin. ``vacuum@N`` is the N-th tick of SQLite's own work while the file is
written anew. Prints ``done`` when the moment never came.
"""

import datetime
import importlib
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from rebuilds import NARROW

from indexer import catalog, compact, rebuild, rebuilding

FUTURE = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)
TICK = 20
"""Steps of SQLite's virtual machine."""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at(place: str, number: int) -> None:
    """Put death in the place of a function's N-th call."""
    module, _, name = place.partition(":")
    owner: Any = importlib.import_module(f"indexer.{module}")
    *classes, function = name.split(".")
    for one in classes:
        owner = getattr(owner, one)
    original, calls = getattr(owner, function), 0

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number:
            die()
        return original(*arguments, **named)

    setattr(owner, function, counted)


def kill_while_vacuuming(number: int) -> None:
    """Die at the N-th tick after VACUUM began."""
    original = catalog.Catalog.rewrite

    def rewrite(self: catalog.Catalog) -> None:
        ticks = 0

        def tick() -> int:
            nonlocal ticks
            ticks += 1
            if ticks == number:
                die()
            return 0

        with self._lent() as connection:  # the one that is lent next, too
            connection.set_progress_handler(tick, TICK)
        original(self)

    catalog.Catalog.rewrite = rewrite  # type: ignore[method-assign]


def main(folder: Path, work: str, moment: str) -> None:
    rebuilding.CHARACTERS_AT_ONCE = 40
    place, _, number = moment.partition("@")
    if place == "vacuum":
        kill_while_vacuuming(int(number or 1))
    else:
        kill_at(place, int(number or 1))
    works: dict[str, Callable[[], object]] = {
        "rebuild": partial(rebuild, folder, lambda: NARROW),
        "compact": partial(
            compact, folder, history_before=datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)
        ),
    }
    works[work]()
    print("done")  # noqa: T201 - read by the process that started this one


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
