"""Evidence: which sentences of the best passages answer the question.

Features that cost next to nothing at question time, and a score by the weights of ``ranker.json``.
Knows nothing of how an answer is composed of the sentences it ranks.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from indexer import KINDS, Pool
from service.cues import (
    answers_kind,
    counts_what_is_asked,
    held_share,
    is_question,
    leans_on_neighbour,
    names,
    numbers,
)
from service.expected import SURE, expected_of, told
from service.features import neighbouring, stacked
from service.question import Question
from service.scores import Floats, Scores
from service.surroundings import (
    cosine_before,
    named_columns,
    nearness,
    read_together,
    share,
)

Rows = NDArray[np.int64]

SENTENCE_FEATURES = (
    "passage_score",
    "passage_gap",
    "passage_rank",
    "cosine",
    "cosine_gap",
    "bm25",
    "bm25_gap",
    "coverage",
    "coverage_gap",
    "with_neighbour",
    "with_heading",
    "pairs",
    "rarest",
    "names",
    "numbers",
    "kind",
    "kind_known",
    "told",
    "counted",
    "novelty",
    "length",
    "first",
    "is_question",
    "leans",
    "heading",
    "item",
    "line",
    "passage_cosine",
    "passage_coverage",
    "subject",
    "predicate",
    "nearness",
    "cosine_before",
    "told_surely",
)
"""Columns of :func:`sentence_features`, in order."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Sentences that may answer: rows of the pool, their texts and their passages' rank and score."""

    rows: Rows
    texts: tuple[str, ...]
    ranks: Rows  # 0 for the best passage
    passage_scores: Floats  # of each sentence's passage


def sentence_features(question: Question, pool: Pool, scores: Scores, candidates: Candidates) -> Floats:
    """Return float64 of shape (candidates, features); see ``SENTENCE_FEATURES`` for the columns."""
    rows, texts = candidates.rows, candidates.texts
    passages = pool.sentence_passage[rows]
    held = scores.sentence_counts > 0
    coverage = scores.share(held[rows])
    bm25, cosine = scores.sentence_bm25[rows] / scores.total, scores.sentence_cosine[rows]
    asked_names, asked_numbers = names(question.text), numbers(question.text)
    expected = expected_of(question.text, question.kind)
    under = _under(pool, scores, held, rows)
    around = read_together(pool, held, rows) | under
    named = named_columns(question)
    tells = np.array([told(expected, question.text, text) for text in texts])
    kinds = np.array([answers_kind(question.kind, text) for text in texts])
    columns: dict[str, ArrayLike] = {
        "passage_score": candidates.passage_scores,
        "passage_gap": candidates.passage_scores - candidates.passage_scores.max(initial=0.0),
        "passage_rank": 1.0 / (1.0 + candidates.ranks),
        "cosine": cosine,
        "cosine_gap": cosine - cosine.max(initial=0.0),
        "bm25": bm25,
        "bm25_gap": bm25 - bm25.max(initial=0.0),
        "coverage": coverage,
        "coverage_gap": coverage - coverage.max(initial=0.0),
        "with_neighbour": scores.share(_with_neighbour(pool, held, rows)),
        "with_heading": scores.share(held[rows] | under),
        "pairs": neighbouring(question, scores, pool.term_sentence, len(pool.sentence_kinds))[rows],
        "rarest": held[rows, int(np.argmax(scores.weights))] if len(scores.weights) else 0.0,
        "names": [held_share(asked_names, text) for text in texts],
        "numbers": [held_share(asked_numbers, text) for text in texts],
        "kind": kinds,
        "kind_known": kinds * (question.kind != "other"),
        "told": tells,
        "counted": [counts_what_is_asked(question.text, text) for text in texts],
        "novelty": _novelty(pool, scores, rows),
        "length": np.log1p(pool.sentence_lengths[rows]),
        "first": rows == np.searchsorted(pool.sentence_passage, passages),
        "is_question": [is_question(text) for text in texts],
        "leans": [leans_on_neighbour(text) for text in texts],
        **{kind: pool.sentence_kinds[rows] == KINDS.index(kind) for kind in ("heading", "item", "line")},
        "passage_cosine": scores.cosine[passages],
        "passage_coverage": scores.share(scores.counts > 0)[passages],
        "subject": share(around, scores.weights, named),
        "predicate": share(held[rows], scores.weights, ~named),
        "nearness": nearness(question, pool, scores, rows, texts, expected),
        "cosine_before": cosine_before(pool, scores, rows),
        "told_surely": tells if expected in SURE else 0.5,
    }
    # Row by row in memory: a weighted sum over rows that lie otherwise may differ in its last bit.
    return np.ascontiguousarray(stacked(columns, SENTENCE_FEATURES, len(rows)))


def _with_neighbour(pool: Pool, held: NDArray[np.bool_], rows: Rows) -> NDArray[np.bool_]:
    """Terms held by the sentence or the one before it in the same passage."""
    before = np.maximum(rows - 1, 0)
    same = pool.sentence_passage[before] == pool.sentence_passage[rows]
    together: NDArray[np.bool_] = held[rows] | (held[before] & same[:, None])
    return together


def _under(pool: Pool, scores: Scores, held: NDArray[np.bool_], rows: Rows) -> NDArray[np.bool_]:
    """Terms held by what a sentence stands under.

    That is the title that its passage is read with, and the nearest heading before it in the passage, or
    else the passage's first sentence, often its topic. A line says something of that sentence, too:
    ``Venue: …`` of the event that the page opens with.
    """
    above = headings_above(pool)
    title = scores.context_counts[pool.sentence_passage[rows]] > 0
    opening = held[np.searchsorted(pool.sentence_passage, pool.sentence_passage[rows])]
    lines = (pool.sentence_kinds[rows] == KINDS.index("line"))[:, None]
    under: NDArray[np.bool_] = held[above[rows]] | title | (opening & lines)
    return under


def headings_above(pool: Pool) -> Rows:
    """Return for each sentence the row of the nearest heading up to it in its passage, or of its first.

    An item stands below the line that opens its list.
    """
    own = np.arange(len(pool.sentence_kinds))
    opens = np.searchsorted(pool.sentence_passage, pool.sentence_passage) == own
    heads = opens | (pool.sentence_kinds == KINDS.index("heading"))
    items = pool.sentence_kinds == KINDS.index("item")
    before_items = ~items & np.append(items[1:], False)
    above: Rows = np.maximum.accumulate(np.where(heads, own, 0))
    lists: Rows = np.maximum.accumulate(np.where(heads | before_items, own, 0))
    return np.where(items, lists, above)


def _novelty(pool: Pool, scores: Scores, rows: Rows) -> Floats:
    """Share of a sentence's terms that the question does not hold: an answer must say something new."""
    lengths = np.maximum(pool.sentence_lengths[rows], 1)
    novelty: Floats = 1 - scores.sentence_counts[rows].sum(axis=1) / lengths
    return novelty
