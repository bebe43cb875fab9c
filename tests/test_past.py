"""Views and answers of an earlier commit are what they were when that commit was the newest."""

import datetime
import random
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from building import ENCODER, article, put, withdraw
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import (
    Article,
    ArticleNotFound,
    Filters,
    Index,
    InputError,
    Moment,
    View,
    index,
    past,
    question_terms,
)
from indexer.projections import TAIL_LEAST
from service.assistant import Assistant
from service.ranker import Ranker

CITY = Filters(facets=(("city", ("Busan",)),))
YEAR = Filters(published_from="2020", published_to="2020")
QUESTIONS = ("When did trams run on the ring road?", "flood walls of 1910", "지하철은 언제?")

TEXTS = st.sampled_from(
    [
        "Trams run on the ring road.",
        "The flood of 1910 rose eight metres. Walls were built.",
        "The flood of 1910 rose nine metres. Walls were built.\n\n• Line one\n• Line two",
        "서울은 1995년에 지하철을 넓혔다.",
        " ".join(f"Trams run on road {number}, which has {number} stops." for number in range(60)),
    ]
)
DESCRIPTIONS = st.fixed_dictionaries(
    {
        "title": st.sampled_from([None, "Trams", "Floods"]),
        "city": st.sampled_from(["Seoul", "Busan"]),
        "published": st.sampled_from(["2019", "2020-02", "2021-05-06"]),
    }
)
EDITS = st.lists(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.one_of(st.none(), st.tuples(TEXTS, DESCRIPTIONS))),
        min_size=1,
        max_size=3,
    ),
    min_size=1,
    max_size=6,
)


Edits = list[tuple[str, tuple[str, dict[str, Any]] | None]]


RANKER = Ranker.load()


def edit(folder: Path, opened: Index, edits: Edits) -> None:
    """Put what has a text in one commit; withdraw the rest, as far as it is there, in another."""
    with opened.view() as view:
        current = {identity for identity, *_ in view.articles()}
    texts = {identity: content for identity, content in edits if content}
    put(folder, [article(identity, text, **described) for identity, (text, described) in texts.items()])
    gone = {identity for identity, content in edits if not content} & current - set(texts)
    if gone:
        withdraw(folder, *sorted(gone))


def state(view: View) -> dict[str, object]:
    """All that a question reads of a view, whatever the keys and the marks of what came later."""
    seen: dict[str, object] = {
        "commit": view.commit,
        "articles": view.articles(),
        "facets": view.facets(),
        "count": view.count_articles(),
        "passages": view.generation.passages,
    }
    for identity, number, _ in view.articles():
        one = view.article(identity)
        seen[identity] = (
            number,
            one.revision,
            one.text,
            one.metadata,
            one.taken_in,
            view.revisions(identity),
        )
    for question in QUESTIONS:
        statistics = view.statistics(question_terms(question))
        seen[question] = (statistics.asked, statistics.passages, statistics.terms, statistics.holding)
        for filters in (Filters(), CITY, YEAR):
            allowed = view.allowed(filters)
            near = view.pool(view.nearest(ENCODER.question(question), 5, allowed))
            match = view.pool(view.matching(statistics, 5, allowed))
            seen[f"{question} {filters}"] = [
                (pool.article_ids, pool.spans.tolist(), pool.vectors.tolist(), pool.lengths.tolist())
                for pool in (near, match)
            ]
    return seen


def answers(assistant: Assistant, as_of: int | None = None) -> list[dict[str, object]]:
    found = []
    for question in QUESTIONS:
        for filters in (Filters(), CITY, YEAR):
            answer = assistant.ask(question, min_confidence=0, filters=filters, as_of=as_of)
            hits = assistant.search(question, filters=filters, as_of=as_of)
            ranked = assistant.search_articles(question, top_k=3, filters=filters, as_of=as_of)
            found += [answer.to_dict(), hits.to_dict(), ranked.to_dict()]
    return [without_marks(one) for one in found]


def without_marks(value: Any) -> Any:
    """Leave out timing, the instant asked for, and what is said of the present."""
    if isinstance(value, dict):
        marks = {"timing_ms", "as_of", "withdrawn", "superseded_by"}
        return {name: without_marks(one) for name, one in value.items() if name not in marks}
    return [without_marks(one) for one in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize(("born_most", "tail"), [(past.BORN_MOST, TAIL_LEAST), (past.BORN_MOST, 0), (0, 0)])
@settings(max_examples=5)
@given(edits=EDITS)
def test_a_view_and_the_answers_as_of_any_commit_are_those_of_its_time(
    born_most: int, tail: int, edits: list[Edits]
) -> None:
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patched:
        folder = Path(place)
        patched.setattr(past, "BORN_MOST", born_most)
        patched.setattr(past, "TAIL_LEAST", tail)
        patched.setattr(index, "TAIL_LEAST", tail)
        put(folder, [article("first", "The harbour wall was raised in 1998.", city="Busan")])
        then: dict[int, tuple[dict[str, object], list[dict[str, object]]]] = {}
        with Assistant(Index.open(folder), ENCODER, RANKER) as running:
            for some in [[], *edits]:
                edit(folder, running.index, some)
                with running.index.view() as view:
                    then[view.commit] = state(view), answers(running)
                with running.index.view(1) as view:
                    assert state(view) == then[1][0]
            for commit, recorded in then.items():
                with running.index.view(commit) as view:
                    assert state(view) == recorded[0]
                assert answers(running, commit) == recorded[1]


WALL = article("wall", "The harbour wall was raised in 1998.", city="Incheon")
CORRECTED = article("wall", "The harbour wall was raised in 1999.", city="Incheon")
TRAM = article("tram", "The tram has run since 1931.", city="Seoul")


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[Assistant]:
    """Commits of four days: the wall, the tram, the wall corrected, the tram withdrawn."""
    put(tmp_path, [WALL])
    put(tmp_path, [TRAM])
    put(tmp_path, [CORRECTED])
    withdraw(tmp_path, "tram")
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as connection, connection:
        connection.execute("UPDATE commits SET at = printf('2024-05-%02dT12:00:00.500+00:00', id)")
    with Assistant(Index.open(tmp_path), ENCODER, RANKER) as opened:
        yield opened


@pytest.mark.parametrize(
    ("moment", "commit", "instant"),
    [
        ("2024-05-02", 2, "2024-05-02T23:59:59.999+00:00"),
        (datetime.date(2024, 5, 2), 2, "2024-05-02T23:59:59.999+00:00"),
        ("2024-05-02T12:00:00Z", 1, "2024-05-02T12:00:00.000+00:00"),
        ("2024-05-02T12:00:00.500Z", 2, "2024-05-02T12:00:00.500+00:00"),
        ("2024-05-02T21:00:01+09:00", 2, "2024-05-02T12:00:01.000+00:00"),
        (datetime.datetime(2024, 5, 3, 12, 0, 1, tzinfo=datetime.UTC), 3, "2024-05-03T12:00:01.000+00:00"),
        ("2024-05-03 12:00:01", 3, "2024-05-03T12:00:01.000+00:00"),
        ("2999-12-31", 4, "2999-12-31T23:59:59.999+00:00"),
        ("2024-04-30", 0, "2024-04-30T23:59:59.999+00:00"),
        (2, 2, "2024-05-02T12:00:00.500+00:00"),
        ("2", 2, "2024-05-02T12:00:00.500+00:00"),
        (0, 0, None),
    ],
)
def test_a_moment_is_the_last_commit_made_by_then_and_a_date_the_end_of_its_day(
    assistant: Assistant, moment: Moment, commit: int, instant: str | None
) -> None:
    state = assistant.ask("When was the wall raised?", as_of=moment).index
    assert (state.commit, state.as_of) == (commit, instant)


@pytest.mark.parametrize(
    "moment",
    ["soon", "", "2024-02-30", "2024-05-02T25:00", "2024-05", "0001-01-01T00:00:00+09:00", "9" * 18, 5, -1],
)
def test_a_moment_that_cannot_be_viewed_is_refused_with_its_field_and_a_mend(
    assistant: Assistant, moment: Moment
) -> None:
    with pytest.raises(InputError, match=r"^as_of: (it is neither|there is no commit)[^;]+; (write|use) .+"):
        assistant.ask("When was the wall raised?", as_of=moment)


def test_an_answer_quotes_what_was_known_then_and_says_what_became_of_it(assistant: Assistant) -> None:
    then = assistant.ask("When was the harbour wall raised?", min_confidence=0, as_of="2024-05-02")
    assert then.citations[0].quote == WALL.text
    assert (then.citations[0].revision, then.citations[0].superseded_by) == (1, 2)
    marks = {hit.article_id: (hit.withdrawn, hit.superseded_by) for hit in then.passages}
    assert marks == {"wall": (False, 2), "tram": (True, None)}
    now = assistant.ask("When was the harbour wall raised?", min_confidence=0)
    assert now.citations[0].quote == CORRECTED.text
    assert [(hit.article_id, hit.withdrawn, hit.superseded_by) for hit in now.passages] == [
        ("wall", False, None)
    ]


def test_before_the_first_commit_there_is_no_article_and_the_message_says_when_it_came(
    assistant: Assistant,
) -> None:
    answer = assistant.ask("When was the wall raised?", min_confidence=0, as_of="2020-01-01")
    assert (answer.abstained, answer.reason, answer.passages) == (True, "before_first_article", ())
    assert answer.message == (
        "Nothing had been taken in by then; the first articles came at 2024-05-01T12:00:00.500+00:00."
    )
    assert assistant.search("wall", as_of=0).hits == ()


def test_a_view_knows_no_revision_that_came_after_it(assistant: Assistant) -> None:
    with assistant.index.view(2) as view:
        assert view.article("wall").revision == 1
        with pytest.raises(ArticleNotFound):
            view.article("wall", revision=2)
    with assistant.index.view(1) as view, pytest.raises(ArticleNotFound):
        view.article("tram")


def test_a_view_of_the_past_stays_as_it_is_while_articles_are_taken_in(tmp_path: Path) -> None:
    put(tmp_path, [article(f"road{number}", f"Trams run on ring road {number}.") for number in range(9)])
    put(tmp_path, [WALL])
    opened = Index.open(tmp_path)
    with opened.view(1) as view:
        before = state(view)
        put(tmp_path, [article("new", "A new tram runs on the ring road.")])
        assert state(view) == before
    for text in ("Trams of the ring road stand still.", "Trams run on the ring road again."):
        put(tmp_path, [article("new", text)])
        with opened.view(1) as view:
            assert state(view) == before


def test_what_was_counted_before_passages_were_deleted_for_good_counts_no_more(tmp_path: Path) -> None:
    put(tmp_path, [article(f"road{number}", f"Trams run on ring road {number}.") for number in range(9)])
    put(tmp_path, [WALL])
    withdraw(tmp_path, "road3")
    opened = Index.open(tmp_path)
    with opened.view(1) as view:
        assert view.statistics(["tram", "wall"]).holding == (9, 0)
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as connection, connection:
        gone = "(SELECT key FROM passages WHERE to_commit IS NOT NULL)"
        connection.execute(f"DELETE FROM parts WHERE passage IN {gone}")
        connection.execute("DELETE FROM passages WHERE to_commit IS NOT NULL")
    put(tmp_path, [TRAM])
    with opened.view(1) as view:
        assert view.statistics(["tram", "wall"]).holding == (8, 0)
        assert view.generation.passages == 8


def test_answers_as_of_a_commit_are_its_own_however_many_passages_came_and_went_since(tmp_path: Path) -> None:
    words = [
        f"{stem}{ending}" for stem in ("tram", "flood", "wall", "bridge", "lamp") for ending in "abcdefgh"
    ]
    chance = random.Random(7)  # noqa: S311 - texts, not secrets

    def some(first: int, count: int) -> list[Article]:
        texts = (" ".join(chance.choices(words, k=chance.randint(5, 40))) for _ in range(count))
        return [article(f"a{number:03}", f"{text.capitalize()}.") for number, text in enumerate(texts, first)]

    put(tmp_path, some(0, 500))
    asked = [" ".join(chance.choices(words, k=4)) for _ in range(10)]
    with Assistant(Index.open(tmp_path), ENCODER, RANKER) as running:
        recorded = []
        for edited in ([], some(0, 40), some(500, 120), some(100, 300), some(400, 300)):
            put(tmp_path, edited)
            if edited:
                withdraw(tmp_path, edited[-1].id, edited[-2].id)
            found = [running.search(one, top_k=40) for one in asked]
            recorded.append(without_marks([one.to_dict() for one in found]))
        for then in recorded:
            for question, result in zip(asked, then, strict=True):
                again = running.search(question, top_k=40, as_of=result["index"]["commit"])
                assert without_marks(again.to_dict()) == result
