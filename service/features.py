"""Features of candidate passages: what ranking looks at, scale-free, to travel between collections.

Every feature comes from scores that retrieval has anyway. Scores enter as shares of the best possible
or of the best found, never as raw values that depend on a collection's size.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indexer import Pool
from service.question import Question
from service.scores import Floats, Scores, best_per_passage, total_of

PASSAGE_FEATURES = (
    "cosine",
    "cosine_gap",
    "cosine_rank",
    "sentence_cosine",
    "sentence_cosine_gap",
    "bm25",
    "bm25_share",
    "bm25_rank",
    "sentence_bm25",
    "sentence_bm25_share",
    "coverage",
    "sentence_coverage",
    "sentence_both",
    "pairs",
    "article_cosine",
    "article_coverage",
    "length",
    "question_terms",
    "question_rarity",
    "top_cosine",
    "cosine_spread",
    "bm25_spread",
    "agreement",
    "dense_script",
)
"""Columns of :func:`passage_features`, in order."""


def passage_features(question: Question, pool: Pool, scores: Scores) -> Floats:
    """Return float64 of shape (passages, features); see ``PASSAGE_FEATURES`` for the columns."""
    total = scores.total
    sentence_cosine = best_per_passage(pool, scores.sentence_cosine)
    sentence_bm25 = best_per_passage(pool, scores.sentence_bm25) / total
    coverage = scores.share(scores.counts > 0)
    in_sentences = scores.share(scores.sentence_counts > 0)
    both = best_per_passage(pool, scores.sentence_cosine + scores.sentence_bm25 / total)
    bm25 = scores.bm25 / total
    article_cosine, article_coverage = _of_articles(pool, scores)
    columns: dict[str, ArrayLike] = {
        "cosine": scores.cosine,
        "cosine_gap": scores.cosine - scores.cosine.max(),
        "cosine_rank": _reciprocal_rank(scores.cosine),
        "sentence_cosine": sentence_cosine,
        "sentence_cosine_gap": sentence_cosine - sentence_cosine.max(),
        "bm25": bm25,
        "bm25_share": _share(bm25),
        "bm25_rank": _reciprocal_rank(bm25),
        "sentence_bm25": sentence_bm25,
        "sentence_bm25_share": _share(sentence_bm25),
        "coverage": coverage,
        "sentence_coverage": best_per_passage(pool, in_sentences),
        "sentence_both": both,
        "pairs": neighbouring(question, scores, pool.term_passage, len(pool)),
        "article_cosine": article_cosine,
        "article_coverage": article_coverage,
        "length": np.log1p(pool.lengths),
        "question_terms": len(question.terms),
        "question_rarity": float(scores.weights.max(initial=0.0)) / max(1.0, _log_size(scores)),
        "top_cosine": scores.cosine.max(),
        "cosine_spread": _spread(scores.cosine),
        "bm25_spread": _spread(bm25),
        "agreement": np.argmax(scores.cosine) == np.argmax(bm25),
        "dense_script": question.dense_share,
    }
    return stacked(columns, PASSAGE_FEATURES, len(pool))


def stacked(columns: Mapping[str, ArrayLike], names: Sequence[str], rows: int) -> Floats:
    """Return columns, or one value for all rows, in the order of names as float64 of shape (rows, names)."""
    table = np.empty((len(names), rows))
    for place, name in enumerate(names):
        table[place] = columns[name]
    return table.T


def _of_articles(pool: Pool, scores: Scores) -> tuple[Floats, Floats]:
    """Return, for each passage, its article's best cosine and the coverage by all its passages together.

    What a long article says of a question is spread over its passages; only those in the pool count.
    """
    article = np.unique(pool.revisions, return_inverse=True)[1]
    cosine = np.full(len(pool), -np.inf)
    np.maximum.at(cosine, article, scores.cosine)
    held = np.zeros((len(pool), len(scores.weights)), bool)
    np.logical_or.at(held, article, scores.counts > 0)
    return cosine[article], scores.share(held)[article]


def _log_size(scores: Scores) -> float:
    return float(np.log1p(scores.passages))


def _reciprocal_rank(values: Floats) -> Floats:
    ranks = np.empty(len(values))
    ranks[np.argsort(-values, kind="stable")] = np.arange(1, len(values) + 1)
    return 1 / ranks


def _share(values: Floats) -> Floats:
    return values / max(float(values.max()), 1e-9)


def _spread(values: Floats) -> float:
    """How far the best stands out: the best minus the mean of the next nine."""
    best = -np.sort(-values)[:10]
    return float(best[0] - best[1:].mean()) if len(best) > 1 else 0.0


def neighbouring(question: Question, scores: Scores, owner: NDArray[np.int64], owners: int) -> Floats:
    """Return the share of the question's neighbouring term pairs that stand side by side in each owner.

    ``owner`` names the passage, or the sentence, that each term of the pool belongs to; -1 for none.
    """
    width = len(question.terms)
    if width < 2:
        return np.zeros(owners)
    here, following = scores.term_columns[:-1], scores.term_columns[1:]
    hit = (here >= 0) & (following == here + 1) & (owner[:-1] == owner[1:]) & (owner[:-1] >= 0)
    found = np.bincount(owner[:-1][hit] * width + here[hit], minlength=owners * width)
    weights = np.append(np.minimum(scores.weights[:-1], scores.weights[1:]), 0.0)
    share: Floats = (found.reshape(-1, width) > 0) @ weights / total_of(weights)
    return share
