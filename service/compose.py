"""Composition: from ranked sentences to the few that make an answer, each a span to be quoted.

One sentence when one suffices, every item of a list, what the best sentence only announces, the sentence
before when a pronoun leans on it, and nothing said twice. Chooses spans only; the words are read from the
catalog later.
"""

import re
from dataclasses import dataclass

import numpy as np

from indexer import KINDS, ArticleState, Pool, Span, terms_of
from service.cues import numbers
from service.expected import SURE, expected_of, told
from service.lists import Listed, list_around
from service.naming import enumerates
from service.question import Question
from service.reading import in_reading_order, leaning_on, lines_beside, reading_on
from service.retrieval import Evidence


@dataclass(frozen=True, slots=True)
class Limits:
    """How many sentences there may be, and how far below the best, in log-odds, a further one may lie."""

    most: int
    margin: float


WHOLE, PART, SIDE = Limits(3, 2.5), Limits(2, 1.0), Limits(1, 1.0)
"""Those of a question, of one of several parts, each of which shall be short, and of a comparison's side."""

SUFFICES = 1.0
"""Log-odds from which on the best sentence is answer enough: nineteen in twenty such hold the answer
(training titles of SQuAD, out of fold). With this margin below it an answer has 2.2 sentences."""

CLOSEST = 8
"""Sentences among which one that names several things is looked for, when a list is asked for."""

SAME = 0.92
"""Cosine above which two sentences with the same numbers say the same."""

_HEADING, _ITEM = KINDS.index("heading"), KINDS.index("item")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A sentence of the answer: its row in the pool, its score, and the row of the sentence it leans on.

    ``listed``: it is an item of the list that answers.
    """

    row: int
    score: float
    context: int | None = None
    listed: bool = False


class Texts(dict[int, str]):
    """Sentences' texts by row of the pool: those of the candidates, and any other of the same articles."""

    def __init__(self, pool: Pool, evidence: Evidence, articles: dict[int, ArticleState]) -> None:
        super().__init__(zip(evidence.candidates.rows.tolist(), evidence.candidates.texts, strict=True))
        self._pool, self._articles = pool, articles

    def __missing__(self, row: int) -> str:
        """Read a sentence that is no candidate."""
        start, stop = self._pool.sentence_spans[row].tolist()
        revision = int(self._pool.revisions[self._pool.sentence_passage[row]])
        return self._articles[revision].text[start:stop]


def choose(question: Question, pool: Pool, evidence: Evidence, texts: Texts, limits: Limits) -> list[Chosen]:
    """Choose the answer's sentences: the best evidence first, then what its passage says, in reading order.

    A list may have more than the limits say.
    """
    ranked = [int(evidence.candidates.rows[at]) for at in evidence.order]
    scores = dict(zip(evidence.candidates.rows.tolist(), evidence.scores.tolist(), strict=True))
    best: float = scores[ranked[0]]
    listed = _listed(question, pool, ranked, scores, texts)
    if listed is not None:
        return [
            Chosen(
                row,
                scores.get(row, best),
                listed.opening if at == 0 else None,
                bool(pool.sentence_kinds[row] == _ITEM),
            )
            for at, row in enumerate(listed.rows)
        ]
    chosen: list[Chosen] = []
    for row in _said(question, pool, ranked, scores, evidence, texts, limits):
        context = leaning_on(pool, row, texts)
        if chosen and context == chosen[-1].row:  # it was just read
            context = None
        chosen.append(Chosen(row, scores.get(row, best), context))
    return chosen


def _listed(
    question: Question, pool: Pool, ranked: list[int], scores: dict[int, float], texts: Texts
) -> Listed | None:
    """Return the list that the best sentence opens or, when asked for, a close one's.

    A sentence that tells the number asked for answers itself, whatever it announces: 'It has four aims:'.
    """
    wanted = question.kind == "list"
    expected = expected_of(question.text, question.kind)
    for row in ranked[: WHOLE.most if wanted else 1]:
        if scores[row] >= scores[ranked[0]] - WHOLE.margin:
            if wanted and enumerates(texts[row]):
                return None
            listed = list_around(pool, row, texts, wanted=wanted)
            if listed is None:
                continue
            if expected in SURE and told(expected, question.text, texts[row]):
                return Listed([row, *listed.rows])
            return listed
    return None


def _said(
    question: Question,
    pool: Pool,
    ranked: list[int],
    scores: dict[int, float],
    evidence: Evidence,
    texts: Texts,
    limits: Limits,
) -> list[int]:
    """Return the best sentence with what belongs to it, and those close to it that say something else."""
    labelled = evidence.candidates.rows[evidence.labels > 0].tolist()
    if ranked[0] in labelled:
        beside = lines_beside(pool, ranked[0], set(labelled))
        if len(beside) > 1:
            return beside
    if question.kind == "list" and not enumerates(texts[ranked[0]]):
        near = [row for row in ranked[1:CLOSEST] if scores[row] >= scores[ranked[0]] - WHOLE.margin]
        naming = [row for row in near if enumerates(texts[row])][:1]
        ranked = [ranked[0], *naming, *(row for row in ranked[1:] if row not in naming)]
    chosen = _distinct(pool, ranked, scores, texts, limits)
    following = reading_on(question, pool, chosen[0], texts)
    if following is not None:
        chosen = [chosen[0], following, *(row for row in chosen[1:] if row != following)]
        chosen = chosen[: max(2, limits.most)]
    return in_reading_order(pool, chosen)


def _distinct(
    pool: Pool, ranked: list[int], scores: dict[int, float], texts: Texts, limits: Limits
) -> list[int]:
    """Return the best sentence and those close to it that say something else."""
    chosen: list[int] = []
    for row in ranked:
        close = scores[row] >= scores[ranked[0]] - limits.margin and scores[ranked[0]] < SUFFICES
        if chosen and (len(chosen) == limits.most or not close):
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


def _says_the_same(pool: Pool, row: int, other: int, texts: Texts) -> bool:
    if _plain(texts[row]) == _plain(texts[other]):
        return True
    if float(pool.sentence_vectors[row] @ pool.sentence_vectors[other]) <= SAME:
        return False
    alike = set(terms_of(texts[row])) == set(terms_of(texts[other]))
    return alike and numbers(texts[row]) == numbers(texts[other])


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.casefold()).strip()


def span_of(pool: Pool, row: int) -> Span:
    """Return a sentence's span in its article's canonical text."""
    start, stop = pool.sentence_spans[row].tolist()
    return Span(start, stop)
