"""What is noted of every request: the time and the route's template; a count, a log line.

The outermost ASGI middleware, so that refusals are noted too. It knows neither questions nor answers and
changes nothing.
"""

import re
import time
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import metrics, request_ids
from service.logs import ACCESS

_CONVERTER = re.compile(r":\w+}")  # {article_id:path} is {article_id} in the description, too
GONE = 499
"""Noted where the client had gone before an answer began, as nginx does; nobody is sent it."""
NO_ROUTE = "(none)"
"""Stands for every path that leads nowhere: paths are made up by whoever asks."""


class Observed:
    """Notes every request; what an endpoint leaves in the request's state as ``facts`` is logged with it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note what became of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, gone = time.perf_counter(), False
        sent: int | None = None

        async def heard() -> Message:
            nonlocal gone
            message = await receive()
            gone = gone or (sent is None and message["type"] == "http.disconnect")
            return message

        async def noted(message: Message) -> None:
            nonlocal sent
            if message["type"] == "http.response.start":
                sent = message["status"]
            await send(message)

        metrics.begun()
        try:
            await self._app(scope, heard, noted)
        finally:
            status = _status(sent, gone)
            seconds, route = time.perf_counter() - begun, route_of(scope)
            metrics.finished(route, scope["method"], status, seconds)
            facts = {
                "method": scope["method"],
                "route": route,
                "status": status,
                "ms": round(1000 * seconds, 2),
                "request_id": request_ids.current(),
                **scope.get("state", {}).get("facts", {}),
            }
            ACCESS.info("request", extra={"facts": facts})


def _status(sent: int | None, gone: bool) -> int:
    """Return what to note: of a client that has gone only what went wrong here, else that it has."""
    if gone and (sent is None or sent < HTTPStatus.INTERNAL_SERVER_ERROR):
        return GONE
    return HTTPStatus.INTERNAL_SERVER_ERROR.value if sent is None else sent


def route_of(scope: Scope) -> str:
    """Return the template of the route that a request took, for example ``/v1/articles/{article_id}``."""
    template = getattr(scope.get("route"), "path", None)
    return _CONVERTER.sub("}", template) if template else NO_ROUTE
