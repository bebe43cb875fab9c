"""Processor cores: the Python threads of a server's process, kept together on one.

Python runs one thread at a time. Where that may be on any core, each change from thread to thread wakes
another core, whose caches are cold. Kept to one core they change at little cost; the model's threads, which
are there before, go on using all. Knows the operating system's affinities, and nothing of what is computed.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer import InputError

Cores = frozenset[int]


def usable() -> Cores:
    """Return the cores that the calling thread may use; raises InputError where the system does not say."""
    if not hasattr(os, "sched_setaffinity"):
        raise InputError("pin", "this system cannot keep threads to a core", "leave it out")
    return frozenset(os.sched_getaffinity(0))


def keep_to_one(cores: Cores, among: Path | None = None) -> None:
    """Keep the calling thread, and those that it starts from now on, to one of some cores.

    It is the first that no other process of those that share the folder ``among`` has taken; without one the
    first of all. It is free again when the process ends, however that happens.
    """
    ordered = sorted(cores)
    os.sched_setaffinity(0, {next((core for core in ordered if _taken(core, among)), ordered[0])})


@contextmanager
def on_all(cores: Cores | None) -> Iterator[None]:
    """Let the calling thread, and those that it starts, use all of some cores; None changes nothing."""
    if cores is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _taken(core: int, among: Path | None) -> bool:
    if among is None:
        return True
    import fcntl  # where there are no affinities there is none either

    # Never closed: the lock is this process's as long as it lives.
    mark = os.open(among / f"core-{core}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(mark)
        return False
    return True
