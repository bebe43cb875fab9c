"""An edit over HTTP is made and told, or refused and nothing is changed; whatever ends it meanwhile."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from building import ENCODER, article, put
from fastapi import FastAPI
from running import running
from starlette.types import Message, Receive, Scope, Send
from test_operation import serving, until_in, workers_of

import indexer.encoding
from indexer import Editor, Index, IndexLocked, Leave
from indexer.layout import Layout
from indexer.turns import somebody_waits
from service.access import Access
from service.edits import Edits
from service.feedback import read_feedback
from service.guard import Guard, _Answer
from service.http import create_app
from service.keys import Keyring
from service.problems import Problem
from service.settings import Settings
from service.store import store_of

LONG = "The lamps of Ravel are lit at dusk, and the quay was raised in 1987. " * 60_000
DOORS = ["put", "upload", "delete", "erase"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path / "index", [article("well", "The old well was opened in 1880.", "The well")])
    return tmp_path / "index"


def app_of(folder: Path, seconds: float) -> FastAPI:
    return create_app(Settings(index=folder, runtime="hashing", request_seconds=seconds))


def edited(address: str, door: str) -> httpx.Response:
    with httpx.Client(base_url=address, timeout=60) as client:
        if door == "put":
            return client.put("/v1/articles/lamps", json={"text": "The lamps of Ravel are lit at dusk."})
        if door == "upload":
            return client.post("/v1/articles", files={"file": ("lamps.txt", b"The lamps are lit at dusk.")})
        return client.delete("/v1/articles/well", params={"erase": door == "erase"})


def kind(response: httpx.Response) -> tuple[int, str, str | None]:
    problem = str(response.json()["type"]).rpartition(":")[2]
    return response.status_code, problem, response.headers.get("retry-after")


def until_ended(app: FastAPI) -> None:
    """Wait until no thread edits any more."""
    end = time.monotonic() + 60
    while app.state.serving.edits._under_way:
        assert time.monotonic() < end
        time.sleep(0.01)


def until_waited_for(folder: Path) -> None:
    """Wait until an edit waits for the lock of the index."""
    end = time.monotonic() + 60
    while not somebody_waits(Layout(folder).queue):
        assert time.monotonic() < end
        time.sleep(0.01)


def state_of(folder: Path) -> tuple[int, int]:
    """Return the newest commit, and how many articles are current."""
    index = Index.open(folder)
    with index.view() as view:
        found = view.commit, view.count_articles()
    index.close()
    return found


UNCHANGED = (1, 1)


@pytest.mark.parametrize("door", ["put", "upload"])
def test_an_edit_that_took_too_long_has_changed_nothing_and_changes_nothing_later(
    door: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, segmented = threading.Event(), indexer.encoding.segmented

    def slowly(*given: object) -> object:
        assert release.wait(60)
        return segmented(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(indexer.encoding, "segmented", slowly)
    app = app_of(folder, 0.5)
    with running(app) as address:
        assert kind(edited(address, door)) == (503, "too-slow", "1")
        assert app.state.serving.edits._under_way
        release.set()
        until_ended(app)
        assert state_of(folder) == UNCHANGED


@pytest.mark.parametrize("door", DOORS)
def test_an_edit_whose_time_was_over_before_its_turn_came_is_not_made_when_it_comes(
    door: str, folder: Path
) -> None:
    app = app_of(folder, 0.5)
    with running(app) as address:
        with Editor(folder, lambda: ENCODER):
            assert kind(edited(address, door)) == (503, "too-slow", "1")
        until_ended(app)
        assert state_of(folder) == UNCHANGED


@pytest.mark.parametrize("door", DOORS)
def test_an_edit_that_has_begun_to_commit_is_finished_and_told_however_long_that_takes(
    door: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use = Leave.use

    def slowly(leave: Leave) -> None:
        use(leave)
        time.sleep(1.0)

    monkeypatch.setattr(Leave, "use", slowly)
    app = app_of(folder, 0.5)
    with running(app) as address:
        assert edited(address, door).is_success
    assert state_of(folder) != UNCHANGED


@pytest.mark.parametrize("door", [*DOORS, "feedback"])
def test_a_server_without_time_changes_nothing(door: str, folder: Path) -> None:
    app = app_of(folder, 0)
    with running(app) as address:
        if door == "feedback":
            said = httpx.post(f"{address}/v1/feedback", json={"question": "Where?", "verdict": "right"})
        else:
            said = edited(address, door)
        assert kind(said) == (503, "too-slow", "1")
        until_ended(app)
    assert state_of(folder) == UNCHANGED
    assert read_feedback(store_of(folder)) == []


def test_what_comes_of_a_body_after_its_time_is_not_acted_on(folder: Path) -> None:
    told = threading.Event()

    def slowly() -> Iterator[bytes]:
        yield b'{"text": "The lamps of Ravel '
        told.wait(1.5)
        yield b'are lit at dusk."}'

    app = app_of(folder, 0.5)
    with running(app) as address:
        headers = {"Content-Type": "application/json"}
        late = httpx.put(f"{address}/v1/articles/lamps", content=slowly(), headers=headers, timeout=60)
        assert kind(late) == (503, "too-slow", "1")
        # A whole request after it has found the thread of the late one free, if there was any.
        assert httpx.get(f"{address}/healthz").status_code == 200
        until_ended(app)
    assert state_of(folder) == UNCHANGED


@pytest.mark.parametrize("workers", [1, 2])
def test_an_edit_is_refused_when_the_server_is_told_to_end_and_has_changed_nothing(
    folder: Path, workers: int
) -> None:
    holder = Layout(folder).lock_holder
    with (
        serving(folder, "--workers", str(workers), CIVICITE_REQUEST_SECONDS="300") as (process, address, log),
        ThreadPoolExecutor(2) as clients,
    ):

        def long_one(number: int) -> httpx.Response:
            return httpx.put(f"{address}/v1/articles/lamps-{number}", json={"text": LONG}, timeout=120)

        asked = [clients.submit(long_one, number) for number in range(2)]
        end = time.monotonic() + 60
        while not holder.exists():
            assert time.monotonic() < end, log
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert [kind(one.result()) for one in asked] == [(503, "shutting-down", "5")] * 2
        assert process.wait(60) == 0
        until_in(log, "Shutting down", workers)
    assert "Traceback" not in "".join(log)
    assert state_of(folder) == UNCHANGED


@pytest.mark.parametrize(("workers", "replaced"), [(1, False), (2, False), (2, True)])
def test_an_edit_whose_client_has_gone_is_not_made_after_the_server_was_told_to_end(
    folder: Path, workers: int, replaced: bool
) -> None:
    with serving(folder, "--workers", str(workers)) as (process, address, log):
        if replaced:
            for one in workers_of(process.pid):
                os.kill(one, signal.SIGKILL)
            until_in(log, "Application startup complete", 2 * workers)
        with Editor(folder, lambda: ENCODER):
            with pytest.raises(httpx.ReadTimeout):
                httpx.put(f"{address}/v1/articles/lamps", json={"text": "Lamps."}, timeout=1)
            until_waited_for(folder)
            process.send_signal(signal.SIGTERM)
            until_in(log, "Shutting down", workers)
        assert process.wait(60) == 0
    assert state_of(folder) == UNCHANGED


@pytest.mark.parametrize("door", DOORS)
def test_an_edit_that_waits_for_another_does_not_hold_the_end_of_the_server_up(
    door: str, folder: Path
) -> None:
    waits = {"CIVICITE_WAIT_SECONDS": "300", "CIVICITE_REQUEST_SECONDS": "300"}
    with (
        serving(folder, **waits) as (process, address, log),
        ThreadPoolExecutor(1) as client,
        Editor(folder, lambda: ENCODER),
    ):
        asked = client.submit(edited, address, door)
        until_waited_for(folder)
        process.send_signal(signal.SIGTERM)
        assert kind(asked.result()) == (503, "shutting-down", "5")
        assert process.wait(60) == 0
    assert "timeout graceful shutdown exceeded" not in "".join(log)
    assert state_of(folder) == UNCHANGED


class Heard:
    """An answer that keeps what it is told."""

    def __init__(self) -> None:
        self.leave, self.told = Leave(), list[str]()

    def give_up(self, problem: Problem) -> None:
        self.told.append(problem.kind)


def test_an_upload_that_waits_for_another_ends_when_its_leave_is_taken_back() -> None:
    edits, second = Edits(2), Heard()

    def read() -> None:
        with edits.reading(second):
            raise AssertionError("two are read at a time")

    with ThreadPoolExecutor(1) as pool, edits.reading(Heard()):
        waiting = pool.submit(read)
        while second not in edits._under_way:
            time.sleep(0.01)
        second.leave.take_back(ValueError("no longer"))
        with pytest.raises(ValueError, match="no longer"):
            waiting.result(60)


def test_no_edit_begins_when_the_server_ends() -> None:
    edits, under_way = Edits(2), Heard()
    with edits.begun(under_way), edits.begun(Heard()):
        with pytest.raises(IndexLocked, match="2 edits wait already"), edits.begun(Heard()):
            raise AssertionError("there was room for a third")
        edits.end()
    assert under_way.told == ["shutting-down"]
    for begin in (edits.begun, edits.reading):
        with pytest.raises(Problem, match="the server is ending"), begin(Heard()):
            raise AssertionError("an edit began")


@pytest.mark.parametrize("told", [False, True])
def test_an_edit_that_still_runs_when_its_request_is_cancelled_commits_nothing(told: bool) -> None:
    answers: list[_Answer] = []

    async def editing(scope: Scope, receive: Receive, send: Send) -> None:
        answers.append(scope["state"]["answer"])
        if told:
            answers[0].give_up(Problem("too-slow", "it took too long"))
        await asyncio.sleep(60)

    async def nothing() -> Message:
        raise AssertionError("nobody asks for what a request holds")

    async def main() -> bool:
        async def send(message: Message) -> None:
            pass

        guard = Guard(editing, Access(Settings(), Keyring(Path("/nowhere"))))
        headers = [(b"host", b"localhost")]
        scope = {"type": "http", "method": "PUT", "path": "/v1/articles/x", "headers": headers}
        request = asyncio.create_task(guard({**scope, "method": "GET"}, nothing, send))
        while not answers:
            await asyncio.sleep(0)
        request.cancel()
        await asyncio.wait([request])
        return request.cancelled()

    assert asyncio.run(main()) is not told
    with pytest.raises(Problem):
        answers[0].leave.use()


def test_leave_can_be_taken_back_until_it_is_used_and_only_once() -> None:
    leave = Leave()
    leave.check()
    assert leave.take_back(ValueError("first"))
    assert not leave.take_back(ValueError("second"))
    for step in (leave.check, leave.use):
        with pytest.raises(ValueError, match="first"):
            step()
    used = Leave()
    used.use()
    assert not used.take_back(ValueError("late"))
    used.check()
    used.use()


def test_all_articles_of_an_upload_are_taken_in_by_one_commit(folder: Path) -> None:
    lines = "\n".join(f'{{"_id": "a{number}", "text": "Lamp {number}."}}' for number in range(600))
    with running(app_of(folder, 60)) as address:
        told = httpx.post(f"{address}/v1/articles", files={"file": ("many.jsonl", lines)}, timeout=60)
    assert (len(told.json()["added"]), told.json()["index"]["commit"]) == (600, 2)
