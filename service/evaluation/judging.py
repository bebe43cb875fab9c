"""One question, judged: what was expected of it, what came back, and whether that is right.

Knows an answer, a ranking of articles and a gold question. Whether a text is in another is decided without
regard to case and white space. Knows nothing of means and intervals.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from indexer import normal_id
from service.answer import Answer
from service.evaluation.gold import Gold
from service.evaluation.ranking import measure

Outcome = Literal["right", "rightly refused", "wrongly refused", "wrong", "should have refused"]

OUTCOMES: dict[Outcome, str] = {
    "right": "the first sentence is what was expected",
    "rightly refused": "no answer, and there is none",
    "wrongly refused": "no answer, though there is one",
    "wrong": "answered, but the first sentence is not what was expected",
    "should have refused": "answered, though the articles do not say",
}
"""What each outcome means, the best first."""

DEPTH = 100
"""Articles of the ranking that are looked at for :attr:`Judged.rank`."""

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Quoted:
    """A sentence of an answer and where it stands: ``[start, end)`` of an article's revision."""

    text: str
    article_id: str
    revision: int
    title: str | None
    start: int
    end: int
    link: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a question.

    ``rank`` is the place of the first expected article among the first DEPTH, from 1, None where it is
    not among them or none is expected; ``ranking`` has the ranking's measures, none where no article is
    expected. ``first``, ``first_three`` and ``every`` say whether the first sentence holds something that
    was expected, whether one of the first three does, and whether the answer holds all of it;
    ``article`` whether the first citation is of an expected article. They are about the answer that is given
    when no threshold holds it back, and None for what was not expected. ``abstained`` and ``reason`` are
    about the threshold. ``confidence`` is between 0 and 1, ``milliseconds`` the time of an answer.
    """

    gold: Gold
    rank: int | None
    ranking: dict[str, float]
    confidence: float
    abstained: bool
    reason: str | None
    first: bool | None
    first_three: bool | None
    every: bool | None
    article: bool | None
    sentences: tuple[Quoted, ...]
    milliseconds: float

    @property
    def id(self) -> str:
        """The question's id."""
        return self.gold.id

    @property
    def right(self) -> bool:
        """Whether the answer is right: no answer to an unanswerable question is."""
        return bool(self.article if self.first is None else self.first)

    @property
    def outcome(self) -> Outcome:
        """What the threshold made of it."""
        if self.abstained:
            return "wrongly refused" if self.gold.answerable else "rightly refused"
        if not self.gold.answerable:
            return "should have refused"
        return "right" if self.right else "wrong"


def judge(gold: Gold, answer: Answer, forced: Answer, articles: Iterable[str]) -> Judged:
    """Judge an answer at the threshold, the same ``forced`` without one, and the ranking of articles."""
    ranked = [normal_id(one) for one in articles]
    wanted = gold.articles
    texts = [sentence.text for sentence in forced.sentences]
    needed = gold.quotes or ((gold.answers,) if gold.answers else ())
    first_three = [any(_held(text, entry) for entry in needed) for text in texts[:3]]
    cited = forced.citations[0] if forced.citations else None
    sources = {cited.article_id, *(one.article_id for one in cited.also_in)} if cited else set()
    return Judged(
        gold=gold,
        rank=next((at for at, article in enumerate(ranked, 1) if article in wanted), None),
        ranking=_ranking(gold, ranked),
        confidence=float(answer.confidence),
        abstained=answer.abstained,
        reason=answer.reason,
        first=any(first_three[:1]) if needed else None,
        first_three=any(first_three) if needed else None,
        every=_every(needed, texts) if needed else None,
        article=bool(sources & set(wanted)) if gold.answerable and wanted else None,
        sentences=_quoted(forced),
        milliseconds=float(answer.timing_ms.get("total", 0.0)),
    )


def holds(text: str, answers: Iterable[str]) -> bool:
    """Whether a text contains one of the answers, whatever the case and the white space."""
    plain = _plain(text)
    return any(_plain(answer) in plain for answer in answers if answer.strip())


def _held(text: str, entry: tuple[str, ...]) -> bool:
    """Whether a sentence holds one of the texts of an entry, or is a sentence of one that has several."""
    return holds(text, entry) or any(holds(one, (text,)) for one in entry if len(_plain(text)) >= SHORTEST)


SHORTEST = 20
"""Characters of a sentence that counts when it is part of a longer expected quote."""


def _every(needed: tuple[tuple[str, ...], ...], texts: list[str]) -> bool:
    """Whether each entry stands in the answer's sentences, read as one text."""
    whole = " ".join(texts)
    return all(holds(whole, entry) for entry in needed)


def _ranking(gold: Gold, ranked: list[str]) -> dict[str, float]:
    if not gold.relevance:
        return {}
    values = measure({gold.id: ranked}, {gold.id: dict(gold.relevance)})
    return {name: found[gold.id] for name, found in values.items()}


def _quoted(answer: Answer) -> tuple[Quoted, ...]:
    by_id = {citation.id: citation for citation in answer.citations}
    found = []
    for sentence in answer.sentences:
        source = by_id[sentence.citations[0]]
        place = source.article_id, source.revision, source.title, source.start, source.end
        found.append(Quoted(sentence.text, *place, source.link))
    return tuple(found)


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip().casefold()
