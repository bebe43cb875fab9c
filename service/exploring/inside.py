"""One question seen from inside: how each way of ranking orders its passages, how near each sentence is.

Shows what the assistant does, by its own steps; decides nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from indexer import NO_FILTERS, Document, Filters, InputError, Span, Vectors
from service.assistant import Assistant
from service.question import understand
from service.ranker import FIXED, Ranker
from service.retrieval import rank
from service.scores import Floats

RANKINGS = ("BM25", "vectors", "fixed fusion", "learned")
"""By exact BM25, by the passage's cosine, by the fixed formula over both, by the trained ranker."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A passage's place, from 1, in one ranking of the passages that were considered."""

    article_id: str
    start: int
    end: int
    text: str
    ranking: str
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class SentenceView:
    """A sentence's cosine to a question by its two vectors.

    ``contextual`` is that of the vector in the index: the mean of the sentence's tokens, encoded within
    their passage. ``alone`` is that of the sentence encoded by itself.
    """

    start: int
    end: int
    text: str
    contextual: float
    alone: float


def rankings(assistant: Assistant, question: str, filters: Filters = NO_FILTERS) -> list[Standing]:
    """Order the passages that are considered for a question in four ways, each way best first."""
    return list(_standings(assistant, question, filters))


def _standings(assistant: Assistant, question: str, filters: Filters) -> Iterator[Standing]:
    asked = understand(question, assistant.encoder)
    with assistant.index.view() as view:
        allowed = view.allowed(filters)
        learned = rank(view, asked, Ranker.load(), allowed)
        fixed = rank(view, asked, FIXED, allowed)
        pool, articles = learned.pool, view.articles_of(learned.pool.revisions.tolist())
    orders = (learned.scores.bm25, learned.scores.cosine, fixed.relevance, learned.relevance)
    for name, scores in zip(RANKINGS, orders, strict=True):
        for place, row in enumerate(np.argsort(-scores, kind="stable").tolist(), 1):
            start, end = pool.spans[row].tolist()
            text = articles[int(pool.revisions[row])].text[start:end]
            yield Standing(pool.article_ids[row], start, end, text, name, place, float(scores[row]))


def sentences_of(assistant: Assistant, question: str, identity: str, at: int) -> list[SentenceView]:
    """Compare the sentences of the passage that holds character ``at`` of an article with a question.

    Raises ArticleNotFound, and InputError when no passage is there.
    """
    vector = assistant.encoder.question(question)
    with assistant.index.view() as view:
        pool, article = view.pool(view.keys()), view.article(identity)
    within = [
        row
        for row in range(len(pool))
        if pool.article_ids[row] == article.id and pool.spans[row, 0] <= at < pool.spans[row, 1]
    ]
    if not within:
        raise InputError("at", f"no passage of {identity} holds character {at}", "see View.spans")
    rows = np.flatnonzero(pool.sentence_passage == within[0])
    spans = [Span(*span) for span in pool.sentence_spans[rows].tolist()]
    texts = [article.text[start:end] for start, end in spans]
    contextual = _cosines(pool.sentence_vectors[rows], vector)
    lone = assistant.encoder.documents([Document(text, (Span(0, len(text)),)) for text in texts])
    alone = _cosines(np.stack([one.passage for one in lone]), vector)
    return [
        SentenceView(span.start, span.end, text, float(here), float(there))
        for span, text, here, there in zip(spans, texts, contextual, alone, strict=True)
    ]


def _cosines(vectors: Vectors, question: Vectors) -> Floats:
    cosines: Floats = np.einsum("ij,j->i", vectors, question).astype(np.float64)
    return cosines
