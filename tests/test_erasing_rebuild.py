"""Erasure while a rebuild writes projections of a time before it: no file keeps a trace for that."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from building import ENCODER, article, put, withdraw
from rebuilds import NARROW, rebuilt
from test_erasing import OTHERS, SECRET, erase, traces, vectors_of

from indexer import Index, IndexLocked, check, survey_generations
from indexer.catalog import Catalog
from indexer.layout import Layout
from indexer.projections import Projections, load_vectors
from indexer.repairing import repair


class Stopped(BaseException):
    """Ends the work like a kill: nothing catches it."""


def stop(*arguments: object, **named: object) -> None:
    raise Stopped


class Projecting:
    """Lets an article be erased while a rebuild projects: its terms are written, its vectors are not."""

    def __init__(self, folder: Path, pool: ThreadPoolExecutor, patch: pytest.MonkeyPatch) -> None:
        self.vectors: list[bytes] = []
        self.erasing: Future[None] | None = None
        self._folder, self._pool = folder, pool
        self._save, self._fold, self._waits = Projections._save_vectors, Catalog.fold, Event()
        self.then: Callable[[], None] = lambda: None
        patch.setattr(Projections, "_save_vectors", lambda *given, **named: self._saved(*given, **named))
        patch.setattr(Catalog, "fold", lambda *given: self._folded(*given))

    def _saved(self, projections: Projections, *given: object, **named: bool) -> None:
        if projections._id == 2 and self.erasing is None:
            self.vectors = vectors_of(self._folder, SECRET.id)
            self.erasing = self._pool.submit(erase, self._folder, SECRET.id)
            assert self._waits.wait(60)
            self.then()
        self._save(projections, *given, **named)  # type: ignore[arg-type]

    def _folded(self, catalog: Catalog, wait: float | None = 0) -> bool:
        if wait is None:
            # All that is left to do for the erasure is what the rebuild's snapshot may hold up.
            self._waits.set()
        return self._fold(catalog, wait)

    def wait(self) -> None:
        """Let the rebuild go on only when the erasure has ended."""
        self.outcome()

    def outcome(self) -> BaseException | None:
        """What became of the erasure."""
        assert self.erasing is not None
        return self.erasing.exception()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "index"
    put(place, [*OTHERS, SECRET])
    return place


@pytest.fixture
def projecting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Projecting]:
    with ThreadPoolExecutor(1) as pool:
        yield Projecting(folder, pool, monkeypatch)


def wrong(folder: Path) -> list[str]:
    return [str(one) for one in check(folder) if one.kind == "damage" or "not finished" in one.problem]


def test_an_erasure_waits_for_a_rebuild_that_projects_and_then_leaves_no_trace(
    folder: Path, projecting: Projecting
) -> None:
    assert rebuilt(folder).switched
    assert projecting.outcome() is None
    assert projecting.vectors
    assert traces(folder, projecting.vectors) == set()
    assert wrong(folder) == []


def test_a_rebuild_that_projects_too_long_for_an_erasure_answers_without_the_article_all_the_same(
    folder: Path, projecting: Projecting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.catalog.TIMEOUT", 0.1)
    projecting.then = projecting.wait
    assert rebuilt(folder).switched
    assert isinstance(projecting.outcome(), IndexLocked)
    # The next edit has not come yet, but what is answered from was compared with the catalog.
    names = {name for name, _ in traces(folder, projecting.vectors)}
    assert "2.faiss" not in names
    assert any("not finished" in one for one in wrong(folder))
    with Index.open(folder).view() as view:
        assert len(view.nearest(NARROW.question("ropewalk"), 100)) == len(OTHERS)
    put(folder, [], NARROW)
    assert traces(folder, projecting.vectors) == set()
    assert wrong(folder) == []


def after_switch(folder: Path) -> None:
    put(folder, [article("town-9", "Town number 9 has a lighthouse.")], NARROW)


def before_switch(folder: Path) -> None:
    put(folder, [article("town-9", "Town number 9 has a lighthouse.")])


@pytest.mark.parametrize("edit", [before_switch, repair, lambda folder: withdraw(folder, "town-1")])
def test_when_the_rebuild_is_killed_the_next_edit_leaves_no_trace(
    edit: Callable[[Path], object],
    folder: Path,
    projecting: Projecting,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("indexer.catalog.TIMEOUT", 0.1)
    projecting.then = projecting.wait
    monkeypatch.setattr("indexer.rebuilding._Building._switch", stop)
    with pytest.raises(Stopped):
        rebuilt(folder)
    assert isinstance(projecting.outcome(), IndexLocked)
    assert "2.faiss" in {name for name, _ in traces(folder, projecting.vectors)}
    edit(folder)
    assert traces(folder, projecting.vectors) == set()
    assert wrong(folder) == []


@pytest.mark.parametrize(
    ("step", "edit"),
    [
        ("layout.Layout.beside", after_switch),
        ("sweeping.remove_strays", repair),
        ("sweeping.mark_swept", lambda folder: erase(folder, SECRET.id)),
    ],
)
def test_when_the_erasure_is_killed_the_next_edit_leaves_no_trace(
    step: str,
    edit: Callable[[Path], object],
    folder: Path,
    projecting: Projecting,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(f"indexer.{step}", stop)
        assert rebuilt(folder).switched
        assert isinstance(projecting.outcome(), Stopped)
    edit(folder)
    assert traces(folder, projecting.vectors) == set()
    assert wrong(folder) == []


def test_files_of_another_generation_are_no_damage_while_an_erasure_is_to_be_finished(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuilt(folder)
    with monkeypatch.context() as patch:
        patch.setattr("indexer.layout.Layout.beside", stop)
        with pytest.raises(Stopped):
            erase(folder, SECRET.id)
    assert {one.kind for one in check(folder)} == {"stale"}
    erase(folder, SECRET.id)
    assert wrong(folder) == []


def test_a_vector_file_with_another_number_of_passages_than_the_catalog_is_not_believed(
    folder: Path,
) -> None:
    layout = Layout(folder)
    kept = [path.read_bytes() for path in (layout.vectors(1), layout.vectors_seal(1))]
    erase(folder, SECRET.id)
    for path, content in zip((layout.vectors(1), layout.vectors_seal(1)), kept, strict=True):
        path.write_bytes(content)
    with Catalog(layout).reading() as connection:
        generation = survey_generations(folder)[0].generation
        assert len(load_vectors(layout, connection, generation)) == len(OTHERS)
    put(folder, [article("town-9", "Town number 9 has a lighthouse.")], ENCODER)
    assert wrong(folder) == []
