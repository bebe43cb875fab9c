"""What an edit or a question costs, counted in steps of the database: the same in an index of any size."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from building import ENCODER, article, put

from indexer import Editor, Filters, Found, Index, question_terms
from indexer.runs import compared
from indexer.vectors.flat import FlatVectors

STEPS_AT_ONCE = 10
"""SQLite calls back after so many instructions of its virtual machine."""


@dataclass
class Counter:
    calls: int = 0

    def of(self, action: Callable[[], object]) -> int:
        before = self.calls
        action()
        return self.calls - before


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    counter, connected = Counter(), sqlite3.connect

    def counted() -> int:
        counter.calls += 1
        return 0

    def connect(*where: Any, **how: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connected(*where, **how)
        connection.set_progress_handler(counted, STEPS_AT_ONCE)
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect)
    return counter


def towns(numbers: range) -> Iterator[Found]:
    for number in numbers:
        text = f"Town {number} keeps {number + 3} bridges. Its night buses leave at {number % 24}."
        yield Found(article(f"town-{number}", text, f"Town {number}", city=f"Town {number}"), named=True)


def steps_of_edits(folder: Path, size: int, counter: Counter) -> dict[str, int]:
    with Editor(folder, lambda: ENCODER) as editor:
        editor.put(towns(range(size)))
    changed = article("town-1", "Town 1 has no bridge any more.", "Town 1")
    repeated = article("again", next(towns(range(5, 6))).article.text, "Town 5")
    described = article("town-2", next(towns(range(2, 3))).article.text, "Town 2", city="Elsewhere")
    with Editor(folder, lambda: ENCODER) as editor, Index.open(folder).view():
        return {
            "add": counter.of(lambda: editor.put(towns(range(size, size + 1)))),
            "repeat": counter.of(lambda: editor.put([Found(repeated, named=True)])),
            "change": counter.of(lambda: editor.put([Found(changed, named=True)])),
            "describe": counter.of(lambda: editor.put([Found(described, named=True)])),
            "unchanged": counter.of(lambda: editor.put(towns(range(3, 4)))),
            "withdraw": counter.of(lambda: editor.withdraw(["town-4"])),
        }


@contextmanager
def opened(folder: Path, size: int) -> Iterator[Index]:
    """An index of so many towns, open for reading."""
    put(folder, (one.article for one in towns(range(size))))
    with closing(Index.open(folder)) as index:
        yield index


def test_an_edit_takes_no_more_steps_in_a_large_index_than_in_a_small_one(
    tmp_path: Path, counter: Counter
) -> None:
    small = steps_of_edits(tmp_path / "small", 200, counter)
    large = steps_of_edits(tmp_path / "large", 1400, counter)
    for name, steps in small.items():
        assert steps > 10, name
        assert large[name] <= 1.3 * steps, (name, small, large)


def test_a_reader_takes_no_more_steps_to_see_a_commit_and_to_ask_in_a_large_index(
    tmp_path: Path, counter: Counter
) -> None:
    def steps(size: int) -> int:
        with opened(tmp_path / str(size), size) as index:
            with index.view():
                pass
            put(index.folder, [article("new", "Newtown keeps 9000 bridges.")])
            return counter.of(lambda: ask(index))

    def ask(index: Index) -> None:
        with index.view() as view:
            near = view.nearest(ENCODER.question("Which town keeps 9000 bridges?"), 20)
            match = view.matching(view.statistics(question_terms("9000 bridges")), 20)
            assert "new" in view.pool(np.union1d(near, match)).article_ids

    assert steps(1400) <= 1.3 * steps(200)


def test_what_belongs_to_one_article_is_found_in_as_many_steps_in_a_large_index(
    tmp_path: Path, counter: Counter
) -> None:
    def steps(size: int) -> list[int]:
        with opened(tmp_path / str(size), size) as index, index.view() as view:
            connection, one = view._connection, Filters(articles=("town-7",))
            return [
                counter.of(lambda: view.allowed(one)),
                counter.of(lambda: view.spans(8)),
                counter.of(lambda: compared(connection, view.generation, [8])),
            ]

    assert all(large <= small + 2 for small, large in zip(steps(200), steps(1400), strict=True))


def test_whoever_asks_for_an_overview_again_costs_no_more_in_a_large_index(
    tmp_path: Path, counter: Counter
) -> None:
    def steps(size: int) -> int:
        with opened(tmp_path / str(size), size) as index:
            assert index.overview().articles == size
            counted = counter.of(index.overview)
            put(index.folder, [article("new", "Newtown keeps 9000 bridges.")])
            assert index.overview().articles == size + 1
            return counted

    assert steps(1400) <= steps(200) + 2


def test_a_reader_that_follows_many_commits_holds_as_many_vectors_as_there_are_passages(
    tmp_path: Path,
) -> None:
    put(tmp_path, (one.article for one in towns(range(600))))
    index = Index.open(tmp_path)
    for round_ in range(6):
        changed = (article(f"town-{n}", f"Town {n} changed {round_} times.") for n in range(300))
        put(tmp_path, changed)
        with index.view() as view:
            engines = view._engines
            assert isinstance(engines.vectors, FlatVectors)
            held = len(engines.vectors) + len(engines.tail) - len(engines.dead)
            assert held == view.generation.passages == 600
            assert len(engines.tail) + len(engines.dead) <= 256
            rows = sum(len(part.keys) for part in engines.vectors._parts)
            assert rows <= 600 + 300
    index.close()
