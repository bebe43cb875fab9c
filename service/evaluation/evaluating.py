"""An evaluation: gold questions put to an assistant, judged and measured.

The recipe: ask, ask again without a threshold where nothing was answered, rank the articles, judge.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from service.answer import Answer, IndexState, SearchResult
from service.evaluation.gold import Gold
from service.evaluation.judging import DEPTH, OUTCOMES, Judged, judge
from service.evaluation.measures import Measured, measure_all

TROUBLE = ("should have refused", "wrong", "wrongly refused")
"""Outcomes that are mistakes, the worst first: to mislead is worse than to be silent."""


class Asked(Protocol):
    """What is evaluated: an :class:`~service.assistant.Assistant`, or whatever answers like one."""

    def ask(
        self,
        question: str,
        *,
        min_confidence: float | None = None,
        as_of: str | int | None = None,
    ) -> Answer:
        """Answer a question or abstain."""

    def search_articles(
        self, question: str, *, top_k: int = 10, as_of: str | int | None = None
    ) -> SearchResult:
        """Rank articles."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Judged questions in their order, and their measures.

    ``evaluation["nDCG@10"]`` is one of the measures; KeyError for a name that none has. ``index`` says
    which commit, model and ranker answered. ``min_confidence`` is the threshold, None for the ranker's own.
    """

    questions: tuple[Judged, ...]
    measures: tuple[Measured, ...]
    index: IndexState
    min_confidence: float | None = None
    source: str | None = None

    def __getitem__(self, name: str) -> Measured:
        """Return the measure of that name."""
        return {one.name: one for one in self.measures}[name]

    def worst(self) -> list[Judged]:
        """Return the mistakes, the worst first.

        Answers that should not have been given come first, the most confident of all before the others;
        then wrong answers likewise; then refusals of what could have been answered, those whose best
        sentence was right before the others.
        """
        mistakes = [one for one in self.questions if one.outcome in TROUBLE]
        return sorted(mistakes, key=lambda one: (TROUBLE.index(one.outcome), _severity(one), one.id))

    def outcomes(self) -> dict[str, int]:
        """Return how many questions had each outcome, in the order of ``OUTCOMES``."""
        return {name: sum(one.outcome == name for one in self.questions) for name in OUTCOMES}

    def kinds(self) -> dict[str, dict[str, int]]:
        """Return kind of question to its outcomes, for the questions that name their kind."""
        kinds = dict.fromkeys(one.gold.kind for one in self.questions if one.gold.kind)
        return {kind: evaluation_outcomes(self.questions, kind) for kind in kinds}


def evaluation_outcomes(questions: Iterable[Judged], kind: str) -> dict[str, int]:
    """Count the outcomes of one kind of question."""
    found = [one.outcome for one in questions if one.gold.kind == kind]
    return {name: found.count(name) for name in OUTCOMES}


def evaluate(
    assistant: Asked,
    questions: Iterable[Gold],
    *,
    min_confidence: float | None = None,
    source: str | None = None,
    advance: Callable[[], None] = lambda: None,
) -> Evaluation:
    """Ask every question and measure the answers.

    ``min_confidence`` moves the threshold; None leaves it where the ranker has it. ``advance`` is called
    after each question. Raises InputError for a moment (``as_of``) that cannot be viewed, ValueError when
    there is no question.
    """
    judged, state = [], None
    for gold in questions:
        answer = assistant.ask(gold.text, min_confidence=min_confidence, as_of=gold.as_of)
        forced = (
            assistant.ask(gold.text, min_confidence=0.0, as_of=gold.as_of) if answer.abstained else answer
        )
        ranked = assistant.search_articles(gold.text, top_k=DEPTH, as_of=gold.as_of)
        judged.append(judge(gold, answer, forced, (hit.article_id for hit in ranked.hits)))
        state = answer.index
        advance()
    if state is None:
        raise ValueError("there is no question to evaluate")
    return evaluation_of(judged, state, min_confidence, source)


def evaluation_of(
    judged: Iterable[Judged],
    index: IndexState,
    min_confidence: float | None = None,
    source: str | None = None,
) -> Evaluation:
    """Measure questions that have been judged."""
    questions = tuple(judged)
    return Evaluation(questions, measure_all(questions), index, min_confidence, source)


def _severity(one: Judged) -> tuple[bool, float]:
    if one.outcome == "wrongly refused":
        return not one.right, -one.confidence
    return False, -one.confidence
