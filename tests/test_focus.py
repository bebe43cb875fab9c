import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.focus import LONGEST, focus_of, item_focus


def marked(question: str, quote: str) -> str | None:
    focus = focus_of(question, quote)
    return None if focus is None else quote[focus.start : focus.end]


@pytest.mark.parametrize(
    ("question", "quote", "words"),
    [
        ("When was the quay built?", "The quay was built on 3 May 1931 by the port.", "3 May 1931"),
        ("When was the quay built?", "The quay was built between 1621 and 1629.", "between 1621 and 1629"),
        ("In which century was the wall built?", "The wall dates from the 14th century.", "14th century"),
        ("다리는 언제 열렸나?", "다리는 2005년 10월 1일에 열렸다.", "2005년 10월 1일"),
        ("At what time does the fair open?", "The fair opens at 9:30 am in the hall.", "9:30 am"),
        ("How many mayors came?", "More than 120 mayors of 80 countries came.", "More than 120"),
        ("How many members does it have now?", "It began with 26 members, and now has 173 members.", "173"),
        ("참가자는 몇 명이었나?", "참가자는 모두 120명이었다.", "120명"),
        ("How long is the tunnel?", "The tunnel is 384 metres long.", "384 metres"),
        ("How much did the wall cost?", "The wall of 12 metres cost €3.5 million.", "€3.5 million"),
        ("What percentage of homes flooded?", "Some 12% of homes flooded.", "Some 12%"),
        ("Who opened the bridge?", "The bridge was opened by Ada Berg in Oslo.", "Ada Berg"),
        ("Who opened the bridge?", "In May Ada Berg opened the bridge for Carl Dahl.", "Ada Berg"),
        ("Who is the mayor of Arven?", "Mira Solt, Mayor of Arven, met Ivo Lind.", "Mira Solt"),
        ("Where is the secretariat of the league?", "The league has its secretariat in Belmar.", "Belmar"),
        ("Where is the fair?", "Venue: Old Customs House", "Old Customs House"),
        ("What is the big bell called?", "The big bell, called Great Tom, rings daily.", "Great Tom"),
        (
            "Which cities joined the league?",
            "The league was joined by Arven, Belmar, Corin and Dunmore in May.",
            "Arven, Belmar, Corin and Dunmore",
        ),
    ],
)
def test_the_words_that_answer_are_marked(question: str, quote: str, words: str) -> None:
    assert marked(question, quote) == words


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("When was the quay built?", "The quay was planned in 1929 and the pier in 1931."),
        ("When was the quay built in 1931 widened?", "The quay was built in 1931."),
        ("When did the borders close?", "They went back to the 1967 borders."),
        ("How many mayors came?", "Mayors came to room 12 and room 14."),
        ("How many members does it have now?", "It began with 26 members, then had 40 members."),
        ("Who opened the bridge?", "Ada Berg and Carl Dahl stood near the harbour."),
        ("Who is the author of the book?", "It is an alliance of local authorities in the Pacific."),
        ("Where was the treaty signed?", "The treaty was signed in Oslo and Bergen."),
        (
            "Which hazards are natural?",
            "Hazards such as fire, flood and frost, and others including rust, rot and rats.",
        ),
        ("Why was the quay built?", "The quay was built in 1931."),
    ],
)
def test_nothing_is_marked_where_expressions_compete_or_repeat_the_question(
    question: str, quote: str
) -> None:
    assert marked(question, quote) is None


def test_an_item_is_marked_without_its_bullet_or_number() -> None:
    for item in ("• Rain gardens", "2. Rain gardens", "Rain gardens"):
        focus = item_focus("What are the topics?", item)
        assert focus is not None
        assert item[focus.start : focus.end] == "Rain gardens"


def test_a_long_enumeration_with_no_end_is_read_once() -> None:
    quote = "Hazards such as " + ", ".join(["storm tide"] * 40) + " in addition to others"
    assert len(quote) <= LONGEST
    assert marked("What hazards are there?", quote) is None


WORDS = st.sampled_from(
    "the Ada Berg of in by 1931 120 mayors and , : ( ) • . May opened is was 3 km € 12% such as Oslo".split()
)
QUESTIONS = st.sampled_from(
    [
        "When was Oslo opened?",
        "How many mayors of Berg?",
        "Who opened it?",
        "Where is Ada?",
        "What is it called?",
        "Which cities joined?",
        "How long is it?",
        "몇 명?",
        "언제?",
        "What percentage was it?",
        "Where is the fair?",
    ]
)


@given(QUESTIONS, st.lists(WORDS, max_size=30).map(" ".join) | st.text(max_size=80))
def test_a_focus_lies_inside_the_quote_and_says_something_new(question: str, quote: str) -> None:
    for focus in (focus_of(question, quote), item_focus(question, quote)):
        if focus is None:
            continue
        words = quote[focus.start : focus.end]
        assert 0 <= focus.start < focus.end <= len(quote)
        assert words == words.strip() != ""
        said = set(re.findall(r"\w+", question.casefold()))
        assert not set(re.findall(r"\w+", words.casefold())) <= said
