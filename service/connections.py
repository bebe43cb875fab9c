"""Connections: how long one may stay open without a whole request, and how many may be open.

uvicorn waits without end for the head of a request, and for a client that does not take its answer. The guard
sees neither. Knows nothing of what is asked.
"""

import asyncio
import time
from functools import cache

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.guard import SLOWEST_LINE

HEAD_SECONDS = 10.0
"""How long to wait for the first byte of a first request, and from the first byte of a head to its end."""

LONGEST_HEAD = 65_536
"""Bytes of a head that has not come to its end."""

REST_SECONDS = 60.0
"""How long to take in the rest of a body that was answered already, and to wait for an answer to be taken."""

MOST_CONNECTIONS = 4096

END_EDITS = "end_edits"
"""Under this name an application's lifespan hands on what ends its edits when the server is told to end."""


@cache
def most_connections() -> int:
    """Return how many connections may be open: half of the files that the process may open at most."""
    try:
        import resource
    except ImportError:  # not every system has such limits
        return MOST_CONNECTIONS
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST_CONNECTIONS if files == resource.RLIM_INFINITY else max(1, min(MOST_CONNECTIONS, files // 2))


class Connection(HttpToolsProtocol):
    """One connection, as uvicorn serves it, that is closed when nothing comes of it.

    Where as many are open as may be, the one that has been without a request for longest makes room: whoever
    holds connections without asking keeps nobody out who asks.
    """

    _since = 0.0
    _in_head = False
    _head = 0
    _ends: asyncio.TimerHandle | None = None
    _taken: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._since = time.monotonic()
        self._end_in(HEAD_SECONDS)
        if len(self.connections) > most_connections():
            others = (one for one in self.connections if isinstance(one, Connection) and one._is_idle())
            self._make_way(min(others, key=lambda one: one._since, default=self))

    def connection_lost(self, exc: Exception | None) -> None:
        """Watch it no longer."""
        self._end_in(None)
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in a piece of a request; a head has an end in time and in length."""
        in_head = self._in_head
        super().data_received(data)
        if self.transport.is_closing() or not self._is_idle():
            return
        if self._ends is None:
            self._end_in(REST_SECONDS)
        # Of the piece in which a head begins the rest may belong to what was before it.
        self._head += len(data) if in_head else 0
        if self._in_head and self._head > LONGEST_HEAD:
            self.send_400_response("The head of the request is too long.")

    def on_message_begin(self) -> None:
        """Begin to wait for the end of a head."""
        super().on_message_begin()
        self._in_head, self._head = True, 0
        self._end_in(HEAD_SECONDS)

    def on_headers_complete(self) -> None:
        """Leave a request to those who wait for its body and its answer."""
        self._in_head = False
        self._end_in(None)
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Be without a request again."""
        self._since = time.monotonic()
        super().on_response_complete()

    def shutdown(self) -> None:
        """Let what is under way finish, but for edits, which may take long and can be made later."""
        super().shutdown()
        if (end_edits := self.app_state.get(END_EDITS)) is not None:
            end_edits()

    def pause_writing(self) -> None:
        """Wait for the client to take what was sent, no slower than a body may come."""
        super().pause_writing()
        self._watch_taking()

    def resume_writing(self) -> None:
        """Note that the client took it."""
        if self._taken is not None:
            self._taken.cancel()
            self._taken = None
        super().resume_writing()

    def _is_idle(self) -> bool:
        return self.cycle is None or (self.cycle.response_complete and not self.pipeline)

    def _make_way(self, idlest: "Connection") -> None:
        # Out of the set at once: the next that comes must not choose the same.
        self.connections.discard(idlest)
        idlest.transport.abort()

    def _end_in(self, seconds: float | None) -> None:
        if self._ends is not None:
            self._ends.cancel()
        self._ends = None if seconds is None else self.loop.call_later(seconds, self._end)

    def _end(self) -> None:
        if self._is_idle():
            self.transport.abort()
        else:
            # What comes of the next request waits for the answer to this one.
            self._end_in(HEAD_SECONDS)

    def _watch_taking(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._taken = self.loop.call_later(REST_SECONDS, self._check_taking, left)

    def _check_taking(self, before: int) -> None:
        if before - self.transport.get_write_buffer_size() < REST_SECONDS * SLOWEST_LINE:
            self.transport.abort()
        else:
            self._watch_taking()
