"""Turns at a lock: whoever waits for it comes before whoever held it last.

An operating system's lock goes to the first who asks after it was given back, which in a loop of edits is
the one who gave it back. So there are two locks: to ask for the lock itself one must hold the queue, and
who waits holds it. Knows nothing of indexes.
"""

import time
from pathlib import Path

import filelock


def take_in_turn(lock: Path, queue: Path, wait: float) -> filelock.BaseFileLock:
    """Return the held lock; raises filelock.Timeout when it was not free for ``wait`` seconds.

    A negative ``wait`` has no end.
    """
    deadline = time.monotonic() + wait
    wanted = filelock.FileLock(lock)
    with filelock.FileLock(queue, timeout=wait):
        wanted.acquire(timeout=wait if wait < 0 else max(0.0, deadline - time.monotonic()))
    return wanted


def somebody_waits(queue: Path) -> bool:
    """Tell whether somebody waits for the lock that goes with a queue."""
    try:
        with filelock.FileLock(queue, timeout=0):
            return False
    except filelock.Timeout:
        return True
