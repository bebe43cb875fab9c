"""Resemblance: what a quotation that stands nowhere as it is may have been made from.

Its parts may stand apart, or a passage may be like it but for some words. Needs no model: exact scans for
its halves, and terms to find what is alike.
"""

import numpy as np

from indexer import ArticleNotFound, ArticleState, Keys, View, normal_id, question_terms
from service.alignment import Differing, differences, differing, nearest
from service.fragments import SHORTEST, stitched
from service.quoting import SURROUNDING
from service.verdicts import STATUSES, Claim, Verdict, true_span

_STRETCH, _STRETCHES, _PASSAGES = 150, 16, 8
"""Characters of a quote that are looked for at a time, most such stretches, passages looked into for each."""

_HOLDERS, _WHOLE = 4, 200_000
"""Most texts looked into that hold half of the quote, and characters of an article compared as a whole."""


def not_verbatim(view: View, claim: Claim, named: ArticleState | ArticleNotFound | None) -> Verdict:
    """Class a quote that no text holds: stitched, altered or like nothing, the ``named`` source first."""
    articles = _alike(view, claim, named)
    texts = [text for _, text, _ in articles]
    if parts := stitched(claim.quote, texts):
        spans = []
        for run in parts:
            article, _, offset = articles[run[0].text]
            start, end = offset + run[0].start, offset + run[-1].start + run[-1].length
            spans.append(true_span(article, start, end))
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
    found = true_span(article, offset + near.start, offset + near.end)
    differ = differing(claim.quote, found.quote)
    problem = "the quote is not what stands there"
    if claim.article_id is not None and article.id != normal_id(claim.article_id):
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
