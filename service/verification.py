"""Verification: what became of a quotation, whoever made it, compared with the catalog to the character.

Every quotation falls into one class. Where it is not verified, the nearest true span is shown with the
words that differ. Needs no model: exact scans, and terms to find what is alike.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from indexer import ArticleNotFound, ArticleState, Holder, InputError, Keys, View, question_terms
from service.alignment import Differing, differences, differing, nearest
from service.fragments import SHORTEST, stitched
from service.quoting import SURROUNDING

Status = Literal["verified", "misplaced", "outdated", "misattributed", "stitched", "altered", "not_found"]

STATUSES: dict[Status, str] = {
    "verified": "It stands there, character for character.",
    "misplaced": "The named article holds these characters, but not where or as the citation says.",
    "outdated": "An earlier revision holds these characters; the current articles do not.",
    "misattributed": "Another article holds these characters, not the named one.",
    "stitched": "Its parts stand in the articles, but never stood together.",
    "altered": "It is like a passage of the articles, but not the same to the character.",
    "not_found": "Nothing in the articles is like it.",
}
"""A sentence for people beside each class, the first that applies."""

LONGEST_QUOTE = 20_000
"""Characters."""

_STRETCH, _STRETCHES, _PASSAGES = 150, 16, 8
"""Characters of a quote that are looked for at a time, most such stretches, passages looked into for each."""

_SOURCES = 24
"""Most articles that hold a quote, among which a named source is looked for."""

_HOLDERS, _WHOLE = 4, 200_000
"""Most texts looked into that hold half of the quote, and characters of an article compared as a whole."""


@dataclass(frozen=True, slots=True)
class AlsoStated:
    """Another place where the same characters are said to stand."""

    article_id: str
    revision: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A quotation and what is said of its source, which may be nothing; offsets as in a citation."""

    quote: str
    article_id: str | None = None
    revision: int | None = None
    sha256: str | None = None
    start: int | None = None
    end: int | None = None
    prefix: str = ""
    suffix: str = ""
    url: str | None = None
    title: str | None = None
    also_in: tuple[AlsoStated, ...] = ()


@dataclass(frozen=True, slots=True)
class TrueSpan:
    """What really stands in a revision: ``text[start:end] == quote``, in code points, end-exclusive."""

    article_id: str
    revision: int
    sha256: str
    title: str | None
    start: int
    end: int
    quote: str
    prefix: str
    suffix: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The class of a quotation, and the evidence for it.

    ``verified`` is true when the characters stand where the claim says, be that revision current or not;
    ``found`` is that place or the nearest true one. An altered quote has ``differences``, pairs of what it
    says and what the source says, and what would have to be overlooked (``differing``). A stitched one has
    its ``fragments``. ``withdrawn`` and ``superseded_by`` tell what became of the article of ``found``.
    """

    status: Status
    verified: bool
    problem: str | None
    article_id: str | None
    revision: int | None
    found: TrueSpan | None = None
    withdrawn: bool | None = None
    superseded_by: int | None = None
    similarity: float | None = None
    differing: Differing | None = None
    differences: tuple[tuple[str, str], ...] = ()
    fragments: tuple[TrueSpan, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; differences are objects with ``quote`` and ``source``."""
        pairs = [{"quote": quote, "source": source} for quote, source in self.differences]
        return {**asdict(self), "differences": pairs, "message": STATUSES[self.status]}


def verify_quote(view: View, claim: Claim) -> Verdict:
    """Class one quotation as it stands at the view's commit.

    Raises InputError for a blank quote or one beyond ``LONGEST_QUOTE``, and IndexDamaged when a text that
    has to be compared is not what was written.
    """
    if not claim.quote.strip():
        raise InputError("quote", "it is empty", "give the words that were quoted")
    if len(claim.quote) > LONGEST_QUOTE:
        raise InputError("quote", f"it has {len(claim.quote)} characters", f"use {LONGEST_QUOTE} at most")
    named = _named(view, claim)
    if isinstance(named, ArticleState) and claim.quote in named.text:
        return _in_named(view, claim, named)
    holders = view.holders(claim.quote)
    return (
        _in_other_revision(view, claim, holders)
        or _elsewhere(view, claim, holders)
        or _not_verbatim(view, claim, named)
    )


def _named(view: View, claim: Claim) -> ArticleState | ArticleNotFound | None:
    if claim.article_id is None:
        return None
    try:
        return view.article(claim.article_id, claim.revision)
    except ArticleNotFound as error:
        return error


def _in_named(view: View, claim: Claim, article: ArticleState) -> Verdict:
    """The named revision, or the latest one where none was named, holds the characters."""
    start, problem = _stated_place(claim, article)
    problem = problem or _copies_problem(view, claim)
    if problem is not None:
        return _verdict("misplaced", claim, article, start, problem)
    return _standing(view, claim, article, start)


def _standing(view: View, claim: Claim, article: ArticleState, start: int) -> Verdict:
    """Tell whether what stands in a revision still stands in the current one."""
    if article.withdrawn:
        return _verdict("outdated", claim, article, start, "the article was withdrawn")
    if article.superseded_by is not None and claim.quote not in view.article(article.id).text:
        gone = f"revision {article.superseded_by} no longer has it"
        return _verdict("outdated", claim, article, start, gone)
    return _verdict("verified", claim, article, start, None)


def _stated_place(claim: Claim, article: ArticleState) -> tuple[int, str | None]:
    """Return where the quote stands in the article, and what is wrong with what the claim says of it."""
    text, quote = article.text, claim.quote
    stated = claim.start
    if claim.sha256 is not None and claim.sha256 != article.sha256:
        return _closest(text, quote, stated), "the text of this revision has another SHA-256"
    if claim.start is not None or claim.end is not None:
        start = claim.start if claim.start is not None else (claim.end or 0) - len(quote)
        end = claim.end if claim.end is not None else start + len(quote)
        if not 0 <= start < end <= len(text):
            problem = f"the text has {len(text)} characters; {start}–{end} is not in it"
            return _closest(text, quote, stated), problem
        if text[start:end] != quote:
            return _closest(text, quote, stated), "the quote is not what stands there"
        if not (text[:start].endswith(claim.prefix) and text[end:].startswith(claim.suffix)):
            return start, "prefix or suffix is not what stands around the quote"
        return start, None
    around = text.find(claim.prefix + quote + claim.suffix)
    if around < 0:
        return text.find(quote), "prefix or suffix is not what stands around the quote"
    return around + len(claim.prefix), None


def _closest(text: str, quote: str, stated: int | None) -> int:
    """Return the place of the quote that is nearest to the stated one."""
    first = text.find(quote)
    if stated is None:
        return first
    stated = min(max(stated, 0), len(text))
    before, after = text.rfind(quote, 0, stated + len(quote)), text.find(quote, stated)
    places = [place for place in (before, after) if place >= 0] or [first]
    return min(places, key=lambda place: abs(place - stated))


def _copies_problem(view: View, claim: Claim) -> str | None:
    for copy in claim.also_in:
        try:
            text = view.article(copy.article_id, copy.revision).text
        except ArticleNotFound:
            return f"also_in: there is no revision {copy.revision} of {copy.article_id!r}"
        if text[copy.start : copy.end] != claim.quote:
            return f"also_in: the quote is not what stands there in {copy.article_id!r}"
    return None


def _in_other_revision(view: View, claim: Claim, holders: Sequence[Holder]) -> Verdict | None:
    """Another revision of the named article has the characters than the one that was named or is current."""
    if claim.article_id is None:
        return None
    identity = unicodedata.normalize("NFC", claim.article_id)
    own = [holder for holder in holders if holder.article_id == identity]
    if not own:
        return None
    article = view.article(identity, own[0].revision)
    start = _closest(article.text, claim.quote, claim.start)
    if own[0].current and claim.revision is not None:
        problem = f"revision {claim.revision} does not have it, revision {article.revision} does"
        return _verdict("misplaced", claim, article, start, problem)
    return _standing(view, claim, article, start)


def _elsewhere(view: View, claim: Claim, holders: Sequence[Holder]) -> Verdict | None:
    """Other articles hold the characters, or any do when none was named."""
    if not holders:
        return None
    articles = [view.article(holder.article_id, holder.revision) for holder in holders[:_SOURCES]]
    if claim.article_id is None:
        for article in articles:
            if _is_source(claim, article):
                return _standing(view, claim, article, article.text.find(claim.quote))
    first, named = articles[0], claim.article_id or claim.url or claim.title
    start = first.text.find(claim.quote)
    return _verdict("misattributed", claim, first, start, f"it stands in {first.id!r}, not in {named!r}")


def _is_source(claim: Claim, article: ArticleState) -> bool:
    """Tell whether an article may be what a claim without an article's id calls its source."""
    known = article.metadata
    if claim.url is not None:
        return _page(claim.url) == _page(known.url or "")
    return claim.title is None or claim.title.casefold().strip() == (known.title or "").casefold().strip()


def _page(url: str) -> str:
    """Return an address without what leads to a place in the page, and without what never matters."""
    return url.partition("#")[0].partition("://")[2].removeprefix("www.").rstrip("/").casefold()


def _not_verbatim(view: View, claim: Claim, named: ArticleState | ArticleNotFound | None) -> Verdict:
    articles = _alike(view, claim, named)
    texts = [text for _, text, _ in articles]
    if parts := stitched(claim.quote, texts):
        spans = []
        for run in parts:
            article, _, offset = articles[run[0].text]
            start, end = offset + run[0].start, offset + run[-1].start + run[-1].length
            spans.append(_true_span(article, start, end))
        sources = {span.article_id for span in spans}
        problem = f"{len(spans)} parts, of {len(sources)} {'articles' if len(sources) > 1 else 'article'}"
        return Verdict(
            "stitched", False, problem, claim.article_id, claim.revision, spans[0], fragments=tuple(spans)
        )
    near = nearest(claim.quote, texts)
    if near is None:
        problem = named.problem if isinstance(named, ArticleNotFound) else STATUSES["not_found"]
        return Verdict("not_found", False, problem, claim.article_id, claim.revision)
    article, _, offset = articles[near.text]
    found = _true_span(article, offset + near.start, offset + near.end)
    differ = differing(claim.quote, found.quote)
    problem = "the quote is not what stands there"
    if claim.article_id is not None and article.id != unicodedata.normalize("NFC", claim.article_id):
        problem += f"; the nearest is in {article.id!r}"
    elif differ != "words":
        problem += f", but for {_IN_WORDS[differ]}"
    return Verdict(
        status="altered",
        verified=False,
        problem=problem,
        article_id=claim.article_id,
        revision=claim.revision,
        found=found,
        withdrawn=article.withdrawn,
        superseded_by=article.superseded_by,
        similarity=near.similarity,
        differing=differ,
        differences=differences(claim.quote, found.quote),
    )


_IN_WORDS: dict[Differing, str] = {
    "whitespace": "white space",
    "unicode": "the Unicode form of its characters",
    "typography": "the form of its quotation marks or dashes",
    "case": "upper and lower case",
}


def _alike(
    view: View, claim: Claim, named: ArticleState | ArticleNotFound | None
) -> list[tuple[ArticleState, str, int]]:
    """Return texts that the quote may come from, the named article's first: each once, with its offset."""
    found: dict[tuple[str, int], tuple[ArticleState, int, int]] = {}
    if isinstance(named, ArticleState):
        latest = [] if named.superseded_by is None else [view.article(named.id)]
        for article in (named, *latest):
            first = 0
            if len(article.text) > _WHOLE:
                first = max(0, min(claim.start or 0, len(article.text)) - _WHOLE // 2)
            found[article.id, article.revision] = article, first, first + _WHOLE
    for half in _halves(claim.quote):
        # Where one word was changed, one half is as it was, be its words ever so common.
        for holder in view.holders(half)[:_HOLDERS]:
            article = view.article(holder.article_id, holder.revision)
            at = article.text.find(half)
            span = article, max(0, at - 2 * len(claim.quote)), at + 2 * len(claim.quote)
            found.setdefault((article.id, article.revision), span)
    pool = view.pool(_matching(view, claim.quote))
    articles = view.articles_of(pool.revisions.tolist())
    margin = len(claim.quote) + SURROUNDING
    for revision, (start, end) in zip(pool.revisions.tolist(), pool.spans.tolist(), strict=True):
        article = articles[revision]
        known, first, last = found.get((article.id, article.revision), (article, start, end))
        found[article.id, article.revision] = (
            known,
            min(first, max(0, start - margin)),
            max(last, end + margin),
        )
    return [(article, article.text[first:last], first) for article, first, last in found.values()]


def _matching(view: View, quote: str) -> Keys:
    """Return passages that share terms with each stretch of the quote: its parts may come from anywhere."""
    length = max(_STRETCH, -(-len(quote) // _STRETCHES))
    found: list[int] = []
    for start in range(0, len(quote), length):
        if terms := question_terms(quote[start : start + length]):
            found += view.matching(view.statistics(terms), _PASSAGES).tolist()
    return np.unique(np.array(found, np.int64))


def _halves(quote: str) -> list[str]:
    middle = len(quote) // 2
    return [half for half in (quote[:middle].strip(), quote[middle:].strip()) if len(half) >= SHORTEST]


def _verdict(status: Status, claim: Claim, article: ArticleState, start: int, problem: str | None) -> Verdict:
    return Verdict(
        status=status,
        verified=status == "verified" or (status == "outdated" and claim.revision == article.revision),
        problem=problem,
        article_id=claim.article_id or article.id,
        revision=claim.revision if claim.revision is not None else article.revision,
        found=_true_span(article, start, start + len(claim.quote)),
        withdrawn=article.withdrawn,
        superseded_by=article.superseded_by,
    )


def _true_span(article: ArticleState, start: int, end: int) -> TrueSpan:
    text = article.text
    return TrueSpan(
        article_id=article.id,
        revision=article.revision,
        sha256=article.sha256,
        title=article.metadata.title,
        start=start,
        end=end,
        quote=text[start:end],
        prefix=text[max(0, start - SURROUNDING) : start],
        suffix=text[end : end + SURROUNDING],
    )
