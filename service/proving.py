"""Proof that questions can be answered: one is asked at every state of an index, by one thread at a time."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock


class Proof:
    """Remembers at which commit a question was answered, and lets nobody ask while another one does."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._proven: int | None = None
        self._under_way: Future[None] | None = None

    def of(self, commit: int, ask: Callable[[], object]) -> None:
        """Ask, unless that was answered at this commit; raises what it raises.

        Whoever comes meanwhile waits for the outcome, and has it, too: strangers may ask whether a server is
        ready as often as they like.
        """
        with self._lock:
            if self._proven == commit:
                return
            others = self._under_way
            if others is None:
                own = self._under_way = Future()
        if others is not None:
            others.result()
            return
        try:
            ask()
        except BaseException as error:
            self._end(own, None, error)
            raise
        self._end(own, commit, None)

    def _end(self, own: "Future[None]", proven: int | None, error: BaseException | None) -> None:
        with self._lock:
            self._proven = proven
            self._under_way = None
        if error is None:
            own.set_result(None)
        else:
            own.set_exception(error)
