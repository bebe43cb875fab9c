"""Turns: how many threads compute at a time, first come, first served.

Python runs one thread at a time, and threads that all want to run cost more than they give: each waits for
the interpreter whenever another has it. Knows nothing of questions.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """``count`` turns, shared by any number of threads."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._lock = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._mine = threading.local()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Compute within; a thread that has a turn already goes on with that."""
        if getattr(self._mine, "held", False):
            yield
            return
        self._take()
        try:
            yield
        finally:
            self._give()

    def _take(self) -> None:
        with self._lock:
            called = None
            if self._free:
                self._free -= 1
            else:
                called = threading.Lock()
                called.acquire()
                self._waiting.append(called)
        if called is not None:
            called.acquire()
        self._mine.held = True

    def _give(self) -> None:
        self._mine.held = False
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1
