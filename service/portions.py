"""Portions: each part of a question asked on its own, in the same view as the whole.

Knows how a part's evidence is found and when a part counts as answered; not how sentences become
citations.
"""

from dataclasses import dataclass

import numpy as np

from indexer import ArticleState, Encoder, Keys, View, terms_of
from service.belief import believe
from service.cues import counts_what_is_asked
from service.evidence import Candidates
from service.expected import Expected, expected_of, told
from service.families import rank_families
from service.parts import Part, parts_of
from service.question import Question, understand
from service.ranker import Ranker
from service.retrieval import EVIDENCE_PASSAGES, Evidence, Ranked, gather, read_articles


@dataclass(frozen=True, slots=True)
class Portion:
    """A question, or one part of it, with its evidence; ``articles`` holds the revisions that it is from."""

    question: Question
    ranked: Ranked
    evidence: Evidence
    articles: dict[int, ArticleState]
    confidence: float
    part: Part | None = None


def portions_of(
    view: View, question: Question, encoder: Encoder, ranker: Ranker, allowed: Keys | None
) -> list[Portion]:
    """Find evidence for each part of a question; nothing when it has no parts.

    A side of a comparison of which no sentence speaks has confidence 0.
    """
    return [
        portion
        for part in parts_of(question.text)
        if (portion := _ask(view, part, encoder, ranker, allowed)) is not None
    ]


def _ask(view: View, part: Part, encoder: Encoder, ranker: Ranker, allowed: Keys | None) -> Portion | None:
    question = understand(part.question, encoder)
    ranked, _ = rank_families(view, question, ranker, allowed, EVIDENCE_PASSAGES)
    if not len(ranked.pool):
        return None
    articles = read_articles(view, ranked, ranked.order[:EVIDENCE_PASSAGES])
    evidence = gather(question, ranked, ranker, articles)
    if part.side is not None:
        about = _about(part.side, question, ranked, evidence, articles)
        if about is None:
            return Portion(question, ranked, evidence, articles, 0.0, part)
        evidence = about
    confidence = believe(question, ranked, evidence, ranker).probability
    return Portion(question, ranked, evidence, articles, confidence, part)


def _about(
    side: str, question: Question, ranked: Ranked, evidence: Evidence, articles: dict[int, ArticleState]
) -> Evidence | None:
    """Return the evidence with sentences about a side alone, None without any.

    They name it, or their article's title does, and they tell what is asked of it.
    """
    wanted, found = set(terms_of(side)), evidence.candidates
    titles = {key: set(terms_of(state.metadata.title or "")) for key, state in articles.items()}
    revisions = ranked.pool.revisions[ranked.pool.sentence_passage[found.rows]].tolist()
    expected = expected_of(question.text, question.kind)
    names = [
        wanted <= (set(terms_of(text)) | titles[revision]) and _tells(expected, question.text, text)
        for text, revision in zip(found.texts, revisions, strict=True)
    ]
    keep = np.flatnonzero(names)
    if not len(keep):
        return None
    texts = tuple(found.texts[at] for at in keep)
    return Evidence(
        Candidates(found.rows[keep], texts, found.ranks[keep], found.passage_scores[keep]),
        evidence.features[keep],
        {name: added[keep] for name, added in evidence.rules.items()},
        evidence.scores[keep],
        evidence.labels[keep],
        np.argsort(-evidence.scores[keep], kind="stable"),
    )


def _tells(expected: Expected | None, question: str, text: str) -> bool:
    if expected == "count":
        return counts_what_is_asked(question, text)
    return expected is None or told(expected, question, text) > 0
