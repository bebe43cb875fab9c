"""What fits into a reply, and the cursor that goes on behind it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import InputError
from service.budget import Cursor, cut, fitting, tokens


@given(st.text(max_size=400), st.integers(1, 200))
def test_a_cut_text_is_a_beginning_that_fits_and_is_never_empty(text: str, room: int) -> None:
    shown = cut(text, room)
    assert text.startswith(shown)
    assert tokens(shown) <= room
    assert shown or not text


@given(st.lists(st.integers(1, 50)), st.integers(0, 100))
def test_as_many_items_fit_as_there_is_room_for_and_always_one(costs: list[int], room: int) -> None:
    count = fitting(costs, lambda cost: cost, room)
    assert count == len(costs) or sum(costs[: count + 1]) > room
    assert sum(costs[:count]) <= room or count == 1
    assert count or not costs


def test_text_of_other_scripts_counts_for_more() -> None:
    assert tokens("four") == 1
    assert tokens("도시의물") == 4


def test_a_cursor_comes_back_and_belongs_to_what_was_asked() -> None:
    written = Cursor(7, 3).write("search", "q")
    assert Cursor.read(written, "search", "q") == Cursor(7, 3)
    with pytest.raises(InputError, match="other parameters"):
        Cursor.read(written, "search", "another")


@given(st.text(max_size=40))
def test_whatever_is_no_cursor_is_an_input_error(text: str) -> None:
    with pytest.raises(InputError, match="cursor"):
        Cursor.read(text, "search")
