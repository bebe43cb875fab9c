"""A collection that can be asked, wherever it is: the same methods over a folder and over a server.

Declares what both give and how a folder gives it; ``client.py`` asks a server.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Protocol, Self

from indexer import (
    NO_FILTERS,
    ArticleNotFound,
    ArticleState,
    Commit,
    Filters,
    Index,
    InputError,
    Metadata,
    Moment,
    Order,
    View,
    Wanted,
    list_commits,
    shown,
)
from service.answer import Answer, AnswerSentence, Citation, Hit, SearchResult
from service.assistant import Assistant
from service.claims import whole
from service.overview import facts_of
from service.verdicts import AlsoStated, Claim, Verdict
from service.verification import verify_quote

PAGE = 100
"""Articles or commits that are read at a time."""


@dataclass(frozen=True, slots=True)
class ArticleText:
    """An article's canonical text, or the span ``[start, end)`` of it, in code points of ``length``.

    ``withdrawn`` and ``superseded_by`` are of the newest commit, as in a citation.
    """

    article_id: str
    revision: int
    sha256: str
    title: str | None
    publisher: str | None
    author: str | None
    url: str | None
    published: str | None
    language: str | None
    facets: dict[str, tuple[str, ...]]
    taken_in: str
    withdrawn: bool
    superseded_by: int | None
    length: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class ArticleSummary:
    """A current article in a list."""

    article_id: str
    revision: int
    title: str | None
    publisher: str | None
    author: str | None
    url: str | None
    published: str | None
    language: str | None
    facets: dict[str, tuple[str, ...]]
    taken_in: str


@dataclass(frozen=True, slots=True)
class CollectionStatus:
    """What is asked, at a glance."""

    commit: int
    updated: str | None
    articles: int
    withdrawn: int
    passages: int
    sentences: int
    generation: int | None
    model: str | None
    recipe: str | None
    ranker: str


@dataclass(frozen=True, slots=True)
class PassagesFound:
    """Of a streamed answer: the nearest passages, before evidence is chosen."""

    passages: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class SentenceTold:
    """Of a streamed answer: one sentence with its citations."""

    sentence: AnswerSentence
    citations: tuple[Citation, ...]


Told = PassagesFound | SentenceTold | Answer


class Collection(Protocol):
    """What can be asked; every method raises CiviciteError."""

    def ask(
        self,
        question: str,
        *,
        top_k: int = 10,
        filters: Filters = NO_FILTERS,
        min_confidence: float | None = None,
        as_of: Moment | None = None,
    ) -> Answer:
        """Answer a question with verified quotations, or abstain and say why."""

    def stream(
        self,
        question: str,
        *,
        top_k: int = 10,
        filters: Filters = NO_FILTERS,
        min_confidence: float | None = None,
        as_of: Moment | None = None,
    ) -> Iterator[Told]:
        """Yield the passages as soon as they are found, then each sentence, then the answer."""

    def search(
        self,
        question: str,
        *,
        top_k: int = 10,
        filters: Filters = NO_FILTERS,
        as_of: Moment | None = None,
    ) -> SearchResult:
        """Return the passages nearest to a question."""

    def article(
        self, article_id: str, revision: int | None = None, *, start: int = 0, end: int | None = None
    ) -> ArticleText:
        """Read an article or a span of it; without ``revision`` a withdrawn one is not found."""

    def articles(self, filters: Filters = NO_FILTERS, order: Order = "id") -> Iterator[ArticleSummary]:
        """Yield the current articles that pass a filter."""

    def facets(self) -> dict[str, dict[str, int]]:
        """Count the current articles by facet name and value."""

    def log(self, limit: int = 20, before: int | None = None) -> list[Commit]:
        """List commits, the newest of those before ``before`` first."""

    def verify(self, quotes: Iterable[Claim | Citation]) -> list[Verdict]:
        """Class each quotation, and show the nearest true span where it is not verified."""

    def status(self) -> CollectionStatus:
        """Say what is asked."""

    def close(self) -> None:
        """Let go of what is held."""

    def __enter__(self) -> Self:
        """Return the collection."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""


class LocalCollection(Assistant):
    """The collection of an index folder: an assistant that also reads and lists articles."""

    def stream(
        self,
        question: str,
        *,
        top_k: int = 10,
        filters: Filters = NO_FILTERS,
        min_confidence: float | None = None,
        as_of: Moment | None = None,
    ) -> Iterator[Told]:
        """Yield the passages as soon as they are found, then each sentence, then the answer."""
        found: SimpleQueue[tuple[Hit, ...] | Future[Answer]] = SimpleQueue()
        with ThreadPoolExecutor(1) as aside:
            answering = aside.submit(
                self.ask,
                question,
                top_k=top_k,
                filters=filters,
                min_confidence=min_confidence,
                as_of=as_of,
                on_passages=found.put,
            )
            answering.add_done_callback(found.put)
            first = found.get()
            if isinstance(first, tuple):
                yield PassagesFound(first)
        answer = answering.result()
        yield from told_of(answer)
        yield answer

    def article(
        self, article_id: str, revision: int | None = None, *, start: int = 0, end: int | None = None
    ) -> ArticleText:
        """Read an article or a span of it; without ``revision`` a withdrawn one is not found."""
        with self.index.view() as view:
            return text_of(readable(view, article_id, revision), start, end)

    def articles(self, filters: Filters = NO_FILTERS, order: Order = "id") -> Iterator[ArticleSummary]:
        """Yield the current articles that pass a filter."""
        return summaries(self.index, filters, order)

    def facets(self) -> dict[str, dict[str, int]]:
        """Count the current articles by facet name and value."""
        with self.index.view() as view:
            return view.facets()

    def log(self, limit: int = 20, before: int | None = None) -> list[Commit]:
        """List commits, the newest of those before ``before`` first."""
        return list_commits(self.index.folder, limit, before)

    def verify(self, quotes: Iterable[Claim | Citation]) -> list[Verdict]:
        """Class each quotation, and show the nearest true span where it is not verified."""
        with self.index.view() as view:
            return [verify_quote(view, claim_of(quote)) for quote in quotes]

    def status(self) -> CollectionStatus:
        """Say what is asked."""
        facts = {**facts_of(self.index.overview()), "ranker": self.ranker_name}
        return CollectionStatus(**{field.name: facts[field.name] for field in fields(CollectionStatus)})


def summaries(index: Index, filters: Filters, order: Order, page: int = PAGE) -> Iterator[ArticleSummary]:
    """Yield the current articles of an index that pass a filter, so many from one view."""
    after: tuple[str, str] | None = None
    while True:
        with index.view() as view:
            listed = view.listed(Wanted(filters, order=order, after=after), page)
        for one in listed:
            yield ArticleSummary(
                article_id=one.id, revision=one.revision, taken_in=one.taken_in, **described(one.metadata)
            )
        if len(listed) < page:
            return
        after = (listed[-1].value, listed[-1].id)


def told_of(answer: Answer) -> Iterator[SentenceTold]:
    """Yield an answer's sentences with their citations."""
    known = {citation.id: citation for citation in answer.citations}
    for sentence in answer.sentences:
        yield SentenceTold(sentence, tuple(known[number] for number in sentence.citations))


def claim_of(quote: Claim | Citation) -> Claim:
    """Return what is to be verified of a citation; raises InputError for what is no text."""
    names = [field.name for field in fields(Claim) if field.name != "also_in"]
    stated = {name: getattr(quote, name) for name in names}
    for name, value in (*stated.items(), *(("also_in", one.article_id) for one in quote.also_in)):
        if isinstance(value, str):
            whole(value, name)
    also = tuple(AlsoStated(o.article_id, o.revision, o.start, o.end) for o in quote.also_in)
    return Claim(**stated, also_in=also)


def readable(view: View, article_id: str, revision: int | None) -> ArticleState:
    """Return an article; raises ArticleNotFound also for a withdrawn one unless its ``revision`` is named."""
    article = view.article(article_id, revision)
    if article.withdrawn and revision is None:
        raise ArticleNotFound(f"article {shown(article_id)}", "it was withdrawn", "ask for a revision")
    return article


def text_of(article: ArticleState, start: int, end: int | None) -> ArticleText:
    """Return a span of an article; raises InputError for one that is not in it."""
    length = len(article.text)
    last = length if end is None else end
    if not 0 <= start <= last <= length:
        problem = f"{start}–{last} is not in the text, which has {length} characters"
        raise InputError("start, end", problem, f"use 0 to {length}")
    return ArticleText(
        article_id=article.id,
        revision=article.revision,
        sha256=article.sha256,
        **described(article.metadata),
        taken_in=article.taken_in,
        withdrawn=article.withdrawn,
        superseded_by=article.superseded_by,
        length=length,
        start=start,
        end=last,
        text=article.text[start:last],
    )


def described(known: Metadata) -> dict[str, Any]:
    """Return what is known of an article by the names of its fields."""
    names = ("title", "publisher", "author", "url", "published", "language")
    return {**{name: getattr(known, name) for name in names}, "facets": dict(known.facets)}
