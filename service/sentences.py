"""Sentences: what was chosen made into the sentences of an answer, each with a verified citation.

Knows how portions of a question come together: the best evidence first, nothing cited twice, and what was
not found said. Every quote is read again from the catalog before it leaves.
"""

from dataclasses import dataclass

from service.answer import AnswerPart, AnswerSentence, Citation
from service.compose import PART, SIDE, WHOLE, Chosen, Limits, Texts, choose, span_of
from service.families import Relatives, sources, stretch_of
from service.focus import focus_of, item_focus
from service.portions import Portion
from service.quoting import cite, verify
from service.scores import probability_of


@dataclass(frozen=True, slots=True)
class Composed:
    """The sentences of an answer with their citations, and how its parts came out."""

    sentences: tuple[AnswerSentence, ...]
    citations: tuple[Citation, ...]
    parts: tuple[AnswerPart, ...] = ()


def compose(relatives: Relatives, whole: Portion, portions: list[Portion], threshold: float) -> Composed:
    """Compose the answer to a question: of its parts where one of them reaches the threshold, else whole.

    Raises IndexDamaged rather than quoting text that is not what was written.
    """
    answered = [one for one in portions if one.confidence >= threshold and one.confidence > 0]
    sentences: list[AnswerSentence] = []
    citations: list[Citation] = []
    said: dict[tuple[int, int], int] = {}
    cited: dict[int, list[int]] = {}
    for portion, chosen in _best_first(answered or [whole]):
        row = int(portion.ranked.pool.sentence_passage[chosen.row])
        passage, span = stretch_of(portion.ranked, row), span_of(portion.ranked.pool, chosen.row)
        key = passage.revision, span.start
        if key not in said:
            number = len(citations) + 1
            sentence, citation = _quoted(relatives, portion, chosen, number)
            sentences.append(sentence)
            citations.append(citation)
            said[key] = number
        cited.setdefault(id(portion), []).append(said[key])
    parts = tuple(_part(one, tuple(cited.get(id(one), ()))) for one in portions) if answered else ()
    return Composed(tuple(sentences), tuple(citations), parts)


def _best_first(portions: list[Portion]) -> list[tuple[Portion, Chosen]]:
    """Choose each portion's sentences; the portion with the best evidence comes first."""
    lists = []
    for portion in portions:
        pool = portion.ranked.pool
        texts = Texts(pool, portion.evidence, portion.articles)
        chosen = choose(portion.question, pool, portion.evidence, texts, _limits(portion))
        lists.append([(portion, one) for one in chosen])
    lists.sort(key=lambda chosen: -chosen[0][1].score)
    return [one for chosen in lists for one in chosen]


def _limits(portion: Portion) -> Limits:
    if portion.part is None:
        return WHOLE
    return SIDE if portion.part.side else PART


def _quoted(
    relatives: Relatives, portion: Portion, chosen: Chosen, number: int
) -> tuple[AnswerSentence, Citation]:
    pool = portion.ranked.pool
    texts = Texts(pool, portion.evidence, portion.articles)
    context = texts[chosen.context] if chosen.context is not None else None
    passage = stretch_of(portion.ranked, int(pool.sentence_passage[chosen.row]))
    article = portion.articles[passage.revision]
    head, *others = sources(relatives, passage, article, span_of(pool, chosen.row), context)
    probability = probability_of(chosen.score)
    citation = cite(number, head.article, head.span, probability, [(o.article, o.span) for o in others])
    verify(relatives.view, citation)
    find = item_focus if chosen.listed else focus_of
    found = find(portion.question.text, citation.quote)
    focus = None if found is None else (found.start, found.end)
    return AnswerSentence(citation.quote, (number,), context, focus), citation


def _part(portion: Portion, citations: tuple[int, ...]) -> AnswerPart:
    assert portion.part is not None  # noqa: S101 - portions of a question are made of parts
    return AnswerPart(portion.part.label, bool(citations), round(portion.confidence, 4), citations)
