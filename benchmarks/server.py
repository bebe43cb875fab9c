"""A served index in a process of its own, asked and edited over HTTP as any client would."""

import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmarks.program import CIVICITE, ROOT, CommandFailed

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready: its process, its port, and the seconds until it said so."""

    process: int
    port: int
    ready: float

    @contextmanager
    def connected(self) -> Iterator["Client"]:
        """Yield a connection that is kept open; for one thread."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            yield Client(connection)
        finally:
            connection.close()


@dataclass(frozen=True, slots=True)
class Client:
    """One connection to a server."""

    connection: http.client.HTTPConnection

    def request(self, method: str, path: str, body: Mapping[str, object] | None = None) -> tuple[int, bytes]:
        """Return status and body of the answer.

        A server closes a connection that was idle for some seconds: then another one is made.
        """
        try:
            return self._requested(method, path, body)
        except (ConnectionError, http.client.RemoteDisconnected):
            self.connection.close()
            return self._requested(method, path, body)

    def _requested(self, method: str, path: str, body: Mapping[str, object] | None) -> tuple[int, bytes]:
        content = None if body is None else json.dumps(body)
        self.connection.request(method, path, content, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        return response.status, response.read()

    def ask(self, question: str, **fields: object) -> dict[str, Any]:
        """Return the answer to a question; raises CommandFailed for any status but 200."""
        status, answer = self.request("POST", "/v1/ask", {"question": question, **fields})
        if status != 200:
            raise CommandFailed(f"POST /v1/ask answered {status}: {answer[:200]!r}")
        return dict(json.loads(answer))


@contextmanager
def serve(index: Path, environment: Mapping[str, str] = MappingProxyType({})) -> Iterator[Server]:
    """Serve an index until the block is left; ``environment`` is added to this process's own."""
    port = _free_port()
    begun = time.perf_counter()
    process = subprocess.Popen(
        [str(CIVICITE), "serve", "--index", str(index), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    server = Server(process.pid, port, 0.0)
    try:
        while not _is_ready(server):
            if process.poll() is not None or time.perf_counter() - begun > PATIENCE:
                raise CommandFailed(
                    f"civicite serve did not become ready; its exit status is {process.poll()}"
                )
            time.sleep(0.02)
        yield Server(process.pid, port, time.perf_counter() - begun)
    finally:
        process.terminate()
        process.wait()


def _is_ready(server: Server) -> bool:
    with server.connected() as client:
        try:
            return client.request("GET", "/readyz")[0] == 200
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
