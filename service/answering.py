"""Answering: from the passages that were ranked for a question to an answer, or to an abstention.

Finds evidence for the whole question and for its parts, settles what contradicts itself, and puts together
what is given out. Whether the evidence is enough, the caller decides in between.
"""

from dataclasses import dataclass, replace

from indexer import Encoder, Keys, View
from service.abstention import Refusal
from service.answer import Answer, Hit, IndexState
from service.belief import believe
from service.clock import Clock
from service.families import Relatives
from service.portions import Portion, portions_of
from service.question import Question
from service.ranker import Ranker
from service.retrieval import Ranked, gather, read_articles
from service.sentences import compose
from service.settled import Settlement
from service.timeliness import answered_as_of, conflicts_of, settle


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for a question as a whole, how that was settled, and what for its parts."""

    whole: Portion
    settlement: Settlement
    portions: list[Portion]

    @property
    def unsettled(self) -> Portion:
        """The whole, as it was before it was settled."""
        return replace(self.whole, evidence=self.settlement.unsettled)

    @property
    def confidence(self) -> float:
        """That of the whole or of its surest part."""
        return max(one.confidence for one in (self.whole, *self.portions))


def find(
    view: View, asked: Question, ranked: Ranked, allowed: Keys | None, encoder: Encoder, ranker: Ranker
) -> Found:
    """Find and settle the evidence in ranked passages, of which there must be one, and that for the parts."""
    articles = read_articles(view, ranked, ranked.order)
    evidence = gather(asked, ranked, ranker, articles)
    settlement = settle(view, asked, ranked, evidence, articles)
    portions = portions_of(view, asked, encoder, ranker, allowed)
    sure = believe(asked, ranked, evidence, ranker).probability
    return Found(Portion(asked, ranked, settlement.evidence, articles, sure), settlement, portions)


def quoted(
    view: View,
    found: Found,
    allowed: Keys | None,
    threshold: float,
    hits: tuple[Hit, ...],
    state: IndexState,
    clock: Clock,
) -> Answer:
    """Answer with verified quotations."""
    question, settlement = found.whole.question, found.settlement
    composed = compose(Relatives(view, allowed), found.whole, found.portions, threshold)
    # What contradicts the whole question's answer is beside the point where its parts are answered.
    conflicts = () if composed.parts else conflicts_of(view, settlement, composed.citations)
    day, by = answered_as_of(question, settlement, composed.citations[0], view)
    clock.lap("quote")
    return Answer(
        question=question.text,
        answer=" ".join(f"{s.text} [{s.citations[0]}]" for s in composed.sentences),
        abstained=False,
        reason=None,
        message=None,
        confidence=round(found.confidence, 4),
        sentences=composed.sentences,
        citations=composed.citations,
        parts=composed.parts,
        passages=hits,
        index=state,
        timing_ms=clock.read(),
        conflicts=conflicts,
        answered_as_of=day,
        answered_as_of_by=by,
    )


def abstention(
    asked: Question,
    refusal: Refusal,
    confidence: float,
    hits: tuple[Hit, ...],
    state: IndexState,
    clock: Clock,
) -> Answer:
    """Say that there is no answer, and why."""
    return Answer(
        question=asked.text,
        answer=None,
        abstained=True,
        reason=refusal.reason,
        message=refusal.message,
        confidence=round(confidence, 4),
        sentences=(),
        citations=(),
        passages=hits,
        index=state,
        timing_ms=clock.read(),
        advice=refusal.advice,
        unknown_words=refusal.unknown_words,
    )
