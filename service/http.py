"""The HTTP interface: questions, facets and commits, and the application that all routers belong to.

Endpoints are plain functions that run in threads; the model is loaded once, when the application is
made. Errors are made elsewhere, in ``problems.py``.
"""

from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.routing import Route

from indexer import NO_FILTERS, Filters, list_commits
from service.access import OPEN_PATHS, Access
from service.answer import Answer, IndexState, SearchResult
from service.collection import LocalCollection
from service.cors import OtherPages
from service.declared import DECLARED_PARAMETERS
from service.guard import Guard
from service.http_articles import router as articles
from service.http_chat import router as chat
from service.http_feedback import router as service
from service.http_mcp import PATH, MCPDoor, is_installed
from service.http_operation import note_answer
from service.http_operation import router as operation
from service.http_pages import router as pages
from service.http_stream import DESCRIBED, PassagesListener, answer_events, wants_events
from service.http_tags import KNOWN, is_known, not_modified, question_tag, tag_of
from service.http_verify import router as verification
from service.keys import Keyring
from service.observing import Observed
from service.openai_errors import OpenAIErrors, RefusedParameter, answer_refused
from service.problems import answer_problems, responses
from service.representations import Commits, Facets
from service.schemas import AskRequest, CommitsQuery, SearchRequest
from service.serving import Served, Serving
from service.settings import Settings, load_settings
from service.specification import DescribedApp
from service.store import store_of
from service.tracing import telemetry

questions = APIRouter(prefix="/v1", tags=["questions"])


def create_app(settings: Settings | None = None, opening: Future[LocalCollection] | None = None) -> FastAPI:
    """Return the application over the index that the settings name, its model loaded.

    ``opening`` is that index where somebody opens it already. Raises CiviciteError when the index cannot be
    served. ``uvicorn --factory service.http:create_app`` calls it with the settings of the working directory.
    """
    settings = settings or load_settings()
    access = Access(settings, Keyring(store_of(settings.index)))
    access.check_binding()
    serving = Serving.open(settings) if opening is None else Serving.of(opening.result(), settings)

    door = MCPDoor(serving.assistant)

    @asynccontextmanager
    async def closing(app: FastAPI) -> AsyncIterator[None]:
        async with door.opened():
            yield
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
    for router in (questions, verification, articles, service, chat):
        app.include_router(router, dependencies=[DECLARED_PARAMETERS])
    # Pages are found by links, to which others add parameters of their own.
    for router in (operation, pages):
        app.include_router(router)
        _answer_heads(app, router)
    if is_installed():
        app.router.routes.append(Route(PATH, door, include_in_schema=False))
    return app


def _answer_heads(app: FastAPI, router: APIRouter) -> None:
    """Answer HEAD, which load balancers send, at a router's addresses that are open to all."""
    for route in router.routes:
        if isinstance(route, APIRoute) and route.path in OPEN_PATHS:
            app.add_api_route(route.path, route.endpoint, methods=["HEAD"], include_in_schema=False)


@questions.post(
    "/ask", response_model=Answer, responses={200: DESCRIBED, **KNOWN, **responses(400, 413, 422)}
)
def ask(body: AskRequest, request: Request, serving: Served) -> Response:
    """Answer a question with verified quotations, or abstain and say why.

    Offsets are Unicode code points, 0-based, end-exclusive, over the text whose SHA-256 a citation carries.
    """
    wanted = body.min_confidence
    ask = partial(
        serving.assistant.ask,
        body.question,
        top_k=body.top_k or serving.settings.top_k,
        filters=_filters(body),
        min_confidence=serving.settings.min_confidence if wanted is None else wanted,
        as_of=body.as_of,
        explain=body.explain,
    )

    def answered(found: PassagesListener | None = None) -> Answer:
        answer = ask(on_passages=found)
        note_answer(request, serving, answer)
        return answer

    if wants_events(request):
        return answer_events(body.question, answered, request)
    tag = _question_tag(body, request, serving)
    if tag is not None and is_known(request, tag):
        return not_modified(tag, _FORMS)
    answer = answered()
    return _tagged(answer.to_dict(), answer.index, body, request)


@questions.post("/search", response_model=SearchResult, responses={**KNOWN, **responses(400, 413, 422)})
def search(body: SearchRequest, request: Request, serving: Served) -> Response:
    """Return the passages nearest to a question; offsets as in answers."""
    tag = _question_tag(body, request, serving)
    if tag is not None and is_known(request, tag):
        return not_modified(tag, _FORMS)
    top_k = body.top_k or serving.settings.top_k
    result = serving.assistant.search(
        body.question, top_k=top_k, filters=_filters(body), as_of=body.as_of, explain=body.explain
    )
    note_answer(request, serving, result)
    return _tagged(result.to_dict(), result.index, body, request)


@questions.get("/facets", response_model=Facets, responses={**KNOWN, **responses(422)})
def facets(request: Request, serving: Served) -> Response:
    """Count the current articles by facet name and value."""
    with serving.index.view() as view:
        tag = tag_of(request, view.commit, view.generation.id)
        if is_known(request, tag):
            return not_modified(tag)
        counted = {"facets": view.facets(), "articles": view.count_articles()}
    return JSONResponse(counted, headers={"ETag": tag})


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


def _question_tag(body: SearchRequest, request: Request, serving: Serving) -> str | None:
    """Return the tag that the answer would have now; none is needed unless the client asks by one.

    Answers about the past show what became of articles since, and so follow no single commit.
    """
    if body.as_of is not None or "if-none-match" not in request.headers:
        return None
    with serving.index.view() as view:
        return _tag_at(body, request, view.commit, view.generation.id, serving.assistant.ranker_name)


def _tagged(shown: dict[str, Any], state: IndexState, body: SearchRequest, request: Request) -> JSONResponse:
    headers = dict(_FORMS)
    if body.as_of is None:
        headers["ETag"] = _tag_at(body, request, state.commit, state.generation, state.ranker)
    return JSONResponse(shown, headers=headers)


def _tag_at(body: SearchRequest, request: Request, *state: object) -> str:
    return question_tag(request.url.path, body.model_dump(mode="json", by_alias=True), *state)


def _filters(body: SearchRequest) -> Filters:
    return body.filters.to_filters() if body.filters else NO_FILTERS
