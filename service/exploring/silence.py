"""What a collection speaks of and what it is silent about, by a list of themes or questions.

A theme is asked as if it were a question. Two numbers say how near the collection comes: the cosine of the
nearest passage, and the confidence of the answer. Neither proves silence; a low pair says where to look.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from indexer import Statistics, question_terms
from service.answer import Reason
from service.assistant import Assistant
from service.scores import total_of

SDGS = dict(
    enumerate(
        (
            "No poverty",
            "Zero hunger",
            "Good health and well-being",
            "Quality education",
            "Gender equality",
            "Clean water and sanitation",
            "Affordable and clean energy",
            "Decent work and economic growth",
            "Industry, innovation and infrastructure",
            "Reduced inequalities",
            "Sustainable cities and communities",
            "Responsible consumption and production",
            "Climate action",
            "Life below water",
            "Life on land",
            "Peace, justice and strong institutions",
            "Partnerships for the goals",
        ),
        1,
    )
)
"""The Sustainable Development Goals by number, under their short names."""

HAZARD_GROUPS = (
    "meteorological and hydrological hazards",
    "extraterrestrial hazards",
    "geohazards",
    "environmental hazards",
    "chemical hazards",
    "biological hazards",
    "technological hazards",
    "societal hazards",
)
"""The groups into which UNDRR and the International Science Council divide hazards (2020)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How near a collection comes to a theme.

    ``cosine`` is that of the nearest passage of all, ``article_id`` and ``title`` its article's;
    ``confidence`` is that of the answer, ``reason`` why there was none, None when there was one. ``words``
    is the share of the theme's words, weighted by rarity, that any passage holds.
    """

    theme: str
    cosine: float
    words: float
    article_id: str | None
    title: str | None
    confidence: float
    reason: Reason | None


def listen(assistant: Assistant, themes: Iterable[str]) -> list[Heard]:
    """Ask a collection about each theme, in order; raises InputError for an empty one."""
    return [_heard(assistant, theme) for theme in themes]


def _heard(assistant: Assistant, theme: str) -> Heard:
    answer = assistant.ask(theme, top_k=1)
    vector = assistant.encoder.question(theme)
    with assistant.index.view() as view:
        pool = view.pool(view.nearest(vector, 1))
        if not len(pool):
            return Heard(theme, 0.0, 0.0, None, None, 0.0, answer.reason)
        cosines = np.einsum("ij,j->i", pool.vectors, vector)
        best = int(np.argmax(cosines))
        (article,) = view.articles_of([int(pool.revisions[best])]).values()
        words = _held(view.statistics(tuple(question_terms(theme))))
    return Heard(
        theme=theme,
        cosine=float(cosines[best]),
        words=words,
        article_id=article.id,
        title=article.metadata.title,
        confidence=answer.confidence,
        reason=answer.reason,
    )


def _held(statistics: Statistics) -> float:
    weights, holding = statistics.weights, np.array(statistics.holding)
    return float(weights[holding > 0].sum() / total_of(weights))
