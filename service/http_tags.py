"""Entity tags: weak, of the commit, generation and ranker that an answer comes from, and of what was asked.

Weak, because two answers with the same tag say the same and may still differ in the milliseconds they took.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import Response

KNOWN: dict[int | str, dict[str, Any]] = {
    304: {"description": "What the client has, by If-None-Match, is still so"}
}
"""For OpenAPI."""


def tag_of(request: Request, *state: object, revision: int | None = None) -> str:
    """Return the tag of an answer to a request without a body; an article's tells its revision."""
    return _tag(revision, request.url.path, request.url.query, *state)


def revision_in(tag: str) -> int | None:
    """Return the revision that an article's tag tells, None when it tells none."""
    told = _opaque(tag).strip('"').partition("-")[0].removeprefix("r")
    return int(told) if told.isascii() and told.isdecimal() and len(told) < _DIGITS else None


def question_tag(path: str, body: object, *state: object) -> str:
    """Return the tag of an answer to a question."""
    return _tag(None, path, body, *state)


def is_known(request: Request, tag: str) -> bool:
    """Tell whether the client has what the tag names (If-None-Match, compared weakly; RFC 9110, 13.1.2)."""
    given = [one.strip() for one in request.headers.get("if-none-match", "").split(",")]
    return any(_opaque(one) == _opaque(tag) for one in given if one) or "*" in given


def not_modified(tag: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer to a client that has it already, with such headers as the whole would have."""
    return Response(status_code=304, headers={**(headers or {}), "ETag": tag})


def _opaque(tag: str) -> str:
    return tag.removeprefix("W/").strip()


def _tag(revision: int | None, *parts: object) -> str:
    written = json.dumps(parts, ensure_ascii=True, sort_keys=True, default=str)
    digest = hashlib.sha256(written.encode()).hexdigest()[:24]
    return f'W/"{digest}"' if revision is None else f'W/"r{revision}-{digest}"'


_DIGITS = 16
