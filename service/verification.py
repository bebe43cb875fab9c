"""Verification: what became of a quotation, whoever made it, compared with the catalog to the character.

Every quotation falls into one class. Where it is not verified, the nearest true span is shown with the
words that differ. Needs no model: exact scans, and terms to find what is alike.
"""

from collections.abc import Sequence

from indexer import ArticleNotFound, ArticleState, Holder, InputError, View, normal_id
from service.resemblance import not_verbatim
from service.verdicts import Claim, Verdict, verdict_at

LONGEST_QUOTE = 20_000
"""Characters."""

_SOURCES = 24
"""Most articles that hold a quote, among which a named source is looked for."""


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
        or not_verbatim(view, claim, named)
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
        return verdict_at("misplaced", claim, article, start, problem)
    return _standing(view, claim, article, start)


def _standing(view: View, claim: Claim, article: ArticleState, start: int) -> Verdict:
    """Tell whether what stands in a revision still stands in the current one."""
    if article.withdrawn:
        return verdict_at("outdated", claim, article, start, "the article was withdrawn")
    if article.superseded_by is not None and claim.quote not in view.article(article.id).text:
        gone = f"revision {article.superseded_by} no longer has it"
        return verdict_at("outdated", claim, article, start, gone)
    return verdict_at("verified", claim, article, start, None)


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
    identity = normal_id(claim.article_id)
    own = [holder for holder in holders if holder.article_id == identity]
    if not own:
        return None
    article = view.article(identity, own[0].revision)
    start = _closest(article.text, claim.quote, claim.start)
    if own[0].current and claim.revision is not None:
        problem = f"revision {claim.revision} does not have it, revision {article.revision} does"
        return verdict_at("misplaced", claim, article, start, problem)
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
    return verdict_at("misattributed", claim, first, start, f"it stands in {first.id!r}, not in {named!r}")


def _is_source(claim: Claim, article: ArticleState) -> bool:
    """Tell whether an article may be what a claim without an article's id calls its source."""
    known = article.metadata
    if claim.url is not None:
        return _page(claim.url) == _page(known.url or "")
    return claim.title is None or claim.title.casefold().strip() == (known.title or "").casefold().strip()


def _page(url: str) -> str:
    """Return an address without what leads to a place in the page, and without what never matters."""
    return url.partition("#")[0].partition("://")[2].removeprefix("www.").rstrip("/").casefold()
