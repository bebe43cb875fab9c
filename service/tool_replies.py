"""What an agent's tools reply: values with the text that a model reads.

Knows their fields and their wording, and nothing of how they come about. Offsets are code points, 0-based,
end-exclusive, of the article's canonical text; an excerpt is its span.
"""

from typing import Any

from pydantic import BaseModel, Field


class Reply(BaseModel):
    """What every reply holds: ``cursor`` goes on where this one ends, null at the end."""

    cursor: str | None = None

    def shown(self) -> str:
        """Return the reply for a reader."""
        lines = [line for line in self.lines() if line]
        if self.cursor is not None:
            lines.append(f'There is more: repeat the call with cursor="{self.cursor}".')
        return "\n".join(lines)

    def lines(self) -> list[str]:
        """Return it line by line."""
        raise NotImplementedError


class Excerpt(BaseModel):
    """Verbatim text of an article: ``[start, end)`` of that revision."""

    article_id: str
    revision: int
    title: str | None
    start: int
    end: int
    text: str
    score: float

    def line(self) -> str:
        """Return it with its place."""
        return f"{_place(self)}\n{self.text}"


class Cited(BaseModel):
    """A sentence of an answer, verbatim, with where it stands."""

    id: int
    quote: str
    article_id: str
    revision: int
    title: str | None
    publisher: str | None
    published: str | None
    url: str | None
    start: int
    end: int
    context: str | None = None

    def line(self) -> str:
        """Return it with its source."""
        source = ", ".join(part for part in (self.publisher, self.published, self.url) if part)
        return f'[{self.id}] "{self.quote}"\n    {_place(self)}{f" – {source}" if source else ""}'


class SearchReply(Reply):
    """Passages, the nearest first."""

    commit: int
    hits: list[Excerpt]
    message: str | None = None

    def lines(self) -> list[str]:
        """Return it line by line."""
        if self.hits:
            return [hit.line() for hit in self.hits]
        return [f"Nothing was found. {self.message}" if self.message else "Nothing was found."]


class AskReply(Reply):
    """An answer made of quotations, or an abstention with its reason and the nearest passages."""

    commit: int
    abstained: bool
    answer: str | None = Field(
        description="The sentences of this reply, with the numbers of their quotations"
    )
    reason: str | None
    message: str | None
    confidence: float
    quotations: list[Cited]
    nearest: list[Excerpt]
    conflicts: int = Field(description="Other sources that say something else; see POST /v1/ask")

    def lines(self) -> list[str]:
        """Return it line by line."""
        if self.abstained:
            return [f"No answer: {self.message}", *(f"Near: {hit.line()}" for hit in self.nearest)]
        sure = f"Confidence {self.confidence:.2f}."
        disputed = f"{self.conflicts} sources disagree." if self.conflicts else ""
        return [self.answer or "", sure, disputed, *(one.line() for one in self.quotations)]


class ReadReply(Reply):
    """A stretch of an article's canonical text."""

    article_id: str
    revision: int
    sha256: str
    title: str | None
    publisher: str | None
    published: str | None
    url: str | None
    withdrawn: bool
    superseded_by: int | None
    length: int
    start: int
    end: int
    text: str

    def lines(self) -> list[str]:
        """Return it line by line."""
        gone = "This article was withdrawn." if self.withdrawn else ""
        return [f"{_place(self)} of {self.length} characters", gone, self.text]


class VerifyReply(Reply):
    """What became of a quotation, and where it or what is nearest to it stands."""

    status: str
    verified: bool
    message: str
    problem: str | None
    found: Excerpt | None = Field(description="The place, or the nearest true one; its score is its likeness")
    differences: list[tuple[str, str]] = Field(description="What the quote says, and what the source says")

    def lines(self) -> list[str]:
        """Return it line by line."""
        differ = [f'"{quote}" stands there as "{source}"' for quote, source in self.differences]
        found = self.found.line() if self.found else ""
        return [f"{self.status}: {self.message}", self.problem or "", *differ, found]


class FacetValue(BaseModel):
    """How many current articles have a value of a facet."""

    facet: str
    value: str
    articles: int


class FacetsReply(Reply):
    """What can be filtered by."""

    facets: list[FacetValue]

    def lines(self) -> list[str]:
        """Return it line by line."""
        return [f"{one.facet} = {one.value} ({one.articles})" for one in self.facets] or [
            "There are no facets."
        ]


class StatusReply(Reply):
    """What is asked, at a glance."""

    articles: int
    passages: int
    commit: int
    updated: str | None
    model: str | None
    ranker: str

    def lines(self) -> list[str]:
        """Return it line by line."""
        held = f"{self.articles} articles in {self.passages} passages"
        return [f"{held}, as of commit {self.commit} ({self.updated}).", f"Model {self.model}."]


def _place(item: Any) -> str:
    named = f"{item.title} " if item.title else ""
    return f"{named}({item.article_id}, revision {item.revision}, {item.start}–{item.end})"
