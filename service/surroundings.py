"""Surroundings: what stands around a sentence and inside it, and speaks for it as an answer.

A sentence seldom says again what its heading, its article's title and the sentences before it have said:
'It entered into force in 1931.' And of two sentences with the same words the one answers that tells
what is asked for close to them. Works on the terms and scores that retrieval has anyway.
"""

import numpy as np
from numpy.typing import NDArray

from indexer import Pool, terms_of
from service.cues import names
from service.expected import Expected, new_expressions
from service.question import Question
from service.scores import Floats, Scores

Rows = NDArray[np.int64]
Held = NDArray[np.bool_]

BEFORE, BEHIND = 2, 1
"""Sentences around one, of the same passage, that are read with it."""

NEAR_TERMS = 6.0
"""Terms over which nearness falls to about a third."""


def read_together(pool: Pool, held: Held, rows: Rows) -> Held:
    """Terms held by a sentence, the two before it or the one behind it in the same passage."""
    together = held[rows].copy()
    last = len(pool.sentence_passage) - 1
    for step in (*range(-BEFORE, 0), *range(1, BEHIND + 1)):
        other = np.clip(rows + step, 0, last)
        same = pool.sentence_passage[other] == pool.sentence_passage[rows]
        together |= held[other] & same[:, None]
    return together


def cosine_before(pool: Pool, scores: Scores, rows: Rows) -> Floats:
    """Return the cosine of the sentence before in the same passage, 0 where there is none."""
    before = np.maximum(rows - 1, 0)
    same = (pool.sentence_passage[before] == pool.sentence_passage[rows]) & (before < rows)
    return np.where(same, scores.sentence_cosine[before], 0.0)


def named_columns(question: Question) -> Held:
    """Tell which of the question's terms belong to its names."""
    named = set(terms_of(" ".join(names(question.text))))
    return np.array([term in named for term in question.terms], bool)


def share(held: Held, weights: Floats, columns: Held) -> Floats:
    """Return the share of some of the question's terms, that each row holds, by weight; of none a half."""
    total = float(weights[columns].sum())
    if total <= 0:
        return np.full(len(held), 0.5)
    found: Floats = held[:, columns] @ weights[columns] / total
    return found


def nearness(
    question: Question,
    pool: Pool,
    scores: Scores,
    rows: Rows,
    texts: tuple[str, ...],
    expected: Expected | None,
) -> Floats:
    """Return how near to what is told the question's terms stand, from 0 to 1.

    A half where nothing is expected.

    Where in the sentence an expression stands is known by its share of the characters.
    """
    if expected is None:
        return np.full(len(rows), 0.5)
    inside = np.flatnonzero(pool.term_sentence >= 0)
    starts = np.searchsorted(pool.term_sentence[inside], rows)
    columns, total = scores.term_columns[inside], scores.total
    found = np.zeros(len(rows))
    for at, text in enumerate(texts):
        mine = columns[starts[at] : starts[at] + pool.sentence_lengths[rows[at]]]
        places = np.flatnonzero(mine >= 0)
        told = new_expressions(expected, question.text, text) if len(places) else ()
        if told:
            middles = np.array([(text.find(one) + len(one) / 2) / len(text) * len(mine) for one in told])
            near = np.exp(-np.abs(places[None, :] - middles[:, None]) / NEAR_TERMS)
            best = np.zeros((len(told), len(scores.weights)))
            np.maximum.at(best.T, mine[places], near.T)
            found[at] = float((best @ scores.weights).max()) / total
    return found
