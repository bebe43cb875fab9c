"""Everything that an index gives out, by value: what two indexes must agree in to be the same to a user."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from building import ENCODER

from indexer import Encoder, Index, View, question_terms
from indexer.aside import Aside
from indexer.catalog import Catalog
from indexer.layout import Layout
from service.assistant import Assistant
from service.ranker import Ranker

QUESTIONS = (
    "How many bridges does town number 7 have?",
    "Which town has a lighthouse?",
    "When was the harbour wall of Incheon raised?",
    "서울은 언제 지하철을 넓혔나?",
)


@cache
def ranker() -> Ranker:
    return Ranker.load()


def given_out(
    folder: Path,
    questions: Sequence[str] = QUESTIONS,
    aside: Aside | None = None,
    encoder: Encoder = ENCODER,
) -> dict[str, Any]:
    """All articles with all they are known by, all passages, statistics, facets, and answers.

    An index that is sound is asked as if it had set ``aside`` what another one had to.
    """
    catalog = Catalog(Layout(folder))
    if aside is not None:
        catalog.leave_out(aside)
    index = Index(catalog)
    try:
        assistant = Assistant(index, encoder, ranker())
        with index.view() as view:
            found: dict[str, Any] = {
                "articles": [_article(view, identity) for identity, *_ in view.articles("", 10_000)],
                "facets": view.facets(),
                "passages": passages_of(view),
                "statistics": [view.statistics(question_terms(question)) for question in questions],
            }
        found["answers"] = [_answer(assistant, question) for question in questions]
        return found
    finally:
        index.close()


def lasting(found: dict[str, Any]) -> dict[str, Any]:
    """What is left of it without commit, revision, generation and dates, which tell of an index's past."""
    articles = [
        {**one, "state": {**one["state"], **_FORGOTTEN}, "revisions": None} for one in found["articles"]
    ]
    statistics = [dict(zip(one.asked, one.holding, strict=True)) for one in found["statistics"]]
    totals = [(one.passages, one.terms) for one in found["statistics"]]
    answers = [_without_past(answer) for answer in found["answers"]]
    return {**found, "articles": articles, "statistics": (statistics, totals), "answers": answers}


_FORGOTTEN = {"revision": None, "taken_in": None}
_PAST = ("commit", "revision", "generation")


def _without_past(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_past(one) for name, one in value.items() if name not in _PAST}
    return [_without_past(one) for one in value] if isinstance(value, list | tuple) else value


def _article(view: View, identity: str) -> dict[str, Any]:
    return {"state": asdict(view.article(identity)), "revisions": view.revisions(identity)}


def current_of(view: View) -> dict[str, tuple[str, str | None]]:
    """Text and title of every article."""
    articles = (view.article(identity) for identity, *_ in view.articles("", 10_000))
    return {one.id: (one.text.strip(), one.metadata.title) for one in articles}


def passages_of(view: View) -> list[list[Any]]:
    """Every passage: its article and span, its vector, its sentences with their spans and vectors."""
    everything = view.nearest(np.ones(view.generation.dimension, np.float32), 10_000)
    pool = view.pool(everything)
    own = [np.flatnonzero(pool.sentence_passage == row) for row in range(len(pool))]
    return [
        [
            pool.article_ids[row],
            pool.spans[row].tolist(),
            pool.vectors[row].tobytes(),
            pool.sentence_spans[own[row]].tolist(),
            pool.sentence_kinds[own[row]].tolist(),
            pool.sentence_vectors[own[row]].tobytes(),
        ]
        for row in range(len(pool))
    ]


def _answer(assistant: Assistant, question: str) -> dict[str, Any]:
    answer = asdict(assistant.ask(question, min_confidence=0))
    return {name: value for name, value in answer.items() if name != "timing_ms"}
