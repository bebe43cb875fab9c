"""Errors in the shape that OpenAI's clients read, on the addresses that they use.

Whatever answers there with a problem document, be it an endpoint, the guard or a bug, is put into that
shape on its way out.
"""

import json
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import ANYWHERE, problem_examples

PATHS = ("/v1/chat/", "/v1/models")

_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


class RefusedParameter(Exception):
    """A parameter that is not supported; ``param`` and ``code`` are OpenAI's."""

    def __init__(
        self, param: str, message: str, status: int = 400, code: str = "unsupported_parameter"
    ) -> None:
        super().__init__(message)
        self.param, self.message, self.status, self.code = param, message, status, code


def answer_refused(request: Request, error: Exception) -> JSONResponse:
    """Answer a refused parameter; an exception handler of the application."""
    assert isinstance(error, RefusedParameter)  # noqa: S101 - registered for this class
    return JSONResponse(_shape(error.message, error.status, error.param, error.code), error.status)


def openai_error(document: dict[str, Any]) -> dict[str, Any]:
    """Return a problem document in OpenAI's shape."""
    kind = str(document["type"]).rpartition(":")[2]
    errors = document.get("errors") or []
    where = errors[0]["field"] if errors else None
    return _shape(document["detail"], int(document["status"]), where, kind.replace("-", "_"))


def _shape(message: str, status: int, param: str | None, code: str) -> dict[str, Any]:
    kind = _TYPES.get(status, "invalid_request_error" if status < _OURS else "server_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def openai_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe an endpoint's errors for OpenAPI."""
    text = {"type": ["string", "null"]}
    fields = {"message": {"type": "string"}, "type": {"type": "string"}, "param": text, "code": text}
    error = {"type": "object", "properties": fields, "required": list(fields)}
    schema = {"type": "object", "properties": {"error": error}, "required": ["error"]}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {"application/json": {"schema": schema}},
        }
        for status in sorted({*statuses, *ANYWHERE})
    }


def openai_examples(status: int) -> dict[str, Any]:
    """Return an error of each kind that comes with a status."""
    if status == HTTPStatus.NOT_FOUND:
        shown = _shape("there is no such model; use 'civicite'", 404, "model", "model_not_found")
        return {"model_not_found": {"value": shown}}
    shown = problem_examples(status)
    if status == HTTPStatus.BAD_REQUEST:
        shown |= problem_examples(HTTPStatus.UNPROCESSABLE_ENTITY)
    found = {
        name.replace("-", "_"): {**one, "value": openai_error(one["value"])} for name, one in shown.items()
    }
    if status == HTTPStatus.BAD_REQUEST:
        refused = "'tools' is not supported: an answer is one message made of quotations; leave it out"
        found["unsupported_parameter"] = {"value": _shape(refused, 400, "tools", "unsupported_parameter")}
    return found


class OpenAIErrors:
    """ASGI middleware that puts problem documents into OpenAI's shape on OpenAI's addresses."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and put what goes wrong into shape."""
        if scope["type"] != "http" or not scope["path"].startswith(PATHS):
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        content = b""

        async def shaped(message: Message) -> None:
            nonlocal start, content
            if message["type"] == "http.response.start" and _is_problem(message):
                start = message
            elif start is None:
                await send(message)
            else:
                content += message.get("body", b"")
                if not message.get("more_body", False):
                    await _send_shaped(start, content, send)

        await self._app(scope, receive, shaped)


def _is_problem(message: Message) -> bool:
    return (b"content-type", b"application/problem+json") in message["headers"]


async def _send_shaped(start: Message, content: bytes, send: Send) -> None:
    document = json.loads(content)
    # OpenAI knows no 422: a request that does not fit is 400.
    status = HTTPStatus.BAD_REQUEST if start["status"] == HTTPStatus.UNPROCESSABLE_ENTITY else start["status"]
    body = json.dumps(openai_error(document), ensure_ascii=False).encode()
    replaced = {b"content-type": b"application/json", b"content-length": str(len(body)).encode()}
    headers = [(name, replaced.get(name, value)) for name, value in start["headers"]]
    await send({**start, "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})


_OURS = 500
