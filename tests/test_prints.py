"""What counts as the same sentence, and what is only put around a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.prints import alike, dateline, prints, words
from indexer.variants import bands

SAID = "The city of Incheon has opened 54 schools since 2016, the mayor said."


def numbers(text: str) -> list[int]:
    return [one.number for one in prints(text)]


@pytest.mark.parametrize(
    "around",
    [
        "SEOUL, Nov 3 (Agency) — {}",
        "SEOUL, Nov. 3 (Other Agency) -- {}",
        "Seoul (Agency) - {}",
        "By Jane Doe\n\n{}",
        "{}\n\nSource: Another paper",
        "{}\n\nThis article was originally published in Another Paper.",
        "{}\n\n© 2020 Another Paper",
        "  {}  ",
    ],
)
def test_what_a_publisher_puts_around_a_text_has_no_print(around: str) -> None:
    assert numbers(around.format(SAID)) == numbers(SAID)


def test_white_space_quotation_marks_and_dashes_make_no_difference() -> None:
    assert numbers("The “old” bridge – it is\u00a0 closed.") == numbers('The "old" bridge - it is closed.')


@pytest.mark.parametrize(
    "other",
    [
        SAID.replace("54", "55"),
        SAID.replace("54", "-54"),
        SAID.replace("54", "(54)"),
        SAID.replace("54", "5.4"),
        SAID.replace("54", "54%"),
        SAID.replace("2016", "2017"),
        SAID.replace("Incheon", "Busan"),
        SAID.replace("mayor", "governor"),
        SAID.replace("has", "has not"),
        SAID.replace("mayor", "Mayor"),
    ],
)
def test_any_other_word_makes_another_print(other: str) -> None:
    assert numbers(other) != numbers(SAID)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("SEOUL, Nov 3 (Agency) — A", "seoul"),
        ("NEW YORK, 3 November 2020 - A", "new york"),
        ("Washington, D.C. (AP) - A", "washington d.c"),
        ("(서울=통신) 홍길동 기자 = 인천시", "서울"),
        ("UNESCO — the agency", None),
        ("The city opened on Nov 3 (Agency) — A", None),
    ],
)
def test_a_dateline_needs_a_date_or_an_agency(text: str, place: str | None) -> None:
    found = dateline(text)
    assert (found.place if found else None) == place


def test_prints_are_the_slices_of_the_text_that_their_spans_name() -> None:
    text = f"Schools of Incheon\n\nSEOUL, Nov 3 (Agency) — {SAID} It did."
    assert [text[one.start : one.stop] for one in prints(text)] == ["Schools of Incheon", SAID, "It did."]


@given(
    st.lists(st.sampled_from("Incheon has opened 54 schools in 2016 인천 tram".split()), min_size=2),
    st.data(),
)
def test_a_sentence_with_one_word_changed_is_still_recognised_as_that_sentence(
    said: list[str], data: st.DataObject
) -> None:
    other = list(said)
    other[data.draw(st.integers(0, len(said) - 1))] = "Busan"
    assert alike(said, other)


def test_sentences_of_other_words_are_not_alike() -> None:
    assert not alike(
        words("Trams run on the ring road."), words("A flood gate was built by the port in 1953.")
    )


@given(st.text(max_size=200))
def test_any_text_has_prints_and_bands_and_always_the_same(text: str) -> None:
    clean = text.encode("utf-8", "ignore").decode()
    assert prints(clean) == prints(clean)
    assert bands(clean) == bands(clean)


def test_stored_numbers_never_change_unnoticed() -> None:
    """Prints and bands lie in catalogs: whoever changes them adds a schema step that computes them anew."""
    assert numbers("Trams run on line 5.") == [NUMBER]
    assert bands("Trams run on line 5.")[:2] == BANDS


NUMBER = -2519945370535591595
BANDS = (1342343026466739058, -4383170781610965926)
