"""Connections: how long one may stay open without a whole request, and how many may be open.

uvicorn waits without end for the head of a request, and for a client that does not take its answer. The guard
sees neither. Knows nothing of what is asked.
"""

import asyncio
import time
from functools import cache
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.guard import SLOWEST_LINE
from service.sending import Sent, held_by_system

HEAD_SECONDS = 10.0
"""How long to wait for the first byte of a first request, and from the first byte of a head to its end."""

LONGEST_HEAD = 65_536
"""Bytes of a head, with the trailers of its body, and of what comes without being any request."""

FIELD_COST = 32
"""Bytes that a field of a head counts beside its name and value, as in HTTP/2: each is kept by itself."""

REST_SECONDS = 60.0
"""How long to take in the rest of a body that was answered already, and to wait for an answer to be taken."""

TOO_LONG = "The head of the request is too long."

MOST_CONNECTIONS = 4096


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
    _fields = 0
    _unread = 0
    _got_on = False
    _ends: asyncio.TimerHandle | None = None
    _taken: asyncio.TimerHandle | None = None
    _written = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        self._sent = Sent(transport, self.wrote)
        # What it lacks of a transport's class it has of the transport.
        super().connection_made(cast(asyncio.Transport, self._sent))
        self._since = time.monotonic()
        self._end_in(HEAD_SECONDS)
        if len(self.connections) > most_connections():
            others = (one for one in self.connections if isinstance(one, Connection) and one._is_unused())
            self._make_way(min(others, key=lambda one: one._since, default=self))

    def connection_lost(self, exc: Exception | None) -> None:
        """Watch it no longer."""
        self._end_in(None)
        self._end_watch()
        super().connection_lost(exc)
        self._sent.tell_nobody()

    def data_received(self, data: bytes) -> None:
        """Take in a piece of a request; a head has an end in time and in length."""
        self._got_on = False
        super().data_received(data)
        if self.transport.is_closing():
            return
        # A piece may belong to two requests; one that neither begins a thing nor ends one goes to a head,
        # or to the trailers of a body, which nobody else counts.
        self._unread = 0 if self._got_on else self._unread + len(data)
        if self._unread > LONGEST_HEAD:
            self.send_400_response(TOO_LONG)
        elif self._ends is None and self._is_idle():
            self._end_in(REST_SECONDS)

    def on_message_begin(self) -> None:
        """Begin to wait for the end of a head."""
        super().on_message_begin()
        self._got_on, self._fields = True, 0
        self._end_in(HEAD_SECONDS)

    def on_url(self, url: bytes) -> None:
        """Take in a piece of an address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a field of a head, or of the trailers that come after a body."""
        self._count(len(name) + len(value) + FIELD_COST)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Leave a request to those who wait for its body and its answer."""
        self._got_on = True
        self._end_in(None)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Leave a piece of a body to those who wait for it."""
        self._got_on = True
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, unless that would be taken for the answer to the one before it."""
        if self._is_idle() or self._awaits_body():
            super().send_400_response(msg)
        else:
            self.transport.abort()

    def on_response_complete(self) -> None:
        """Be without a request again."""
        self._since = time.monotonic()
        super().on_response_complete()

    def _is_idle(self) -> bool:
        return self.cycle is None or (self.cycle.response_complete and not self.pipeline)

    def _is_unused(self) -> bool:
        # The application has done with an answer before the client has all of it.
        return self._is_idle() and not self.transport.get_write_buffer_size()

    def _awaits_body(self) -> bool:
        return self.cycle.more_body and not self.cycle.response_started and not self.pipeline

    def _count(self, length: int) -> None:
        self._fields += length
        if self._fields > LONGEST_HEAD:
            raise ValueError(TOO_LONG)  # the parser ends with it, and what is left of the piece is not read

    def _make_way(self, idlest: "Connection") -> None:
        # Out of the set at once: the next that comes must not choose the same.
        self.connections.discard(idlest)
        idlest.transport.abort()

    def _end_in(self, seconds: float | None) -> None:
        if self._ends is not None:
            self._ends.cancel()
        self._ends = None if seconds is None else self.loop.call_later(seconds, self._end)

    def _end(self) -> None:
        if self._is_unused():
            self.transport.abort()
        else:
            # What comes of the next request waits for the answer to this one, and for its way to the client.
            self._end_in(HEAD_SECONDS)

    def wrote(self, length: int, before: int) -> None:
        """Wait for the client to take what was written beside so much, no slower than a body may come."""
        if self.transport.is_closing():
            return  # nothing of it is sent
        self._written += length
        if not before:
            self._end_watch()  # what was written earlier is taken: the time for this begins now
        if self._taken is None and self.transport.get_write_buffer_size():
            self._watch_taking()

    def _watch_taking(self) -> None:
        self._end_watch()
        self._taken = self.loop.call_later(REST_SECONDS, self._check_taking, self._count_taken())

    def _check_taking(self, before: int) -> None:
        if not self.transport.get_write_buffer_size():
            self._end_watch()
        elif self._count_taken() - before < REST_SECONDS * SLOWEST_LINE:
            self.transport.abort()
        else:
            self._watch_taking()

    def _end_watch(self) -> None:
        if self._taken is not None:
            self._taken.cancel()
            self._taken = None

    def _count_taken(self) -> int:
        # While the system has enough to send, our own buffer stands still, however much the client takes.
        left = self.transport.get_write_buffer_size() + held_by_system(self.transport)
        return self._written - left
