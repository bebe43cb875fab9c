"""Confidence: how likely the best evidence answers the question, from signs of a match and of its absence.

Gathers features; the weights are the ranker's, calibrated on questions that it was not trained on.
"""

import numpy as np
from numpy.typing import ArrayLike

from indexer import Pool
from service.cues import held_share, names, numbers
from service.evidence import SENTENCE_FEATURES, Candidates
from service.features import stacked
from service.opposites import negated, opposites_held
from service.question import Question
from service.scores import Floats, Scores

CONFIDENCE_FEATURES = (
    "evidence",
    "evidence_margin",
    "cosine",
    "passage_cosine",
    "coverage",
    "passage_coverage",
    "pairs",
    "kind",
    "told",
    "told_surely",
    "nearness",
    "subject",
    "predicate",
    "missing_rarest",
    "missing_from_passage",
    "unknown",
    "missing_names",
    "missing_numbers",
    "negated_alone",
    "negation_alone",
    "opposites",
    "opposites_in_passage",
    "agreement",
    "passage_margin",
    "question_terms",
    "dense_script",
)
"""Entries of :func:`confidence_features`, in order."""


def confidence_features(
    question: Question, pool: Pool, scores: Scores, candidates: Candidates, features: Floats, evidence: Floats
) -> Floats:
    """Return float64 of shape (1, features) about the best sentence; see ``CONFIDENCE_FEATURES``.

    ``features`` and ``evidence`` are the candidates' sentence features and scores. What has the name of a
    sentence feature is the best sentence's own.
    """
    best = int(np.argmax(evidence))
    row, others = candidates.rows[best], np.delete(evidence, best)
    passage = pool.sentence_passage[row]
    missing = scores.weights * (scores.sentence_counts[row] == 0)
    missing_passage = scores.weights * (scores.counts[passage] == 0)
    unknown = scores.weights * ~(scores.counts > 0).any(axis=0)
    around = _passage_text(pool, candidates, int(passage))
    asks_against, tells_against = negated(question.text), negated(candidates.texts[best])
    passage_scores = candidates.passage_scores
    rest = passage_scores[candidates.ranks > 0]
    values: dict[str, ArrayLike] = {
        **dict(zip(SENTENCE_FEATURES, features[best].tolist(), strict=True)),
        "evidence": evidence[best],
        "evidence_margin": evidence[best] - others.max(initial=evidence[best] - 5.0),
        "missing_rarest": missing.max(initial=0.0) / scores.total,
        "missing_from_passage": missing_passage.max(initial=0.0) / scores.total,
        "unknown": unknown.sum() / scores.total,
        "missing_names": 1 - held_share(names(question.text), around),
        "missing_numbers": 1 - held_share(numbers(question.text), around),
        "negated_alone": asks_against and not tells_against,
        "negation_alone": tells_against and not asks_against,
        "opposites": opposites_held(question.text, candidates.texts[best]),
        "opposites_in_passage": opposites_held(question.text, around),
        "agreement": candidates.ranks[best] == 0,
        "passage_margin": passage_scores.max() - rest.max(initial=passage_scores.max() - 5.0),
        "question_terms": len(question.terms),
        "dense_script": question.dense_share,
    }
    return stacked(values, CONFIDENCE_FEATURES, 1)


def _passage_text(pool: Pool, candidates: Candidates, passage: int) -> str:
    inside = pool.sentence_passage[candidates.rows] == passage
    texts = zip(candidates.texts, inside, strict=True)
    return " ".join(text for text, within in texts if within)
