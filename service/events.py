"""A stream of server-sent events whose content is made in a thread while it is sent.

Knows the HTML standard's event stream and when a client has gone; knows nothing of questions.
"""

import json
import math
import threading
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
from anyio.streams.memory import MemoryObjectSendStream
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

EVENTS = "text/event-stream"

KEEP_ALIVE_SECONDS = 10.0
"""After so long without an event a comment is sent: proxies take a silent connection for dead."""

Emit = Callable[[bytes], None]
"""Sends some bytes; raises ClientGone when nobody listens any more."""


class ClientGone(Exception):
    """The client has gone: what is under way for it may end."""


def event(name: str | None, content: object) -> bytes:
    """Return one event with JSON, which has no line break, as its data; without a name it is a message."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {as_json(content)}\n\n".encode()


def as_json(content: object) -> str:
    """Return the JSON that a response would hold."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class EventStream(Response):
    """Calls ``work`` in a thread with a function that sends.

    An error before the first event is raised, and becomes a response like any other error; a later one
    becomes the event that ``failed`` makes of it.
    """

    media_type = EVENTS

    def __init__(
        self,
        work: Callable[[Emit], None],
        failed: Callable[[Exception], bytes],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", **(headers or {})})
        del self.headers["content-length"]
        self._work, self._failed = work, failed
        self._gone, self._begun = threading.Event(), False
        self._failure: Exception | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events as they come, until they end or the client goes."""
        sender, receiver = anyio.create_memory_object_stream[bytes](math.inf)
        async with receiver, anyio.create_task_group() as tasks:
            tasks.start_soon(self._make, sender)
            tasks.start_soon(self._watch, receive, tasks.cancel_scope)
            await self._pass_on(receiver.receive, send)
            tasks.cancel_scope.cancel()
        if self._gone.is_set():
            return
        if self._failure is not None:
            if not self._begun:
                raise self._failure
            await self._send(send, self._failed(self._failure))
        await self._send(send, b"", more=False)

    async def _make(self, sender: MemoryObjectSendStream[bytes]) -> None:
        def emit(content: bytes) -> None:
            if self._gone.is_set():
                raise ClientGone
            anyio.from_thread.run_sync(sender.send_nowait, content)

        with sender:
            try:
                await anyio.to_thread.run_sync(self._work, emit)
            except ClientGone:
                return
            except Exception as error:
                self._failure = error

    async def _watch(self, receive: Receive, scope: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._gone.set()
        scope.cancel()

    async def _pass_on(self, receive: Callable[[], Any], send: Send) -> None:
        while True:
            content = b": keep-alive\n\n"
            with anyio.move_on_after(KEEP_ALIVE_SECONDS):
                try:
                    content = await receive()
                except anyio.EndOfStream:
                    return
            await self._send(send, content)

    async def _send(self, send: Send, content: bytes, *, more: bool = True) -> None:
        if not self._begun:
            self._begun = True
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": content, "more_body": more})
