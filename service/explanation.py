"""Explanations: how every candidate's score comes about, put together only when it is asked for.

Ranks the passages once more, without what follows by cosine alone, so that the features are those that the
model saw. What each number means is in docs/explain.md.
"""

import numpy as np

from indexer import ArticleState, Keys, View
from service.answer import (
    AnswerSentence,
    Citation,
    ExplainedConfidence,
    ExplainedPassage,
    ExplainedSentence,
    Explanation,
    FeatureShare,
    Scored,
)
from service.attribution import Attribution, attribute, middle
from service.confidence import CONFIDENCE_FEATURES
from service.evidence import SENTENCE_FEATURES
from service.features import PASSAGE_FEATURES, passage_features
from service.question import Question
from service.ranker import Ranker
from service.retrieval import Evidence, Ranked, believe, rank
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
    question: Question,
    ranker: Ranker,
    allowed: Keys | None,
    ranked: Ranked,
    evidence: Evidence,
    settlement: Settlement,
    articles: dict[int, ArticleState],
    probability: float,
    threshold: float,
    sentences: tuple[AnswerSentence, ...] = (),
    citations: tuple[Citation, ...] = (),
) -> Explanation:
    """Explain passages, sentences and confidence; ``evidence`` is what stood before its ``settlement``."""
    quotes = {one.quote for one in citations} | {one.context for one in sentences}
    passages = explain_passages(view, question, ranker, allowed).passages
    explained = _sentences(ranker, ranked, evidence, settlement, articles, quotes)
    belief = believe(question, ranked, evidence, ranker)
    reference = middle(ranker.confidence, len(CONFIDENCE_FEATURES))
    shares = attribute(ranker.confidence, belief.features, reference)
    scored = _scored(CONFIDENCE_FEATURES, belief.features, shares, 0, belief.log_odds, belief.rules)
    return Explanation(passages, explained, ExplainedConfidence(round(probability, 4), threshold, scored))


def _sentences(
    ranker: Ranker,
    ranked: Ranked,
    evidence: Evidence,
    settlement: Settlement,
    articles: dict[int, ArticleState],
    quotes: set[str | None],
) -> tuple[ExplainedSentence, ...]:
    pool, candidates = ranked.pool, evidence.candidates
    shares = attribute(ranker.sentences, evidence.features, np.median(evidence.features, axis=0))
    final = settlement.evidence
    stages = {
        "cosine": _ranks(ranked.scores.sentence_cosine[candidates.rows]),
        "bm25": _ranks(ranked.scores.sentence_bm25[candidates.rows]),
        "passage": candidates.ranks + 1,
        "evidence": _ranks(evidence.scores),
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
                articles[int(pool.revisions[passage])].revision,
                int(pool.sentence_spans[row, 0]),
                int(pool.sentence_spans[row, 1]),
                text,
                text in quotes,
                _at(stages, at),
                _scored(SENTENCE_FEATURES, evidence.features, shares, at, float(final.scores[at]), rules),
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
