"""Explanations: how every candidate's score comes about, put together only when it is asked for.

Ranks the passages once more, without what follows by cosine alone, so that the features are those that the
model saw. What each number means is in docs/explain.md.
"""

import numpy as np

from indexer import Keys, View
from service.answer import Answer
from service.attribution import Attribution, attribute, middle
from service.belief import believe
from service.confidence import CONFIDENCE_FEATURES
from service.evidence import SENTENCE_FEATURES
from service.explained import (
    ExplainedConfidence,
    ExplainedPassage,
    ExplainedSentence,
    Explanation,
    FeatureShare,
    Scored,
)
from service.features import PASSAGE_FEATURES, passage_features
from service.portions import Portion
from service.question import Question
from service.ranker import Ranker
from service.retrieval import rank
from service.scores import Floats, best_per_passage
from service.settled import Settlement

DIGITS = 6


def explain_passages(view: View, question: Question, ranker: Ranker, allowed: Keys | None) -> Explanation:
    """Explain the ranking of the passages that the model ranked, the best first."""
    ranked = rank(view, question, ranker, allowed)
    if not len(ranked.pool):
        return Explanation(())
    features = passage_features(question, ranked.pool, ranked.scores)
    shares = attribute(ranker.passages, features, np.median(features, axis=0))
    stages = {
        "cosine": _ranks(ranked.scores.cosine),
        "sentence_cosine": _ranks(best_per_passage(ranked.pool, ranked.scores.sentence_cosine)),
        "bm25": _ranks(ranked.scores.bm25),
        "model": _ranks(ranked.relevance),
    }
    articles = view.articles_of(np.unique(ranked.pool.revisions).tolist())
    return Explanation(
        tuple(
            ExplainedPassage(
                ranked.pool.article_ids[row],
                articles[int(ranked.pool.revisions[row])].revision,
                int(ranked.pool.spans[row, 0]),
                int(ranked.pool.spans[row, 1]),
                _at(stages, row),
                _scored(PASSAGE_FEATURES, features, shares, row, float(ranked.relevance[row])),
            )
            for row in ranked.order.tolist()
        )
    )


def explain_answer(
    view: View,
    ranker: Ranker,
    allowed: Keys | None,
    whole: Portion,
    settlement: Settlement,
    threshold: float,
    answer: Answer,
) -> Explanation:
    """Explain the passages, sentences and confidence of an answer to the ``whole`` of a question."""
    quotes = {one.quote for one in answer.citations} | {one.context for one in answer.sentences}
    passages = explain_passages(view, whole.question, ranker, allowed).passages
    explained = _sentences(ranker, whole, settlement, quotes)
    belief = believe(whole.question, whole.ranked, settlement.unsettled, ranker)
    reference = middle(ranker.confidence, len(CONFIDENCE_FEATURES))
    shares = attribute(ranker.confidence, belief.features, reference)
    scored = _scored(CONFIDENCE_FEATURES, belief.features, shares, 0, belief.log_odds, belief.rules)
    return Explanation(passages, explained, ExplainedConfidence(answer.confidence, threshold, scored))


def _sentences(
    ranker: Ranker, whole: Portion, settlement: Settlement, quotes: set[str | None]
) -> tuple[ExplainedSentence, ...]:
    pool, final = whole.ranked.pool, settlement.evidence
    candidates, features = final.candidates, final.features
    shares = attribute(ranker.sentences, features, np.median(features, axis=0))
    stages = {
        "cosine": _ranks(whole.ranked.scores.sentence_cosine[candidates.rows]),
        "bm25": _ranks(whole.ranked.scores.sentence_bm25[candidates.rows]),
        "passage": candidates.ranks + 1,
        "evidence": _ranks(settlement.unsettled.scores),
        "settled": _ranks(final.scores),
    }
    explained = []
    for at in final.order.tolist():
        row = int(candidates.rows[at])
        passage = int(pool.sentence_passage[row])
        text = candidates.texts[at]
        rules = {name: float(added[at]) for name, added in final.rules.items()}
        explained.append(
            ExplainedSentence(
                pool.article_ids[passage],
                whole.articles[int(pool.revisions[passage])].revision,
                int(pool.sentence_spans[row, 0]),
                int(pool.sentence_spans[row, 1]),
                text,
                text in quotes,
                _at(stages, at),
                _scored(SENTENCE_FEATURES, features, shares, at, float(final.scores[at]), rules),
            )
        )
    return tuple(explained)


def _scored(
    names: tuple[str, ...],
    features: Floats,
    shares: Attribution,
    row: int,
    score: float,
    rules: dict[str, float] | None = None,
) -> Scored:
    listed = zip(names, features[row].tolist(), shares.contributions[row].tolist(), strict=True)
    kept = {name: round(value, DIGITS) for name, value in (rules or {}).items() if abs(value) > 10**-DIGITS}
    return Scored(
        score=round(score, DIGITS),
        base=round(shares.base, DIGITS),
        features=tuple(FeatureShare(name, round(v, DIGITS), round(c, DIGITS)) for name, v, c in listed),
        rules=kept,
    )


def _ranks(values: Floats) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    ranks = np.empty(len(values), np.int64)
    ranks[np.argsort(-values, kind="stable")] = np.arange(1, len(values) + 1)
    return ranks


def _at(stages: "dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]]", row: int) -> dict[str, int]:
    return {name: int(ranks[row]) for name, ranks in stages.items()}
