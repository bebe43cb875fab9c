"""The tools under ``/mcp``, over the streamable HTTP of the Model Context Protocol.

The protocol's package is imported at the first request, since most servers never see one and all should
start quickly. The guard has checked host, origin and key before a request comes here. No session is kept:
any worker can answer any request, and there is no stream that could be opened by GET or ended by DELETE.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

import anyio.to_thread
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from service.http_operation import note_answer
from service.serving import Serving

if TYPE_CHECKING:
    from service.mcp_server import Server

PATH = "/mcp"


def is_installed() -> bool:
    """Tell whether the protocol's package is there; it comes with an extra."""
    return find_spec("mcp") is not None


class MCPRoute(Route):
    """The one address, for POST alone; FastAPI does not note by itself that a request took it."""

    def __init__(self, door: "MCPDoor") -> None:
        super().__init__(PATH, door, methods=["POST"], include_in_schema=False)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Say whether a request is for this address, and note it."""
        match, more = super().matches(scope)
        return match, more if match is Match.NONE else {**more, "route": self}


class MCPDoor:
    """An ASGI application that answers while :meth:`opened`."""

    def __init__(self, serving: Serving) -> None:
        self._held = serving
        self._lock, self._closing = asyncio.Lock(), asyncio.Event()
        self._app: ASGIApp | None = None
        self._serving: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Answer requests until the end of the block."""
        self._lock, self._closing, self._app, self._serving = asyncio.Lock(), asyncio.Event(), None, None
        try:
            yield
        finally:
            self._closing.set()
            if self._serving is not None:
                await self._serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        async with self._lock:
            if self._app is None:
                ready: asyncio.Future[ASGIApp] = asyncio.get_running_loop().create_future()
                self._serving = asyncio.create_task(self._serve(ready))
                self._app = await ready
        await self._app(scope, receive, send)

    async def _serve(self, ready: "asyncio.Future[ASGIApp]") -> None:
        """Hold what answers open, in a task of its own, which no request ends."""
        try:
            server = await anyio.to_thread.run_sync(self._make)
            # The guard knows which names and pages may come; the package's own list would be a second truth.
            server.streamable_http_app(stateless_http=True, json_response=True, host="")
            manager = server.session_manager
            async with manager.run():
                ready.set_result(manager.asgi_app)
                await self._closing.wait()
        except Exception as error:
            if ready.done():
                raise
            ready.set_exception(error)

    def _make(self) -> "Server":
        from service.mcp_server import create_server

        return create_server(self._held.assistant, self._held.settings, partial(note_answer, self._held))
