"""The turn of whoever builds a generation or drops one: a lock of its own, held for as long as that takes.

The index lock is held for moments only, so that editors commit in between; this one keeps two rebuilds, or
a rebuild and a compaction, from working on the same generation.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import filelock

from indexer.errors import IndexLocked, IndexUnusable
from indexer.layout import Layout

FOREVER = -1.0
"""How long upkeep waits for the index lock: an editor is never the end of it."""


@contextmanager
def upkeep(layout: Layout) -> Iterator[None]:
    """Hold the turn; raises IndexLocked while another process has it."""
    lock = filelock.FileLock(layout.upkeep_lock)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise IndexLocked(
            f"{layout.root}: another process is rebuilding or compacting this index; "
            "try again when it has finished"
        ) from error
    except OSError as error:
        raise IndexUnusable(
            f"{layout.root}: {error.strerror}; choose a folder that can be written"
        ) from error
    try:
        yield
    finally:
        lock.release()
