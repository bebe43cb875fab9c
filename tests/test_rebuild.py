import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from building import ENCODER, article, contents, put, withdraw
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rebuilds import NARROW, edit, holdings, rebuilt

from indexer import (
    Article,
    Editor,
    Encoder,
    Finding,
    Index,
    IndexLocked,
    IndexNotFound,
    InputError,
    Rebuilt,
    Recipe,
    RecipeMismatch,
    check,
    rebuild,
    rebuilding,
    survey_generations,
)
from indexer.layout import Layout
from indexer.lexical.engine import TantivyTerms
from indexer.locking import held
from indexer.repairing import repair
from indexer.turns import somebody_waits

HARBOUR = article(
    "harbour", "The harbour wall was raised in 1998. Storms no longer reach the market.", "Walls"
)
BRIDGE = article("bridge", "The old bridge carries trams. It was closed to cars in 2011.", "Bridge")
QUAY = article("quay", "The quay has a crane and a harbour office.")


class Stopped(BaseException):
    """Ends a rebuild like a kill: nothing catches it."""


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "CHARACTERS_AT_ONCE", 40)


def damage(folder: Path) -> list[Finding]:
    return [one for one in check(folder) if one.kind == "damage"]


def stop_after(steps: int) -> Callable[[Rebuilt], None]:
    def step(rebuilt: Rebuilt) -> None:
        nonlocal steps
        steps -= 1
        if steps < 0:
            raise Stopped

    return step


def test_a_rebuild_encodes_every_text_anew_and_then_the_new_generation_answers(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR, BRIDGE])
    report = rebuilt(tmp_path)
    assert (report.generation, report.switched, report.encoded) == (2, True, 2)
    with Index.open(tmp_path).view() as view:
        assert (view.generation.recipe.model, view.commit) == ("hashing-64", 2)
        assert view.pool(view.nearest(NARROW.question("harbour wall"), 1)).article_ids == ("harbour",)


def test_the_switch_is_a_commit_that_adds_changes_and_withdraws_nothing(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    rebuilt(tmp_path)
    with Index.open(tmp_path)._catalog.reading() as connection:
        row = connection.execute(
            "SELECT added, changed, withdrawn, note FROM commits ORDER BY id DESC LIMIT 1"
        ).fetchone()
    assert row[:3] == (0, 0, 0)
    assert row[3].startswith("switched to generation 2 (hashing-64")


def test_closed_revisions_and_changed_titles_keep_their_time_in_the_new_generation(tmp_path: Path) -> None:
    history: list[Article | str] = [
        HARBOUR,
        article("harbour", HARBOUR.text, "The harbour"),
        article("harbour", "The harbour wall was raised in 1999.", "The harbour"),
        "harbour",
        HARBOUR,
    ]
    edited, fresh = tmp_path / "edited", tmp_path / "fresh"
    edit(edited, history)
    edit(fresh, history, NARROW)
    rebuilt(edited)
    assert holdings(edited, 2) == holdings(fresh, 1)


def test_a_text_that_came_back_is_encoded_once(tmp_path: Path) -> None:
    edit(tmp_path, [QUAY, "quay", QUAY, "quay", article("copy", QUAY.text)])
    assert rebuilt(tmp_path).encoded == 1


def test_editors_commit_while_a_generation_is_built(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR, BRIDGE, QUAY])
    edits = [
        lambda: put(tmp_path, [article("tram", "A tram came late.")]),
        lambda: put(tmp_path, [article("bridge", "The new bridge carries trains.", "Bridge")]),
        lambda: withdraw(tmp_path, "harbour"),
        lambda: put(tmp_path, [article("quay", QUAY.text, "The quay")]),
    ]
    seen: list[int] = []

    def step(rebuilt: Rebuilt) -> None:
        if rebuilt.encoded > len(seen) and edits:
            seen.append(rebuilt.encoded)
            edits.pop()()

    rebuilt(tmp_path, step=step)
    fresh = tmp_path / "fresh"
    put(
        fresh,
        [
            article("tram", "A tram came late."),
            article("bridge", "The new bridge carries trains.", "Bridge"),
            article("quay", QUAY.text, "The quay"),
        ],
        NARROW,
    )
    assert not edits
    assert contents(tmp_path) == contents(fresh)
    assert not damage(tmp_path)


def test_a_rebuild_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR, BRIDGE, QUAY])
    with pytest.raises(Stopped):
        rebuilt(tmp_path, step=stop_after(3))
    before = holdings(tmp_path, 2)["passages"]
    assert len(before) == 1
    report = rebuilt(tmp_path)
    assert (report.generation, report.encoded) == (2, 2)
    assert [one.state for one in survey_generations(tmp_path)] == ["kept", "active"]


def test_a_half_built_generation_is_no_damage_and_changes_no_answer(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR, BRIDGE, QUAY])
    before = contents(tmp_path)
    with pytest.raises(Stopped):
        rebuilt(tmp_path, step=stop_after(3))
    withdraw(tmp_path, "quay")
    put(tmp_path, [QUAY])
    assert not damage(tmp_path)
    assert contents(tmp_path) == before
    assert [one.state for one in survey_generations(tmp_path)] == ["active", "half built"]


def test_rebuilding_for_the_recipe_that_answers_does_nothing(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    report = rebuilt(tmp_path, ENCODER)
    assert (report.generation, report.switched, report.encoded) == (1, False, 0)


def test_one_can_return_to_a_kept_generation_which_is_brought_up_to_date_first(tmp_path: Path) -> None:
    edit(tmp_path, [HARBOUR, BRIDGE])
    rebuilt(tmp_path)
    edit(tmp_path, [QUAY, "bridge", article("harbour", HARBOUR.text, "Another title")], NARROW)
    assert [one.behind for one in survey_generations(tmp_path)] == [3, 0]
    report = rebuilt(tmp_path, ENCODER, to=1)
    assert (report.generation, report.switched, report.encoded) == (1, True, 2)
    fresh = tmp_path / "fresh"
    put(fresh, [QUAY, article("harbour", HARBOUR.text, "Another title")])
    assert contents(tmp_path) == contents(fresh)


def test_returning_needs_no_model_while_nothing_is_missing(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    rebuilt(tmp_path)

    def never() -> Encoder:
        raise AssertionError("loaded")

    assert rebuild(tmp_path, never, to=1).switched


def test_returning_with_another_model_is_refused_when_something_is_missing(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    rebuilt(tmp_path)
    put(tmp_path, [QUAY], NARROW)
    with pytest.raises(RecipeMismatch, match="model is 'hashing-64', was 'hashing'"):
        rebuilt(tmp_path, NARROW, to=1)


def test_a_generation_that_is_not_there_is_named(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    with pytest.raises(InputError, match="generation 7: there is none; see 'civicite generations'"):
        rebuilt(tmp_path, to=7)


def test_there_must_be_something_to_rebuild(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFound, match="civicite index PATH"):
        rebuilt(tmp_path / "nowhere")
    with Editor(tmp_path / "empty", lambda: ENCODER):
        pass
    with pytest.raises(IndexNotFound, match="nothing has been indexed yet"):
        rebuilt(tmp_path / "empty")


def test_a_second_rebuild_at_the_same_time_is_refused(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])

    def step(report: Rebuilt) -> None:
        with pytest.raises(IndexLocked, match="another process is rebuilding or compacting"):
            rebuilt(tmp_path)

    assert rebuilt(tmp_path, step=step).switched


def test_a_rebuild_waits_for_an_editor_that_it_meets(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR, BRIDGE])
    met = list[bool]()

    def edit_until_somebody_waits(began: Event) -> None:
        with held(Layout(tmp_path), 60):
            began.set()
            while not (done := rebuilding_ends.is_set()) and not somebody_waits(Layout(tmp_path).queue):
                pass
            met.append(not done)

    rebuilding_ends, editing = Event(), list[Future[None]]()
    with ThreadPoolExecutor(1) as pool:

        def step(report: Rebuilt) -> None:
            if report.encoded == 1 and not met:
                began = Event()
                editing.append(pool.submit(edit_until_somebody_waits, began))
                while not began.wait(0.1):
                    assert not editing[0].done(), editing[0].exception()

        try:
            assert rebuilt(tmp_path, step=step).switched
        finally:
            rebuilding_ends.set()
        editing[0].result()
    assert met == [True]


def test_projections_are_not_repaired_while_a_rebuild_writes_some(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])

    def step(report: Rebuilt) -> None:
        with pytest.raises(IndexLocked, match="another process is rebuilding or compacting"):
            repair(tmp_path)

    assert rebuilt(tmp_path, step=step).switched
    repair(tmp_path)


def test_an_open_index_follows_the_switch_by_itself(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR, BRIDGE])
    index = Index.open(tmp_path)
    with index.view() as before:
        rebuilt(tmp_path)
        assert before.generation.id == 1
        assert before.pool(before.nearest(ENCODER.question("harbour"), 1)).article_ids == ("harbour",)
    with index.view() as after:
        assert after.generation.id == 2
        keys = after.matching(after.statistics(["harbour"]), 5)
        assert after.pool(keys).article_ids == ("harbour",)


def test_a_reader_that_keeps_to_a_recipe_goes_on_without_what_was_withdrawn(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR, BRIDGE])
    index = Index.open(tmp_path)
    index.keep_to(Recipe.of(ENCODER))
    rebuilt(tmp_path)
    withdraw(tmp_path, "harbour")
    put(tmp_path, [article("bridge", "A new bridge was built.", "Bridge"), QUAY], NARROW)
    with index.view() as view:
        keys = view.matching(view.statistics(["harbour", "bridge", "tram"]), 5)
        assert (view.generation.id, view.pool(keys).article_ids) == (1, ())
        assert len(view.nearest(ENCODER.question("harbour bridge"), 5)) == 0


@pytest.mark.parametrize("lost", [(), ("vectors", "terms")])
def test_such_a_reader_sees_what_came_meanwhile_once_its_recipe_is_returned_to(
    tmp_path: Path, lost: tuple[str, ...]
) -> None:
    put(tmp_path, [HARBOUR])
    index = Index.open(tmp_path)
    index.keep_to(Recipe.of(ENCODER))
    rebuilt(tmp_path)
    put(tmp_path, [BRIDGE], NARROW)
    for name in lost:
        shutil.rmtree(tmp_path / name)
    with index.view() as view:
        assert view.pool(view.nearest(ENCODER.question("bridge"), 5)).article_ids == ("harbour",)
        assert len(view.matching(view.statistics(["bridg"]), 5)) == 0
    rebuilt(tmp_path, ENCODER, to=1)
    for name in lost:
        shutil.rmtree(tmp_path / name)
    with index.view() as view:
        assert view.pool(view.nearest(ENCODER.question("bridge"), 5)).article_ids == ("bridge", "harbour")
        assert len(view.matching(view.statistics(["bridg"]), 5)) == 1


def test_a_projection_is_not_lost_when_a_generation_is_switched_to(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR, BRIDGE])
    rebuilt(tmp_path)
    assert (tmp_path / "vectors" / "2.faiss").is_file()
    assert TantivyTerms(tmp_path / "terms" / "2").watermark.commit == 2
    assert not damage(tmp_path)


TEXTS = st.sampled_from(
    [
        "Trams run on the ring road.",
        "The flood of 1910 rose eight metres. Walls were built.",
        "Trams run on the ring road.\n\n• Line one\n• Line two",
        "서울은 1995년에 지하철을 넓혔다.",
    ]
)
CHANGES = st.lists(
    st.one_of(
        st.sampled_from("abc"),
        st.builds(article, st.sampled_from("abc"), TEXTS, st.sampled_from([None, "Trams", "Ring road"])),
    ),
    max_size=8,
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=CHANGES, meanwhile=CHANGES, stop=st.integers(0, 6), afterwards=CHANGES)
def test_a_rebuilt_generation_is_what_the_same_edits_would_have_made_with_its_recipe(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[Article | str],
    meanwhile: list[Article | str],
    stop: int,
    afterwards: list[Article | str],
) -> None:
    edited, fresh = tmp_path_factory.mktemp("edited"), tmp_path_factory.mktemp("fresh")
    edit(edited, [QUAY, *before])
    try:
        rebuilt(edited, step=stop_after(stop))
    except Stopped:
        edit(edited, meanwhile)
        rebuilt(edited)
    else:
        meanwhile = []
    edit(fresh, [QUAY, *before, *meanwhile], NARROW)
    assert holdings(edited, 2) == holdings(fresh, 1)
    # What was edited in the new generation is found when one returns to the old one.
    edit(edited, afterwards, NARROW)
    rebuilt(edited, ENCODER, to=1)
    final = tmp_path_factory.mktemp("final")
    put(final, _final([QUAY, *before, *meanwhile, *afterwards]))
    assert contents(edited) == contents(final)
    assert not damage(edited)


def test_a_title_that_changed_before_the_text_did_ends_its_passages_while_a_rebuild_is_interrupted(
    tmp_path: Path,
) -> None:
    text = "Trams run on the ring road.\n\n• Line one\n• Line two"
    first = article("a", text, None)
    edits = [article("a", text, "Trams"), article("a", "The flood of 1910 rose eight metres.", "Trams")]
    edit(tmp_path / "edited", [QUAY, first])
    with pytest.raises(Stopped):
        rebuilt(tmp_path / "edited", step=stop_after(2))
    edit(tmp_path / "edited", edits)
    rebuilt(tmp_path / "edited")
    edit(tmp_path / "fresh", [QUAY, first, *edits], NARROW)
    assert holdings(tmp_path / "edited", 2) == holdings(tmp_path / "fresh", 1)


def _final(changes: list[Article | str]) -> list[Article]:
    state: dict[str, Article] = {}
    for change in changes:
        if isinstance(change, Article):
            state[change.id] = change
        else:
            state.pop(change, None)
    return list(state.values())


def test_what_was_known_at_an_earlier_commit_is_answered_by_the_generation_that_was_rebuilt(
    tmp_path: Path,
) -> None:
    edit(tmp_path, [HARBOUR, BRIDGE, "bridge"])
    rebuilt(tmp_path)
    with Index.open(tmp_path).view(2) as view:
        assert view.generation.id == 2
        near = view.pool(view.nearest(NARROW.question("trams on the bridge"), 5))
        assert set(near.article_ids) == {"harbour", "bridge"}
