"""What a client sends to a server; refuses, before it is sent, what a folder refuses.

Knows the fields of requests and what fits into one. Knows nothing of connections.
"""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from indexer import Filters, InputError, Moment
from service.askable import check_confidence, check_top_k, checked_question
from service.claims import MOST_CLAIMS, MOST_COPIES, MOST_QUOTED, whole


def known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what there is a value for."""
    return {name: value for name, value in values.items() if value is not None}


def in_requests(claims: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Share claims out to requests, each of no more than the service verifies at a time."""
    most = (MOST_CLAIMS, MOST_COPIES, MOST_QUOTED)
    some: list[dict[str, Any]] = []
    held = (0, 0, 0)
    for claim in claims:
        more = (1, len(claim["also_in"]), len(claim["quote"]))
        together = (held[0] + more[0], held[1] + more[1], held[2] + more[2])
        if some and any(amount > limit for amount, limit in zip(together, most, strict=True)):
            yield some
            some, together = [], more
        some.append(claim)
        held = together
    if some:
        yield some


def sendable_key(key: str) -> str:
    """Return a key without what surrounds it in a file; raises InputError, which does not show it."""
    stripped = key.strip()
    if not stripped or not all("!" <= character <= "~" for character in stripped):
        problem = "it is empty, or holds white space or characters beyond ASCII"
        raise InputError("key", problem, "give it as 'civicite key create' wrote it")
    return stripped


def check_sendable(filters: Filters) -> None:
    """Raise InputError for a filter that a folder knows and a server does not."""
    if filters.articles:
        raise InputError("filters.articles", "a server does not filter by ids", "filter by facets and dates")
    names = [name for name, _ in filters.facets]
    if len(set(names)) < len(names):
        problem = "a server looks for any value of a facet, never for all of several"
        raise InputError("filters", problem, "name each facet once")


def question_body(
    question: str,
    top_k: int,
    filters: Filters,
    as_of: Moment | None,
    min_confidence: float | None = None,
) -> dict[str, Any]:
    """Return what asks a question; raises InputError for what cannot be asked."""
    checked_question(question)
    check_top_k(top_k)
    check_confidence(min_confidence)
    check_sendable(filters)
    chosen: dict[str, Any] = {name: list(values) for name, values in filters.facets}
    if filters.published_from or filters.published_to:
        chosen["published"] = {"from": filters.published_from, "to": filters.published_to}
    moment = as_of.isoformat() if isinstance(as_of, datetime.date) else as_of
    if isinstance(moment, str):
        whole(moment, "as_of")
    given = {"filters": chosen or None, "as_of": moment, "min_confidence": min_confidence}
    return {"question": question, "top_k": top_k, **known(given)}
