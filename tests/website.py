"""A website on loopback that behaves as it is told to: slow, endless, truncated, redirecting, forgetful."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["Request"], object]


class Request(BaseHTTPRequestHandler):
    """One request; a route answers it with :meth:`reply` or writes whatever it likes."""

    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        self.close_connection = True
        self.server.site.requests.append((self.path, dict(self.headers)))
        route = self.server.site.routes.get(self.path)
        try:
            if route is None:
                self.reply(404, b"", {})
            else:
                route(self)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def reply(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, site: "Site") -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.site = site

    def handle_error(self, *arguments: Any) -> None:
        pass


@dataclass
class Site:
    """Routes by path, and the requests that came."""

    address: str = ""
    routes: dict[str, Answer] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __call__(
        self,
        path: str,
        body: str | bytes = b"",
        media_type: str = "text/html",
        *,
        status: int = 200,
        **headers: str,
    ) -> str:
        """Let a path answer so; returns its address. ``retry_after="3"`` is the header Retry-After."""
        content = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-").title(): value for name, value in headers.items()}
        sent = {"Content-Type": media_type, **named}
        self.routes[path] = lambda request: _conditional(request, status, content, sent)
        return self.address + path

    def paths(self) -> list[str]:
        """What was asked for, but for robots.txt."""
        return [path for path, _ in self.requests if path != "/robots.txt"]


def _conditional(request: Request, status: int, content: bytes, headers: dict[str, str]) -> None:
    etag = headers.get("Etag")
    if etag and request.headers.get("If-None-Match") == etag:
        request.reply(304, b"", {"Etag": etag})
    else:
        request.reply(status, content, headers)


@contextmanager
def website(tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """Serve a site on a free port of loopback."""
    site = Site()
    server = _Server(site)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    site.address = f"http{'s' if tls else ''}://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def closed_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
