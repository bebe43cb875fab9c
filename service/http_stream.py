"""An answer as a stream of events: the passages once they are found, then the sentences, then the whole.

Knows the names and the order of the events; ``events.py`` sends them.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from fastapi import Request

from service.accept import preferred
from service.answer import Answer, Hit
from service.events import EVENTS, Emit, EventStream, event
from service.problems import problem_for

JSON = "application/json"

DESCRIBED: dict[str, Any] = {
    "description": (
        "The answer. With `Accept: text/event-stream` it comes as events: `passages` (an object with"
        " `question` and `passages`), then for each sentence one `sentence` (an object with `sentence`"
        " and its `citations`, whole), then `answer`, the same object as in JSON. What goes wrong after the"
        " first event is an event `error` with a problem document. Lines that begin with a colon keep the"
        " connection alive."
    ),
    "content": {
        EVENTS: {
            "schema": {"type": "string"},
            "example": (
                'event: passages\ndata: {"question":"…","passages":[…]}\n\n'
                'event: sentence\ndata: {"sentence":{…},"citations":[{…}]}\n\n'
                'event: answer\ndata: {"question":"…","answer":"…",…}\n\n'
            ),
        }
    },
}
"""For OpenAPI."""


PassagesListener = Callable[[tuple[Hit, ...]], None]


def wants_events(request: Request) -> bool:
    """Tell whether the client would rather have events than JSON."""
    return preferred(request.headers.get("accept"), (JSON, EVENTS)) == EVENTS


def answer_events(
    question: str,
    ask: Callable[[PassagesListener], Answer],
    request: Request,
) -> EventStream:
    """Return the events of one answer; ``ask`` answers, and tells the passages before it does."""

    def work(emit: Emit) -> None:
        def found(hits: tuple[Hit, ...]) -> None:
            emit(event("passages", {"question": question, "passages": [asdict(hit) for hit in hits]}))

        answer = ask(found).to_dict()
        citations = {citation["id"]: citation for citation in answer["citations"]}
        for sentence in answer["sentences"]:
            cited = [citations[number] for number in sentence["citations"]]
            emit(event("sentence", {"sentence": sentence, "citations": cited}))
        emit(event("answer", answer))

    def failed(error: Exception) -> bytes:
        return b"event: error\ndata: " + bytes(problem_for(request, error).body) + b"\n\n"

    return EventStream(work, failed, {"Vary": "Accept"})
