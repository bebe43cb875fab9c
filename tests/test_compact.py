import datetime
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path

import pytest
from building import ENCODER, article, contents, put, withdraw
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rebuilds import NARROW, edit, holdings, rebuilt

from indexer import (
    Article,
    Editor,
    Finding,
    Index,
    IndexLocked,
    InputError,
    Rebuilt,
    Recipe,
    RecipeMismatch,
    check,
    compact,
    history_from,
    pin_generation,
    survey_generations,
)
from indexer.leases import Lease, is_leased
from indexer.lexical.engine import TantivyTerms
from indexer.projections import TAIL_LEAST

HARBOUR = article("harbour", "The harbour wall was raised in 1998.", "Walls")
CORRECTED = article("harbour", "The harbour rampart was raised in 1999.", "Walls")
BRIDGE = article("bridge", "The old bridge carries trams.", "Bridge")
FUTURE = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)


def damage(folder: Path) -> list[Finding]:
    return [one for one in check(folder) if one.kind == "damage"]


def numbers(folder: Path) -> list[int]:
    return [one.generation.id for one in survey_generations(folder)]


def words(folder: Path) -> set[str]:
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as connection:
        return {term for (term,) in connection.execute("SELECT term FROM terms")}


def oldest(folder: Path) -> int | None:
    with Index.open(folder)._catalog.reading() as connection:
        return history_from(connection)


def test_a_generation_that_nobody_needs_goes_and_answers_stay(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR, BRIDGE])
    rebuilt(tmp_path)
    before = contents(tmp_path)
    done = compact(tmp_path)
    assert (done.generations, numbers(tmp_path)) == ((1,), [2])
    assert done.after is not None
    assert done.after < done.before
    assert contents(tmp_path) == before
    assert not (tmp_path / "vectors" / "1.faiss").exists()
    assert not (tmp_path / "terms" / "1").exists()
    assert list(check(tmp_path)) == []


def test_a_dry_run_says_what_would_go_and_changes_no_byte(tmp_path: Path) -> None:
    edit(tmp_path, [HARBOUR, CORRECTED])
    rebuilt(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    planned = compact(tmp_path, history_before=FUTURE, dry_run=True)
    assert {path: path.read_bytes() for path in before} == before
    done = compact(tmp_path, history_before=FUTURE)
    assert (planned.generations, planned.passages, planned.terms) == ((1,), 1, 1)
    assert (done.generations, done.passages, done.terms) == ((1,), 1, 1)


def test_a_pinned_generation_stays_until_it_is_unpinned(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    rebuilt(tmp_path)
    pin_generation(tmp_path, 1, pinned=True)
    compact(tmp_path)
    assert numbers(tmp_path) == [1, 2]
    pin_generation(tmp_path, 1, pinned=False)
    compact(tmp_path)
    assert numbers(tmp_path) == [2]


def test_only_a_generation_that_is_there_can_be_pinned(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    with pytest.raises(InputError, match="generation 4: there is none"):
        pin_generation(tmp_path, 4, pinned=True)


@pytest.mark.parametrize("had_a_view", [False, True])
def test_a_generation_stays_while_a_reader_keeps_to_it(tmp_path: Path, had_a_view: bool) -> None:
    put(tmp_path, [HARBOUR])
    reader = Index.open(tmp_path)
    if had_a_view:
        with reader.view():
            pass
    reader.keep_to(Recipe.of(ENCODER))
    with reader.view():
        pass
    rebuilt(tmp_path)
    assert (compact(tmp_path).leased, numbers(tmp_path)) == ((1,), [1, 2])
    with reader.view() as view:
        assert view.pool(view.nearest(ENCODER.question("harbour"), 1)).article_ids == ("harbour",)
    reader.close()
    assert (compact(tmp_path).leased, numbers(tmp_path)) == ((), [2])


def test_a_lease_waits_for_whoever_asks_whether_there_is_one(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    path = tmp_path / "readers" / "1"
    path.parent.mkdir()
    with path.open("wb") as asking, ThreadPoolExecutor(1) as pool:
        fcntl.flock(asking, fcntl.LOCK_EX)
        leasing = pool.submit(Lease, path)
        wait([leasing], timeout=0.2)
        fcntl.flock(asking, fcntl.LOCK_UN)
        lease = leasing.result()
    assert is_leased(path)
    lease.release()
    assert not is_leased(path)


def test_a_reader_whose_generation_is_gone_says_so_and_quotes_nothing(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    reader = Index.open(tmp_path)
    reader.keep_to(Recipe.of(ENCODER))
    with reader.view():
        pass
    shutil.rmtree(tmp_path / "readers")  # as where the system knows no such locks
    rebuilt(tmp_path)
    compact(tmp_path)
    with pytest.raises(RecipeMismatch, match="rebuilt with hashing-64"), reader.view():
        pass


def test_a_view_that_was_taken_before_sees_what_it_saw(tmp_path: Path) -> None:
    edit(tmp_path, [HARBOUR, CORRECTED, BRIDGE])
    index = Index.open(tmp_path)
    with index.view() as view:
        rebuilt(tmp_path)
        done = compact(tmp_path, history_before=FUTURE)
        assert not done.folded  # the view still needs the log
        keys = view.matching(view.statistics(["harbour"]), 5)
        assert view.pool(keys).article_ids == ("harbour",)
        assert view.pool(view.nearest(ENCODER.question("bridge"), 1)).article_ids == ("bridge",)
    with index.view() as view:
        assert view.generation.id == 2
        assert len(view.pool(view.nearest(NARROW.question("bridge"), 5))) == 2
    assert compact(tmp_path).folded
    assert (tmp_path / "catalog.sqlite-wal").stat().st_size == 0


def test_an_open_index_goes_on_over_projections_that_were_written_anew(tmp_path: Path) -> None:
    many = [article(f"town-{n}", f"Town number {n} has {n} bridges.") for n in range(TAIL_LEAST + 9)]
    put(tmp_path, many)
    withdraw(tmp_path, "town-5")
    index = Index.open(tmp_path)
    with index.view():
        pass
    compact(tmp_path)
    put(tmp_path, [HARBOUR])
    with index.view() as view:
        found = view.pool(view.matching(view.statistics(["harbour", "town"]), 400))
        assert len(found) == len(many)
        assert len(view.nearest(ENCODER.question("bridges"), 400)) == len(many)
    assert len(TantivyTerms(tmp_path / "terms" / "1")) == len(many)


def test_history_before_an_instant_goes_and_its_texts_stay(tmp_path: Path) -> None:
    edit(tmp_path, [HARBOUR, BRIDGE, CORRECTED])
    before = contents(tmp_path)
    assert "1998" in words(tmp_path)
    done = compact(tmp_path, history_before=FUTURE)
    assert (done.passages, done.history_from, oldest(tmp_path)) == (1, 3, 3)
    assert "1998" not in words(tmp_path)
    assert contents(tmp_path) == before
    with Index.open(tmp_path).view() as view:
        assert view.article("harbour", revision=1).text == HARBOUR.text
    assert damage(tmp_path) == []


def test_a_question_as_of_a_time_that_was_given_up_is_refused_with_what_can_be_asked(tmp_path: Path) -> None:
    edit(tmp_path, [HARBOUR, BRIDGE, CORRECTED])
    compact(tmp_path, history_before=FUTURE)
    index = Index.open(tmp_path)
    with pytest.raises(InputError, match="before commit 3 was given up by 'civicite compact'"), index.view(2):
        pass
    with index.view(3) as view:
        assert view.commit == 3


def test_what_was_valid_at_the_instant_stays(tmp_path: Path) -> None:
    edit(tmp_path, [HARBOUR, CORRECTED])
    instant = datetime.datetime.now(datetime.UTC)
    edit(tmp_path, [HARBOUR, "harbour"])
    done = compact(tmp_path, history_before=instant)
    assert (done.passages, done.history_from) == (1, 2)
    assert len(holdings(tmp_path, 1)["passages"]) == 2
    again = compact(tmp_path, history_before=instant - datetime.timedelta(days=1))
    assert (again.passages, again.history_from) == (0, 2)


def test_all_of_history_is_there_until_some_is_given_up(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    compact(tmp_path)
    assert oldest(tmp_path) is None


def test_a_rebuild_does_not_bring_history_back_that_was_given_up(tmp_path: Path) -> None:
    edit(tmp_path, [HARBOUR, CORRECTED, BRIDGE])
    compact(tmp_path, history_before=FUTURE)
    assert rebuilt(tmp_path).encoded == 2
    assert len(holdings(tmp_path, 2)["passages"]) == 2


def test_keys_are_never_used_again(tmp_path: Path) -> None:
    edit(tmp_path, [HARBOUR, CORRECTED])
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as connection:
        before = dict(connection.execute("SELECT name, seq FROM sqlite_sequence"))
    withdraw(tmp_path, "harbour")
    compact(tmp_path, history_before=FUTURE)
    put(tmp_path, [BRIDGE])
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as connection:
        assert connection.execute("SELECT MIN(key) FROM passages").fetchone()[0] == before["passages"] + 1
        assert connection.execute("SELECT MIN(key) FROM terms").fetchone()[0] > 1


def test_a_projection_from_before_the_history_that_is_kept_is_not_trusted(tmp_path: Path) -> None:
    index = tmp_path / "index"
    put(index, [HARBOUR, BRIDGE])
    for name in ("vectors", "terms"):
        shutil.copytree(index / name, tmp_path / name)
    edit(index, [CORRECTED, "bridge"])
    compact(index, history_before=FUTURE)
    for name in ("vectors", "terms"):
        shutil.rmtree(index / name)
        shutil.copytree(tmp_path / name, index / name)
    assert {one.problem for one in check(index)} == {"is older than the history that is kept"}
    with Index.open(index).view() as view:
        assert len(view.nearest(ENCODER.question("harbour"), 1)) == 1
        assert len(view.matching(view.statistics(["harbour", "bridge"]), 1)) == 1
    put(index, [])
    put(index, [article("quay", "A quay.")])
    assert damage(index) == []


def test_compacting_waits_for_nobody_and_says_who_is_in_the_way(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    with Editor(tmp_path, lambda: ENCODER), pytest.raises(IndexLocked, match="writing"):
        compact(tmp_path)

    def step(report: Rebuilt) -> None:
        with pytest.raises(IndexLocked, match="rebuilding or compacting"):
            compact(tmp_path)

    assert rebuilt(tmp_path, step=step).switched


CHANGES = st.lists(
    st.one_of(
        st.sampled_from("ab"),
        st.builds(
            article,
            st.sampled_from("ab"),
            st.sampled_from(["Trams run.", "The flood of 1910 rose. Walls were built.", "Trams stop."]),
            st.sampled_from([None, "Trams"]),
        ),
    ),
    max_size=6,
)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=CHANGES, afterwards=CHANGES, history=st.booleans())
def test_an_index_that_was_compacted_goes_on_as_if_it_had_not_been(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[Article | str],
    afterwards: list[Article | str],
    history: bool,
) -> None:
    compacted, plain = tmp_path_factory.mktemp("compacted"), tmp_path_factory.mktemp("plain")
    for folder in (compacted, plain):
        edit(folder, [BRIDGE, *before])
        rebuilt(folder)
        if folder == compacted:
            compact(folder, history_before=FUTURE if history else None)
        edit(folder, afterwards, NARROW)
    assert contents(compacted) == contents(plain)
    if not history:
        # The compaction is a commit of its own: whatever came after it has the next number.
        assert len(holdings(compacted, 2)["passages"]) == len(holdings(plain, 2)["passages"])
    assert damage(compacted) == []
