"""Turns at a lock: whoever waits for it comes before whoever held it last.

An operating system's lock goes to the first who asks after it was given back, which in a loop of edits is
the one who gave it back. So there are two locks: to ask for the lock itself one must hold the queue, and
who waits holds it. Knows nothing of indexes.
"""

import math
import time
from collections.abc import Callable
from pathlib import Path

import filelock

LOOK_SECONDS = 0.2
"""How often whoever waits looks whether it still may."""


def no_matter() -> None:
    """Let whoever waits wait on."""


def take_in_turn(
    lock: Path, queue: Path, wait: float, check: Callable[[], None] = no_matter
) -> filelock.BaseFileLock:
    """Return the held lock; raises filelock.Timeout when it was not free for ``wait`` seconds.

    A negative ``wait`` has no end. ``check`` is called all the while and ends the wait by what it raises.
    """
    deadline = time.monotonic() + wait if wait >= 0 else math.inf
    wanted, turn = filelock.FileLock(lock), filelock.FileLock(queue)
    _take(turn, deadline, check)
    try:
        _take(wanted, deadline, check)
    finally:
        turn.release()
    return wanted


def _take(lock: filelock.BaseFileLock, deadline: float, check: Callable[[], None]) -> None:
    while True:
        check()
        left = max(0.0, deadline - time.monotonic())
        try:
            lock.acquire(timeout=min(left, LOOK_SECONDS))
            return
        except filelock.Timeout:
            if left <= LOOK_SECONDS:
                raise


def somebody_waits(queue: Path) -> bool:
    """Tell whether somebody waits for the lock that goes with a queue."""
    try:
        with filelock.FileLock(queue, timeout=0):
            return False
    except filelock.Timeout:
        return True
