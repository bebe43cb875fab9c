import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.parts import LONGEST, MOST_PARTS, parts_of


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        (
            "When was the League of Ports founded and who leads it?",
            ["When was the League of Ports founded?", "Who leads the League of Ports?"],
        ),
        (
            "How many mayors came to Arven, and where did they stay?",
            ["How many mayors came to Arven?", "Where did Arven stay?"],
        ),
        ("When and where was the fair held?", ["When was the fair held?", "Where was the fair held?"]),
        ("When was the fair held and why?", ["When was the fair held?", "Why was the fair held?"]),
        (
            "When was the tower built? Who designed its roof?",
            ["When was the tower built?", "Who designed the tower's roof?"],
        ),
    ],
)
def test_a_question_for_two_things_becomes_two_questions(question: str, asked: list[str]) -> None:
    assert [part.question for part in parts_of(question)] == asked


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        ("Is Arven older than Belmar?", ["Arven", "Belmar"]),
        ("Which has more members, Arven or the League of Ports?", ["Arven", "the League of Ports"]),
        ("Does Arven have more trams than Belmar?", ["Arven", "Belmar"]),
        ("Which was founded first, Arven or Belmar?", ["Arven", "Belmar"]),
        ("What is the difference between a quay and a pier?", ["a quay", "a pier"]),
    ],
)
def test_a_comparison_has_two_sides(question: str, sides: list[str]) -> None:
    assert [part.side for part in parts_of(question)] == sides


@pytest.mark.parametrize(
    "question",
    [
        "How many teachers and students took part?",
        "Who built the bridge and the quay?",
        "What happened when the dam broke and when the river rose?",
        "Which river flows through Arven and which was moved?",
        "Who is the man who built the quay and who left?",
        "When was Arven founded?",
        "Arven and Belmar",
        "How does target E differ from the other targets?",
        "",
    ],
)
def test_a_question_for_one_thing_stays_whole(question: str) -> None:
    assert parts_of(question) == ()


@given(st.lists(st.sampled_from("when who and was it or than , ? which Arven more".split())).map(" ".join))
def test_parts_are_few_and_none_is_empty(question: str) -> None:
    parts = parts_of(question)
    assert len(parts) in range(2, MOST_PARTS + 1) or parts == ()
    assert len(question) <= LONGEST or parts == ()
    assert all(part.question.strip(" ?") and part.label.strip(" ?") for part in parts)
