"""Which form a client prefers, as RFC 9110 weighs it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.accept import preferred

JSON, EVENTS = "application/json", "text/event-stream"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("text/event-stream", EVENTS),
        ("Text/Event-Stream", EVENTS),
        ("text/*", EVENTS),
        ("application/json, text/event-stream", JSON),
        ("text/event-stream, application/json", JSON),
        ("text/event-stream, */*", JSON),
        ("text/event-stream, application/json;q=0.9", EVENTS),
        ("text/event-stream, */*;q=0.1", EVENTS),
        ("text/event-stream;q=0.5, */*;q=0.6", JSON),
        ("text/event-stream;q=0, */*", JSON),
        ("*/*, application/json;q=0", EVENTS),
        ("text/*;q=0.9, text/event-stream;q=0.1, application/json;q=0.5", JSON),
        ("text/event-stream; charset=utf-8; q=1, application/json; q=0.999", EVENTS),
        ("text/event-stream;q=high, application/json;q=0.1", JSON),
        ("text/event-stream;q=7, application/json;q=0.1", JSON),
        ("text/html", JSON),
        (",;q=1,,", JSON),
    ],
)
def test_the_form_with_the_greater_weight_is_chosen(accept: str | None, chosen: str) -> None:
    assert preferred(accept, (JSON, EVENTS)) == chosen


@given(st.text(alphabet="abtex/*;,=q.01 -\t", max_size=40))
def test_any_header_chooses_something_that_is_offered(accept: str) -> None:
    assert preferred(accept, (JSON, EVENTS)) in (JSON, EVENTS)
