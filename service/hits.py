"""Hits: passages as they are shown, with the articles that repeat them."""

from indexer import ArticleState, Span, View
from service.answer import Hit
from service.families import Family
from service.retrieval import Ranked, read_articles


def hits_of(ranked: Ranked, families: list[Family]) -> tuple[Hit, ...]:
    """Return one hit for each family, by the passage that stands for it."""
    return tuple(
        hit_at(one.shown.article, one.shown.span, float(ranked.relevance[one.row]), one.also_in)
        for one in families
    )


def hits_at(view: View, ranked: Ranked, rows: list[int]) -> tuple[Hit, ...]:
    """Return the passages of some rows as hits, each for itself."""
    articles, pool = read_articles(view, ranked, rows), ranked.pool
    return tuple(
        hit_at(
            articles[int(pool.revisions[row])],
            Span(*pool.spans[row].tolist()),
            float(ranked.relevance[row]),
        )
        for row in rows
    )


def hit_at(article: ArticleState, span: Span, score: float, also_in: tuple[str, ...] = ()) -> Hit:
    """Return a span of an article as a hit."""
    start, end = span
    return Hit(
        article_id=article.id,
        revision=article.revision,
        title=article.metadata.title,
        start=start,
        end=end,
        text=article.text[start:end],
        score=round(score, 6),
        also_in=also_in,
        withdrawn=article.withdrawn,
        superseded_by=article.superseded_by,
    )
