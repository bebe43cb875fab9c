import pytest

from indexer import terms_of
from service.cues import (
    answers_kind,
    counts_what_is_asked,
    label_fits,
    leans_on_neighbour,
    subject_terms,
)
from service.question import Kind, kind_of


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many trams run at night?", "number"),
        ("When was the quay built?", "when"),
        ("In what year did the harbour close?", "when"),
        ("Where is the crane?", "where"),
        ("Who opened the bridge?", "who"),
        ("Which cities joined the network?", "list"),
        ("Why was the line moved?", "why"),
        ("What is a sponge city?", "definition"),
        ("다리는 언제 열렸나?", "when"),
        ("Who warns the harbour when a storm is near?", "who"),
        ("How did the town that the mayor, who was ill, left rebuild?", "how"),
        ("On which practical matters do the towns agree?", "list"),
        ("Which architects drew the bridge?", "who"),
        ("In which building did the council meet?", "where"),
    ],
)
def test_the_wording_of_a_question_says_what_kind_of_answer_it_wants(question: str, kind: Kind) -> None:
    assert kind_of(question) == kind


@pytest.mark.parametrize(
    ("kind", "holding", "lacking"),
    [
        ("when", "The quay opened on 3 May 1931.", "The quay opened late."),
        ("number", "Some 40 trams run at night.", "Trams run at night."),
        ("who", "The bridge was opened by Ada Berg.", "The bridge was opened by a child."),
        ("why", "It was moved because of floods.", "It was moved uphill."),
    ],
)
def test_a_sentence_holds_what_a_kind_of_question_asks_for_or_not(
    kind: Kind, holding: str, lacking: str
) -> None:
    assert (answers_kind(kind, holding), answers_kind(kind, lacking)) == (1.0, 0.0)


def test_a_number_counts_only_just_before_the_noun_that_is_asked_for() -> None:
    question = "How many mayors came to the fair?"
    assert counts_what_is_asked(question, "More than 80 mayors of river towns came.")
    assert counts_what_is_asked(question, "Twelve newly elected mayors came.")
    assert not counts_what_is_asked(question, "On the 11th of May, at 1:30 p.m. local time, the mayor came.")


def test_a_label_fits_the_question_that_asks_for_what_it_labels() -> None:
    assert label_fits("Where is the fair?", "Venue: Old Customs House", is_line=True)
    assert label_fits("Who organizes the fair?", "Organizer(s) City of Bergen", is_line=False)
    assert not label_fits("Who is the mayor?", "By Ada Berg", is_line=True)
    assert label_fits("At what time does the fair open?", "Time: 10 AM", is_line=True)
    assert not label_fits("At what time does the fair open?", "Date: 3 May 2020", is_line=True)
    assert label_fits("Who is the target audience?", "Target Audience", is_line=True)
    assert label_fits("Who should attend the fair?", "Target Audience", is_line=True)
    assert label_fits("Which architect drew the bridge?", "Designers: Berg and Solt", is_line=True)
    assert not label_fits("What did Bergen build?", "Bergen", is_line=True)
    assert not label_fits("When is the fair?", "Date palms line the quay.", is_line=False)


def test_what_a_label_says_is_no_part_of_the_subject() -> None:
    assert subject_terms("Who organised the boat fair?") == frozenset(terms_of("boat fair"))
    assert subject_terms("Where was the fair held?") == frozenset(terms_of("fair"))


def test_a_sentence_that_opens_with_a_pronoun_leans_on_the_one_before() -> None:
    assert leans_on_neighbour("It was widened in 1931.")
    assert not leans_on_neighbour("The Ring Road was widened in 1931.")
