"""Families: passages that repeat one another have one vote, and the earliest of them is shown and cited.

Knows what a reader is to see of copies: the best-ranked passage of a family opens it, its earliest copy
stands for it, the others are named. Which passages are copies is decided by the index.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from indexer import ArticleState, Copy, Keys, Kin, Span, Stretch, View, precedence, terms_of
from service.question import Question
from service.ranker import Ranker
from service.retrieval import Ranked, rank

MOSTLY = 0.8
"""A passage of which so much was shown already is a repetition."""

SELF_CONTAINED = 150
"""Characters of consecutive sentences that make a copy of their own within different passages."""


@dataclass(frozen=True, slots=True)
class Member:
    """An article of a family and where what is shown of it stands; ``revision`` is a key."""

    revision: int
    article: ArticleState
    span: Span


@dataclass(frozen=True, slots=True)
class Family:
    """The row of the best-ranked passage, the passage that stands for it, and the articles that repeat it."""

    row: int
    shown: Member
    also_in: tuple[str, ...]


@dataclass(slots=True)
class _Seen:
    """What the families so far show: passages by key, and sentences by revision and offset."""

    passages: set[int] = field(default_factory=set)
    sentences: dict[int, set[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Relatives:
    """What the index knows of copies, as far as a filter lets through."""

    view: View
    allowed: Keys | None

    def of(self, stretches: list[Stretch]) -> list[Kin]:
        """Find the copies of each stretch that pass the filter, the earliest first."""
        return [
            Kin(kin.own, tuple(copy for copy in kin.copies if self._passages(copy))) if kin.copies else kin
            for kin in self.view.copies(stretches)
        ]

    def _passages(self, copy: Copy) -> list[tuple[int, Span]]:
        """List the passages that hold any of what the copy repeats: one that is lost is not among them."""
        found = [(key, span) for key, span in self.view.spans(copy.revision) if _shared(copy, span)]
        if self.allowed is None:
            return found
        passing = np.isin([key for key, _ in found], self.allowed)
        return [one for one, passes in zip(found, passing, strict=True) if passes]

    def passage(self, copy: Copy) -> tuple[int, Span]:
        """Return key and span of the copy's passage that holds most of what it repeats."""
        return max(self._passages(copy), key=lambda one: _shared(copy, one[1]))


def _shared(copy: Copy, span: Span) -> int:
    """Count the characters of a span that the copy repeats."""
    return sum(max(0, min(p.end, span.end) - max(p.start, span.start)) for p in copy.places.values())


def rank_families(
    view: View, question: Question, ranker: Ranker, allowed: Keys | None, wanted: int
) -> tuple[Ranked, list[Family]]:
    """Rank passages with one vote for each family: ``wanted`` families where so many exist.

    The order of what is returned first holds the best row of each family only.
    """
    size = wanted
    while True:
        ranked = rank(view, question, ranker, allowed, size)
        families = _fold(Relatives(view, allowed), question, ranked, wanted)
        if len(families) >= wanted or len(ranked.pool) < size:
            break
        size = 2 * max(size, len(ranked.pool))
    order: NDArray[np.int64] = np.array([family.row for family in families], np.int64)
    return Ranked(ranked.pool, ranked.scores, ranked.relevance, order), families


def _fold(relatives: Relatives, question: Question, ranked: Ranked, wanted: int) -> list[Family]:
    families: list[Family] = []
    seen, rows = _Seen(), ranked.order.tolist()
    while rows and len(families) < wanted:
        now, rows = rows[: wanted - len(families)], rows[wanted - len(families) :]
        stretches = [stretch_of(ranked, row) for row in now]
        read = relatives.view.articles_of({stretch.revision for stretch in stretches})
        for row, stretch, kin in zip(now, stretches, relatives.of(stretches), strict=True):
            own = Member(stretch.revision, read[stretch.revision], Span(stretch.start, stretch.stop))
            family = _family(relatives, question, ranked, row, own, kin, seen)
            if family is not None:
                families.append(family)
    return families


def _family(
    relatives: Relatives, question: Question, ranked: Ranked, row: int, own: Member, kin: Kin, seen: _Seen
) -> Family | None:
    """Return the family that a row opens; None when it only repeats what is shown already."""
    key, shown = int(ranked.pool.keys[row]), own
    if key in seen.passages or _is_repetition(own, kin, seen):
        return None
    earlier = _earlier(own, kin, question)
    if earlier is not None:
        key, span = relatives.passage(earlier)
        shown = Member(earlier.revision, earlier.article, span)
        if key in seen.passages:
            return None
        kin = relatives.of([Stretch(shown.revision, *span)])[0]
    seen.passages.add(key)
    members = [copy for copy in kin.copies if copy.is_member]
    for copy in members:
        starts = {place.start for place in copy.places.values()}
        seen.sentences.setdefault(copy.revision, set()).update(starts)
    return Family(row, shown, tuple(copy.article.id for copy in members))


def _is_repetition(own: Member, kin: Kin, seen: _Seen) -> bool:
    known = seen.sentences.get(own.revision)
    if not known:
        return False
    sizes = [(one.stop - one.start, one.start in known) for one in kin.own]
    return sum(size for size, shown in sizes if shown) >= MOSTLY * sum(size for size, _ in sizes)


def _earlier(own: Member, kin: Kin, question: Question) -> Copy | None:
    """Return the earliest copy when it comes before the passage itself and lacks nothing that was asked."""
    for copy in kin.copies:
        if precedence(copy.article) > precedence(own.article):
            return None
        if copy.is_member and copy.held >= MOSTLY - 0.1 and not _lacks(own, kin, copy, question):
            return copy
    return None


def _lacks(own: Member, kin: Kin, copy: Copy, question: Question) -> bool:
    text, asked = own.article.text, set(question.terms)
    held, missing = set[str](), set[str]()
    for one in kin.own:
        (held if one.start in copy.places else missing).update(terms_of(text[one.start : one.stop]))
    return bool(asked & missing - held)


def stretch_of(ranked: Ranked, row: int) -> Stretch:
    """Return where a row's passage stands."""
    return Stretch(int(ranked.pool.revisions[row]), *ranked.pool.spans[row].tolist())


def sources(
    relatives: Relatives, passage: Stretch, article: ArticleState, quote: Span, context: str | None
) -> list[Member]:
    """Return every article that holds a quote, character for character, in copies of one passage.

    The earliest comes first; it also holds ``context``, the sentence that the quote leans on.
    """
    own = Member(passage.revision, article, quote)
    holders = _holders(relatives, passage, own)
    head = next((one for one in holders if context is None or context in one.article.text), own)
    if head.revision == own.revision:
        return _from(own, holders)
    within = next(
        (span for _, span in relatives.view.spans(head.revision) if span.start <= head.span.start < span.end),
        head.span,
    )
    return _from(head, _holders(relatives, Stretch(head.revision, *within), head))


def _from(head: Member, holders: list[Member]) -> list[Member]:
    return [head, *(one for one in holders if one.revision != head.revision)]


def _holders(relatives: Relatives, passage: Stretch, own: Member) -> list[Member]:
    kin = relatives.of([passage])[0]
    found = [own]
    for copy in kin.copies:
        span = _same_quote(own, kin, copy)
        if span is not None:
            found.append(Member(copy.revision, copy.article, span))
    return sorted(found, key=lambda one: precedence(one.article))


def _same_quote(own: Member, kin: Kin, copy: Copy) -> Span | None:
    """Return where a copy holds the quote; None when it does not, or only happens to use the same words."""
    said = [at for at, one in enumerate(kin.own) if one.start < own.span.end and own.span.start < one.stop]
    if not said or any(kin.own[at].start not in copy.places for at in said):
        return None
    if not copy.is_member and _run(own, kin, copy, said) < SELF_CONTAINED:
        return None
    quote = own.article.text[own.span.start : own.span.end]
    first, place = kin.own[said[0]], copy.places[kin.own[said[0]].start]
    at = copy.article.text.find(quote, max(0, place.start + min(0, own.span.start - first.start)))
    return Span(at, at + len(quote)) if 0 <= at < place.end else None


def _run(own: Member, kin: Kin, copy: Copy, said: list[int]) -> int:
    """Count the characters of the repeated sentences that stand together around the quote."""
    first, last = said[0], said[-1]
    while first > 0 and kin.own[first - 1].start in copy.places:
        first -= 1
    while last + 1 < len(kin.own) and kin.own[last + 1].start in copy.places:
        last += 1
    return kin.own[last].stop - kin.own[first].start
