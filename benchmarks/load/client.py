"""Clients that each keep one connection and ask again as soon as they are answered, in one thread.

``python -m benchmarks.load.client PORT PROGRAM QUESTIONS CLIENTS SECONDS FIRST``: one JSON object on standard
output. Sockets and a selector and nothing else: what the client computes it takes from the server's cores.
"""

import json
import selectors
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import quote

WARM_UP = 2.0
"""Seconds before the first request that counts."""

PATIENCE = 30.0
"""Seconds after which a client that hears nothing gives up."""

_AT_ONCE = 1 << 18


def searching(question: str) -> bytes:
    """Return a request for civicite's passages."""
    body = json.dumps({"question": question}).encode()
    head = ("POST /v1/search HTTP/1.1", "Host: localhost", "Content-Type: application/json")
    return "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body


def asking(question: str) -> bytes:
    """Return a request for civicite's answer."""
    return searching(question).replace(b"/v1/search", b"/v1/ask", 1)


def txtai(question: str) -> bytes:
    """Return a request for txtai's passages, as many as civicite shows."""
    return f"GET /search?query={quote(question)}&limit=10 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


REQUESTS: dict[str, Callable[[str], bytes]] = {"search": searching, "ask": asking, "txtai": txtai}


@dataclass(slots=True)
class Connection:
    """One client: its socket, when its request left, and what has come back so far."""

    socket: socket.socket
    sent: float = 0.0
    received: bytes = b""
    missing: int = -1  # bytes of the body, -1 while its length is unknown


@dataclass(slots=True)
class Tally:
    """Milliseconds of the requests that were answered with 200, and what went wrong otherwise."""

    milliseconds: list[float] = field(default_factory=list)
    errors: dict[str, int] = field(default_factory=dict)

    def wrong(self, what: str) -> None:
        """Count an error."""
        self.errors[what] = self.errors.get(what, 0) + 1


def run(
    port: int, requests: Sequence[bytes], clients: int, seconds: float, first: int = 0
) -> dict[str, object]:
    """Ask for some seconds, each client one request after another, beginning with request ``first``."""
    tally, numbers, selector = Tally(), count(first), selectors.DefaultSelector()
    for _ in range(clients):
        connection = Connection(socket.create_connection(("127.0.0.1", port), PATIENCE))
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        _send(connection, requests[next(numbers) % len(requests)])
    begun = time.perf_counter() + WARM_UP
    end = begun + seconds
    while selector.get_map() and (now := time.perf_counter()) < end:
        ready = selector.select(PATIENCE)
        if not ready:
            tally.wrong("no answer")
            break
        for key, _ in ready:
            connection = key.data
            status = _received(connection)
            if status is None:
                continue
            now = time.perf_counter()
            if status != 200:
                tally.wrong(str(status))
            elif begun <= now <= end:
                tally.milliseconds.append((now - connection.sent) * 1000)
            if status == 0:
                selector.unregister(connection.socket)
            else:
                _send(connection, requests[next(numbers) % len(requests)])
    for key in list(selector.get_map().values()):
        key.data.socket.close()
    return {
        "seconds": seconds,
        "milliseconds": tally.milliseconds,
        "errors": tally.errors,
        "next": next(numbers),
        "client seconds": time.process_time(),
    }


def _send(connection: Connection, request: bytes) -> None:
    connection.received, connection.missing = b"", -1
    connection.sent = time.perf_counter()
    connection.socket.sendall(request)


def _received(connection: Connection) -> int | None:
    """Read what is there; return the status of a whole answer, 0 when the server closed, None to go on."""
    try:
        some = connection.socket.recv(_AT_ONCE)
    except OSError:
        return 0
    if not some:
        return 0
    connection.received += some
    if connection.missing < 0:
        head, separator, _ = connection.received.partition(b"\r\n\r\n")
        if not separator:
            return None
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        connection.missing = len(head) + 4 + int(length.split(b":")[1])
    if len(connection.received) < connection.missing:
        return None
    return int(connection.received[9:12])


def main(port: str, program: str, questions: str, clients: str, seconds: str, first: str) -> None:
    """Ask the questions of a file of JSON lines."""
    lines = Path(questions).read_text(encoding="utf-8").splitlines()
    requests = [REQUESTS[program](json.loads(line)["text"]) for line in lines]
    print(json.dumps(run(int(port), requests, int(clients), float(seconds), int(first))))


if __name__ == "__main__":
    main(*sys.argv[1:])
