"""Confidence: how likely the best evidence answers the question, from signs of a match and of its absence.

Gathers features; the weights are the ranker's, calibrated on questions that it was not trained on.
"""

import numpy as np

from indexer import Pool
from service.cues import answers_kind, held_share, names, numbers
from service.evidence import SENTENCE_FEATURES, Candidates
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

    ``features`` and ``evidence`` are the candidates' sentence features and scores.
    """
    best = int(np.argmax(evidence))
    row, others = candidates.rows[best], np.delete(evidence, best)
    column = {name: features[best, at] for at, name in enumerate(SENTENCE_FEATURES)}
    passage = pool.sentence_passage[row]
    missing = scores.weights * (scores.sentence_counts[row] == 0)
    missing_passage = scores.weights * (scores.counts[passage] == 0)
    unknown = scores.weights * ~(scores.counts > 0).any(axis=0)
    around = _passage_text(pool, candidates, int(passage))
    asks_against, tells_against = negated(question.text), negated(candidates.texts[best])
    passage_scores = candidates.passage_scores
    rest = passage_scores[candidates.ranks > 0]
    values = (
        evidence[best],
        evidence[best] - others.max(initial=evidence[best] - 5.0),
        column["cosine"],
        column["passage_cosine"],
        column["coverage"],
        column["passage_coverage"],
        column["pairs"],
        answers_kind(question.kind, candidates.texts[best]),
        column["told"],
        column["told_surely"],
        column["nearness"],
        column["subject"],
        column["predicate"],
        missing.max(initial=0.0) / scores.total,
        missing_passage.max(initial=0.0) / scores.total,
        unknown.sum() / scores.total,
        1 - held_share(names(question.text), around),
        1 - held_share(numbers(question.text), around),
        float(asks_against and not tells_against),
        float(tells_against and not asks_against),
        float(opposites_held(question.text, candidates.texts[best])),
        float(opposites_held(question.text, around)),
        float(candidates.ranks[best] == 0),
        passage_scores.max() - rest.max(initial=passage_scores.max() - 5.0),
        float(len(question.terms)),
        question.dense_share,
    )
    return np.array([values], np.float64)


def _passage_text(pool: Pool, candidates: Candidates, passage: int) -> str:
    inside = pool.sentence_passage[candidates.rows] == passage
    texts = zip(candidates.texts, inside, strict=True)
    return " ".join(text for text, within in texts if within)
