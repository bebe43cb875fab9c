"""What an agent can do with a collection: six tools with small replies, which go on where a cursor says.

Knows what fits into a reply; ``tool_replies.py`` has their forms, ``mcp_server.py`` offers the tools over the
Model Context Protocol.
"""

import json
from collections.abc import Callable, Mapping

from pydantic import BaseModel

from indexer import NO_FILTERS, ArticleNotFound, Filters, InputError, facet_name
from service.answer import Answer, Hit, SearchResult
from service.budget import FEWEST_TOKENS, MOST_TOKENS, Cursor, cut, fitting, tokens
from service.collection import LocalCollection
from service.schemas import bound_among
from service.tool_replies import (
    AskReply,
    Cited,
    Excerpt,
    FacetsReply,
    FacetValue,
    ReadReply,
    SearchReply,
    StatusReply,
    VerifyReply,
)
from service.verdicts import STATUSES, Claim

Noted = Callable[[Answer | SearchResult], None]
"""Is told what was answered."""

_NEAREST = 3
"""Passages that are shown with an abstention."""

_FRAME = 80
"""Tokens of what every reply holds beside its items."""


def search(
    collection: LocalCollection,
    question: str,
    *,
    top_k: int,
    filters: Filters,
    as_of: str | int | None,
    max_tokens: int,
    cursor: str | None,
    noted: Noted,
) -> SearchReply:
    """Find the passages nearest to a question."""
    asked = ("search", question, top_k, repr(filters), as_of)
    at = _resumed(collection, cursor, asked)
    moment = as_of if as_of is not None else at.state or None
    found = collection.search(question, top_k=top_k, filters=filters, as_of=moment)
    noted(found)
    hits = [_excerpt(hit, _room(max_tokens)) for hit in found.hits[at.first :]]
    count = fitting(hits, _cost, _room(max_tokens))
    more = Cursor(at.first + count, found.index.commit) if count < len(hits) else None
    return SearchReply(
        commit=found.index.commit,
        hits=hits[:count],
        message=found.message,
        cursor=more.write(*asked) if more else None,
    )


def ask(
    collection: LocalCollection,
    question: str,
    *,
    top_k: int,
    filters: Filters,
    min_confidence: float | None,
    as_of: str | int | None,
    max_tokens: int,
    cursor: str | None,
    noted: Noted,
) -> AskReply:
    """Answer a question with verified quotations, or abstain."""
    asked = ("ask", question, repr(filters), min_confidence, as_of)
    at = _resumed(collection, cursor, asked)
    answer = collection.ask(
        question,
        top_k=max(top_k, _NEAREST),
        filters=filters,
        min_confidence=min_confidence,
        as_of=as_of if as_of is not None else at.state or None,
    )
    noted(answer)
    known = {citation.id: citation for citation in answer.citations}
    quotations = [
        Cited(
            id=number,
            quote=known[number].quote,
            context=sentence.context,
            **{name: getattr(known[number], name) for name in _OF_A_SOURCE},
        )
        for sentence in answer.sentences
        for number in sentence.citations
    ][at.first :]
    # A quotation is in the answer and among the quotations: it is counted twice.
    count = fitting(quotations, lambda one: _cost(one) + tokens(one.quote), _room(max_tokens))
    more = Cursor(at.first + count, answer.index.commit) if count < len(quotations) else None
    shown = quotations[:count]
    nearest = [_excerpt(hit, _room(max_tokens) // _NEAREST - 40) for hit in answer.passages[:_NEAREST]]
    return AskReply(
        commit=answer.index.commit,
        abstained=answer.abstained,
        answer=" ".join(f"{one.quote} [{one.id}]" for one in shown) or None,
        reason=answer.reason,
        message=answer.message,
        confidence=answer.confidence,
        quotations=shown,
        nearest=nearest if answer.abstained else [],
        conflicts=len(answer.conflicts),
        cursor=more.write(*asked) if more else None,
    )


_OF_A_SOURCE = ("article_id", "revision", "title", "publisher", "published", "url", "start", "end")


def read_article(
    collection: LocalCollection,
    article_id: str,
    *,
    start: int,
    end: int | None,
    revision: int | None,
    max_tokens: int,
    cursor: str | None,
) -> ReadReply:
    """Read an article from a place on, as far as there is room."""
    asked = ("read_article", article_id, start, end, revision)
    if cursor is not None:
        at = Cursor.read(cursor, *asked)
        start, revision = at.first, at.state
    try:
        article = collection.article(article_id, revision, start=start, end=end)
    except ArticleNotFound as error:
        mend = (
            "find ids with the tool search" if revision is None else "leave revision out for the current one"
        )
        raise InputError("article_id", f"{error.where}: {error.problem}", mend) from error
    text = cut(article.text, _room(max_tokens))
    last = start + len(text)
    more = Cursor(last, article.revision).write(*asked) if last < article.end else None
    names = (name for name in ReadReply.model_fields if name not in ("text", "end", "cursor"))
    return ReadReply(**{name: getattr(article, name) for name in names}, text=text, end=last, cursor=more)


def verify_quote(
    collection: LocalCollection, quote: str, *, article_id: str | None, max_tokens: int
) -> VerifyReply:
    """Say whether a quotation stands in the articles, character for character, and what is nearest if not."""
    [verdict] = collection.verify([Claim(quote, article_id)])
    found, room = verdict.found, _room(max_tokens)
    excerpt = None
    if found is not None:
        text = cut(found.quote, room)
        excerpt = Excerpt(
            article_id=found.article_id,
            revision=found.revision,
            title=found.title,
            start=found.start,
            end=found.start + len(text),
            text=text,
            score=1.0 if verdict.similarity is None else verdict.similarity,
        )
        room -= _cost(excerpt)
    differences = list(verdict.differences)
    return VerifyReply(
        status=verdict.status,
        verified=verdict.verified,
        message=STATUSES[verdict.status],
        problem=verdict.problem,
        found=excerpt,
        differences=differences[: fitting(differences, lambda pair: 8 + tokens("".join(pair)), max(room, 0))],
    )


def list_facets(
    collection: LocalCollection, name: str | None, *, max_tokens: int, cursor: str | None
) -> FacetsReply:
    """List what can be filtered by: facets with their values, the most frequent first."""
    asked = ("list_facets", name)
    at = Cursor.read(cursor, *asked) if cursor is not None else Cursor(0, 0)
    counted = collection.facets()
    if name is not None and facet_name(name) not in counted:
        known = ", ".join(counted) or "none"
        raise InputError("name", f"there is no facet {name!r}", f"use one of {known}"[:500])
    values = [
        FacetValue(facet=facet, value=value, articles=count)
        for facet, counts in counted.items()
        if name is None or facet == facet_name(name)
        for value, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    ][at.first :]
    count = fitting(values, _cost, _room(max_tokens))
    more = Cursor(at.first + count, 0).write(*asked) if count < len(values) else None
    return FacetsReply(facets=values[:count], cursor=more)


def status(collection: LocalCollection) -> StatusReply:
    """Say what is asked."""
    seen = collection.status()
    return StatusReply(**{n: getattr(seen, n) for n in StatusReply.model_fields if n != "cursor"})


def filters_of(
    filters: Mapping[str, str | list[str]] | None, published_from: str | None, published_to: str | None
) -> Filters:
    """Return what the index understands; raises InputError, which names the tool's parameter."""
    if not (filters or published_from or published_to):
        return NO_FILTERS
    problem = bound_among(filters or (), "published_from", "published_to")
    if problem is not None:
        raise InputError("filters", *problem)
    return Filters.of((filters or {}).items(), published_from, published_to)


def _resumed(collection: LocalCollection, cursor: str | None, asked: tuple[object, ...]) -> Cursor:
    """Return where to go on; its state is 0 when that is the newest commit anyway."""
    if cursor is None:
        return Cursor(0, 0)
    at = Cursor.read(cursor, *asked)
    with collection.index.view() as view:
        return Cursor(at.first, 0) if view.commit == at.state else at


def _excerpt(hit: Hit, room: int) -> Excerpt:
    text = cut(hit.text, max(room, 20))
    return Excerpt(
        article_id=hit.article_id,
        revision=hit.revision,
        title=hit.title,
        start=hit.start,
        end=hit.start + len(text),
        text=text,
        score=hit.score,
    )


def _room(max_tokens: int) -> int:
    if not FEWEST_TOKENS <= max_tokens <= MOST_TOKENS:
        raise InputError(
            "max_tokens", f"{max_tokens} is out of range", f"use {FEWEST_TOKENS} to {MOST_TOKENS}"
        )
    return max_tokens - _FRAME


def _cost(item: BaseModel) -> int:
    return tokens(json.dumps(item.model_dump(), ensure_ascii=False))
