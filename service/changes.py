"""What the answers to the same questions were at two commits: the same, changed, appeared or gone.

Knows answers and how they are put side by side. Knows nothing of how one comes about.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from service.answer import Answer
from service.plain import cut_after, one_line, place_of, reason_of

Status = Literal["same", "changed", "appeared", "gone"]

STATUSES: tuple[Status, ...] = ("same", "changed", "appeared", "gone")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two answers to one question."""

    question_id: str
    before: Answer
    after: Answer

    @property
    def status(self) -> Status:
        """``same`` when both abstain, or quote the same words of the same articles in the same order.

        A quote that has moved, in an article that was changed elsewhere, is the same.
        """
        if self.before.abstained or self.after.abstained:
            if self.before.abstained and self.after.abstained:
                return "same"
            return "gone" if self.after.abstained else "appeared"
        return "same" if _quoted(self.before) == _quoted(self.after) else "changed"

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON object: status and both answers, without their passages and timing."""
        return {
            "question_id": self.question_id,
            "question": self.before.question,
            "status": self.status,
            "before": _essence(self.before),
            "after": _essence(self.after),
        }


def compare(
    question_id: str, question: str, ask: Callable[..., Answer], commits: tuple[int, int]
) -> Comparison:
    """Ask a question at two commits."""
    before, after = (ask(question, top_k=1, as_of=commit) for commit in commits)
    return Comparison(question_id, before, after)


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """Yield the question with its status and, unless it is the same, both answers with their places."""
    yield f"{comparison.status} {comparison.question_id}: {one_line(comparison.before.question)}"
    if comparison.status != "same":
        for sign, answer in (("-", comparison.before), ("+", comparison.after)):
            yield f"  {sign} {_in_one_line(answer)}"


SHOWN = 600
"""Characters shown of an answer; JSON holds all of it."""


def _in_one_line(answer: Answer) -> str:
    if answer.answer is None:
        return f"no answer: {one_line(reason_of(answer))}"
    places = ", ".join(place_of(citation) for citation in answer.citations)
    return f"{cut_after(one_line(answer.answer), SHOWN)} ({places})"


def _quoted(answer: Answer) -> list[tuple[str, str]]:
    return [(citation.article_id, citation.quote) for citation in answer.citations]


def _essence(answer: Answer) -> dict[str, Any]:
    left_out = ("question", "passages", "timing_ms")
    return {name: value for name, value in answer.to_dict().items() if name not in left_out}
