"""Explanations as values: how every score came about, for JSON, tables and the terminal alike."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeatureShare:
    """A feature, its value, and what that value adds to the score."""

    feature: str
    value: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Scored:
    """How a score comes about: ``base``, and what each feature and each rule set by hand adds.

    ``base + sum(contributions) + sum(rules)`` is ``score``, rounding aside.
    """

    score: float
    base: float
    features: tuple[FeatureShare, ...]
    rules: dict[str, float]


@dataclass(frozen=True, slots=True)
class ExplainedPassage:
    """A passage that was ranked; ``ranks`` are 1 for the best, by stage."""

    article_id: str
    revision: int
    start: int
    end: int
    ranks: dict[str, int]
    scored: Scored


@dataclass(frozen=True, slots=True)
class ExplainedSentence:
    """A sentence that was considered, its place in the article, and whether it is in the answer."""

    article_id: str
    revision: int
    start: int
    end: int
    text: str
    chosen: bool
    ranks: dict[str, int]
    scored: Scored


@dataclass(frozen=True, slots=True)
class ExplainedConfidence:
    """Confidence as log-odds: ``scored`` sums to the log-odds of ``probability``."""

    probability: float
    threshold: float
    scored: Scored


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every candidate, the best first; a search has neither sentences nor confidence."""

    passages: tuple[ExplainedPassage, ...]
    sentences: tuple[ExplainedSentence, ...] = ()
    confidence: ExplainedConfidence | None = None
