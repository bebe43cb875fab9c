"""Feedback and status over HTTP."""

from importlib.metadata import version
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from service.askable import LONGEST_QUESTION
from service.declared import OnceRoute
from service.feedback import FeedbackFull, forget_erased, note, read_feedback
from service.http_tags import KNOWN, unless_known
from service.keys import Key
from service.overview import facts_of
from service.problems import Problem, responses
from service.representations import FeedbackList, FeedbackNoted, Status
from service.schemas import Body, Number
from service.serving import Served
from service.verification import LONGEST_QUOTE

router = APIRouter(prefix="/v1", tags=["service"], route_class=OnceRoute)


class StateBody(Body):
    """What an answer said of the index and ranker, as its ``index``."""

    model_config = ConfigDict(extra="allow")
    commit: Number
    generation: Number
    ranker: str | None = Field(None, max_length=200)


class FeedbackBody(Body):
    """A person's judgement of one answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "question": "When was the Cheonggyecheon uncovered?",
                    "verdict": "wrong",
                    "comment": "That is the year of the elevated road.",
                    "article_id": "seoul-cheonggyecheon-owl-bus",
                }
            ]
        }
    )
    question: str = Field(min_length=1, max_length=LONGEST_QUESTION)
    verdict: Literal["right", "wrong"]
    comment: str | None = Field(None, max_length=4000)
    article_id: str | None = Field(None, min_length=1, max_length=512, description="Where the answer is")
    quote: str | None = Field(None, min_length=1, max_length=LONGEST_QUOTE, description="What answers")
    index: StateBody | None = Field(None, description="The answer's own ``index``")


class FeedbackQuery(BaseModel):
    """Which feedback to list: what came after the number ``after``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    after: Number = 0
    limit: int = Field(100, ge=1, le=1000)


@router.post(
    "/feedback", status_code=201, response_model=FeedbackNoted, responses=responses(400, 408, 413, 422, 507)
)
def give_feedback(body: FeedbackBody, request: Request, serving: Served) -> JSONResponse:
    """Keep what a person says of an answer, for evaluation."""
    state = body.index
    kept = None if state is None else {n: getattr(state, n) for n in ("commit", "generation", "ranker")}
    key: Key | None = getattr(request.state, "key", None)
    request.state.answer.leave.use()
    try:
        number = note(
            serving.store,
            body.question,
            body.verdict,
            comment=body.comment,
            article_id=body.article_id,
            quote=body.quote,
            state=kept,
            key=key.id if key is not None else None,
            most_bytes=serving.settings.feedback_bytes,
        )
    except FeedbackFull as full:
        detail = "as much as this server keeps has been said; whoever runs it can make room"
        raise Problem("feedback-full", detail) from full
    return JSONResponse({"number": number}, 201)


@router.get("/feedback", response_model=FeedbackList, responses=responses(422))
def list_feedback(query: Annotated[FeedbackQuery, Query()], serving: Served) -> JSONResponse:
    """List what people said of answers; asks for a key of scope admin once there are keys."""
    forget_erased(serving.settings.index)
    found = read_feedback(serving.store, query.after, query.limit + 1)
    listed = [one.to_dict() for one in found[: query.limit]]
    more = len(found) > query.limit
    return JSONResponse({"feedback": listed, "next": listed[-1]["number"] if more else None})


@router.get("/status", response_model=Status, responses={**KNOWN, **responses(422)})
def status(request: Request, serving: Served) -> Response:
    """Say what is served: counts, model, recipe, ranker, versions."""
    own = {"version": version("civicite"), "ranker": serving.assistant.ranker_name}
    return unless_known(request, JSONResponse({**own, **facts_of(serving.index.overview())}))
