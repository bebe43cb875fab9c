"""Editors take turns: who waits comes before who wrote last, and a long run lets single edits in."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import filelock
import pytest
from building import ENCODER, article, put

from indexer import Editor, Found, Index, IndexLocked, Leave, catalog
from indexer.layout import Layout
from indexer.turns import somebody_waits, take_in_turn
from service import serving
from service.problems import Problem
from service.settings import Settings


def until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.01)


def test_who_waits_for_a_lock_has_it_before_who_held_it_last(tmp_path: Path) -> None:
    lock, queue, order = tmp_path / "lock", tmp_path / "queue", ["first"]

    def second() -> None:
        with take_in_turn(lock, queue, 30):
            order.append("second")

    held = take_in_turn(lock, queue, 0)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(second)
        until(lambda: somebody_waits(queue))
        held.release()
        with take_in_turn(lock, queue, 30):
            order.append("first again")
        waiting.result()
    assert order == ["first", "second", "first again"]


def test_a_lock_that_is_not_free_in_time_is_not_waited_for_longer(tmp_path: Path) -> None:
    lock, queue = tmp_path / "lock", tmp_path / "queue"
    with take_in_turn(lock, queue, 0):
        assert not somebody_waits(queue)
        with pytest.raises(filelock.Timeout):
            take_in_turn(lock, queue, 0.05)
    take_in_turn(lock, queue, 0).release()


def test_who_waits_without_end_has_the_lock_when_it_is_free(tmp_path: Path) -> None:
    lock, queue = tmp_path / "lock", tmp_path / "queue"
    with ThreadPoolExecutor(1) as pool:
        with take_in_turn(lock, queue, 0):
            waiting = pool.submit(take_in_turn, lock, queue, -1.0)
            until(lambda: waiting.done() or somebody_waits(queue))
        waiting.result().release()


def test_who_may_wait_no_longer_lets_the_next_wait_though_the_lock_is_not_free(tmp_path: Path) -> None:
    lock, queue, leave = tmp_path / "lock", tmp_path / "queue", Leave()
    with ThreadPoolExecutor(1) as pool, take_in_turn(lock, queue, 0):
        waiting = pool.submit(take_in_turn, lock, queue, 300.0, leave.check)
        until(lambda: waiting.done() or somebody_waits(queue))
        leave.take_back(ValueError("no longer"))
        with pytest.raises(ValueError, match="no longer"):
            waiting.result(60)
        assert not somebody_waits(queue)


def test_a_long_run_lets_a_waiting_editor_in_between_two_commits(tmp_path: Path) -> None:
    put(tmp_path, [article("first", "The first article.")])
    layout = Layout(tmp_path)

    def single() -> None:
        with Editor(tmp_path, lambda: ENCODER, wait=60) as editor:
            editor.put([Found(article("single", "The ferry of Ravel leaves at nine."), named=True)])

    with ThreadPoolExecutor(1) as pool:
        waiting = list[Future[None]]()

        def many() -> Iterator[Found]:
            for number in range(600):
                if number == 100:
                    waiting.append(pool.submit(single))
                    until(lambda: waiting[0].done() or somebody_waits(layout.queue))
                yield Found(article(f"town-{number}", f"Town {number} has a bridge."), named=True)

        with Editor(tmp_path, lambda: ENCODER) as editor:
            report = editor.put(many())
        waiting[0].result()
    assert len(report.added) == 600
    index = Index.open(tmp_path)
    with index._catalog.reading() as connection:
        counts = connection.execute("SELECT added FROM commits ORDER BY id").fetchall()
    with index.view() as view:
        assert view.count_articles() == 602
        assert len(view._engines.vectors) + len(view._engines.tail) == view.generation.passages
    index.close()
    assert [count for (count,) in counts if count != 1] == [256, 256, 88]
    assert (1,) in counts[1:-1], "it was let in before the end"


def test_the_log_stays_short_although_somebody_reads_at_every_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 400_000
    monkeypatch.setattr(catalog, "LOG_MOST", most)
    put(tmp_path, [article("first", "The first article.")])
    done, index = Event(), Index.open(tmp_path)

    def read(delay: float) -> int:
        time.sleep(delay)
        views = 0
        while not done.is_set():
            with index.view():
                time.sleep(0.06)
            views += 1
        return views

    with ThreadPoolExecutor(3) as pool:
        reading = [pool.submit(read, number / 50) for number in range(3)]
        longest = 0
        try:
            for number in range(30):
                put(tmp_path, [article(f"town-{number}", f"Town {number} has a bridge. " * 200)])
                longest = max(longest, Layout(tmp_path).log.stat().st_size)
        finally:
            done.set()
        assert min(one.result() for one in reading) > 1
    index.close()
    assert longest < 3 * most


class Unheard:
    """An answer that nobody waits for."""

    def __init__(self) -> None:
        self.leave = Leave()

    def give_up(self, problem: Problem) -> None:
        raise AssertionError(problem)


def test_a_server_lets_no_more_edits_wait_than_leave_threads_for_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, [article("first", "The first article.")])
    monkeypatch.setattr(serving, "EDITS_MOST", 2)
    settings = Settings(index=tmp_path, runtime="hashing")
    served = serving.Serving.open(settings)
    with ExitStack() as held:
        held.enter_context(served.editor(Unheard()))
        held.enter_context(served.edits.begun(Unheard()))
        with pytest.raises(IndexLocked, match="2 edits wait already"), served.editor(Unheard()):
            raise AssertionError("there was room for a third")
    with served.editor(Unheard()) as editor:
        assert editor.withdraw(["first"]).withdrawn == ["first"]
    served.index.close()
