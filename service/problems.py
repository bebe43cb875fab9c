"""Errors over HTTP: one shape, the problem document of RFC 9457, with stable types.

Knows which error becomes which problem. A problem never holds a path of this machine or a traceback, and of
a value that was sent no more than its beginning.
"""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from indexer import (
    ArticleDamaged,
    ArticleErased,
    ArticleNotFound,
    CiviciteError,
    IndexDamaged,
    IndexLocked,
    IndexNotFound,
    InputError,
    ReadError,
    RecipeMismatch,
)
from service import request_ids
from service.askable import MOST_PASSAGES
from service.field_problems import FieldProblem, field_problems

TYPES = "urn:civicite:problem:"

PROBLEMS: dict[str, tuple[int, str]] = {
    "malformed-body": (400, "The body is not JSON in UTF-8, or not the form that it is called."),
    "key-required": (401, "This needs an API key: send it as `Authorization: Bearer KEY`."),
    "key-unknown": (401, "There is no such key, or it was revoked."),
    "scope-missing": (403, "The key is valid, but may not do this."),
    "foreign-origin": (403, "A web page of another origin may not change anything."),
    "article-not-found": (404, "No such article or revision, or it was withdrawn."),
    "not-found": (404, "There is nothing at this address."),
    "method-not-allowed": (405, "This address does not know this method; `Allow` lists those it knows."),
    "body-too-slow": (408, "The body did not come in time; the connection is closed."),
    "article-erased": (410, "It was there once and was erased for good."),
    "changed-meanwhile": (412, "The article is not, or no longer, as `If-Match` names it."),
    "exists-already": (412, "The article is there, and `If-None-Match` is `*` or names it as it is."),
    "body-too-large": (413, "The body is larger than this address takes."),
    "span-not-there": (416, "The text has no such span."),
    "unknown-host": (421, "The server is not known by the name in `Host`."),
    "invalid-request": (
        422,
        "A field or parameter does not fit, as `errors` names each; or an article does not.",
    ),
    "too-many-requests": (429, "More requests in a minute than the settings allow; `Retry-After` says when."),
    "http-error": (400, "Another error of the protocol; the status says which."),
    "index-damaged": (500, "What was written is not what is there; `civicite verify` names it."),
    "index-unusable": (500, "The index cannot be used; the server's log says why."),
    "internal-error": (500, "Something went wrong here; the server's log says what."),
    "index-empty": (503, "Nothing has been indexed yet."),
    "index-locked": (503, "Another writer holds the index; `Retry-After` says when to come back."),
    "model-changed": (503, "The index was rebuilt with another model; the server must be started again."),
    "overloaded": (503, "Too many requests are under way; `Retry-After` says when to come back."),
    "shutting-down": (503, "The server is ending, and nothing was changed; `Retry-After` says when to come."),
    "too-slow": (503, "The answer did not begin in time, and nothing was changed; come after `Retry-After`."),
    "feedback-full": (
        507,
        "As much feedback is kept as `feedback_bytes` allows; `civicite feedback delete`.",
    ),
}
"""Every type, which is its name after ``TYPES``, with its status and what it means; they are stable."""
RETRY_SECONDS = 5
"""After how long a writer may try again when another one holds the index."""

RESTART_SECONDS = 60
"""After how long to ask again when somebody has to start the server again."""

BUG = "something went wrong here; the server's log says what"

log = logging.getLogger("uvicorn.error")


class ProblemDocument(BaseModel):
    """A problem document of RFC 9457; ``type`` is stable, ``detail`` is for people."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = None
    request_id: str | None = None


class Problem(Exception):
    """Raised by an endpoint to answer with a problem document."""

    def __init__(self, kind: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.kind, self.detail = kind, detail
        self.headers = dict(headers or {})
        if PROBLEMS[kind][0] == HTTPStatus.UNAUTHORIZED:
            self.headers["WWW-Authenticate"] = "Bearer"


def answer_problems(app: FastAPI) -> None:
    """Make an application answer every error with a problem document."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(CiviciteError, _on_civicite_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_bug)


def problem_for(request: Request, error: Exception) -> JSONResponse:
    """Return the problem document that an endpoint's error becomes; one that nobody foresaw is logged."""
    if isinstance(error, Problem):
        return _on_problem(request, error)
    if isinstance(error, CiviciteError):
        return _on_civicite_error(request, error)
    log.error("%s %s", request.method, request.url.path, exc_info=error)
    return _on_bug(request, error)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe an endpoint's problems for OpenAPI, with those that any request may meet."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {
                "application/problem+json": {
                    "schema": {"$ref": "#/components/schemas/ProblemDocument"},
                    "examples": problem_examples(status),
                }
            },
        }
        for status in sorted({*statuses, *ANYWHERE})
    }


def problem_examples(status: int) -> dict[str, Any]:
    """Return a document of each type that an endpoint answers with this status."""
    found = {}
    for kind, (its_status, when) in PROBLEMS.items():
        if its_status == status and kind not in _OF_NO_ENDPOINT:
            detail, errors = (_INVALID, [_TOO_LARGE]) if kind == "invalid-request" else (when, [])
            document = problem_document(kind, detail, errors, "6f0d3c1c5a3b4a1f9b0a3a2f7d2b8e11")
            found[kind] = {"summary": when, "value": document}
    return found


_OF_NO_ENDPOINT = ("not-found", "method-not-allowed", "http-error")
_TOO_LARGE = FieldProblem(field="top_k", problem=f"Input should be less than or equal to {MOST_PASSAGES}")
_INVALID = f"{_TOO_LARGE.field}: {_TOO_LARGE.problem}"
ANYWHERE = (400, 401, 403, 421, 429, 500, 503)
"""Statuses that any request may meet."""


def problem_document(
    kind: str,
    detail: str,
    errors: Sequence[FieldProblem] = (),
    request_id: str | None = None,
    status: int | None = None,
) -> dict[str, Any]:
    """Return a problem document; what is not known is left out, and ``status`` is the kind's."""
    document: dict[str, Any] = {
        "type": TYPES + kind,
        "title": kind.replace("-", " ").capitalize(),
        "status": status or PROBLEMS[kind][0],
        "detail": detail,
    }
    if errors:
        document["errors"] = [error.model_dump() for error in errors]
    if request_id is not None:
        document["request_id"] = request_id
    return document


def problem_response(
    kind: str,
    detail: str,
    errors: Sequence[FieldProblem] = (),
    retry: int | None = None,
    headers: Mapping[str, str] | None = None,
    status: int | None = None,
) -> JSONResponse:
    """Return a problem document as a response; ``status`` is for a kind that has no status of its own."""
    document = problem_document(kind, detail, errors, request_ids.current(), status)
    more = dict(headers or {}) | ({"Retry-After": str(retry)} if retry is not None else {})
    return JSONResponse(document, document["status"], more, media_type="application/problem+json")


def _on_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # noqa: S101 - registered for this class
    return problem_response(error.kind, error.detail, headers=error.headers)


def _on_civicite_error(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, ArticleErased):
        return problem_response("article-erased", f"{error.where}: {error.problem}")
    if isinstance(error, ArticleNotFound):
        return problem_response("article-not-found", f"{error.where}: {error.problem}")
    if isinstance(error, InputError):
        # A file, or an article by its id, is no field.
        is_field = not isinstance(error, ReadError)
        named = FieldProblem(field=error.where, problem=f"{error.problem}; {error.mend}")
        return problem_response("invalid-request", str(error), [named] if is_field else [])
    if isinstance(error, IndexLocked):
        detail = "another writer holds the index; try again in a moment"
        return problem_response("index-locked", detail, retry=RETRY_SECONDS)
    if isinstance(error, IndexNotFound):
        return problem_response("index-empty", "nothing has been indexed yet", retry=RETRY_SECONDS)
    if isinstance(error, RecipeMismatch):
        log.error("%s %s: %s", request.method, request.url.path, error)
        detail = "the index was rebuilt with another model; the server must be started again"
        return problem_response("model-changed", detail, retry=RESTART_SECONDS)
    # The message may name folders of this machine: it belongs in the log.
    log.error("%s %s: %s", request.method, request.url.path, error)
    if isinstance(error, ArticleDamaged):
        return problem_response("index-damaged", str(error))
    kind = "index-damaged" if isinstance(error, IndexDamaged) else "index-unusable"
    return problem_response(kind, "the index cannot be used; the server's log says why")


def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    if any(one["type"] == "json_invalid" for one in error.errors()):
        return problem_response("malformed-body", "the body is not valid JSON")
    errors = field_problems(error.errors(), error.body)
    detail = "; ".join(f"{one.field}: {one.problem}" for one in errors[:5])
    return problem_response("invalid-request", detail, errors[:50])


def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    kinds = {400: "malformed-body", 404: "not-found", 405: "method-not-allowed", 413: "body-too-large"}
    is_form = request.headers.get("content-type", "").lower().startswith("multipart/")
    details = {
        404: "there is nothing at this address; /openapi.json describes what there is",
        405: "this address does not know this method; /openapi.json describes what there is",
        400: "the body is no form as its content-type says" if is_form else "the body is not JSON in UTF-8",
        413: "the body is larger than this server takes",
    }
    status = error.status_code
    kind, detail = kinds.get(status, "http-error"), details.get(status, error.detail)
    response = problem_response(kind, detail, status=status)
    response.headers.update(error.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = request.app.state.allowed(request.url.path) or response.headers["Allow"]
    return response


def _on_bug(request: Request, error: Exception) -> JSONResponse:
    return problem_response("internal-error", BUG)
