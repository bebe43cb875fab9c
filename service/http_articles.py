"""The articles over HTTP: listed, read by revision and span, put, uploaded, deleted."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, File, Path, Query, Request, UploadFile
from fastapi.responses import JSONResponse, Response
from starlette.convertors import PathConvertor, register_url_convertor

from indexer import (
    ArticleNotFound,
    ArticleState,
    Index,
    InputError,
    Variant,
    View,
    submitted,
)
from service import metrics
from service.abstention import unknown_facets
from service.collection import described, readable, text_of
from service.declared import ONLY_A_FILE, OnceRoute
from service.feedback import forget_erased
from service.guard import LARGEST_BODY
from service.http_tags import KNOWN, named_tags, names_state, state_of, tag_of, unless_known
from service.problems import Problem, responses
from service.representations import ArticleList, ArticleShown, PutResult, Uploaded
from service.schemas import ArticleBody, ArticleQuery, DeleteQuery, ListQuery
from service.serving import Served
from service.uploading import read_upload

router = APIRouter(prefix="/v1/articles", tags=["articles"], route_class=OnceRoute)


class _AnyPath(PathConvertor):
    """A path to its end, line breaks included, so that an id that has one is refused in words."""

    regex = "(?s:.*)"


register_url_convertor("any", _AnyPath())

ArticleId = Annotated[str, Path(examples=["incheon-role-model-city"])]
AFile = Annotated[
    UploadFile, File(description="Its name tells its format", examples=["# Quiet lamps\n\nLjubljana …"])
]


@router.get("", response_model=ArticleList, responses={**KNOWN, **responses(422)})
def list_articles(query: Annotated[ListQuery, Query()], request: Request, serving: Served) -> Response:
    """List the current articles that pass the filters; ``next`` goes on as ``after``, null at the end."""
    with serving.index.view() as view:
        wanted = query.to_wanted()
        found = view.listed(wanted, query.limit + 1)
        unknown = None if found else unknown_facets(view, wanted.filters)
        state = {"commit": view.commit, "generation": view.generation.id}
    listed = [
        {
            "article_id": one.id,
            "revision": one.revision,
            "taken_in": one.taken_in,
            **described(one.metadata),
        }
        for one in found[: query.limit]
    ]
    following = query.cursor(found[query.limit - 1]) if len(found) > query.limit else None
    told = {"articles": listed, "next": following, "index": state, "message": unknown}
    return unless_known(request, JSONResponse(told))


@router.post("", response_model=Uploaded, responses=responses(400, 408, 413, 422), dependencies=[ONLY_A_FILE])
def upload(file: AFile, request: Request, serving: Served) -> JSONResponse:
    """Take in the articles of one file: .md, .txt, .html, .pdf, .docx, .jsonl.

    An article's id is the file's own, else its name without its suffix; one that is there already is
    replaced. What cannot be read is listed in ``failures``; when nothing could be, the request has failed.
    All that can be is taken in together, or nothing of it.
    Of a file that holds one article the ETag is that article's, as reading it gives it.
    """
    name = file.filename or ""
    with serving.edits.reading(request.state.answer) as leave:
        found = read_upload(name, file.file.read(LARGEST_BODY + 1), leave.check)
    with serving.editor(request.state.answer) as editor:
        report = editor.put(found, together=True)
        # Under the lock still: what is told is what was taken in, and not what another made of it since.
        with serving.index.view() as view:
            state = {"commit": view.commit, "generation": view.generation.id}
            ids = [*report.added, *report.changed, *report.unchanged]
            headers = (
                {"ETag": _current_tag(view, view.article(ids[0]))} if len(ids) == len(found) == 1 else {}
            )
    if report.added or report.changed:
        metrics.edited("POST")
    taken = {outcome: getattr(report, outcome) for outcome in ("added", "changed", "unchanged")}
    failed = [{"where": one.where, "problem": one.problem, "mend": one.mend} for one in report.failed]
    return JSONResponse({**taken, "failures": failed, "index": state}, headers=headers)


@router.get(
    "/{article_id:any}",
    response_model=ArticleShown,
    responses={**KNOWN, **responses(404, 410, 416, 422)},
)
def read_article(
    article_id: ArticleId, query: Annotated[ArticleQuery, Query()], request: Request, serving: Served
) -> Response:
    """Read an article's canonical text, or the span ``[start, end)`` of it.

    Without ``revision`` it is the current one, and a withdrawn article is not found; with it, a revision
    is there for as long as a citation may name it, unless it was erased.
    ``variants`` are other current articles that are nearly
    the same as this one's current text but differ in a figure, a date or a name, as a corrected copy does.
    """
    with serving.index.view() as view:
        article = readable(view, article_id, query.revision)
        return unless_known(request, JSONResponse(_article(view, article, query)), article)


@router.put(
    "/{article_id:any}",
    response_model=PutResult,
    responses={
        201: {"description": "Added", "model": PutResult},
        **responses(400, 408, 412, 413, 422),
    },
)
def put_article(article_id: ArticleId, body: ArticleBody, request: Request, serving: Served) -> JSONResponse:
    """Add or replace an article; the next answer may quote it.

    With ``If-Match`` and the tag of an earlier reading it is replaced only if its text and description are
    still as they were read; with ``If-None-Match: *`` it is added only if it is not there.
    """
    found = submitted(article_id, body.title, body.text, body.metadata)
    with serving.editor(request.state.answer) as editor:
        _check_conditions(request, serving.index, found.article.id)
        report = editor.put([found])
        if report.failed:
            raise report.failed[0]
        # Under the lock still: with the tag of another's change this client would overwrite it unseen.
        with serving.index.view() as view:
            article = view.article(found.article.id)
            state = {"commit": view.commit, "generation": view.generation.id}
            headers = {"ETag": _current_tag(view, article)}
    outcome = "added" if report.added else "changed" if report.changed else "unchanged"
    if outcome != "unchanged":
        metrics.edited("PUT")
    identified = {"article_id": article.id, "revision": article.revision, "sha256": article.sha256}
    told = {**identified, "outcome": outcome, "index": state}
    return JSONResponse(told, 201 if outcome == "added" else 200, headers)


@router.delete("/{article_id:any}", status_code=204, responses=responses(404, 410, 412, 422))
def delete_article(
    article_id: ArticleId, query: Annotated[DeleteQuery, Query()], request: Request, serving: Served
) -> Response:
    """Withdraw an article; no answer quotes it from now on. With ``erase`` nothing is left of it."""
    with serving.editor(request.state.answer) as editor:
        _check_conditions(request, serving.index, article_id)
        if query.erase:
            editor.erase([article_id])
        else:
            editor.withdraw([article_id])
    if query.erase:
        forget_erased(serving.settings.index)
    metrics.edited("DELETE")
    return Response(status_code=204)


def _check_conditions(request: Request, index: Index, article_id: str) -> None:
    """Raise a Problem when an article is not as the client thinks it is; call it under the lock."""
    expected, unwanted = named_tags(request, "if-match"), named_tags(request, "if-none-match")
    if expected is None and unwanted is None:
        return
    with index.view() as view:
        try:
            article = view.article(article_id)
            state = None if article.withdrawn else state_of(article)
        except ArticleNotFound:
            state = None
    if expected is not None and (state is None or not names_state(expected, state)):
        raise Problem("changed-meanwhile", "the article is not, or no longer, as If-Match names it")
    if unwanted is not None and state is not None and names_state(unwanted, state):
        raise Problem("exists-already", "the article is there already, as If-None-Match names it")


def _current_tag(view: View, article: ArticleState) -> str:
    """Return the tag that reading a current article gives."""
    return tag_of(JSONResponse(_article(view, article, ArticleQuery())), article)


def _article(view: View, article: ArticleState, query: ArticleQuery) -> dict[str, Any]:
    try:
        told = text_of(article, query.start or 0, query.end)
    except InputError as error:
        raise Problem("span-not-there", str(error)) from error
    return {
        **asdict(told),
        "media_type": article.media_type,
        "raw_sha256": article.raw_sha256,
        "revisions": [
            {"revision": number, "sha256": sha256, "taken_in": at, "current": current}
            for number, sha256, at, current in view.revisions(article.id)
        ],
        "variants": [_variant(one) for one in view.variants(article.id)],
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
