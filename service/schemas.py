"""The requests of the HTTP interface, checked field by field; unknown fields are refused.

Knows pydantic, which nothing further in does. Answers need no schema of their own: they are the
dataclasses of ``answer.py``.
"""

import base64
import json
from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.config import JsonDict

from indexer import (
    LONGEST_VALUE,
    MOST_FACETS,
    MOST_VALUES,
    Filters,
    InputError,
    Listed,
    Order,
    Wanted,
    facet_name,
    shown,
)
from service.askable import LONGEST_QUESTION, MOST_PASSAGES

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_VALUE)]
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]
Passages = Annotated[int, Field(ge=1, le=MOST_PASSAGES)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Values = Annotated[list[Name], Field(min_length=1, max_length=MOST_VALUES)]

EXAMPLE: JsonDict = {
    "question": "Which river was uncovered in the middle of Seoul?",
    "top_k": 3,
    "filters": {"city": ["Seoul"], "published": {"from": "2019-01-01", "to": None}},
}


class Body(BaseModel):
    """What every request shares."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class PublishedRange(Body):
    """ISO days, both inclusive; an article without a date is in no range."""

    from_: str | None = Field(None, alias="from", max_length=10, examples=["2019-01-01"])
    to: str | None = Field(None, max_length=10)


def bound_among(names: Iterable[str], first: str, last: str) -> tuple[str, str] | None:
    """Return problem and mend where a bound of dates is among facets; its places are ``first`` and ``last``.

    Taken for facets they would pass no article, and nobody would know why.
    """
    places = {
        "published": f"{first} or {last}",
        "published_from": first,
        "published_to": last,
        "published_after": f"{first}, which includes its day",
        "published_before": f"{last}, which includes its day",
    }
    found = next((name for name in map(facet_name, names) if name in places), None)
    return (f"{found} is no facet", f"write it as {places[found]}") if found is not None else None


class RequestFilters(Body):
    """Facet names with the values wanted, any of them; beside ``published``, every name is a facet."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Values | Name]
    published: PublishedRange | None = None

    @model_validator(mode="after")
    def _holds_no_bound(self) -> Self:
        names = islice(self.__pydantic_extra__, MOST_FACETS)  # more are refused anyway
        problem = bound_among(names, *_PLACES.values())
        if problem is not None:
            raise ValueError("; ".join(problem))
        return self

    def to_filters(self) -> Filters:
        """Return what the index understands; raises InputError for a date that is none."""
        if len(self.__pydantic_extra__) > MOST_FACETS:
            found = len(self.__pydantic_extra__)
            raise InputError("filters", f"they name {found} facets", f"use {MOST_FACETS} at most")
        days = self.published or PublishedRange.model_validate({})
        try:
            return Filters.of(self.__pydantic_extra__.items(), days.from_, days.to)
        except InputError as error:
            where = _PLACES.get(error.where, error.where)
            raise InputError(where, error.problem, error.mend) from error


_PLACES = {"published_from": "filters.published.from", "published_to": "filters.published.to"}
"""Where a body holds the bounds of :class:`indexer.Filters`."""


class SearchRequest(Body):
    """A question with the passages wanted."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})
    question: str = Field(min_length=1, max_length=LONGEST_QUESTION)
    top_k: Passages | None = Field(None, description="10 unless the server is set otherwise")
    filters: RequestFilters | None = None
    min_confidence: float | None = Field(
        None, ge=0, le=1, allow_inf_nan=False, description="Of no effect on a search"
    )
    as_of: Annotated[str, Field(min_length=1, max_length=40)] | Number | None = Field(
        None,
        description="Answer from what had been taken in by the end of this day, by this instant (both in UTC)"
        " or with this commit",
        examples=["2024-05-31", "2024-05-31T12:00:00Z"],
    )
    explain: bool = Field(False, description="Add how every score comes about; some tenths of a second")

    @field_validator("question")
    @classmethod
    def _not_blank(cls, question: str) -> str:
        if not question.strip():
            raise ValueError("it is blank")
        return question


class AskRequest(SearchRequest):
    """A question to answer."""

    min_confidence: float | None = Field(
        None,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Confidence from which on to answer: higher gives fewer answers, of which more are right;"
        " 0 answers always",
    )


class ArticleBody(Body):
    """An article to put, as a record of a JSON Lines collection."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Green roofs in Basel",
                    "text": "Basel has required green roofs on new flat buildings since 2002.",
                    "metadata": {"city": ["Basel"], "published": "2024-05"},
                }
            ]
        }
    )
    title: str = Field("", max_length=1000)
    text: str = Field(min_length=1, max_length=10_000_000)
    metadata: dict[Name, str | int | float | bool | list[str | int | float | bool] | None] = Field(
        default_factory=dict, description="publisher, author, url, published, language; all else are facets"
    )


class CommitsQuery(BaseModel):
    """Which commits to list: the newest of those before ``before``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    before: Number | None = None
    limit: int = Field(20, ge=1, le=100)


class ListQuery(BaseModel):
    """Which articles to list, in which order; ``after`` is the ``next`` of the page before."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    after: str = Field("", max_length=4000)
    limit: int = Field(100, ge=1, le=1000)
    sort: Order = Field(
        "id", description="With a minus the other way round; of a title the first 200 characters count"
    )
    filter: list[str] = Field(
        default=[], max_length=50, description="NAME=VALUE of a facet; several of one name: any of them"
    )
    publisher: Name | None = None
    language: Name | None = None
    published_from: str | None = Field(None, max_length=10)
    published_to: str | None = Field(None, max_length=10)

    def to_wanted(self) -> Wanted:
        """Return what the index understands; raises InputError for a filter or cursor that is none."""
        facets = []
        for text in self.filter:
            name, sign, value = (part.strip() for part in text.partition("="))
            if not (name and sign and value):
                raise InputError("filter", f"{shown(text)} is not NAME=VALUE", "write it as city=Incheon")
            facets.append((name, value))
        problem = bound_among((name for name, _ in facets), "published_from", "published_to")
        if problem is not None:
            raise InputError("filter", *problem)
        try:
            filters = Filters.of(facets, self.published_from, self.published_to)
        except InputError as error:
            where = "filter" if error.where.startswith("filters") else error.where
            raise InputError(where, error.problem, error.mend) from error
        return Wanted(filters, self.publisher, self.language, self.sort, self._after())

    def cursor(self, last: Listed) -> str:
        """Return what goes on behind an article."""
        if self.sort == "id":
            return last.id
        # Written as UTF-8: escaped, a letter of Hangul would take twice the room.
        written = json.dumps([self._order(), last.value, last.id], ensure_ascii=False).encode()
        return base64.urlsafe_b64encode(written).decode().rstrip("=")

    def _order(self) -> str:
        return self.sort.removeprefix("-")

    def _after(self) -> tuple[str, str] | None:
        if not self.after:
            return None
        if self.sort == "id":
            return "", self.after
        try:
            padded = self.after + "=" * (-len(self.after) % 4)
            order, value, identity = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            if order != self._order() or not (isinstance(value, str) and isinstance(identity, str)):
                raise ValueError("another order's, or nobody's")
            (value + identity).encode()
        except (ValueError, TypeError, RecursionError) as error:
            raise InputError(
                "after", "it is no cursor of this order", "use 'next' of the page before"
            ) from error
        return value, identity


class DeleteQuery(BaseModel):
    """Whether an article is withdrawn, or erased with all its revisions."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    erase: bool = False


class ArticleQuery(BaseModel):
    """Which revision of an article, and which span of its text; offsets are code points, 0-based."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    revision: Number | None = None
    start: Number | None = None
    end: Number | None = None
