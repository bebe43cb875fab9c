"""What an HTTP application holds for as long as it runs: one model, one index, its settings."""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Semaphore
from typing import Annotated

from fastapi import Depends, Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from indexer import Editor, Index, IndexLocked
from service.assistant import Assistant
from service.problems import Problem
from service.settings import Settings

EDITS_MOST = 16
"""Edits that may be under way or wait at a time: each has a thread, and questions need some too."""

LARGEST_BODY = 50_000_000
"""Bytes of one request."""


@dataclass(frozen=True, slots=True)
class Serving:
    """Shared by all requests and never changed."""

    assistant: Assistant
    settings: Settings
    edits: Semaphore = field(default_factory=lambda: Semaphore(EDITS_MOST))

    @classmethod
    def open(cls, settings: Settings) -> "Serving":
        """Load the model and open the index."""
        return cls(Assistant.open(settings=settings), settings)

    @property
    def index(self) -> Index:
        """The index that is served."""
        return self.assistant.index

    @contextmanager
    def editor(self) -> Iterator[Editor]:
        """Yield an editor; raises a Problem where writing is not allowed, IndexLocked after a wait."""
        if not (self.settings.remote_writes or is_loopback(self.settings.host)):
            raise Problem(403, "read-only", "articles can be changed only where the server listens locally")
        if not self.edits.acquire(blocking=False):
            raise IndexLocked(f"{self.index.folder}: {EDITS_MOST} edits wait already; try again in a moment")
        try:
            with Editor(
                self.index.folder, lambda: self.assistant.encoder, wait=self.settings.wait_seconds
            ) as editor:
                yield editor
        finally:
            self.edits.release()


def is_loopback(host: str) -> bool:
    """Tell whether an address can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


async def _serving(request: Request) -> Serving:
    serving: Serving = request.app.state.serving
    return serving


Served = Annotated[Serving, Depends(_serving)]


class BodyLimit:
    """ASGI middleware that stops reading a request after LARGEST_BODY bytes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting the bytes of its body."""
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > LARGEST_BODY:
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)
