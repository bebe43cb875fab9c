"""What the chat interface answers with, by OpenAI's names, for OpenAPI; held against it by the tests."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Open(BaseModel):
    """What all of them share; OpenAI's shapes grow."""

    model_config = ConfigDict(extra="allow")


class URLCited(Open):
    """Where a quotation comes from; offsets are code points of the message."""

    start_index: int
    end_index: int
    title: str
    url: str


class Annotation(Open):
    """A part of the message and its source."""

    type: Literal["url_citation"]
    url_citation: URLCited


class ChatMessage(Open):
    """The answer's sentences with numbers, then the sources."""

    role: Literal["assistant"]
    content: str
    refusal: None
    annotations: list[Annotation]


class Choice(Open):
    """The one choice that there is."""

    index: int
    message: ChatMessage
    logprobs: None
    finish_reason: Literal["stop"]


class Usage(Open):
    """Words and marks; nothing is generated."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Completion(Open):
    """A chat.completion."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    civicite: dict[str, Any] = Field(
        description="The answer as /v1/ask gives it; `understood` is the question as it was looked for"
    )


class ModelShown(Open):
    """The one model that there is."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ModelList(Open):
    """The models that there are."""

    object: Literal["list"]
    data: list[ModelShown]
