"""Leases: a reader that keeps to a generation holds one on it, and whoever drops generations sees that.

A lease is a shared lock on a file, which ends with its process, however that ends. Where the system has no
such locks, or the folder cannot be written, readers go without.
"""

import os
import sys
import weakref
from pathlib import Path


class Lease:
    """Held from its making until :meth:`release`, or until nothing refers to it any more."""

    def __init__(self, path: Path) -> None:
        descriptor = _opened(path)
        if descriptor is not None:
            # Whoever asks for leases locks the file alone for a moment, which is waited for.
            _lock(descriptor, shared=True, wait=True)
        self._end = weakref.finalize(self, _close, descriptor)

    def release(self) -> None:
        """Give the lease back."""
        self._end()


def is_leased(path: Path) -> bool:
    """Tell whether any process, this one included, holds a lease."""
    if not path.exists():
        return False
    descriptor = _opened(path)
    if descriptor is None:
        return False
    try:
        return not _lock(descriptor, shared=False, wait=False)
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int | None:
    if sys.platform == "win32":
        return None
    try:
        path.parent.mkdir(exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        return None


def _close(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)


def _lock(descriptor: int, *, shared: bool, wait: bool) -> bool:
    """Lock a file, if need be only where that is possible at once; returns whether it was."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(descriptor, kind if wait else kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
