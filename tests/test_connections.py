"""Connections that no request comes of: each ends by itself, and all of them together keep nobody out."""

import asyncio
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from building import article, put
from commandline import served
from running import running
from starlette.types import Message, Receive, Scope, Send

from service import connections
from service.connections import LONGEST_HEAD, MOST_CONNECTIONS, Connection, most_connections

BEGUN = b"GET / HTTP/1.1\r\nHost: loc"
WHOLE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
LARGE = 50_000_000


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer once the body is there: with 5 bytes at /5, late at /slow, and not at /never."""
    if scope["type"] != "http":
        return
    message: Message = {"more_body": True}
    while message.get("more_body"):
        message = await receive()
    if scope["path"] == "/slow":
        await asyncio.sleep(0.5)
    if scope["path"] == "/never":
        while message["type"] != "http.disconnect":
            message = await receive()
        return
    size = scope["path"][1:]
    body = b"x" * int(size) if size.isdigit() else b"told"
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def address() -> Iterator[str]:
    with running(app) as address:
        yield address


def connected(address: str, receiving: int | None = None) -> socket.socket:
    """Connect, as a client whose system keeps so many bytes that it has not taken."""
    url, raw = httpx.URL(address), socket.socket()
    raw.settimeout(60)
    if receiving is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receiving)
    raw.connect((url.host, url.port))
    return raw


def until_told(raw: socket.socket) -> None:
    said = b""
    while not said.endswith(b"told"):
        piece = raw.recv(1000)
        assert piece, said
        said += piece


def until_taken(raw: socket.socket, taken: int = 0, pause: float = 0.0) -> None:
    """Take all of a long answer, of which so much is taken."""
    while taken < LARGE:
        piece = raw.recv(1 << 20)
        assert piece
        taken += len(piece)
        time.sleep(pause)


def until_closed(raw: socket.socket) -> bytes:
    """Return all that comes until the server closes the connection."""
    said = b""
    try:
        while piece := raw.recv(1 << 20):
            said += piece
    except ConnectionResetError:
        pass
    return said


@pytest.mark.parametrize("sent", [b"", b"G", BEGUN, b"\r\n"])
def test_a_head_that_does_not_come_to_its_end_closes_the_connection(
    sent: bytes, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    with connected(address) as raw:
        raw.sendall(sent)
        assert until_closed(raw) == b""


def test_a_head_that_only_trickles_closes_the_connection(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.5)
    with connected(address) as raw:
        raw.sendall(BEGUN)
        raw.settimeout(0.05)
        closed = False
        for _ in range(600):
            try:
                closed = raw.recv(100) == b""
                break
            except TimeoutError:
                raw.sendall(b"a")
            except ConnectionResetError:
                closed = True
                break
    assert closed


def test_the_head_of_a_second_request_has_an_end_too(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    with connected(address) as raw:
        raw.sendall(WHOLE)
        until_told(raw)
        raw.sendall(BEGUN)
        assert until_closed(raw) == b""


def test_a_request_under_way_is_not_cut_by_the_time_that_a_head_has(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.1)

    def slowly() -> Iterator[bytes]:
        for _ in range(5):
            yield b"x"
            time.sleep(0.1)

    assert httpx.post(address, content=slowly()).text == "told"


def test_a_request_under_way_is_answered_whatever_was_begun_after_it(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.1)
    with connected(address) as raw:
        raw.sendall(WHOLE.replace(b"/ ", b"/slow ", 1) + BEGUN)
        assert until_closed(raw).count(b"told") == 1


def test_a_head_without_end_is_refused_by_the_server_that_people_start(tmp_path: Path) -> None:
    put(tmp_path / "index", [article("well", "The old well was opened in 1880.")])
    with served(tmp_path / "index") as address, connected(address) as raw:
        raw.sendall(BEGUN)
        assert sent_until_closed(raw, b"a" * 10_000) < 200 * LONGEST_HEAD
        assert httpx.get(f"{address}/healthz").status_code == 200


@pytest.mark.parametrize("pause", [0.0, 0.2])
def test_a_head_that_is_a_little_too_long_is_answered_400(pause: float, address: str) -> None:
    with connected(address) as raw:
        raw.sendall(BEGUN)
        time.sleep(pause)  # so that its begin and the rest come in two pieces, or in one
        raw.sendall(b"a" * (LONGEST_HEAD + 1) + b"\r\n\r\n")
        assert until_closed(raw).startswith(b"HTTP/1.1 400 ")


def test_many_small_fields_count_for_what_keeping_them_takes(address: str) -> None:
    with connected(address) as raw:
        raw.sendall(WHOLE[:-2] + b"a:b\r\n" * 3000 + b"\r\n")
        assert until_closed(raw).startswith(b"HTTP/1.1 400 ")


def sent_until_closed(raw: socket.socket, piece: bytes) -> int:
    """Return how much could be sent, of what should be refused soon."""
    sent = 0
    while sent < 200 * LONGEST_HEAD:
        try:
            raw.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            break
        sent += len(piece)
    return sent


@pytest.mark.parametrize("piece", [b"a: b\r\n" * 1000, b"a" * 10_000])
def test_trailers_without_end_are_refused_though_the_request_is_under_way(piece: bytes, address: str) -> None:
    with connected(address) as raw:
        raw.sendall(CHUNKED + b"2\r\n{}\r\n0\r\n")
        assert sent_until_closed(raw, piece) < 200 * LONGEST_HEAD


@pytest.mark.parametrize("piece", [b"a: b\r\n" * 1000, b"a" * 10_000])
def test_a_head_without_end_behind_a_request_under_way_closes_the_connection(
    piece: bytes, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 60)
    with connected(address) as raw:
        raw.sendall(WHOLE.replace(b"/ ", b"/never ", 1) + BEGUN)
        assert sent_until_closed(raw, piece) < 200 * LONGEST_HEAD
        assert until_closed(raw) == b""


def test_a_body_of_many_small_pieces_is_taken_in_however_long_it_is(address: str) -> None:
    pieces = (b"x" for _ in range(LONGEST_HEAD // 4))
    assert httpx.post(address, content=pieces, timeout=60).text == "told"


def test_a_request_with_a_few_trailers_is_answered(address: str) -> None:
    with connected(address) as raw:
        raw.sendall(CHUNKED + b"2\r\n{}\r\n0\r\nsum: 7\r\n\r\n")
        until_told(raw)


def test_connections_without_a_request_make_room_for_those_that_come_after_them(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "most_connections", lambda: 10)
    with ExitStack() as held:
        begun = [held.enter_context(connected(address)) for _ in range(40)]
        for raw in begun:
            raw.sendall(BEGUN)
        for _ in range(5):
            assert httpx.get(address).text == "told"
        for raw in begun[:30]:
            assert until_closed(raw) == b""


def test_requests_under_way_are_not_closed_to_make_room(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "most_connections", lambda: 2)
    with connected(address) as one, connected(address) as two:
        for raw in (one, two):
            raw.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n-")
        with connected(address) as third:
            assert until_closed(third) == b""
        for raw in (one, two):
            raw.sendall(b"-")
            until_told(raw)


def test_a_client_that_does_not_take_its_answer_is_waited_for_no_longer(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "REST_SECONDS", 0.2)
    with connected(address) as raw:
        raw.sendall(WHOLE.replace(b"/ ", b"/%d " % LARGE, 1))
        time.sleep(1)
        assert len(until_closed(raw)) < LARGE


def test_what_a_client_leaves_of_an_answer_is_waited_for_no_longer_however_little_it_is(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "REST_SECONDS", 0.2)
    lost, ends = list[Connection](), Connection.connection_lost

    def noted(connection: Connection, error: Exception | None) -> None:
        lost.append(connection)
        ends(connection, error)

    monkeypatch.setattr(Connection, "connection_lost", noted)
    # Of some of these the system takes all but a little, wherever its buffers end.
    lengths = range(32_000, 8_000_000, 32_000)
    with ExitStack() as held:
        for length in lengths:
            raw = held.enter_context(connected(address, receiving=4096))
            raw.sendall(b"GET /%d HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % length)
        end = time.monotonic() + 60
        while len(lost) < len(lengths):
            assert time.monotonic() < end
            time.sleep(0.05)


def test_a_client_is_not_too_slow_because_the_system_has_much_to_send(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "REST_SECONDS", 0.5)
    with connected(address, receiving=65_536) as raw:
        raw.sendall(WHOLE.replace(b"/ ", b"/%d " % LARGE, 1))
        raw.settimeout(60)
        taken = 0
        for _ in range(120):
            taken += len(raw.recv(8192))
            time.sleep(0.02)
        until_taken(raw, taken)


def test_a_client_that_takes_its_answer_is_not_closed_to_make_room(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "most_connections", lambda: 1)
    with connected(address) as raw:
        raw.sendall(WHOLE.replace(b"/ ", b"/%d " % LARGE, 1))
        taken = len(raw.recv(1000))
        with connected(address) as other:
            assert until_closed(other) == b""
        until_taken(raw, taken)


def test_a_client_that_takes_its_answer_slowly_gets_all_of_it(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "REST_SECONDS", 0.2)
    with connected(address) as raw:
        raw.sendall(WHOLE.replace(b"/ ", b"/%d " % LARGE, 1))
        raw.settimeout(10)
        until_taken(raw, pause=0.02)


@pytest.mark.parametrize(
    ("files", "most"),
    [(200, 100), (1024, 512), (1_000_000, MOST_CONNECTIONS), (resource.RLIM_INFINITY, MOST_CONNECTIONS)],
)
def test_half_of_the_files_that_may_be_open_are_left_for_the_index(
    files: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda what: (files, files))
    most_connections.cache_clear()
    try:
        assert most_connections() == most
    finally:
        most_connections.cache_clear()
