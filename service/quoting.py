"""Quotes: a span of a stored article made into a citation, and any citation checked against the catalog.

Nothing leaves civicite as a quotation that was not read, in this very view, from the text whose SHA-256
the citation names.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from urllib.parse import quote as percent

from indexer import ArticleState, IndexDamaged, Span, View
from service.answer import AlsoIn, Citation

SURROUNDING = 32
"""Characters of prefix and suffix, as the W3C's TextQuoteSelector examples use."""

_FRAGMENT_MOST = 120
_FRAGMENT_WORDS = 5
_REFERENCES_AT_END = re.compile(r"(?<=.)(?:\s?\[\d{1,3}\])+\Z")


def cite(
    number: int,
    article: ArticleState,
    span: Span,
    score: float,
    copies: Iterable[tuple[ArticleState, Span]] = (),
) -> Citation:
    """Return the citation of a span of an article's canonical text.

    Of the ``copies`` those are listed that hold the very same characters.
    """
    text, metadata = article.text, article.metadata
    quote = text[span.start : span.end]
    return Citation(
        id=number,
        article_id=article.id,
        revision=article.revision,
        sha256=article.sha256,
        title=metadata.title,
        publisher=metadata.publisher,
        url=metadata.url,
        published=metadata.published,
        start=span.start,
        end=span.end,
        quote=quote,
        prefix=text[max(0, span.start - SURROUNDING) : span.start],
        suffix=text[span.end : span.end + SURROUNDING],
        link=text_fragment(metadata.url, quote),
        score=round(score, 4),
        page=bisect_right(article.page_starts, span.start) or None,
        also_in=tuple(
            _also_in(copy, place) for copy, place in copies if copy.text[place.start : place.end] == quote
        ),
        withdrawn=article.withdrawn,
        superseded_by=article.superseded_by,
    )


def _also_in(article: ArticleState, span: Span) -> AlsoIn:
    known = article.metadata
    described = (known.title, known.publisher, known.url, known.published)
    return AlsoIn(article.id, article.revision, *described, span.start, span.end)


def verify(view: View, citation: Citation) -> None:
    """Read the cited revision again and compare; raises IndexDamaged when a single character differs."""
    article = view.article(citation.article_id, citation.revision)
    same = article.sha256 == citation.sha256
    if not same or article.text[citation.start : citation.end] != citation.quote:
        raise IndexDamaged(
            f"article {citation.article_id!r} revision {citation.revision}: its text from "
            f"{citation.start} to {citation.end} is not what was quoted; run 'civicite verify'"
        )


def text_fragment(url: str | None, quote: str) -> str | None:
    """Return a link that a browser opens at the quote (WICG Scroll to Text Fragment), None without a URL."""
    if not url:
        return None
    flat = _REFERENCES_AT_END.sub("", " ".join(quote.split()))  # pages raise them, without brackets
    words = flat.split(" ")
    if len(flat) <= _FRAGMENT_MOST or len(words) <= 2 * _FRAGMENT_WORDS:
        target = _encoded(flat)
    else:
        ends = words[:_FRAGMENT_WORDS], words[-_FRAGMENT_WORDS:]
        target = ",".join(_encoded(" ".join(end)) for end in ends)
    return f"{url}{'' if '#' in url else '#'}:~:text={target}"


def _encoded(text: str) -> str:
    # The hyphen, the comma and the ampersand have a meaning of their own within a text directive.
    return percent(text, safe="").replace("-", "%2D")
