"""The last question of a conversation, resolved where that is certain and left alone where it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import conversation
from service.conversation import Replaced, Turn, Understood
from service.names import names_in

LONGEST = 2000


def understood(turns: list[Turn], asked: str) -> Understood:
    return conversation.understood(turns, asked, LONGEST)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("What is CityNet?", ["CityNet"]),
        ("When did the Asian Development Bank open in Manila?", ["Asian Development Bank", "Manila"]),
        ("Who runs the Network of Regional Towns for Water?", ["Network of Regional Towns for Water"]),
        ("What is Incheon's plan?", ["Incheon"]),
        ("Is Seoul larger than Busan, or is Seoul smaller?", ["Seoul", "Busan"]),
        ("Seoul has how many bridges?", ["Seoul"]),
        ("The well? How deep is the well?", []),
        ("In 2020?", []),
        ("What was agreed at COP 26?", ["COP 26"]),
        ("언제 열렸나요?", []),
        ("", []),
    ],
)
def test_names_are_told_by_their_capitals(text: str, names: list[str]) -> None:
    assert names_in(text) == names


@pytest.mark.parametrize(
    ("before", "asked", "question"),
    [
        ("How many schools are in Incheon?", "And in Busan?", "How many schools are in Busan?"),
        ("How many schools are in Incheon?", "What about Busan?", "How many schools are in Busan?"),
        ("How many schools are in Incheon?", "Busan?", "How many schools are in Busan?"),
        ("How many schools are in Incheon?", "and for Busan then?", "How many schools are in Busan?"),
        ("What did CityNet do in Seoul?", "And in Busan?", "What did CityNet do in Busan?"),
        ("What happened in Seoul in 2019?", "And in 2021?", "What happened in Seoul in 2021?"),
        ("What happened in Seoul in 2019?", "2021?", "What happened in Seoul in 2021?"),
        ("What is CityNet?", "When was it founded?", "When was CityNet founded?"),
        ("What is CityNet?", "Who are its members?", "Who are CityNet's members?"),
        ("What is United Cities?", "Who are its members?", "Who are United Cities' members?"),
        ("What does CityNet do in Seoul?", "When was it founded?", "When was CityNet founded?"),
        ("When did CityNet move to Seoul?", "Who leads it?", "Who leads CityNet?"),
        ("How large is Basel?", "Which roofs are green there?", "Which roofs are green in Basel?"),
        ("How large is Basel?", "How old is this city?", "How old is Basel?"),
        ("Who founded CityNet?", "And when?", "Who founded CityNet? When?"),
        ("Who founded CityNet?", "Why?", "Who founded CityNet? Why?"),
    ],
)
def test_a_question_that_leans_on_the_one_before_is_made_to_stand(
    before: str, asked: str, question: str
) -> None:
    found = understood([Turn(before)], asked)
    assert (found.asked, found.question) == (asked, question)
    assert found.replaced


@pytest.mark.parametrize(
    ("before", "asked"),
    [
        ("What is CityNet?", "How deep is the well?"),
        ("What is CityNet?", "When did Seoul open its park?"),
        ("Which is larger, Seoul or Busan?", "When was it founded?"),
        ("What links Seoul and Busan?", "And in Daegu?"),
        ("How deep is the well?", "When was it opened?"),
        ("What is CityNet?", "Are there any maps?"),
        ("What is CityNet?", "How long does it take to walk home?"),
        ("What is CityNet?", "Is it true that wells are deep?"),
        ("How many schools are in Incheon?", "And the budget?"),
        ("How many schools are in Incheon?", "And in Incheon?"),
        ("How many schools are in Incheon?", "When did it begin?"),
        ("Who leads CityNet?", "When was she born?"),
        ("무엇이 열렸나요?", "언제?"),
    ],
)
def test_what_is_not_certain_is_left_as_it_was_asked(before: str, asked: str) -> None:
    assert understood([Turn(before)], asked) == Understood(asked, asked)


def test_a_person_who_was_asked_for_is_named_by_the_answer() -> None:
    before = Turn("Who leads CityNet?", "The secretary is Ana Lim, who came in 2020. [1] More. [2]")
    found = understood([before], "When was her office opened?")
    assert found.question == "When was Ana Lim's office opened?"
    assert found.replaced == (Replaced("her", "Ana Lim"),)


def test_turns_lean_on_each_other_one_after_the_other() -> None:
    turns = [Turn("How many schools are in Incheon?"), Turn("And in Busan?"), Turn("Thank you.")]
    assert understood(turns[:2], "And in Daegu?").question == "How many schools are in Daegu?"
    assert understood(turns, "And in Daegu?").replaced == ()


def test_the_first_question_stands_for_itself() -> None:
    assert understood([], "When was it founded?").replaced == ()


def test_a_question_that_would_grow_beyond_all_bounds_is_left_as_it_was_asked() -> None:
    name, asked = f"Z{'a' * 1000}", "Was it there when it was it?"
    assert understood([Turn(f"What is {name}?")], asked) == Understood(asked, asked)


def test_of_more_names_than_anybody_means_none_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_for: list[str] = []

    def noted(name: str, *rest: str) -> bool:
        looked_for.append(name)
        return False

    monkeypatch.setattr(conversation, "_after_preposition", noted)
    before = Turn("Which of " + ", ".join(f"N{number}" for number in range(500)) + "?")
    assert understood([before], "When was it " + "it " * 300).replaced == ()
    assert looked_for == []


def test_a_question_word_between_much_white_space_is_read_all_the_same() -> None:
    found = understood([Turn("Who founded CityNet?")], "  And \n\t when  ?")
    assert found.question == "Who founded CityNet? When?"


@given(st.lists(st.text(max_size=60), max_size=3), st.text(max_size=80))
def test_any_conversation_is_understood_somehow(before: list[str], asked: str) -> None:
    found = understood([Turn(question, question) for question in before], asked)
    assert found.asked == asked
    assert found.replaced or found.question == asked
