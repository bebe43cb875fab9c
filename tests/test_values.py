import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.values import blanked, dates, figures, years


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("The depot has 26 trams.", "The depot has 30 trams."),
        ("The depot has twenty-six trams.", "The depot has 27 trams."),
        ("It cost €3.4 million.", "It cost €4.1 million."),
        ("The depot has more than 120 trams.", "The depot has 90 trams."),
        ("It is 12 km long.", "It is 15 kilometres long."),
        ("차고에는 26대가 있다.", "차고에는 30대가 있다."),
    ],
)
def test_figures_that_no_number_fits_contradict_each_other(one: str, another: str) -> None:
    mine, yours = figures(one)[0], figures(another)[0]
    assert mine.same_unit(yours)
    assert mine.contradicts(yours)
    assert yours.contradicts(mine)


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("About 1,200 people came.", "1,187 people came."),
        ("1,200 people came.", "1,187 people came."),
        ("More than 120 people came.", "187 people came."),
        ("Up to 40 people came.", "38 people came."),
        ("3.4 million people came.", "3,390,000 people came."),
        ("twelve people came", "12 people came"),
    ],
)
def test_a_rounded_figure_does_not_contradict_the_exact_one(one: str, another: str) -> None:
    assert not figures(one)[0].contradicts(figures(another)[0])


def test_figures_of_other_units_are_told_apart() -> None:
    trams, drivers = figures("The depot has 26 trams and 40 drivers.")
    assert not trams.same_unit(drivers)
    assert not figures("It is 5 km long.")[0].same_unit(figures("It is 5 miles long.")[0])


@pytest.mark.parametrize(
    "text", ["Take line 3.", "SDG 11 matters.", "the 3rd time", "in 2019", "10–20 trams"]
)
def test_identifiers_ordinals_years_and_ranges_are_no_figures(text: str) -> None:
    assert figures(text) == []


@pytest.mark.parametrize(
    ("one", "another", "contradicts"),
    [
        ("opened in 1911", "opened in 1913", True),
        ("opened on 3 May 1911", "opened on May 4, 1911", True),
        ("opened in 1911", "opened on 3 May 1911", False),
        ("opened around 1911", "opened in 1913", False),
        ("1911년에 열렸다", "1913년에 열렸다", True),
    ],
)
def test_dates_contradict_each_other_only_as_precisely_as_they_are_written(
    one: str, another: str, contradicts: bool
) -> None:
    assert dates(one)[0].contradicts(dates(another)[0]) is contradicts
    assert dates(another)[0].contradicts(dates(one)[0]) is contradicts


def test_a_year_within_a_name_is_a_year_and_no_date() -> None:
    assert dates("Agenda 2030 was adopted.") == []
    assert years("Agenda 2030 was adopted in 2015.") == {2015, 2030}


@given(st.text(max_size=80) | st.from_regex(r"[a-z ]{0,9}\d{1,9}[,.\d]{0,6} ?[a-z%]{0,9}", fullmatch=True))
def test_values_of_any_text_stand_where_they_say(text: str) -> None:
    for found in (figures(text), dates(text)):
        assert all(one.written.strip() in text[one.start : one.end] for one in found)
        assert len(blanked(text, found)) <= len(text) + 2 * len(found)
