"""The articles over HTTP: listed, read by revision and span, put, deleted."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from indexer import ArticleNotFound, ArticleState, Metadata, Variant, View, submitted
from service.problems import Problem, responses
from service.schemas import ArticleBody, ArticleQuery, DeleteQuery, ListQuery
from service.serving import Served

router = APIRouter(prefix="/v1/articles", tags=["articles"])


@router.get("", responses=responses(422, 503))
def list_articles(query: Annotated[ListQuery, Query()], serving: Served) -> JSONResponse:
    """List the current articles by id; ``next`` goes on as ``after``, null at the end."""
    with serving.index.view() as view:
        found = view.articles(query.after, query.limit + 1)
        listed = [
            {"article_id": identity, "revision": revision, **_described(metadata)}
            for identity, revision, metadata in found[: query.limit]
        ]
        more = len(found) > query.limit
        state = {"commit": view.commit, "generation": view.generation.id}
    return JSONResponse(
        {"articles": listed, "next": listed[-1]["article_id"] if more else None, "index": state}
    )


@router.get("/{article_id:path}", responses=responses(404, 410, 416, 422, 503))
def read_article(article_id: str, query: Annotated[ArticleQuery, Query()], serving: Served) -> JSONResponse:
    """Read an article's canonical text, or the span ``[start, end)`` of it.

    Without ``revision`` it is the current one, and a withdrawn article is not found; with it, a revision
    is there for as long as a citation may name it, unless it was erased.
    ``variants`` are other current articles that are nearly
    the same as this one's current text but differ in a figure, a date or a name, as a corrected copy does.
    """
    with serving.index.view() as view:
        article = view.article(article_id, query.revision)
        if article.withdrawn and query.revision is None:
            raise ArticleNotFound(f"article {article_id!r}", "it was withdrawn", "ask for a revision")
        return JSONResponse(_article(view, article, query))


@router.put("/{article_id:path}", responses={201: {"description": "Added"}, **responses(403, 422, 503)})
def put_article(article_id: str, body: ArticleBody, serving: Served) -> JSONResponse:
    """Add or replace an article; the next answer may quote it."""
    found = submitted(article_id, body.title, body.text, body.metadata)
    with serving.editor() as editor:
        report = editor.put([found])
    if report.failed:
        raise report.failed[0]
    outcome = "added" if report.added else "changed" if report.changed else "unchanged"
    with serving.index.view() as view:
        article = view.article(found.article.id)
        state = {"commit": view.commit, "generation": view.generation.id}
    identified = {"article_id": article.id, "revision": article.revision, "sha256": article.sha256}
    return JSONResponse(
        {**identified, "outcome": outcome, "index": state}, 201 if outcome == "added" else 200
    )


@router.delete("/{article_id:path}", status_code=204, responses=responses(403, 404, 410, 422, 503))
def delete_article(article_id: str, query: Annotated[DeleteQuery, Query()], serving: Served) -> Response:
    """Withdraw an article; no answer quotes it from now on. With ``erase`` nothing is left of it."""
    with serving.editor() as editor:
        if query.erase:
            editor.erase([article_id])
        else:
            editor.withdraw([article_id])
    return Response(status_code=204)


def _article(view: View, article: ArticleState, query: ArticleQuery) -> dict[str, Any]:
    length = len(article.text)
    start = query.start or 0
    end = length if query.end is None else query.end
    if not start <= end <= length:
        raise Problem(416, "span-not-there", f"the text has {length} characters; {start}–{end} is not in it")
    return {
        "article_id": article.id,
        "revision": article.revision,
        "sha256": article.sha256,
        "withdrawn": article.withdrawn,
        "superseded_by": article.superseded_by,
        **_described(article.metadata),
        "media_type": article.media_type,
        "raw_sha256": article.raw_sha256,
        "taken_in": article.taken_in,
        "revisions": [
            {"revision": number, "sha256": sha256, "taken_in": at, "current": current}
            for number, sha256, at, current in view.revisions(article.id)
        ],
        "variants": [_variant(one) for one in view.variants(article.id)],
        "length": length,
        "start": start,
        "end": end,
        "text": article.text[start:end],
    }


def _variant(variant: Variant) -> dict[str, Any]:
    article, known = variant.article, variant.article.metadata
    return {
        "article_id": article.id,
        "revision": article.revision,
        "title": known.title,
        "published": known.published,
        "differences": [{"here": here, "there": there} for here, there in variant.differences],
    }


def _described(metadata: Metadata) -> dict[str, Any]:
    names = ("title", "publisher", "author", "url", "published", "language")
    facets = {name: list(values) for name, values in metadata.facets}
    return {**{name: getattr(metadata, name) for name in names}, "facets": facets}
