"""The guard: what every HTTP request passes before, and every answer after, the application sees it.

Ids, access, rates, the number of requests under way, the size of bodies, the time until an answer begins,
and the headers that keep browsers from harm.
"""

import asyncio
import ipaddress
import math
import time
from collections.abc import Mapping

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from indexer import Leave
from service import request_ids
from service.access import OPEN_PATHS, Access, is_loopback
from service.keys import Key
from service.problems import BUG, Problem, problem_response

LARGEST_BODY = 50_000_000
"""Bytes of a request that may hold an article."""

LARGEST_ANSWER = 4_000_000
"""Bytes of a request to verify an answer."""

LARGEST_QUESTION = 1_000_000
"""Bytes of any other request."""

BODY_SECONDS = 10.0
"""How long to wait for the next piece of a body, and for the whole of it beside what its size allows."""

SLOWEST_LINE = 1000
"""Bytes of a body that come in a second over the slowest line that is waited for."""

REMOTE_RATE = 600
"""Requests a minute beyond this machine unless the settings say otherwise."""

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "private, no-cache",
}
"""On every answer that does not say otherwise itself."""

_SECURITY = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_ID = request_ids.HEADER.encode()


class Guard:
    """ASGI middleware; ``access`` decides who may do what."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access
        settings = access.settings
        rate = settings.requests_per_minute or (None if is_loopback(settings.host) else REMOTE_RATE)
        self._rate = RateLimitItemPerMinute(rate) if rate else None
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        identity = request_ids.begin(headers.get(request_ids.HEADER))
        answer = _Answer(send, identity, self._access.settings.request_seconds)
        counted = scope["path"] not in OPEN_PATHS
        self._under_way += counted
        try:
            key = self._admitted(scope, headers, answer)
            scope.setdefault("state", {}).update(key=key, answer=answer)
            await self._app(scope, _Body(scope, receive, answer), answer)
        except Problem as problem:
            await problem_response(problem.kind, problem.detail, headers=problem.headers)(
                scope, receive, answer
            )
        except asyncio.CancelledError:
            # The server ends. Whoever was told already misses nothing of what still runs.
            if not answer.replaced:
                raise
        except Exception:
            # A bug, which is raised on to be logged; what would be answered further out lacks our headers.
            if not answer.begun:
                await problem_response("internal-error", BUG)(scope, receive, answer)
            raise
        finally:
            await answer.end()
            self._under_way -= counted

    def _admitted(self, scope: Scope, headers: Mapping[str, str], answer: "_Answer") -> Key | None:
        most = self._access.settings.max_requests
        if self._under_way > most:
            detail = f"{most} requests are under way; come again in a moment"
            raise Problem("overloaded", detail, {"Retry-After": "1"})
        try:
            key = self._access.admit(scope["method"], scope["path"], headers)
        except Problem:
            # What is refused counts too: nobody tries keys without end.
            self._count(scope, None, answer)
            raise
        self._count(scope, key, answer)
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > _largest(scope):
            raise Problem("body-too-large", "the body is larger than this server takes")
        return key

    def _count(self, scope: Scope, key: Key | None, answer: "_Answer") -> None:
        if self._rate is None or scope["path"] in OPEN_PATHS:
            return
        who = key.id if key is not None else _network(scope)
        within = self._limiter.hit(self._rate, who)
        window = self._limiter.get_window_stats(self._rate, who)
        wait = max(1, math.ceil(window.reset_time - time.time()))
        answer.tell(rate_headers(self._rate.amount, window.remaining if within else 0, wait))
        if not within:
            detail = f"more than {self._rate.amount} requests in a minute"
            raise Problem("too-many-requests", detail, {"Retry-After": str(wait)})


def rate_headers(most: int, remaining: int, seconds: int) -> dict[str, str]:
    """Return what a client is told of its rate, in the structured fields of the IETF's draft on RateLimit."""
    return {
        "RateLimit-Policy": f'"requests";q={most};w=60',
        "RateLimit": f'"requests";r={remaining};t={seconds}',
    }


class _Answer:
    """Sends an answer on with the headers that every one has, unless another one was sent in its stead.

    ``leave`` is what an edit is made by: whoever is told that it took too long is told the truth.
    """

    def __init__(self, send: Send, identity: str, seconds: float) -> None:
        self._send, self._seconds = send, seconds
        self._more = [*_SECURITY, (_ID, identity.encode())]
        self.leave = Leave()
        self.begun = self.replaced = False
        self._telling: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(seconds, self._expire)

    async def __call__(self, message: Message) -> None:
        """Send one message on, unless the client was told something else already."""
        if not self.replaced:
            await self._pass_on(message)

    def tell(self, headers: Mapping[str, str]) -> None:
        """Add headers to the answer, which has not begun."""
        self._more += [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    def give_up(self, problem: Problem) -> None:
        """Tell the client this instead, unless an answer has begun or an edit begins to commit.

        What still comes of the application is dropped.
        """
        if not (self.begun or self.replaced) and self.leave.take_back(problem):
            self.replaced = True
            response = problem_response(problem.kind, problem.detail, headers=problem.headers)
            self._telling = asyncio.ensure_future(response({"type": "http"}, _nothing, self._pass_on))

    async def end(self) -> None:
        """Watch the time no longer; a client that is being told is told to the end.

        What of an edit may still run in its thread, because the server ends, commits nothing any more.
        """
        self._timer.cancel()
        self.leave.take_back(Problem("shutting-down", "the request has ended"))
        if self._telling is not None:
            await self._telling

    def _expire(self) -> None:
        detail = f"it took longer than {self._seconds:g} seconds"
        self.give_up(Problem("too-slow", detail, {"Retry-After": "1"}))

    async def _pass_on(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            self._timer.cancel()
            own = {name.lower() for name, _ in message["headers"]}
            more = [(name, value) for name, value in self._more if name not in own]
            message["headers"] = [*message["headers"], *more]
        await self._send(message)


_GONE: Message = {"type": "http.disconnect"}


async def _nothing() -> Message:
    return _GONE


def _largest(scope: Scope) -> int:
    path = scope["path"]
    if path.startswith("/v1/articles"):
        return LARGEST_BODY
    return LARGEST_ANSWER if path == "/v1/verify" else LARGEST_QUESTION


class _Body:
    """Receives a body: no more than it may have, whatever it said of its length, and not for ever.

    Only the time is counted in which the client is waited for. One that is too slow is told so, and to the
    application it has gone.
    """

    def __init__(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        self._receive, self._answer, self._largest = receive, answer, _largest(scope)
        self._received, self._waited, self._whole = 0, 0.0, False

    async def __call__(self) -> Message:
        """Return the next message; once the body is there, that is the client's going."""
        if self._whole:
            return await self._receive()
        begun = time.monotonic()
        try:
            async with asyncio.timeout(patience(self._received, self._waited)):
                message = await self._receive()
        except TimeoutError:
            detail = "the body did not come in time"
            self._answer.give_up(Problem("body-too-slow", detail, _CLOSED))
            return _GONE
        self._waited += time.monotonic() - begun
        if self._answer.replaced:
            # What came too late is not acted on: the client knows that it was not.
            return _GONE
        self._received += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._received > self._largest:
            raise HTTPException(413)
        return message


def patience(received: int, waited: float) -> float:
    """Return the seconds to wait for the next piece of a body, of which so much came in so many seconds."""
    whole = BODY_SECONDS + received / SLOWEST_LINE
    return max(0.0, min(BODY_SECONDS, whole - waited))


_CLOSED = {"Connection": "close"}
"""What still comes of the body is not to be taken for the next request."""


def _network(scope: Scope) -> str:
    """Return the client's address; of IPv6 the network, which one client may have all of."""
    client = scope.get("client")
    try:
        address = ipaddress.ip_address(client[0] if client else "")
    except ValueError:
        return "unknown"
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
