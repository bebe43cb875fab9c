"""Pages of other origins: which may read what is answered here, refusals included (CORS).

Knows nothing of who may do what; ``access.py`` decides, and what it refuses such a page can read.
"""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from service.guard import SECURITY_HEADERS
from service.problems import problem_response

METHODS = ("GET", "POST", "PUT", "DELETE")
SENT = ("Authorization", "Content-Type", "If-Match", "If-None-Match", "X-Request-Id")
SHOWN = ("ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "WWW-Authenticate", "X-Request-Id")


class OtherPages(CORSMiddleware):
    """ASGI middleware that tells browsers that pages of these origins may read an answer.

    It is outside the guard: what the guard refuses is of use to a page only when the page can read it. So a
    preflight, which carries no key, costs nothing of anybody's rate.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        super().__init__(
            app, allow_origins=origins, allow_methods=METHODS, allow_headers=SENT, expose_headers=SHOWN
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer a browser that asks beforehand; a refusal is a problem as everywhere."""
        answer = super().preflight_response(request_headers)
        if answer.status_code >= _REFUSED:
            told = bytes(answer.body).decode()
            refusal = problem_response("foreign-origin", f"{told}; see the setting cors_origins")
            kept = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
            refusal.headers.update(kept)
            answer = refusal
        for name, value in SECURITY_HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer


_REFUSED = 400
