"""Answers as a stream of events, over a real socket and read by a client library of its own."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from building import article, put
from fastapi import FastAPI
from httpx_sse import ServerSentEvent, connect_sse
from running import running

from indexer import IndexDamaged
from service import answering, events, metrics
from service.http import create_app
from service.logs import ACCESS
from service.observing import Observed
from service.retrieval import gather
from service.settings import Settings

WELLS = [
    article("well", "The old well was opened in 1880. It is nine metres deep.", "The well", city="Oldtown"),
    article("mill", "The mill burned down in 1911. Nobody was hurt.", "The mill"),
]
ASKED = {"question": "When was the old well opened?", "min_confidence": 0}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("stream") / "index"
    put(folder, WELLS)
    return create_app(Settings(index=folder, runtime="hashing"))


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[httpx.Client]:
    with running(app) as address, httpx.Client(base_url=address, timeout=20) as client:
        yield client


def read(client: httpx.Client, **body: Any) -> list[tuple[str, Any]]:
    with connect_sse(client, "POST", "/v1/ask", json={**ASKED, **body}) as source:
        return [(one.event, one.json()) for one in source.iter_sse()]


def without_time(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "timing_ms"}


def test_passages_come_first_then_sentences_with_their_citations_then_the_answer(
    client: httpx.Client,
) -> None:
    answer = client.post("/v1/ask", json=ASKED).json()
    came = read(client)
    names = [name for name, _ in came]
    assert names == ["passages", *["sentence"] * len(answer["sentences"]), "answer"]
    assert without_time(came[-1][1]) == without_time(answer)
    assert came[0][1] == {"question": ASKED["question"], "passages": answer["passages"]}
    assert [content["sentence"] for _, content in came[1:-1]] == answer["sentences"]
    cited = [one for _, content in came[1:-1] for one in content["citations"]]
    assert cited == answer["citations"]
    assert cited


def test_an_abstention_has_passages_and_no_sentence(client: httpx.Client) -> None:
    came = read(client, min_confidence=1)
    assert [name for name, _ in came] == ["passages", "answer"]
    assert came[0][1]["passages"]
    assert came[1][1]["abstained"] is True


def test_nothing_found_is_told_as_no_passages(client: httpx.Client) -> None:
    came = read(client, filters={"city": ["Nowhere"]})
    assert came[0] == ("passages", {"question": ASKED["question"], "passages": []})


def test_the_form_follows_the_weights_of_the_accept_header(client: httpx.Client) -> None:
    for accept, kind in (
        ("text/event-stream;q=0.1, application/json", "application/json"),
        ("text/event-stream, application/json;q=0.1", "text/event-stream"),
    ):
        response = client.post("/v1/ask", json=ASKED, headers={"Accept": accept})
        assert response.headers["content-type"].split(";")[0] == kind
        assert "Accept" in response.headers["vary"]


@pytest.mark.parametrize(
    "body", [{"question": ""}, {"question": "q", "as_of": 99}, {"question": "q", "x": 1}]
)
def test_what_is_wrong_from_the_start_is_a_problem_and_no_stream(
    body: dict[str, Any], client: httpx.Client
) -> None:
    response = client.post("/v1/ask", json=body, headers={"Accept": "text/event-stream"})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


def test_the_passages_have_left_before_evidence_is_chosen(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = threading.Event()

    def gather_once_the_client_has_seen(*arguments: Any) -> Any:
        assert seen.wait(20), "the passages were held back"
        return gather(*arguments)

    monkeypatch.setattr(answering, "gather", gather_once_the_client_has_seen)
    with connect_sse(client, "POST", "/v1/ask", json=ASKED) as source:
        coming = source.iter_sse()
        assert next(coming).event == "passages"
        seen.set()
        assert [one.event for one in coming][-1] == "answer"


def test_an_error_after_the_start_is_an_event_with_a_problem_that_names_no_file(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*arguments: Any) -> Any:
        raise IndexDamaged("/srv/index/catalog.sqlite is torn")

    monkeypatch.setattr(answering, "gather", damaged)
    came = read(client)
    assert [name for name, _ in came] == ["passages", "error"]
    assert came[1][1]["type"] == "urn:civicite:problem:index-damaged"
    assert came[1][1]["status"] == 500
    assert "/srv" not in json.dumps(came)


def test_a_connection_on_which_nothing_happens_is_kept_alive_by_comments(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "KEEP_ALIVE_SECONDS", 0.01)
    told = threading.Event()

    def gather_later(*arguments: Any) -> Any:
        assert told.wait(20)
        return gather(*arguments)

    monkeypatch.setattr(answering, "gather", gather_later)
    headers = {"Accept": "text/event-stream"}
    with client.stream("POST", "/v1/ask", json=ASKED, headers=headers) as response:
        lines = response.iter_lines()
        assert next(line for line in lines if line.startswith(":")) == ": keep-alive"
        told.set()
        assert "event: answer" in list(lines)


def test_a_client_that_goes_away_ends_the_work() -> None:
    app = FastAPI()
    went, ended = threading.Event(), threading.Event()

    def work(emit: events.Emit) -> None:
        try:
            emit(events.event("first", {}))
            assert went.wait(20)
            while True:
                emit(events.event("more", {}))
        except events.ClientGone:
            ended.set()
            raise

    @app.get("/endless", response_class=events.EventStream)
    def endless() -> events.EventStream:
        return events.EventStream(work, lambda error: b"")

    with running(app) as address:
        with httpx.Client(base_url=address) as client, client.stream("GET", "/endless") as response:
            assert next(response.iter_lines()) == "event: first"
        went.set()
        assert ended.wait(20), "the work goes on for nobody"


def test_an_event_is_one_line_of_data_whatever_the_text(client: httpx.Client) -> None:
    content = {"text": "one\ntwo\r\nthree\u2028four"}
    written = events.event("odd", content).decode()
    assert written.count("\n") == 3
    assert "\r" not in written
    [data] = [line for line in written.split("\n") if line.startswith("data: ")]
    assert ServerSentEvent(data=data.removeprefix("data: ")).json() == content


def test_a_client_that_goes_before_the_first_event_is_noted_as_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[int] = []
    begun, ended = threading.Event(), threading.Event()

    def finished(route: str, method: str, status: int, seconds: float) -> None:
        noted.append(status)
        ended.set()

    monkeypatch.setattr(metrics, "finished", finished)
    app = FastAPI()
    app.add_middleware(Observed)

    @app.get("/slow", response_class=events.EventStream)
    def slow() -> events.EventStream:
        def work(emit: events.Emit) -> None:
            begun.set()
            assert stream._gone.wait(20), "nobody noticed that the client has gone"
            emit(events.event("first", {}))

        stream = events.EventStream(work, lambda error: b"")
        return stream

    with running(app) as address:
        url = httpx.URL(address)
        with socket.create_connection((url.host, url.port)) as raw:
            raw.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert begun.wait(20)
        assert ended.wait(20)
    assert noted == [499]


@pytest.mark.parametrize(
    ("gone", "sent", "noted"),
    [(True, None, 499), (True, 400, 499), (True, 500, 500), (False, None, 500), (False, 400, 400)],
)
def test_only_what_went_wrong_here_is_noted_as_a_failure(
    gone: bool, sent: int | None, noted: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"} if gone else {"type": "http.request"}

    async def send(message: Any) -> None:
        return None

    async def answering(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        if sent is not None:
            await send({"type": "http.response.start", "status": sent, "headers": []})

    with caplog.at_level("INFO", ACCESS.name):
        observed = Observed(answering)
        asyncio.run(observed({"type": "http", "method": "POST", "path": "/"}, receive, send))
    assert vars(caplog.records[-1])["facts"]["status"] == noted
