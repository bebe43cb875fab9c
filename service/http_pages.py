"""What a visitor without an address in mind finds: a page to ask on, a pointer for programs, llms.txt.

Everything comes from files beside this one and nothing from elsewhere. Knows nothing of articles.
"""

from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from importlib.resources import files

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from service.accept import preferred
from service.access import PAGE_FILES
from service.http_tags import KNOWN, unless_known
from service.problems import responses

router = APIRouter(tags=["pages"])

HTML, JSON = "text/html", "application/json"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""What the page may do: run its own script and ask this server."""


class Pointer(BaseModel):
    """Where to go from here."""

    name: str
    version: str
    ask: str
    openapi: str
    llms: str


@router.get(
    "/",
    response_model=Pointer,
    responses={
        200: {
            "description": "A pointer, or for a browser a page to ask on",
            "content": {
                HTML: {"schema": {"type": "string"}, "example": "<!doctype html>…"},
                JSON: {
                    "example": {
                        "name": "civicite",
                        "version": "0.1.0",
                        "ask": "/v1/ask",
                        "openapi": "/openapi.json",
                        "llms": "/llms.txt",
                    }
                },
            },
        },
        **KNOWN,
        **responses(),
    },
)
def root(request: Request) -> Response:
    """Show a page to ask on to a browser, and to programs where to go."""
    if preferred(request.headers.get("accept"), (JSON, HTML)) == HTML:
        return _sent(request, "page.html", HTML, {"Content-Security-Policy": POLICY, "Vary": "Accept"})
    places = {"ask": "/v1/ask", "openapi": "/openapi.json", "llms": "/llms.txt"}
    shown = Pointer(name="civicite", version=version("civicite"), **places)
    return JSONResponse(shown.model_dump(), headers={"Vary": "Accept"})


def _part(name: str) -> Callable[[Request], Response]:
    """Return the endpoint of a file that the page is made of."""

    def part(request: Request) -> Response:
        return _sent(request, name, PAGE_FILES[name], {})

    return part


for _name in PAGE_FILES:
    router.add_api_route(f"/{_name}", _part(_name), include_in_schema=False)


@router.get(
    "/llms.txt",
    response_class=Response,
    responses={
        200: {
            "description": "Markdown for language models: what this is, and what may be copied",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": "# civicite\n\n> …"}},
        },
        **KNOWN,
        **responses(),
    },
)
def llms(request: Request) -> Response:
    """Say to a language model what this is, how to ask and what may be copied (llmstxt.org)."""
    return _sent(request, "llms.txt", "text/plain; charset=utf-8", {})


def _sent(request: Request, name: str, kind: str, headers: dict[str, str]) -> Response:
    """Return a file, or say that the client has it still."""
    return unless_known(request, Response(_file(name), media_type=kind, headers=headers))


@cache
def _file(name: str) -> str:
    return (files("service") / "page" / name).read_text(encoding="utf-8")
