"""Entity tags: weak, of all that an answer says, or of all that decides what an answer will say.

Weak, because two answers with the same tag say the same and may still differ in the milliseconds they took,
or in how they are packed. RFC 9110 has ``If-Match`` compare strongly, by which no weak tag would ever match;
here it compares weakly as ``If-None-Match`` does. Nothing is lost by that: the first half of an article's tag
is of its id, text and description to the character, and of nothing else. The second half is of the whole
answer, which also tells of other articles; a change is not refused because of those.
"""

import hashlib
import json
import re
from importlib.metadata import version
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from indexer import ArticleState

KNOWN: dict[int | str, dict[str, Any]] = {
    304: {"description": "What the client has, by If-None-Match, is still so"}
}
"""For OpenAPI."""

ANY = "*"


def unless_known(request: Request, response: Response, article: ArticleState | None = None) -> Response:
    """Return a response with its tag; to a client that has what it says, only that this is still so."""
    tag = tag_of(response, article)
    if is_known(request, tag):
        of_the_body = ("content-length", "content-type")
        kept = {name: value for name, value in response.headers.items() if name not in of_the_body}
        return not_modified(tag, kept)
    response.headers["ETag"] = tag
    return response


def tag_of(response: Response, article: ArticleState | None = None) -> str:
    """Return the tag of a response that is made already; that of an article tells the article's state."""
    whole = _digest(bytes(response.body))
    return f'W/"{whole}"' if article is None else f'W/"{state_of(article)}.{whole}"'


def question_tag(path: str, body: object, *state: object) -> str:
    """Return the tag of the answer that this version of civicite gives to a question in a state."""
    written = json.dumps((_VERSION, path, body, *state), sort_keys=True, default=str)
    return f'W/"{_digest(written.encode())}"'


def state_of(article: ArticleState) -> str:
    """Return what an article's tag tells of it: another text or description has another one."""
    source = (article.media_type, article.raw_sha256, article.page_starts)
    told = (article.id, article.revision, article.sha256, article.metadata.to_json(), *source)
    return _digest(json.dumps(told).encode())


def named_tags(request: Request, condition: str) -> frozenset[str] | None:
    """Return the tags, without their W/, that a condition names: ANY for ``*``, None where it is not given.

    A list that is malformed names none, so that ``If-Match`` fails and ``If-None-Match`` holds.
    """
    lines = request.headers.getlist(condition)
    if not lines:
        return None
    written, tags, at = ", ".join(lines).strip(), set[str](), 0
    if written == ANY:
        return frozenset({ANY})
    while at < len(written):
        found = _ELEMENT.match(written, at)
        if found is None:
            return frozenset()
        if found["opaque"] is not None:
            tags.add(found["opaque"])
        at = found.end()
    return frozenset(tags)


def names_state(tags: frozenset[str], state: str) -> bool:
    """Tell whether any of the tags is of an article in this state."""
    return ANY in tags or any(tag.strip('"').partition(".")[0] == state for tag in tags)


def is_known(request: Request, tag: str) -> bool:
    """Tell whether the client has what the tag names (If-None-Match, compared weakly; RFC 9110, 13.1.2)."""
    known = named_tags(request, "if-none-match") or frozenset()
    return ANY in known or tag.removeprefix("W/") in known


def not_modified(tag: str, headers: dict[str, str]) -> Response:
    """Return the answer to a client that has it already, with such headers as the whole would have."""
    return Response(status_code=304, headers={**headers, "ETag": tag})


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:24]


_ELEMENT = re.compile(r'[ \t]*(?:(?:W/)?(?P<opaque>"[^"]*")[ \t]*)?(?:,|\Z)')
"""One of a list; it may be empty (RFC 9110, 5.6.1), and a tag may hold commas."""

_VERSION = version("civicite")
