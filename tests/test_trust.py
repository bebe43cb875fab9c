"""Conflicts, time, refusals and explanations, asked of small indexes."""

import io
import json
from pathlib import Path

import pytest
from building import ENCODER, article, put
from commandline import civicite
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from indexer import Article, Filters, Index
from service.answer import Answer, SearchResult
from service.assistant import Assistant
from service.explained import Scored
from service.http import create_app
from service.plain import answer_lines, explanation_lines
from service.question import understand
from service.ranker import Ranker
from service.render import show_answer
from service.render_explained import show_explanation
from service.settings import load_settings

FILLER = [
    article("mill", "The water mill grinds barley for the bakers of the valley.", "The mill"),
    article("library", "The library lends books to readers from all villages.", "The library"),
]


def asked(folder: Path, articles: list[Article], question: str, **options: object) -> Answer:
    put(folder, [*articles, *FILLER])
    options.setdefault("min_confidence", 0)
    with Assistant(Index.open(folder), ENCODER, Ranker.load()) as assistant:
        return assistant.ask(question, **options)  # type: ignore[arg-type]


def values(answer: Answer) -> list[set[tuple[str, str]]]:
    return [
        {(one.value, one.citation.article_id) for one in conflict.values} for conflict in answer.conflicts
    ]


def pair(one: str, another: str, *titles: str, **known: str) -> list[Article]:
    first, second = titles or ("Norvik trams", "Trams of Norvik")
    return [
        article("a", one, first, published=known.get("a", "2019-05-01")),
        article("b", another, second, published=known.get("b", "2019-05-01")),
    ]


TRAMS = "How many trams does the Norvik depot have?"

CONFLICTS_OF_TRAMS = pair("The Norvik depot has 26 trams.", "The Norvik depot has 34 trams.")

CONFLICTS = [
    (TRAMS, "The Norvik depot has 26 trams.", "The Norvik depot has 34 trams.", "number", {"26", "34"}),
    (
        TRAMS,
        "The Norvik depot has 26 trams.",
        "The depot of Norvik has thirty trams.",
        "number",
        {"26", "thirty"},
    ),
    (
        "When was the Norvik bridge opened?",
        "The Norvik bridge was opened in 1911.",
        "The Norvik bridge was opened on 3 May 1913.",
        "date",
        {"1911", "3 May 1913"},
    ),
    (
        "Who is the mayor of Norvik?",
        "The mayor of Norvik is Ada Lind.",
        "The mayor of Norvik is Otto Berg.",
        "name",
        {"Ada Lind", "Otto Berg"},
    ),
]


@pytest.mark.parametrize(("question", "one", "another", "kind", "expected"), CONFLICTS)
def test_sources_that_differ_are_shown_side_by_side_and_an_answer_is_given(
    tmp_path: Path, question: str, one: str, another: str, kind: str, expected: set[str]
) -> None:
    answer = asked(tmp_path, pair(one, another), question)
    assert answer.answer is not None
    (conflict,) = answer.conflicts
    assert (conflict.kind, {told.value for told in conflict.values}) == (kind, expected)
    assert {told.citation.article_id for told in conflict.values} == {"a", "b"}
    assert len(answer.sentences) == 1, "the answer itself states one of them"
    texts = {"a": one, "b": another}
    for told in conflict.values:
        where = told.citation
        assert texts[where.article_id][where.start : where.end] == where.quote
        assert told.value in where.quote
        assert told.published == "2019-05-01"
    assert conflict.values[0].citation == answer.citations[0]
    assert "Sources differ" in "\n".join(answer_lines(answer))


LOOKALIKES = {
    "years of a series": ("In 2017 the Norvik depot had 26 trams.", "In 2018 the Norvik depot had 34 trams."),
    "another city": ("The Norvik depot has 26 trams.", "The Solund depot has 34 trams."),
    "a rounded figure": ("The Norvik depot has about 1,200 trams.", "The Norvik depot has 1,187 trams."),
    "another unit": ("The Norvik depot has 26 trams.", "The Norvik depot has 34 drivers."),
    "what is planned": ("The Norvik depot has 26 trams.", "The Norvik depot is expected to have 34 trams."),
    "at least": ("The Norvik depot has more than 25 trams.", "The Norvik depot has 26 trams."),
    "the same in words": ("The Norvik depot has 26 trams.", "The Norvik depot has twenty-six trams."),
}


@pytest.mark.parametrize(("one", "another"), LOOKALIKES.values(), ids=LOOKALIKES)
def test_what_only_looks_like_a_conflict_is_none(tmp_path: Path, one: str, another: str) -> None:
    assert asked(tmp_path, pair(one, another), TRAMS).conflicts == ()


def test_a_network_that_only_its_article_names_is_not_confused_with_another(tmp_path: Path) -> None:
    two = pair("The network has 26 members.", "The network has 90 members.", "Harbour League", "Valley Union")
    assert asked(tmp_path, two, "How many members does the network have?").conflicts == ()


def test_a_forum_that_was_held_twice_is_no_conflict(tmp_path: Path) -> None:
    two = pair("The Norvik forum was held in 2017.", "The Norvik forum was held in 2018.")
    assert asked(tmp_path, two, "When was the Norvik forum held?").conflicts == ()


def test_an_article_does_not_conflict_with_itself(tmp_path: Path) -> None:
    text = "The Norvik depot has 26 trams.\n\nThe Norvik depot has 34 trams."
    assert asked(tmp_path, [article("a", text)], TRAMS).conflicts == ()


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(figures=st.lists(st.integers(11, 99), min_size=2, max_size=4), order=st.randoms(use_true_random=False))
def test_the_order_of_taking_in_changes_no_conflict(
    tmp_path_factory: pytest.TempPathFactory, figures: list[int], order: object
) -> None:
    articles = [
        article(f"a{at}", f"The Norvik depot has {figure} trams.", f"Trams {at}", published=f"201{at}")
        for at, figure in enumerate(figures)
    ]
    shuffled = list(articles)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    found = []
    for listed in (articles, shuffled):
        folder = tmp_path_factory.mktemp("order")
        for one in listed:
            put(folder, [one])
        answer = asked(folder, [], TRAMS)
        found.append(
            (answer.answer, [[(v.value, v.citation.article_id) for v in c.values] for c in answer.conflicts])
        )
    assert found[0] == found[1]


REPORT = (
    "The harbour works of Norvik were finished after four winters. Masons came from Solund to cut the"
    " stone. The new quay of Norvik is {} metres long. Ferries use one side, and fishing boats the other."
    " The town council thanked all who had carried stones through the snow and the rain of those years."
)


def test_a_later_correction_is_preferred_and_says_so(tmp_path: Path) -> None:
    two = pair(REPORT.format(240), REPORT.format(310), "Quay", "Quay", a="2019-05-01", b="2020-02-01")
    answer = asked(tmp_path, two, "How long is the new quay of Norvik?")
    (conflict,) = answer.conflicts
    assert conflict.settled == "correction"
    assert [told.value for told in conflict.values] == ["310", "240"]
    assert "310 metres" in (answer.answer or "")
    assert answer.answered_as_of == "2020-02-01"


@pytest.mark.parametrize(("older", "newer"), [("a", "b"), ("b", "a")])
def test_a_question_for_the_present_prefers_the_newer_article_and_says_as_of_when(
    tmp_path: Path, older: str, newer: str
) -> None:
    articles = [
        article(older, "The mayor of Norvik is Ada Lind.", "Norvik", published="2015-03-01"),
        article(newer, "The mayor of Norvik is Otto Berg.", "Norvik", published="2021-06-30"),
    ]
    answer = asked(tmp_path, articles, "Who is currently the mayor of Norvik?")
    assert "Otto Berg" in (answer.answer or "")
    assert (answer.answered_as_of, answer.answered_as_of_by) == ("2021-06-30", "published")
    assert answer.conflicts[0].settled == "later"
    assert "As of 2021-06-30" in "\n".join(answer_lines(answer))


def test_words_that_ask_for_the_present_are_not_looked_for() -> None:
    plain = understand("Who is the mayor of Norvik?", ENCODER)
    for text in ("Who is currently the mayor of Norvik?", "Who is the current mayor of Norvik?"):
        assert understand(text, ENCODER).terms == plain.terms
    assert "current" in understand("Which current moves the ferry?", ENCODER).terms
    assert understand("now", ENCODER).terms == ("now",)


def test_a_year_that_only_other_articles_reach_is_stale_too(tmp_path: Path) -> None:
    articles = [
        article("depot", "The Norvik depot had 26 trams in 2019.", published="2019"),
        article("plan", "By 2040 the fjord shall be clean."),
    ]
    answer = asked(
        tmp_path, articles, "How many trams did the Norvik depot have in 2025?", min_confidence=0.01
    )
    assert answer.reason == "stale"


def test_without_a_date_the_answer_says_when_its_source_was_taken_in(tmp_path: Path) -> None:
    one = [article("a", "The mayor of Norvik is Ada Lind.")]
    answer = asked(tmp_path, one, "Who is the mayor of Norvik now?")
    assert answer.answered_as_of_by == "taken_in"
    assert asked(tmp_path, [], "What does the mill grind?").answered_as_of is None


def test_a_question_that_names_a_year_is_answered_with_that_year(tmp_path: Path) -> None:
    articles = pair("In 2017 the Norvik depot had 26 trams.", "In 2018 the Norvik depot had 34 trams.")
    for year, figure in ((2017, "26"), (2018, "34")):
        answer = asked(tmp_path / str(year), articles, f"How many trams did the Norvik depot have in {year}?")
        assert figure in (answer.answer or "")


def refused(folder: Path, question: str, **options: object) -> Answer:
    articles = [
        article(
            "depot",
            "The Norvik depot had 26 trams in 2019.",
            "Norvik trams",
            published="2019-05-01",
            city="Norvik",
        )
    ]
    return asked(folder, articles, question, **{"min_confidence": None, **options})


def test_a_question_for_a_later_year_than_anything_known_is_stale(tmp_path: Path) -> None:
    answer = refused(tmp_path, "How many trams did the Norvik depot have in 2025?")
    assert (answer.reason, answer.abstained) == ("stale", True)
    assert "2025" in (answer.message or "")
    assert "2019-05-01" in (answer.message or "")


def test_a_name_that_nothing_mentions_is_the_reason_before_the_age_of_the_articles(tmp_path: Path) -> None:
    answer = refused(tmp_path, "How many trams did the Atlantis depot have in 2025?")
    assert answer.reason != "stale"
    assert "“Atlantis”" in (answer.message or "")


def rules(folder: Path, question: str) -> dict[str, float]:
    known = refused(folder, question, min_confidence=0, explain=True).explanation
    assert known is not None
    assert known.confidence is not None
    return known.confidence.scored.rules


@pytest.mark.parametrize(
    ("question", "rule"),
    [
        ("What will the Norvik depot do with its trams?", "untold_future"),
        ("How much money did the Norvik depot cost?", "untold_value"),
        ("How many trams does the depot in Solund have?", "absent_name"),
    ],
)
def test_what_is_not_told_lowers_the_confidence(tmp_path: Path, question: str, rule: str) -> None:
    assert rules(tmp_path, question)[rule] < 0


SOLUND = article("solund", "Solund has a mill and a school.", "Solund")


@pytest.mark.parametrize(
    ("told", "is_another"),
    [
        ("The Norvik depot has 26 trams.", True),
        ("The depot has 26 trams.", False),
        ("The depot has 26 trams since May.", False),
        ("On Monday the depot had 26 trams.", False),
        ("The Solundian depot has 26 trams.", False),
        ("The Norvik depot was built by masons.", False),
    ],
)
def test_what_is_told_of_another_place_hardly_answers(told: str, is_another: bool, tmp_path: Path) -> None:
    question = "How many trams does the Solund depot have?"
    answer = asked(tmp_path, [article("a", told, "Trams"), SOLUND], question, explain=True)
    assert answer.explanation is not None
    assert answer.explanation.confidence is not None
    assert (answer.explanation.confidence.scored.rules.get("other_name", 0) < 0) is is_another


def test_nothing_lowers_the_confidence_where_all_is_told(tmp_path: Path) -> None:
    assert rules(tmp_path, TRAMS) == {}


@pytest.mark.parametrize(
    ("third", "newest", "first", "also"),
    [("2019-05-01", "240", "c", ("a",)), ("2017-06-01", "310", "b", ())],
)
def test_who_tells_the_same_counts_for_what_is_newest_and_is_never_in_the_text_beside_the_other_value(
    third: str, newest: str, first: str, also: tuple[str, ...], tmp_path: Path
) -> None:
    told = {"a": ("2017-01-01", 240), "b": ("2018-01-01", 310), "c": (third, 240)}
    quays = [
        article(name, REPORT.format(length), f"Quay {name}", published=day)
        for name, (day, length) in told.items()
    ]
    answer = asked(tmp_path, quays, "How long is the new quay of Norvik?")
    (conflict,) = answer.conflicts
    head, other = conflict.values
    assert conflict.settled == "correction"
    assert (head.value, head.citation.article_id, head.also_in) == (newest, first, also)
    assert {other.citation.article_id, *other.also_in} == {"a", "b", "c"} - {first, *also}
    assert newest in (answer.answer or "")
    assert other.value not in (answer.answer or "")


def test_who_repeats_another_report_that_says_the_same_corrects_nothing(tmp_path: Path) -> None:
    """The newest is a variant of one that it agrees with, not of the one that it differs from."""
    guide = (
        "Along the harbour lie inns and yards. The new quay of Norvik is 240 metres long. Bring warm clothes."
    )
    again = REPORT.format(310).replace("four winters", "five winters")
    three = [
        article("a", guide, "Guide", published="2017-01-01"),
        article("b", REPORT.format(310), "Quay", published="2018-01-01"),
        article("c", again, "Quay", published="2019-05-01"),
    ]
    answer = asked(tmp_path, three, "How long is the new quay of Norvik?")
    (conflict,) = answer.conflicts
    assert conflict.settled is None


def test_a_year_to_come_is_refused_unless_the_text_names_it(tmp_path: Path) -> None:
    plan = article("plan", "The Norvik depot will have 90 trams in 2079, up from 26. A plan says so.", "Plan")
    question = "How many trams will the Norvik depot have in {}?"
    assert not asked(tmp_path / "a", [plan], question.format(2079), min_confidence=0.001).abstained
    assert asked(tmp_path / "b", [plan], question.format(2078), min_confidence=0.001).abstained


@pytest.mark.parametrize("question", ["What is it about?", "How are you?", "What did they decide?"])
def test_a_question_that_names_nothing_is_unclear(tmp_path: Path, question: str) -> None:
    answer = refused(tmp_path, question)
    assert (answer.reason, answer.unknown_words) == ("unclear_question", ())


def test_a_question_that_only_points_back_is_not_answered_by_whatever_matches(tmp_path: Path) -> None:
    plan = article("plan", "Lead: Harbour Board. The city leads a network of ports.", "Plan")
    answer = asked(tmp_path / "a", [plan], "Who leads it?", min_confidence=0.001)
    assert answer.reason == "unclear_question"
    assert not asked(tmp_path / "b", [plan], "Who leads the network?", min_confidence=0.001).abstained


@pytest.mark.parametrize(
    "question",
    [
        "What is a funicular and what does it do?",
        "funicular: what is it?",
        "what are trams, and why do they run?",
    ],
)
def test_a_pronoun_may_stand_for_what_the_question_speaks_of_before_it(question: str, tmp_path: Path) -> None:
    told = article("a", "A funicular is a tram on a slope. Trams run on rails to carry people.", "Trams")
    assert not asked(tmp_path, [told], question, min_confidence=0.0001).abstained


def test_a_refusal_names_the_words_that_the_collection_never_mentions(tmp_path: Path) -> None:
    answer = refused(tmp_path, "Which volcano erupted near Solund?")
    assert answer.reason in {"low_confidence", "out_of_scope"}
    assert answer.unknown_words == ("volcano", "erupted", "near", "Solund")
    assert "“volcano”" in (answer.message or "")
    assert answer.advice


def test_a_filter_that_hides_the_answer_is_named_with_what_it_leaves(tmp_path: Path) -> None:
    for city, left in (("Atlantis", "none of the 4 articles"), ("Fjordby", "1 of 4 articles")):
        put(tmp_path, [article("other", "Fjordby has a lighthouse.", city="Fjordby")])
        question, filters = "How many trams did the Norvik depot have in 2019?", Filters((("city", (city,)),))
        answer = refused(tmp_path, question, filters=filters, min_confidence=None)
        if city == "Fjordby" and not answer.abstained:
            pytest.fail(f"answered from a lighthouse: {answer.answer}")
        assert answer.reason == "filtered_out"
        assert left in (answer.message or "")


def test_a_search_by_a_facet_that_no_article_has_says_so_and_other_searches_say_nothing(
    tmp_path: Path,
) -> None:
    put(tmp_path, [article("tower", "Vik has a tower.", city="Vik"), *FILLER])
    with Assistant(Index.open(tmp_path), ENCODER, Ranker.load()) as assistant:
        result = assistant.search("tower", filters=Filters.of([("Citty", "Vik")]))
        assert result.message == "No article has “citty”; there is city."
        assert SearchResult.from_dict(result.to_dict()) == result
        for filters in (Filters.of([("city", "Oslo")]), Filters.of([("city", "Vik")]), Filters()):
            assert assistant.search("tower", filters=filters).message is None


def test_a_filter_by_a_facet_that_no_article_has_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    put(tmp_path, [article("tower", "Vik has a tower.", **{f"facet_{n:02}": "x" for n in range(11)})])
    question, filters = "How many trams did the Norvik depot have in 2019?", Filters.of([("Citty", "Norvik")])
    answer = refused(tmp_path, question, filters=filters)
    listed = ", ".join(["city", *(f"facet_{n:02}" for n in range(9))])
    assert answer.message == f"No article has “citty”; there are {listed} and 2 more."
    assert answer.advice == "Check the name of the facet, or ask without the filter."
    assert answer.reason == "filtered_out"


def test_an_index_without_articles_says_so(tmp_path: Path) -> None:
    put(tmp_path, [])
    with Assistant(Index.open(tmp_path), ENCODER, Ranker.load()) as assistant:
        answer = assistant.ask("How many trams?")
    assert (answer.reason, answer.message) == ("no_evidence", "The index holds no articles yet.")


def sums(scored: Scored) -> float:
    return scored.base + sum(one.contribution for one in scored.features) + sum(scored.rules.values())


@pytest.mark.parametrize(
    "question", [TRAMS, "Who is currently the mayor of Norvik?", "Venue of the meeting?"]
)
def test_every_explained_score_is_the_sum_of_its_parts(tmp_path: Path, question: str) -> None:
    articles = [
        *pair("The Norvik depot has 26 trams.", "The Norvik depot has 34 trams."),
        article("m1", "The mayor of Norvik is Ada Lind.", published="2015"),
        article("m2", "The mayor of Norvik is Otto Berg.", published="2020"),
        article("meeting", "Meeting\n\nVenue: Old Hall\n\nSources\n\nThe Norvik depot, 26 trams, 1999."),
    ]
    answer = asked(tmp_path, articles, question, explain=True)
    known = answer.explanation
    assert known is not None
    assert known.confidence is not None
    for scored in [
        *(p.scored for p in known.passages),
        *(s.scored for s in known.sentences),
        known.confidence.scored,
    ]:
        assert sums(scored) == pytest.approx(scored.score, abs=1e-4)
    assert [p.ranks["model"] for p in known.passages] == list(range(1, len(known.passages) + 1))
    assert [s.ranks["settled"] for s in known.sentences] == list(range(1, len(known.sentences) + 1))
    hits = {(hit.article_id, hit.start): hit.score for hit in answer.passages}
    shown = {(p.article_id, p.start): p.scored.score for p in known.passages}
    assert all(shown[at] == pytest.approx(score) for at, score in hits.items())
    assert any(one.chosen for one in known.sentences)
    assert any("threshold" in line for line in explanation_lines(known))


def test_nothing_is_explained_unless_asked(tmp_path: Path) -> None:
    question = "How many trams are there?"
    answer = asked(tmp_path, pair("The depot has 26 trams.", "A ferry."), question)
    assert answer.explanation is None
    with Assistant(Index.open(tmp_path), ENCODER, Ranker.load()) as assistant:
        assert assistant.search(question).explanation is None
        found = assistant.search(question, explain=True)
    assert found.explanation is not None
    assert (found.explanation.sentences, found.explanation.confidence) == ((), None)


def test_an_explanation_is_shown_by_the_command_and_as_a_table(tmp_path: Path) -> None:
    answer = asked(tmp_path, CONFLICTS_OF_TRAMS, TRAMS, explain=True)
    assert answer.explanation is not None
    console = Console(file=io.StringIO(), width=110)
    show_answer(answer, console)
    show_explanation(answer.explanation, console)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Sources differ" in shown
    assert "Sentences: why these" in shown
    assert "base" in shown
    plain = civicite("ask", TRAMS, "--index", tmp_path, "--explain", "--min-confidence", "0")
    assert "Passages, 4 of 4" in plain.stdout
    found = civicite("search", TRAMS, "--index", tmp_path, "--explain", "--json")
    passages = json.loads(found.stdout)["explanation"]["passages"]
    assert {one["article_id"] for one in passages} == {"a", "b", "mill", "library"}
    refused = civicite("search", "--queries", "-", "--index", tmp_path, "--explain")
    assert (refused.returncode, "--explain" in refused.stderr) == (2, True)


def test_an_explanation_can_be_asked_for_over_http(tmp_path: Path) -> None:
    put(tmp_path, [*CONFLICTS_OF_TRAMS, *FILLER])
    app = create_app(load_settings(index=tmp_path, runtime="hashing"))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        asking = {"question": TRAMS, "min_confidence": 0, "explain": True}
        answer = client.post("/v1/ask", json=asking).json()
        assert [told["value"] for told in answer["conflicts"][0]["values"]] == ["26", "34"]
        assert answer["explanation"]["sentences"][0]["scored"]["features"][0]["feature"] == "passage_score"
        assert "explanation" not in client.post("/v1/search", json={"question": TRAMS}).json()
