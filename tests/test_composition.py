from collections.abc import Iterator
from pathlib import Path

import pytest
from building import article, put

from indexer import Index
from indexer.encoders import LoadedEncoder
from service.answer import Answer
from service.assistant import Assistant
from service.ranker import Ranker

TEXTS = {
    "league": "The League of River Ports\n\nThe League of River Ports was founded in 1987. "
    "Ada Berg leads the League of River Ports. It has 173 members today.",
    "union": "The Union of Hill Towns\n\nThe Union of Hill Towns was founded in 1962. "
    "The Union of Hill Towns gives advice on steep streets.",
    "prize": "The Golden Oar\n\nThe winners of the Golden Oar are the following. "
    "They are Arven, Belmar, Corin and Dunmore. The prize is a boat.",
    "fair": "Fair of boats\n\nDate: 3 May 2020\n\nTime: 10 am\n\nVenue: Customs House\n\nAll are welcome.",
    "quay": "# The old quay\n\n## The history of the quay\n\n"
    "The quay is as old as the town. It is 384 metres long.",
    "oars": "# The Silver Oar\n\nThe Silver Oar is a prize for towns. It is given every two years.\n\n"
    "Year | Winner\n\n2010 | Arven\n\n2012 | Belmar\n\n2014 | Corin",
    "targets": "The river plan\n\nThe river plan names three targets:\n\n"
    "• Cleaner water\n• Wider banks\n• Fewer floods\n\nThe river plan was signed in Corin.",
}


@pytest.fixture(scope="module")
def assistant(encoder: LoadedEncoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder: Path = tmp_path_factory.mktemp("composition")
    put(folder, [article(name, text) for name, text in TEXTS.items()], encoder)
    with Assistant(Index.open(folder), encoder, Ranker.load()) as opened:
        yield opened


def texts(answer: Answer) -> list[str]:
    return [sentence.text for sentence in answer.sentences]


def test_both_parts_of_a_question_are_answered_and_each_names_its_citations(assistant: Assistant) -> None:
    answer = assistant.ask(
        "When was the League of River Ports founded and who leads it?", min_confidence=0.01
    )
    assert [part.text for part in answer.parts] == [
        "When was the League of River Ports founded?",
        "Who leads it?",
    ]
    quotes = {citation.id: citation.quote for citation in answer.citations}
    first, second = answer.parts
    assert "The League of River Ports was founded in 1987." in [quotes[one] for one in first.citations]
    assert "Ada Berg leads the League of River Ports." in [quotes[one] for one in second.citations]
    assert len(texts(answer)) == len(set(texts(answer)))


def test_the_best_evidence_of_all_parts_comes_first(assistant: Assistant) -> None:
    answer = assistant.ask("When was the League of River Ports founded and who leads it?", min_confidence=0)
    assert answer.citations[0].score == max(citation.score for citation in answer.citations)


def test_a_comparison_takes_one_sentence_for_each_side(assistant: Assistant) -> None:
    answer = assistant.ask(
        "Is the League of River Ports older than the Union of Hill Towns?", min_confidence=0.01
    )
    assert set(texts(answer)) == {
        "The League of River Ports was founded in 1987.",
        "The Union of Hill Towns was founded in 1962.",
    }
    assert [part.citations for part in answer.parts if part.answered] in ([(1,), (2,)], [(2,), (1,)])


def test_a_side_of_which_nothing_speaks_is_said_not_to_be_found(assistant: Assistant) -> None:
    answer = assistant.ask(
        "Which was founded first, the Union of Hill Towns or Atlantis?", min_confidence=0.01
    )
    assert [(part.text, part.answered) for part in answer.parts] == [
        ("The Union of Hill Towns", True),
        ("Atlantis", False),
    ]
    assert not answer.parts[1].citations


def test_what_a_sentence_only_announces_is_read_on(assistant: Assistant) -> None:
    said = texts(assistant.ask("Which towns are the winners of the Golden Oar?", min_confidence=0))
    assert "They are Arven, Belmar, Corin and Dunmore." in said


def test_the_time_comes_with_the_date_that_it_stands_below(assistant: Assistant) -> None:
    answer = assistant.ask("When is the fair of boats?", min_confidence=0)
    assert texts(answer)[:2] == ["Date: 3 May 2020", "Time: 10 am"]
    assert [s.text[slice(*s.focus)] for s in answer.sentences[:2] if s.focus] == ["3 May 2020", "10 am"]


def test_a_list_is_complete_and_its_items_are_marked(assistant: Assistant) -> None:
    answer = assistant.ask("What are the targets of the river plan?", min_confidence=0)
    items = [s for s in answer.sentences if s.text.startswith("•")]
    assert [s.text[slice(*s.focus)] for s in items if s.focus] == [
        "Cleaner water",
        "Wider banks",
        "Fewer floods",
    ]


def test_what_announces_a_list_is_read_with_its_first_item_and_is_no_answer(assistant: Assistant) -> None:
    first, *others = assistant.ask("What are the targets of the river plan?", min_confidence=0).sentences
    assert first.text == "• Cleaner water"
    assert first.context == "The river plan names three targets:"
    assert [one.context for one in others] == [None, None]


def test_what_announces_a_list_answers_when_it_tells_what_is_asked_for(assistant: Assistant) -> None:
    answer = assistant.ask("How many targets does the river plan name?", min_confidence=0)
    assert texts(answer)[0] == "The river plan names three targets:"


def test_a_table_below_a_sentence_is_a_list_and_its_head_is_read_with_it(assistant: Assistant) -> None:
    first, *others = assistant.ask("Which towns have won the Silver Oar?", min_confidence=0).sentences
    assert first.context == "Year | Winner"
    assert [first.text, *(one.text for one in others)] == ["2010 | Arven", "2012 | Belmar", "2014 | Corin"]


def test_a_heading_is_no_answer(assistant: Assistant) -> None:
    for question in ("What is the history of the quay?", "How long is the old quay?"):
        assert "The history of the quay" not in texts(assistant.ask(question, min_confidence=0))


def test_a_focus_is_relative_to_the_quote_and_null_when_unknown(assistant: Assistant) -> None:
    known = assistant.ask("When was the Union of Hill Towns founded?", min_confidence=0).to_dict()[
        "sentences"
    ][0]
    assert known["text"][slice(*known["focus"])] == "1962"
    unknown = assistant.ask("Why is the prize a boat?", min_confidence=0).to_dict()["sentences"][0]
    assert unknown["focus"] is None


def test_a_question_for_one_thing_has_no_parts(assistant: Assistant) -> None:
    assert assistant.ask("Who leads the League of River Ports?", min_confidence=0).parts == ()
