from collections.abc import Iterator
from pathlib import Path

import pytest
from building import ENCODER, article, put

from indexer import Filters, Index, InputError
from service.assistant import Assistant
from service.ranker import FIXED, Ranker

LONG = " ".join(f"Trams run on line {n} of the ring road every morning." for n in range(150))
PLACES = ["Bergen", "Cork", "Dakar", "Essen", "Fukuoka"]


@pytest.fixture(scope="module", params=["learned", "fixed"])
def assistant(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("assistant")
    several = [
        article(f"long{n}", LONG.replace("ring road", f"{place} road")) for n, place in enumerate(PLACES)
    ]
    short = [article(f"short{n}", f"Tram stop {n} was opened in {1900 + n}.") for n in range(40)]
    items = "• Rain gardens\n• Canal walls\n• Flood gates"
    text = f"Workshop on water\n\nVenue: Old Customs House\n\nTopics\n\n{items}"
    listed = article("workshop", text)
    cited = article(
        "gate", "The flood gate\n\nA gate was built in 1953.\n\nSources\n\nOn the flood gate of 1953, 1954."
    )
    put(folder, [*several, *short, listed, cited])
    ranker = Ranker.load() if request.param == "learned" else FIXED
    with Assistant(Index.open(folder), ENCODER, ranker) as opened:
        yield opened


def test_as_many_articles_are_found_as_are_asked_for(assistant: Assistant) -> None:
    for wanted in (1, 10, 43, 47):
        hits = assistant.search_articles("tram line", top_k=wanted).hits
        assert len({hit.article_id for hit in hits}) == wanted


@pytest.mark.parametrize("method", ["search", "search_articles"])
def test_the_first_ten_of_a_hundred_are_the_ten_of_ten(assistant: Assistant, method: str) -> None:
    ask = getattr(assistant, method)
    few, many = ask("tram stop in 1912", top_k=10).hits, ask("tram stop in 1912", top_k=100).hits
    assert many[:10] == few
    assert [hit.score for hit in many] == sorted((hit.score for hit in many), reverse=True)


def test_a_quote_is_the_slice_of_the_article_that_its_citation_names(assistant: Assistant) -> None:
    answer = assistant.ask("When was tram stop 12 opened?", min_confidence=0)
    with assistant.index.view() as view:
        for sentence, citation in zip(answer.sentences, answer.citations, strict=True):
            text = view.article(citation.article_id, citation.revision).text
            assert text[citation.start : citation.end] == citation.quote == sentence.text
            assert text[: citation.start].endswith(citation.prefix)
            assert text[citation.end :].startswith(citation.suffix)


def test_the_number_in_the_question_decides_among_alike_sentences(assistant: Assistant) -> None:
    answer = assistant.ask("When was tram stop 12 opened?", min_confidence=0)
    assert answer.sentences[0].text == "Tram stop 12 was opened in 1912."


def test_a_question_for_the_topics_is_answered_with_the_whole_list(assistant: Assistant) -> None:
    answer = assistant.ask("What are the topics of the workshop on water?", min_confidence=0)
    assert {"• Rain gardens", "• Canal walls", "• Flood gates"} <= {s.text for s in answer.sentences}


def test_the_same_question_gets_the_same_answer_but_for_its_timing(assistant: Assistant) -> None:
    first, second = (assistant.ask("tram stop 7", min_confidence=0).to_dict() for _ in range(2))
    assert {**first, "timing_ms": None} == {**second, "timing_ms": None}


def test_an_answer_below_the_threshold_is_withheld_with_its_reason_and_its_passages(
    assistant: Assistant,
) -> None:
    answer = assistant.ask("Who painted the ceiling of the opera?", min_confidence=1)
    assert (answer.answer, answer.abstained, answer.sentences) == (None, True, ())
    assert answer.reason in {"low_confidence", "out_of_scope"}
    assert len(answer.passages) == 10


def test_a_filter_that_lets_nothing_through_is_named_as_the_reason(assistant: Assistant) -> None:
    nowhere = Filters(facets=(("city", ("Atlantis",)),))
    answer = assistant.ask("tram", filters=nowhere, min_confidence=0)
    assert (answer.reason, answer.passages) == ("filtered_out", ())


@pytest.mark.parametrize(
    "question", ["?!", "the of and", "🚋", "노면전차는 언제 개통되었나?", "a" * 2000, "\0"]
)
def test_a_question_of_any_characters_is_answered_or_refused_without_failing(
    assistant: Assistant, question: str
) -> None:
    assert assistant.ask(question).index.commit == 1


@pytest.mark.parametrize(
    ("question", "top_k"), [(" ", 5), ("a" * 2001, 5), ("\ud83d tram", 5), ("tram", 0), ("tram", 1001)]
)
def test_a_question_that_cannot_be_used_is_refused_with_its_field(
    assistant: Assistant, question: str, top_k: int
) -> None:
    with pytest.raises(InputError, match=r"question|top_k"):
        assistant.ask(question, top_k=top_k)


def test_a_bibliography_is_no_evidence_either_where_it_goes_on_in_the_next_passage(tmp_path: Path) -> None:
    reports = [
        f"• The Lunden ferry, report {number}: Lunden Herald, May 20{number}." for number in range(10, 60)
    ]
    text = "\n".join(["The Lunden ferry started in 1931.", "", "Sources", "", *reports])
    put(tmp_path, [article("ferry", text, "The Lunden ferry")])
    with Assistant(Index.open(tmp_path), ENCODER, Ranker.load()) as assistant:
        explanation = assistant.ask("When did the ferry start?", min_confidence=0, explain=True).explanation
    assert explanation is not None
    items = {
        one.start: "bibliography" in one.scored.rules for one in explanation.sentences if one.text in reports
    }
    assert len(explanation.passages) == 2
    assert len(items) > 20
    assert all(items.values())


def test_a_bibliography_names_the_subject_and_is_no_evidence(assistant: Assistant) -> None:
    answer = assistant.ask("When was the flood gate built?", min_confidence=0)
    assert answer.sentences[0].text == "A gate was built in 1953."
