"""The HTTP interface: questions, facets and commits, and the application that all routers belong to.

Endpoints are plain functions that run in threads; the model is loaded once, when the application is
made. Errors are made elsewhere, in ``problems.py``.
"""

from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.params import Depends
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute

from indexer import NO_FILTERS, Filters, list_commits
from service.access import Access
from service.answer import Answer, SearchResult
from service.collection import LocalCollection
from service.cors import OtherPages
from service.declared import DECLARED_PARAMETERS, OnceRoute, RepeatedKey, answer_repeated
from service.guard import Guard
from service.http_articles import router as articles
from service.http_chat import router as chat
from service.http_feedback import router as service
from service.http_mcp import MCPDoor, MCPRoute, is_installed
from service.http_operation import note_answer
from service.http_operation import router as operation
from service.http_pages import router as pages
from service.http_stream import DESCRIBED, PassagesListener, answer_events, wants_events
from service.http_tags import KNOWN, is_known, not_modified, question_tag, unless_known
from service.http_verify import router as verification
from service.keys import Keyring
from service.observing import Observed
from service.openai_errors import OpenAIErrors, RefusedParameter, answer_refused
from service.problems import answer_problems, responses
from service.representations import Commits, Facets
from service.schemas import AskRequest, CommitsQuery, SearchRequest
from service.server import END_EDITS
from service.serving import Served, Serving
from service.settings import Settings, load_settings
from service.specification import DescribedApp
from service.store import store_of
from service.tracing import telemetry

questions = APIRouter(prefix="/v1", tags=["questions"], route_class=OnceRoute)


def create_app(settings: Settings | None = None, opening: Future[LocalCollection] | None = None) -> FastAPI:
    """Return the application over the index that the settings name, its model loaded.

    ``opening`` is that index where somebody opens it already. Raises CiviciteError when the index cannot be
    served. ``civicite serve`` is the way to run it: another server may listen beyond what the settings say.
    """
    settings = settings or load_settings()
    access = Access(settings, Keyring(store_of(settings.index)))
    access.check_binding()
    serving = Serving.open(settings) if opening is None else Serving.of(opening.result(), settings)

    door = MCPDoor(serving)

    @asynccontextmanager
    async def closing(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with door.opened():
            yield {END_EDITS: serving.edits.end}
        serving.index.close()

    app = DescribedApp(
        telemetry=telemetry(),
        title="civicite",
        version=version("civicite"),
        description="Answers questions about cities with quotations that are verified against their source.",
        # The interactive pages would load their scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=closing,
    )
    app.state.serving = serving
    app.add_middleware(Guard, access=access)
    app.add_middleware(OpenAIErrors)
    app.add_middleware(GZipMiddleware, minimum_size=2000, compresslevel=4)
    if settings.cors_origins:
        app.add_middleware(OtherPages, origins=settings.cors_origins)
    app.add_middleware(Observed)
    answer_problems(app)
    app.add_exception_handler(RefusedParameter, answer_refused)
    app.add_exception_handler(RepeatedKey, answer_repeated)
    own: list[APIRoute] = []
    for router in (questions, verification, articles, service, chat):
        own += _included(app, router, [DECLARED_PARAMETERS])
    # Pages are found by links, to which others add parameters of their own.
    for router in (operation, pages):
        own += _included(app, router, [])
    app.state.allowed = partial(_allowed, own)
    if is_installed():
        app.router.routes.append(MCPRoute(door))
    return app


def _included(app: FastAPI, router: APIRouter, dependencies: Sequence[Depends]) -> list[APIRoute]:
    """Add a router's routes, and return them; wherever GET is answered, HEAD is, too (RFC 9110 §9.1)."""
    app.include_router(router, dependencies=dependencies)
    routes = [route for route in router.routes if isinstance(route, APIRoute)]
    for route in routes:
        if "GET" in (route.methods or ()):
            app.add_api_route(
                route.path,
                route.endpoint,
                methods=["HEAD"],
                include_in_schema=False,
                dependencies=dependencies,
            )
    return routes


def _allowed(routes: Sequence[APIRoute], path: str) -> str:
    """List the methods that an address knows; Starlette names those of its first route alone."""
    known = [route.methods or set() for route in routes if route.path_regex.match(path)]
    methods = set[str]().union(*known)
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


@questions.post(
    "/ask", response_model=Answer, responses={200: DESCRIBED, **KNOWN, **responses(400, 408, 413, 422)}
)
def ask(body: AskRequest, request: Request, serving: Served) -> Response:
    """Answer a question with verified quotations, or abstain and say why.

    Offsets are Unicode code points, 0-based, end-exclusive, over the text whose SHA-256 a citation carries.
    """
    ask = partial(
        serving.assistant.ask,
        body.question,
        top_k=_top_k(body, serving.settings),
        filters=_filters(body),
        min_confidence=_min_confidence(body, serving.settings),
        as_of=body.as_of,
        explain=body.explain,
    )

    def answered(found: PassagesListener | None = None) -> Answer:
        answer = ask(on_passages=found)
        note_answer(serving, request, answer)
        return answer

    if wants_events(request):
        return answer_events(body.question, answered, request)
    tag = _question_tag(body, request, serving)
    if tag is not None and is_known(request, tag):
        return not_modified(tag, _FORMS)
    answer = answered()
    return _tagged(answer.to_dict(), tag)


@questions.post("/search", response_model=SearchResult, responses={**KNOWN, **responses(400, 408, 413, 422)})
def search(body: SearchRequest, request: Request, serving: Served) -> Response:
    """Return the passages nearest to a question; offsets as in answers."""
    tag = _question_tag(body, request, serving)
    if tag is not None and is_known(request, tag):
        return not_modified(tag, _FORMS)
    top_k = _top_k(body, serving.settings)
    result = serving.assistant.search(
        body.question, top_k=top_k, filters=_filters(body), as_of=body.as_of, explain=body.explain
    )
    note_answer(serving, request, result)
    return _tagged(result.to_dict(), tag)


@questions.get("/facets", response_model=Facets, responses={**KNOWN, **responses(422)})
def facets(request: Request, serving: Served) -> Response:
    """Count the current articles by facet name and value."""
    with serving.index.view() as view:
        counted = {"facets": view.facets(), "articles": view.count_articles()}
    return unless_known(request, JSONResponse(counted))


@questions.get("/commits", response_model=Commits, responses=responses(422))
def commits(query: Annotated[CommitsQuery, Query()], serving: Served) -> JSONResponse:
    """List the commits, the newest first, with what each did; ``next`` goes on as ``before``."""
    listed = list_commits(serving.index.folder, query.limit, query.before)
    more = bool(listed) and listed[-1].commit > 1
    return JSONResponse(
        {"commits": [commit.to_dict() for commit in listed], "next": listed[-1].commit if more else None}
    )


_FORMS = {"Vary": "Accept"}
"""Answers come in two forms; whoever keeps them must keep both."""


def _top_k(body: SearchRequest, settings: Settings) -> int:
    return body.top_k or settings.top_k


def _min_confidence(body: SearchRequest, settings: Settings) -> float | None:
    return settings.min_confidence if body.min_confidence is None else body.min_confidence


def _question_tag(body: SearchRequest, request: Request, serving: Serving) -> str | None:
    """Return the tag that the answer has, read before it: an answer of a later state is then sent once more.

    Answers about the past show what became of articles since, and so follow no single commit.
    """
    if body.as_of is not None:
        return None
    with serving.index.view() as view:
        state = (view.chain, view.generation.id, serving.assistant.ranker_name)
    asked = body.model_dump(mode="json", by_alias=True)
    # What a question leaves open the settings decide, which may be others when the client asks again.
    decided = {
        "top_k": _top_k(body, serving.settings),
        "min_confidence": _min_confidence(body, serving.settings),
    }
    return question_tag(request.url.path, {**asked, **decided}, *state)


def _tagged(shown: dict[str, Any], tag: str | None) -> JSONResponse:
    return JSONResponse(shown, headers=_FORMS if tag is None else {**_FORMS, "ETag": tag})


def _filters(body: SearchRequest) -> Filters:
    return body.filters.to_filters() if body.filters else NO_FILTERS
