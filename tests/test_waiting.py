"""No request holds its place for nothing: bodies that do not come, and streams that would never end."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from building import article, put
from running import running

from service import guard
from service.guard import BODY_SECONDS, SLOWEST_LINE, patience
from service.http import create_app
from service.settings import Settings

ADDRESSES = ["/v1/ask", "/v1/articles", "/v1/verify", "/v1/chat/completions", "/mcp"]
SPOKEN = {"Accept": "application/json, text/event-stream"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    put(tmp_path / "index", [article("well", "The old well was opened in 1880.", "The well")])
    return Settings(index=tmp_path / "index", runtime="hashing", max_requests=3, request_seconds=30)


@contextmanager
def begun(address: str, path: str) -> Iterator[socket.socket]:
    """Announce a body, send the first byte of it, and yield the connection."""
    url = httpx.URL(address)
    kind = "multipart/form-data; boundary=x" if path == "/v1/articles" else "application/json"
    with socket.create_connection((url.host, url.port), timeout=60) as raw:
        raw.sendall(
            f"POST {path} HTTP/1.1\r\nHost: {url.host}\r\nContent-Type: {kind}\r\n"
            "Accept: application/json, text/event-stream\r\nContent-Length: 500\r\n\r\n-".encode()
        )
        yield raw


def told(raw: socket.socket) -> bytes:
    """Return all that comes until the server closes the connection."""
    said = b""
    while piece := raw.recv(65536):
        said += piece
    return said


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_body_that_does_not_come_is_answered_408_and_the_connection_closed(
    path: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.2)
    with running(create_app(settings)) as address, begun(address, path) as raw:
        said = told(raw)
    assert said.startswith(b"HTTP/1.1 408 ")
    assert said.count(b"HTTP/1.1") == 1
    assert b"body-too-slow" in said or b"body_too_slow" in said


def test_a_body_that_only_trickles_is_answered_408(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "BODY_SECONDS", 1.0)
    with running(create_app(settings)) as address, begun(address, "/v1/ask") as raw:
        raw.settimeout(0.1)
        for _ in range(400):
            try:
                said = raw.recv(65536)
                break
            except TimeoutError:
                raw.sendall(b" ")
    assert said.startswith(b"HTTP/1.1 408 ")


def test_places_held_by_bodies_that_do_not_come_are_free_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.2)
    with running(create_app(settings)) as address:
        with (
            begun(address, "/v1/ask") as one,
            begun(address, "/v1/ask") as two,
            begun(address, "/mcp") as more,
        ):
            assert all(told(raw).startswith(b"HTTP/1.1 408 ") for raw in (one, two, more))
        assert httpx.get(f"{address}/v1/facets").status_code == 200


@pytest.mark.parametrize(
    ("received", "waited", "left"),
    [
        (0, 0.0, BODY_SECONDS),
        (1, 9.0, pytest.approx(1.0, abs=0.01)),
        (0, 11.0, 0.0),
        (60 * SLOWEST_LINE, 60.0, BODY_SECONDS),
        (60 * SLOWEST_LINE, 65.0, pytest.approx(5.0)),
        (50_000_000, 300.0, BODY_SECONDS),
    ],
)
def test_a_slow_line_is_given_the_time_that_what_came_over_it_takes(
    received: int, waited: float, left: float
) -> None:
    assert patience(received, waited) == left


@pytest.mark.parametrize("ask", [httpx.get, httpx.delete])
def test_the_door_for_agents_has_no_stream_to_open_and_no_session_to_end(
    ask: Callable[..., httpx.Response], settings: Settings
) -> None:
    with running(create_app(settings)) as address:
        for accept in ("text/event-stream", "*/*"):
            refused = ask(f"{address}/mcp", headers={"Accept": accept}, timeout=20)
            assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
            assert refused.json()["type"] == "urn:civicite:problem:method-not-allowed"


def test_the_door_for_agents_takes_no_subscription(settings: Settings) -> None:
    version = "2026-07-28"
    meta = {
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "0"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    wanted = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "subscriptions/listen",
        "params": {"notifications": {"toolsListChanged": True}, "_meta": meta},
    }
    headers = {**SPOKEN, "Mcp-Protocol-Version": version, "Mcp-Method": "subscriptions/listen"}
    with running(create_app(settings)) as address:
        refused = httpx.post(f"{address}/mcp", json=wanted, headers=headers, timeout=20)
    assert "Method not found" in refused.text
