"""A synchronisation among other editors: it lets them in, and leaves alone what they did meanwhile."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from building import ENCODER, article, put, withdraw

import indexer.batches
import indexer.locking
from indexer import Editor, Found, Index, ReadError, Report, Source, articles, find
from indexer.layout import Layout
from indexer.turns import somebody_waits
from service import intake
from service.intake import Reading, plan, take_in

Edit = Callable[[], object]


def names(folder: Path) -> set[str]:
    with Index.open(folder).view() as view:
        return {identity for identity, _, _ in view.articles()}


def write(files: Path, name: str, more: str = "") -> None:
    files.mkdir(exist_ok=True)
    (files / f"{name}.txt").write_text(f"The {name} was opened in May. {more}")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name in ("bridge", "ferry", "market", "park", "tower", "zoo"):
        write(tmp_path / "in", name)
    return tmp_path / "in"


@pytest.fixture
def folder(files: Path, tmp_path: Path) -> Path:
    synchronised(tmp_path / "index", files)
    return tmp_path / "index"


def synchronised(folder: Path, files: Path, step: Callable[[Report], None] = lambda report: None) -> Report:
    with Editor(folder, lambda: ENCODER) as editor:
        return take_in(editor, Reading([files], find([files])), step, sync=True, yes=False)


def meanwhile(monkeypatch: pytest.MonkeyPatch, edit: Edit) -> None:
    """Let somebody edit without waiting while the first file is read."""
    edits, read = [edit], articles

    def slowly(source: Source) -> Iterator[Found | ReadError]:
        while edits:
            edits.pop()()
        yield from read(source)

    monkeypatch.setattr(intake, "articles", slowly)


@contextmanager
def waiting_at_first_step(folder: Path, edit: Edit) -> Iterator[Callable[[Report], None]]:
    """Yield a step at which somebody begins to wait for the index; what fails there fails at the end."""
    begun = list[Future[object]]()

    def step(report: Report) -> None:
        if not begun:
            begun.append(pool.submit(edit))
            while not (begun[0].done() or somebody_waits(Layout(folder).queue)):
                pass

    with ThreadPoolExecutor(1) as pool:
        yield step
    begun[0].result()


def test_others_edit_while_a_sync_reads(folder: Path, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meanwhile(monkeypatch, lambda: put(folder, [article("quay", "The quay is new.")]))
    (files / "zoo.txt").unlink()
    assert synchronised(folder, files).withdrawn == ["zoo"]
    assert names(folder) == {"bridge", "ferry", "market", "park", "tower", "quay"}


def test_others_edit_while_a_dry_run_reads(
    folder: Path, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, lambda: put(folder, [article("quay", "The quay is new.")]))
    (files / "zoo.txt").unlink()
    with Editor(folder, lambda: ENCODER) as editor:
        assert plan(editor, Reading([files], find([files])), sync=True).withdrawn == ["zoo"]
    assert "quay" in names(folder)


def test_a_sync_that_is_stopped_while_it_reads_leaves_the_index_to_others(
    folder: Path, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    meanwhile(monkeypatch, stop)
    with pytest.raises(KeyboardInterrupt):
        synchronised(folder, files)
    assert put(folder, [article("quay", "The quay is new.")]).added == ["quay"]


def test_what_another_run_took_in_while_a_sync_read_is_not_withdrawn(
    folder: Path, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_in_by_another_run() -> None:
        write(files, "quay")
        with Editor(folder, lambda: ENCODER) as editor:
            take_in(editor, Reading([files], find([files])), lambda report: None, sync=False, yes=False)

    meanwhile(monkeypatch, taken_in_by_another_run)
    assert synchronised(folder, files).withdrawn == []
    assert "quay" in names(folder)


@pytest.mark.parametrize("is_written", [True, False])
def test_what_others_wrote_or_withdrew_while_a_sync_wrote_is_left_as_they_left_it(
    folder: Path, files: Path, monkeypatch: pytest.MonkeyPatch, is_written: bool
) -> None:
    monkeypatch.setattr(indexer.batches, "ARTICLES_PER_COMMIT", 2)
    (files / "tower.txt").unlink()
    (files / "zoo.txt").unlink()
    for name in ("bridge", "ferry", "market", "park"):
        write(files, name, "It is closed.")

    def edit() -> None:
        with Editor(folder, lambda: ENCODER, wait=60) as editor:
            if is_written:
                editor.put([Found(article("zoo", "The zoo has two red pandas."), named=True)])
            else:
                editor.withdraw(["zoo"])

    with waiting_at_first_step(folder, edit) as step:
        report = synchronised(folder, files, step)
    assert (len(report.changed), report.withdrawn) == (4, ["tower"])
    assert ("zoo" in names(folder)) is is_written
    withdraw(folder, "bridge")


def test_a_batch_ends_with_the_text_that_makes_it_long(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer.batches, "CHARACTERS_PER_COMMIT", 100)
    texts = {"a": "The tram is new. " * 10, "b": "Short.", "c": "Brief.", "d": "The bus is new. " * 10}
    put(folder, [article(name, text) for name, text in texts.items()])
    with Index.open(folder)._catalog.reading() as connection:
        counts = connection.execute("SELECT added FROM commits ORDER BY id DESC").fetchall()
    assert [count for (count,) in counts[:2]] == [3, 1]


def test_a_run_that_reads_slowly_lets_others_in_before_its_batch_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexer.locking, "SHORT_TURN", 0)

    def edit() -> None:
        with Editor(folder, lambda: ENCODER, wait=60) as editor:
            editor.withdraw(["zoo"])

    def slowly(step: Callable[[Report], None]) -> Iterator[Found]:
        yield Found(article("quay", "The quay is new."), named=True)
        step(Report())
        yield Found(article("pier", "The pier is new."), named=True)
        assert "zoo" not in names(folder)

    with waiting_at_first_step(folder, edit) as step, Editor(folder, lambda: ENCODER) as editor:
        assert editor.put(slowly(step)).added == ["quay", "pier"]
