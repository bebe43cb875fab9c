"""Edits over HTTP: how many are under way at a time, and their end when the server ends.

Each has leave to edit, which is taken back when its time is over or the server ends; an edit that has begun
to commit by then is finished and told, if the server waits for it so long. Knows nothing of articles.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from indexer import IndexLocked, Leave
from service.problems import RETRY_SECONDS, Problem

ENDING = "the server is ending, and nothing was changed; come again when it runs"

LOOK_SECONDS = 0.2
"""How often an upload that waits for another looks whether it still may."""


class Answer(Protocol):
    """The answer to a request that edits, which the client can be given before the edit ends."""

    leave: Leave

    def give_up(self, problem: Problem) -> None:
        """Take the leave back and tell the client why, unless the edit begins to commit."""


class Edits:
    """At most ``most`` edits of one process; any thread may begin one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock, self._reading = threading.Lock(), threading.Lock()
        self._under_way: set[Answer] = set()
        self._ending = False

    @contextmanager
    def begun(self, answer: Answer) -> Iterator[Leave]:
        """Edit within, by the leave that is yielded; raises IndexLocked, or Problem when the server ends."""
        with self._lock:
            if self._ending:
                raise _ending()
            if len(self._under_way) >= self._most:
                raise IndexLocked(f"{self._most} edits wait already; try again in a moment")
            self._under_way.add(answer)
        try:
            yield answer.leave
        finally:
            with self._lock:
                self._under_way.discard(answer)

    @contextmanager
    def reading(self, answer: Answer) -> Iterator[Leave]:
        """Read a file within, one at a time: what one unpacks to may take a good part of the memory."""
        with self.begun(answer) as leave:
            while not self._reading.acquire(timeout=LOOK_SECONDS):
                leave.check()
            try:
                leave.check()
                yield leave
            finally:
                self._reading.release()

    def end(self) -> None:
        """End all edits that have not begun to commit, and begin no other; called in the loop's thread."""
        with self._lock:
            self._ending = True
            under_way = list(self._under_way)
        for answer in under_way:
            answer.give_up(_ending())


def _ending() -> Problem:
    return Problem("shutting-down", ENDING, {"Retry-After": str(RETRY_SECONDS)})
