"""OpenAI's Chat Completions over HTTP, so that a chat client can be pointed here.

The last message of the user is the question. What would change what a model generates is of no effect,
because nothing is generated; what asks for another kind of answer is refused, as OpenAI refuses it.
"""

import json
import time
import uuid
from datetime import datetime
from functools import partial
from itertools import count
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from indexer import NO_FILTERS, InputError, list_commits, shown
from service.answer import Answer
from service.askable import LONGEST_QUESTION, checked_question
from service.chat import MODEL, extra, pieces, usage
from service.conversation import Turn, Understood, understood
from service.declared import OnceRoute
from service.events import Emit, EventStream, event
from service.http_operation import note_answer
from service.openai_errors import RefusedParameter, openai_error, openai_responses
from service.problems import problem_for
from service.representations_chat import Completion, ModelList, ModelShown
from service.schemas import Body, Number, Passages, RequestFilters
from service.serving import Served, Serving

router = APIRouter(prefix="/v1", tags=["chat"], route_class=OnceRoute)

EXAMPLE: JsonDict = {
    "model": MODEL,
    "messages": [
        {"role": "user", "content": "What is CityNet?"},
        {"role": "assistant", "content": "CityNet is an alliance of local authorities in Asia. [1]"},
        {"role": "user", "content": "When was it founded?"},
    ],
}


class TextPart(BaseModel):
    """A part of a message."""

    model_config = ConfigDict(extra="ignore")
    type: str
    text: str | None = Field(None, max_length=100_000)


class Message(BaseModel):
    """A message of the conversation; only those of user and assistant are read."""

    model_config = ConfigDict(extra="ignore")
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Annotated[str, Field(max_length=100_000)] | list[TextPart] | None = None

    def text(self, where: str) -> str:
        """Return the text of all parts; raises RefusedParameter for a part that is none."""
        if not isinstance(self.content, list):
            return self.content or ""
        for number, part in enumerate(self.content):
            if part.type not in ("text", "input_text", "output_text", "refusal"):
                place = f"{where}.content[{number}]"
                raise RefusedParameter(place, f"content of type {shown(part.type)} is not read; send text")
        return "\n".join(part.text or "" for part in self.content)


class StreamOptions(BaseModel):
    """What a stream shows beside the message."""

    model_config = ConfigDict(extra="ignore")
    include_usage: bool = False


class Wishes(Body):
    """What is civicite's own: the same as in a request to ask."""

    top_k: Passages | None = None
    filters: RequestFilters | None = None
    min_confidence: float | None = Field(None, ge=0, le=1, allow_inf_nan=False)
    as_of: Annotated[str, Field(min_length=1, max_length=40)] | Number | None = None


class ChatRequest(BaseModel):
    """A conversation whose last message is a question."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [EXAMPLE]})
    model: str = Field(max_length=200, description="civicite")
    messages: list[Message] = Field(min_length=1, max_length=1000)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    civicite: Wishes | None = Field(None, description="Not OpenAI's: filters and the like, as for /v1/ask")
    # Refused unless they ask for what is given anyway.
    n: int | None = None
    tools: list[Any] | None = None
    tool_choice: Any = None
    functions: list[Any] | None = None
    function_call: Any = None
    logprobs: bool | None = None
    response_format: dict[str, Any] | None = None
    modalities: list[str] | None = None
    audio: Any = None
    # Of no effect: nothing is generated, and a quotation is never cut.
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    top_logprobs: int | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    user: str | None = None
    metadata: dict[str, Any] | None = None
    store: bool | None = None
    service_tier: str | None = None
    parallel_tool_calls: bool | None = None
    prediction: Any = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    web_search_options: dict[str, Any] | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None

    def check(self) -> None:
        """Raise RefusedParameter for what cannot be given."""
        refused = {
            "n": self.n not in (None, 1),
            "tools": bool(self.tools),
            "tool_choice": self.tool_choice not in (None, "none", "auto"),
            "functions": bool(self.functions),
            "function_call": self.function_call not in (None, "none", "auto"),
            "logprobs": bool(self.logprobs),
            "response_format": (self.response_format or {}).get("type", "text") != "text",
            "modalities": self.modalities not in (None, ["text"]),
            "audio": self.audio is not None,
        }
        for name, is_refused in refused.items():
            if is_refused:
                problem = "is not supported: an answer is one message made of quotations; leave it out"
                raise RefusedParameter(name, f"{name!r} {problem}")

    def read(self) -> Understood:
        """Return the last question as the turns before it explain it."""
        turns: list[Turn] = []
        for number, message in enumerate(self.messages):
            text = message.text(f"messages[{number}]").strip()
            if message.role == "user":
                turns.append(Turn(text))
            elif message.role == "assistant" and turns:
                turns[-1] = Turn(turns[-1].question, text)
        if not turns or not turns[-1].question:
            raise InputError("messages", "there is no question of the user's", "end with one")
        *before, last = (turn for turn in turns if turn.question)
        checked_question(last.question)
        short = [turn for turn in before[-_TURNS:] if len(turn.question) <= LONGEST_QUESTION]
        return understood(short, last.question, LONGEST_QUESTION)


_TURNS = 20
"""Turns that are looked back."""


@router.post(
    "/chat/completions",
    response_model=Completion,
    responses={
        200: {
            "description": "A chat.completion, or with `stream` its chunks as events, ended by `[DONE]`",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **openai_responses(400, 404, 408, 413, 422),
    },
)
def complete(body: ChatRequest, request: Request, serving: Served) -> Response:
    """Answer the last message of a conversation, as OpenAI's Chat Completions does.

    `annotations` are `url_citation`s, their offsets code points of the message. `civicite` holds the answer
    as `/v1/ask` gives it, and in `understood` the question with pronouns and ellipsis resolved.
    """
    body.check()
    _check_model(body.model)
    read = body.read()
    ask = partial(_ask, body.civicite or Wishes.model_validate({}), read.question, request, serving)
    head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": MODEL}
    prompt = "\n".join(message.text("messages") for message in body.messages)
    base = str(request.base_url)
    if body.stream:
        options = body.stream_options or StreamOptions()
        work = partial(_stream, head, read, ask, prompt if options.include_usage else None, base)
        return EventStream(work, partial(_failed, request))
    answer = ask()
    told = list(pieces(answer, base))
    content = "".join(piece.text for piece in told)
    message = {
        "role": "assistant",
        "content": content,
        "refusal": None,
        "annotations": [one for piece in told for one in piece.annotations],
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    whole = {"object": "chat.completion", "choices": [choice], "usage": usage(prompt, content)}
    return JSONResponse({**head, **whole, "civicite": extra(answer, read)})


@router.get("/models", response_model=ModelList, responses=openai_responses())
def models(serving: Served) -> JSONResponse:
    """List the one model that there is, as OpenAI does."""
    return JSONResponse({"object": "list", "data": [_model(serving)]})


@router.get("/models/{model}", response_model=ModelShown, responses=openai_responses(400, 404, 422))
def model(model: Annotated[str, Path(examples=[MODEL])], serving: Served) -> JSONResponse:
    """Describe the one model that there is."""
    _check_model(model)
    return JSONResponse(_model(serving))


def _check_model(model: str) -> None:
    if model != MODEL:
        raise RefusedParameter("model", f"there is no such model; use {MODEL!r}", 404, "model_not_found")


def _model(serving: Serving) -> dict[str, Any]:
    newest = list_commits(serving.index.folder, 1)
    created = int(datetime.fromisoformat(newest[0].at).timestamp()) if newest else 0
    return {"id": MODEL, "object": "model", "created": created, "owned_by": "civicite"}


def _ask(wishes: Wishes, question: str, request: Request, serving: Serving) -> Answer:
    wanted = wishes.min_confidence
    try:
        answer = serving.assistant.ask(
            question,
            top_k=wishes.top_k or serving.settings.top_k,
            filters=wishes.filters.to_filters() if wishes.filters else NO_FILTERS,
            min_confidence=serving.settings.min_confidence if wanted is None else wanted,
            as_of=wishes.as_of,
        )
    except InputError as error:
        raise InputError(f"civicite.{error.where}", error.problem, error.mend) from error
    note_answer(serving, request, answer)
    return answer


def _stream(
    head: dict[str, Any], read: Understood, ask: Any, prompt: str | None, base: str, emit: Emit
) -> None:
    counted = {"usage": None} if prompt is not None else {}

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return event(
            None, {**head, "object": "chat.completion.chunk", "choices": [choice], **counted, **more}
        )

    answer = ask()
    emit(chunk({"role": "assistant", "content": ""}))
    told: list[str] = []
    numbers = count()
    for piece in pieces(answer, base):
        told.append(piece.text)
        # Whoever puts the chunks together must know which entry of the list a part of one belongs to.
        noted = [{"index": next(numbers), **one} for one in piece.annotations]
        emit(chunk({"content": piece.text, **({"annotations": noted} if noted else {})}))
    emit(chunk({}, "stop", civicite=extra(answer, read)))
    if prompt is not None:
        last = {"object": "chat.completion.chunk", "choices": [], "usage": usage(prompt, "".join(told))}
        emit(event(None, {**head, **last}))
    emit(b"data: [DONE]\n\n")


def _failed(request: Request, error: Exception) -> bytes:
    return event(None, openai_error(json.loads(bytes(problem_for(request, error).body))))
