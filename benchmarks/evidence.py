"""Measures answers sentence by sentence: does the evidence hold the answer, and is the confidence honest.

Works on the JSON objects of ``civicite ask`` and on gold answers; knows nothing of how either was made.
"""

from dataclasses import dataclass
from typing import Any

from benchmarks.collection import Question
from service.evaluation.judging import holds


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer, judged: whether the first sentence, or one of the first three, holds a gold answer.

    ``answerable`` is what the collection says; an unanswerable question is never answered rightly.
    """

    id: str
    answerable: bool
    confidence: float
    abstained: bool
    sentences: int
    first: bool
    first_three: bool


def judge(question: Question, answer: dict[str, Any]) -> Judged:
    """Compare an answer of ``civicite ask --json`` with a question's gold answers."""
    quoted = [sentence["text"] for sentence in answer.get("sentences") or ()]
    gold = question.answers if question.answerable else ()
    return Judged(
        id=question.id,
        answerable=bool(question.answerable),
        confidence=float(answer.get("confidence") or 0.0),
        abstained=bool(answer.get("abstained")),
        sentences=len(quoted),
        first=any(holds(text, gold) for text in quoted[:1]),
        first_three=any(holds(text, gold) for text in quoted[:3]),
    )
