"""Composition: from ranked sentences to the few that make an answer, each a span to be quoted.

One sentence when one suffices, every item when a list is asked for, the sentence before when a pronoun
leans on it, and nothing said twice. Chooses spans only; the words are read from the catalog later.
"""

import re
from dataclasses import dataclass

import numpy as np

from indexer import KINDS, Pool, Span, terms_of
from service.cues import leans_on_neighbour, numbers
from service.question import Question
from service.retrieval import Evidence

MOST_SENTENCES = 3
LIST_MOST = 20
"""Items of a list that an answer holds at most."""

MARGIN = 2.5
"""How far below the best, in log-odds, a further sentence may lie."""

SUFFICES = 1.0
"""Log-odds from which on the best sentence is answer enough: nineteen in twenty such hold the answer
(training titles of SQuAD, out of fold). With this margin below it an answer has 2.2 sentences."""

SAME = 0.92
"""Cosine above which two sentences with the same numbers say the same."""

_PROSE, _HEADING, _ITEM = (KINDS.index(kind) for kind in ("prose", "heading", "item"))


@dataclass(frozen=True, slots=True)
class Chosen:
    """A sentence of the answer: its row in the pool, its score, and the row of the sentence it leans on."""

    row: int
    score: float
    context: int | None = None


def choose(question: Question, pool: Pool, evidence: Evidence, texts: dict[int, str]) -> list[Chosen]:
    """Choose the answer's sentences, the best evidence first. ``texts`` are the candidates' by row."""
    ranked = [int(evidence.candidates.rows[at]) for at in evidence.order]
    scores = dict(zip(evidence.candidates.rows.tolist(), evidence.scores.tolist(), strict=True))
    rows = _listed(question, pool, ranked, scores, texts) or _distinct(pool, ranked, scores, texts)
    return [Chosen(row, scores[row], _leaning_on(pool, row, texts)) for row in rows]


def _listed(
    question: Question, pool: Pool, ranked: list[int], scores: dict[int, float], texts: dict[int, str]
) -> list[int]:
    """Return a list's rows: the one that the best sentence opens or, when asked for, a close one's."""
    wanted = question.kind == "list"
    for row in ranked[: MOST_SENTENCES if wanted else 1]:
        if scores[row] >= scores[ranked[0]] - MARGIN:
            rows = _list_around(pool, row, texts, wanted=wanted)
            if rows:
                return rows
    return []


def _distinct(pool: Pool, ranked: list[int], scores: dict[int, float], texts: dict[int, str]) -> list[int]:
    """Return the best sentence and those close to it that say something else."""
    chosen: list[int] = []
    for row in ranked:
        close = scores[row] >= scores[ranked[0]] - MARGIN and scores[ranked[0]] < SUFFICES
        if chosen and (len(chosen) == MOST_SENTENCES or not close):
            break
        answering = _below_heading(pool, row)
        if not any(_says_the_same(pool, answering, other, texts) for other in chosen):
            chosen.append(answering)
    return chosen


def _below_heading(pool: Pool, row: int) -> int:
    """A heading answers nothing itself: what stands below it does, if that is in the same passage."""
    inside = pool.sentence_passage[row]
    last = int(np.searchsorted(pool.sentence_passage, inside, side="right")) - 1
    return row + 1 if pool.sentence_kinds[row] == _HEADING and row < last else row


def _says_the_same(pool: Pool, row: int, other: int, texts: dict[int, str]) -> bool:
    if _plain(texts[row]) == _plain(texts[other]):
        return True
    if float(pool.sentence_vectors[row] @ pool.sentence_vectors[other]) <= SAME:
        return False
    alike = set(terms_of(texts[row])) == set(terms_of(texts[other]))
    return alike and numbers(texts[row]) == numbers(texts[other])


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.casefold()).strip()


_OPENS_LIST = re.compile(r"[:：]\s*$|\b(?:below|following|as follows)\b", re.IGNORECASE)


def _list_around(pool: Pool, best: int, texts: dict[int, str], *, wanted: bool) -> list[int]:
    """Return the whole list that the best sentence introduces or belongs to, or nothing.

    An item alone is answered alone unless a list was asked for.
    """
    inside = pool.sentence_passage[best]
    last = int(np.searchsorted(pool.sentence_passage, inside, side="right"))
    is_item = pool.sentence_kinds[best] == _ITEM
    before_items = best + 1 < last and not is_item and pool.sentence_kinds[best + 1] == _ITEM
    if before_items and pool.sentence_kinds[best] == _HEADING:
        return _items_from(pool, best + 1, last)
    if before_items and _OPENS_LIST.search(texts[best]):
        return [best, *_items_from(pool, best + 1, last)]
    if not (wanted and is_item):
        return []
    first = best
    while (
        first > 0 and pool.sentence_kinds[first - 1] == _ITEM and pool.sentence_passage[first - 1] == inside
    ):
        first -= 1
    return _items_from(pool, first, last)


def _items_from(pool: Pool, first: int, last: int) -> list[int]:
    rows = []
    for row in range(first, min(last, first + LIST_MOST)):
        if pool.sentence_kinds[row] != _ITEM:
            break
        rows.append(row)
    return rows


def _leaning_on(pool: Pool, row: int, texts: dict[int, str]) -> int | None:
    """Return the row that a sentence needs beside it: what a pronoun stands for, a first item's heading."""
    before = row - 1
    if before < 0 or pool.sentence_passage[before] != pool.sentence_passage[row]:
        return None
    if pool.sentence_kinds[row] == _ITEM:
        return before if pool.sentence_kinds[before] == _HEADING else None
    return before if pool.sentence_kinds[before] == _PROSE and leans_on_neighbour(texts[row]) else None


def span_of(pool: Pool, row: int) -> Span:
    """Return a sentence's span in its article's canonical text."""
    start, stop = pool.sentence_spans[row].tolist()
    return Span(start, stop)
