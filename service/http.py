"""The HTTP interface: questions, articles, facets and the verification of citations.

Endpoints are plain functions that run in threads; the model is loaded once, when the application is
made. Errors are made elsewhere, in ``problems.py``.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse

from indexer import NO_FILTERS, ArticleNotFound, Filters, View
from service.answer import Answer, SearchResult
from service.http_articles import router as articles
from service.problems import Problem, answer_problems, responses
from service.schemas import AskRequest, CitationToVerify, SearchRequest, VerifyRequest
from service.serving import BodyLimit, Served, Serving
from service.settings import Settings, load_settings

questions = APIRouter(prefix="/v1", tags=["questions"])
health = APIRouter(tags=["health"])


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application over the index that the settings name, its model loaded.

    Raises CiviciteError when the index cannot be served. ``uvicorn --factory service.http:create_app``
    calls it with the settings of the working directory.
    """
    serving = Serving.open(settings or load_settings())

    @asynccontextmanager
    async def closing(app: FastAPI) -> AsyncIterator[None]:
        yield
        serving.index.close()

    app = FastAPI(
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
    app.add_middleware(BodyLimit)
    answer_problems(app)
    for router in (questions, articles, health):
        app.include_router(router)
    return app


@questions.post("/ask", response_model=Answer, responses=responses(400, 413, 422, 500, 503))
def ask(body: AskRequest, serving: Served) -> JSONResponse:
    """Answer a question with verified quotations, or abstain and say why."""
    _refuse_as_of(body)
    wanted = body.min_confidence
    answer = serving.assistant.ask(
        body.question,
        top_k=body.top_k or serving.settings.top_k,
        filters=_filters(body),
        min_confidence=serving.settings.min_confidence if wanted is None else wanted,
    )
    return JSONResponse(answer.to_dict())


@questions.post("/search", response_model=SearchResult, responses=responses(400, 413, 422, 500, 503))
def search(body: SearchRequest, serving: Served) -> JSONResponse:
    """Return the passages nearest to a question."""
    _refuse_as_of(body)
    top_k = body.top_k or serving.settings.top_k
    result = serving.assistant.search(body.question, top_k=top_k, filters=_filters(body))
    return JSONResponse(result.to_dict())


@questions.post("/verify", responses=responses(400, 413, 422, 500, 503))
def verify(body: VerifyRequest, serving: Served) -> JSONResponse:
    """Say of each citation whether it is in the catalog, character by character, and if not what is wrong."""
    with serving.index.view() as view:
        results = [_verified(view, citation) for citation in body.citations]
    return JSONResponse({"results": results, "verified": all(result["verified"] for result in results)})


@questions.get("/facets", responses=responses(503))
def facets(serving: Served) -> JSONResponse:
    """Count the current articles by facet name and value."""
    with serving.index.view() as view:
        return JSONResponse({"facets": view.facets(), "articles": view.count_articles()})


@health.get("/healthz")
def healthz() -> JSONResponse:
    """Say that the process runs."""
    return JSONResponse({"status": "ok"})


@health.get("/readyz", responses=responses(500, 503))
def readyz(serving: Served) -> JSONResponse:
    """Say that questions can be answered, and from which state of the index."""
    with serving.index.view() as view:
        return JSONResponse({"status": "ready", "commit": view.commit, "generation": view.generation.id})


def _filters(body: SearchRequest) -> Filters:
    return body.filters.to_filters() if body.filters else NO_FILTERS


def _refuse_as_of(body: SearchRequest) -> None:
    if body.as_of is not None:
        raise Problem(422, "not-supported", "as_of: not supported yet; send null or leave it out")


def _verified(view: View, citation: CitationToVerify) -> dict[str, Any]:
    named = {"article_id": citation.article_id, "revision": citation.revision}
    try:
        article = view.article(citation.article_id, citation.revision)
    except ArticleNotFound as error:
        return {**named, "verified": False, "problem": error.problem, "withdrawn": None}
    text, start, end = article.text, citation.start, citation.end
    problem = None
    if article.sha256 != citation.sha256:
        problem = "the text of this revision has another SHA-256"
    elif not start < end <= len(text):
        problem = f"the text has {len(text)} characters; {start}–{end} is not in it"
    elif text[start:end] != citation.quote:
        problem = "the quote is not what stands there"
    elif not (text[:start].endswith(citation.prefix) and text[end:].startswith(citation.suffix)):
        problem = "prefix or suffix is not what stands around the quote"
    return {**named, "verified": problem is None, "problem": problem, "withdrawn": article.withdrawn}
