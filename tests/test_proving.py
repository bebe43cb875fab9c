"""Whether questions can be answered is found out by one question at a time, however many want to know."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest
from building import article, put
from fastapi.testclient import TestClient

from indexer import IndexDamaged
from service.answer import SearchResult
from service.collection import LocalCollection
from service.http import create_app
from service.proving import Proof
from service.settings import Settings


class Slow:
    """A question that takes until it is let go, and then fails or does not."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked, self._error = 0, error
        self.begun, self.let_go = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.asked += 1
        self.begun.set()
        assert self.let_go.wait(30)
        if self._error is not None:
            raise self._error


def outcomes(proof: Proof, ask: Slow, many: int = 8) -> list[BaseException | None]:
    with ThreadPoolExecutor(many) as threads:
        first = threads.submit(proof.of, 1, ask)
        assert ask.begun.wait(30)
        others = [threads.submit(proof.of, 1, ask) for _ in range(many - 1)]
        done, _ = wait(others, timeout=0.3)
        assert not done
        ask.let_go.set()
        return [one.exception(30) for one in (first, *others)]


def test_one_question_answers_all_who_want_to_know_meanwhile_and_afterwards() -> None:
    proof, ask = Proof(), Slow()
    assert outcomes(proof, ask) == [None] * 8
    proof.of(1, ask)
    assert ask.asked == 1
    proof.of(2, ask)
    assert ask.asked == 2


def test_a_question_that_fails_fails_for_all_who_wait_and_is_asked_again_by_the_next() -> None:
    error = IndexDamaged("it is torn")
    proof, ask = Proof(), Slow(error)
    assert outcomes(proof, ask) == [error] * 8
    assert ask.asked == 1
    with pytest.raises(IndexDamaged):
        proof.of(1, ask)
    assert ask.asked == 2


def test_a_crowd_at_readyz_asks_one_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "index", [article("well", "The old well was opened in 1880.")])
    asked: list[str] = []
    crowd, search = threading.Barrier(6), LocalCollection.search
    seen = threading.Semaphore(0)

    def counted(self: LocalCollection, question: str, **how: Any) -> SearchResult:
        asked.append(question)
        assert seen.acquire(timeout=30)
        return search(self, question, **how)

    monkeypatch.setattr(LocalCollection, "search", counted)
    app = create_app(Settings(index=tmp_path / "index", runtime="hashing"))
    with TestClient(app, "http://127.0.0.1") as client, ThreadPoolExecutor(6) as threads:

        def ready() -> int:
            crowd.wait(30)
            return client.get("/readyz").status_code

        answers = [threads.submit(ready) for _ in range(6)]
        wait(answers, timeout=0.5)
        seen.release(6)
        assert [one.result(30) for one in answers] == [200] * 6
    assert len(asked) == 1
