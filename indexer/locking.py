"""The lock of an index folder: one process writes at a time, and whoever waits learns for whom.

The lock is the operating system's and is free again whatever becomes of its holder. Who holds it stands in
a note beside it, which is only ever shown: nothing is decided by what it says.
"""

import contextlib
import datetime
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from indexer.durable import make_folder
from indexer.errors import IndexLocked, IndexUnusable, InputError
from indexer.layout import Layout
from indexer.turns import no_matter, somebody_waits, take_in_turn

SHORT_TURN = 1.0
"""Seconds after which a run that still reads its batch lets others in."""


def check_vacant(folder: Path) -> None:
    """Raise InputError for a folder without an index that holds files of somebody's: none is made there."""
    layout = Layout(folder)
    if layout.catalog.exists() or not (names := layout.strangers()):
        return
    shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
    raise InputError(
        str(folder),
        f"it holds other files ({shown}) and no index",
        "choose an empty or new folder with --index",
    )


@contextmanager
def held(layout: Layout, wait: float = 0) -> Iterator[None]:
    """Hold the lock of an index folder, which is made if it is not there.

    Raises IndexLocked, naming the holder, when it is not free after ``wait`` seconds, and IndexUnusable
    when the folder cannot be written.
    """
    lock = acquire(layout, wait)
    try:
        yield
    finally:
        release(layout, lock)


def acquire(layout: Layout, wait: float = 0, check: Callable[[], None] = no_matter) -> filelock.BaseFileLock:
    """Take the lock as :func:`held` does, to be given back with :func:`release`.

    ``check`` is called while it is not free, and ends the wait by what it raises.
    """
    try:
        make_folder(layout.root)
        lock = take_in_turn(layout.lock, layout.queue, wait, check)
    except filelock.Timeout as error:
        raise IndexLocked(_locked(layout, wait)) from error
    except OSError as error:
        raise IndexUnusable(
            f"{layout.root}: {error.strerror}; choose a folder that can be written"
        ) from error
    # The note is a courtesy: on a full disk the work itself decides whether it can be done.
    with contextlib.suppress(OSError):
        layout.lock_holder.write_text(json.dumps({"pid": os.getpid(), "since": _now()}), encoding="utf-8")
    return lock


def release(layout: Layout, lock: filelock.BaseFileLock) -> None:
    """Give the lock back."""
    with contextlib.suppress(OSError):
        layout.lock_holder.unlink(missing_ok=True)
    lock.release()


class Turn:
    """An editor's turn: the lock, given back for others and taken again.

    ``check`` is called while it is waited for, and ends the wait by what it raises.
    """

    def __init__(self, layout: Layout, check: Callable[[], None]) -> None:
        self._layout, self._check = layout, check
        self._lock: filelock.BaseFileLock | None = None
        self._since = 0.0

    def take(self, wait: float) -> None:
        """Take the lock; raises IndexLocked when it is not free after ``wait`` seconds."""
        self._lock = acquire(self._layout, wait, self._check)
        self._since = time.monotonic()

    def give_back(self) -> None:
        """Let others edit; nothing when the lock is not held."""
        lock, self._lock = self._lock, None
        if lock is not None:
            release(self._layout, lock)

    def is_long(self) -> bool:
        """Tell whether it has lasted long enough to let others in."""
        return time.monotonic() - self._since >= SHORT_TURN

    def is_wanted(self) -> bool:
        """Tell whether another editor waits for it."""
        return somebody_waits(self._layout.queue)


def _locked(layout: Layout, wait: float) -> str:
    try:
        noted = json.loads(layout.lock_holder.read_bytes())
        holder = f"process {int(noted['pid'])} has been writing to this index since {noted['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        holder = "another process is writing to this index"
    waited = f" (waited {wait:g} seconds)" if wait > 0 else ""
    return (
        f"{layout.root}: {holder}{waited}; try again when it has finished, or wait for it with --wait SECONDS"
    )


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(sep=" ", timespec="seconds")
