"""Conflicts: other articles that give another figure, date or name for what the best sentence tells.

Found among the sentences that were read for the answer anyway, by their words alone, and only where both
are certainly about the same thing: what differs in year, unit, place or scope, and what is merely rounded,
is no conflict. Whatever the order in which articles were taken in, the same conflicts are found.
"""

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from indexer import ArticleState, Span, View, terms_of
from service.answer import Citation, Conflict, ConflictValue, Settled
from service.cues import names
from service.expected import DATES, Expected, expected_of
from service.question import Question
from service.quoting import cite, verify
from service.retrieval import Evidence, Ranked
from service.statements import Statement, one_subject, one_time, overlap
from service.values import Figure

NEAR_COSINE = 0.6
"""Sentence vectors further apart than this do not speak of the same thing; decides only what is compared."""

NEAR_SCORE = 5.0
"""Log-odds that a conflicting sentence may lie below the best."""

SAME_WORDS, NEARLY_ALL_WORDS = 0.7, 0.9
"""Share of their words, values apart, that two sentences must have in common: where the question asks for
such a value, and where it does not say what it asks for."""

MOST_VALUES = 8
SET_ASIDE = 12.0
"""Log-odds taken from a sentence that is shown in the conflict, so that the answer does not state both."""

_NUMBERS = frozenset[Expected]({"amount", "money", "extent", "length", "area", "percentage", "count"})
_ONCE = re.compile(
    r"\b(?:founded|established|built|opened|inaugurated|completed|born|died|created|launched|introduced|invented|"
    r"signed|adopted|ratified|constructed|incorporated|destroyed|demolished|abolished|dissolved|closed|"
    r"discovered|finished|unveiled)\b",
    re.IGNORECASE,
)
"""What happens to a thing once; a forum that 'was held' in 2019 and in 2021 is two forums."""

_ROLE = re.compile(
    r"\b(?:mayor|president|governor|director|chair\w*|head|secretary|minister|chief|principal|"
    r"(?:founded|designed|built|invented|discovered|composed|painted) by)\b",
    re.IGNORECASE,
)
_RUN = re.compile(r"(?:[A-Z][\w’'.-]*(?:\s+(?=[A-Z])|))+")
_COUNTED = re.compile(r"\b(?:how many|number of)\s+((?:[\w-]+\s+){0,2}?[\w-]{3,})", re.IGNORECASE)
_TENSE = re.compile(r"\b(?:is|are|was|were|has been|have been)\b")

Kind = Literal["number", "date", "name"]


@dataclass(frozen=True, slots=True)
class Told:
    """A statement and the value that it tells, as written."""

    statement: Statement
    written: str


@dataclass(frozen=True, slots=True)
class Dispute:
    """The answer's value first, who tells the same, then what others tell instead, by rank."""

    kind: Kind
    told: tuple[Told, ...]


def statements_of(
    ranked: Ranked, evidence: Evidence, articles: dict[int, ArticleState], score: float, cosine: float
) -> list[Statement]:
    """Return the best sentence, and those near it by score (log-odds) and vector, as ranked."""
    pool, rows = ranked.pool, evidence.candidates.rows
    best = int(evidence.order[0])
    near = pool.sentence_vectors[rows] @ pool.sentence_vectors[rows[best]] >= cosine
    near &= evidence.scores >= evidence.scores[best] - score
    near[best] = True
    found = []
    for at in evidence.order[near[evidence.order]].tolist():
        row = int(rows[at])
        passage = int(pool.sentence_passage[row])
        article = articles[int(pool.revisions[passage])]
        start, stop = pool.spans[passage].tolist()
        span = Span(*pool.sentence_spans[row].tolist())
        found.append(Statement(row, evidence.candidates.texts[at], article.text[start:stop], span, article))
    return found


def find_dispute(
    question: Question, ranked: Ranked, evidence: Evidence, articles: dict[int, ArticleState]
) -> Dispute | None:
    """Return what articles tell of the best sentence's value, None when no other article contradicts it."""
    best, *others = statements_of(ranked, evidence, articles, NEAR_SCORE, NEAR_COSINE)
    expected = expected_of(question.text, question.kind)
    others = [other for other in others if other.article.id != best.article.id]
    kind: Kind | None = None
    against: list[Told] = []
    alike: list[Statement] = []
    first = ""
    for other in others:
        found = _difference(question, expected, best, other)
        if found is None:
            alike.append(other)
        elif kind is None or (found[0] == kind and _same(found[1], first)):
            kind, first, yours = found
            against.append(Told(other, yours))
    if kind is None:
        return None
    # Who agrees with the best sentence differs from the others as that does.
    found_each = ((other, _difference(question, expected, against[0].statement, other)) for other in alike)
    agreeing = [Told(one, found[2]) for one, found in found_each if found and _same(found[2], first)]
    return Dispute(kind, (Told(best, first), *agreeing, *against))


def same_value(one: Told, another: Told) -> bool:
    """Tell whether two statements tell the same value, as it is written."""
    return _same(one.written, another.written)


def _same(one: str, another: str) -> bool:
    return one.casefold() == another.casefold()


def _difference(
    question: Question, expected: Expected | None, one: Statement, another: Statement
) -> tuple[Kind, str, str] | None:
    """Return the kind of value and the two values in which statements differ; the cheapest signs first."""
    if expected == "name":
        found = _names_differ(one, another)
    elif expected in _NUMBERS:
        found = _figures_differ(question, one, another, SAME_WORDS)
    elif expected in DATES:
        found = _dates_differ(one, another, SAME_WORDS)
    else:
        # The question does not say which value it asks for: it must be all that differs.
        found = _figures_differ(question, one, another, NEARLY_ALL_WORDS)
        found = found or _dates_differ(one, another, NEARLY_ALL_WORDS)
    if found is None or one.limits != another.limits:
        return None
    asked = frozenset(terms_of(" ".join(names(question.text))))
    if expected == "name":
        about = bool(asked) and asked <= one.around and asked <= another.around
    else:
        about = one_subject(asked, one, another)
    return found if about else None


def _figures_differ(
    question: Question, one: Statement, another: Statement, least: float
) -> tuple[Kind, str, str] | None:
    if not (one.figures and another.figures and one_time(one, another)):
        return None
    asked = _asked_for(question)
    pairs = _paired(_of(one.figures, asked), _of(another.figures, asked))
    differing = [(mine, yours) for mine, yours in pairs if mine.contradicts(yours)]
    if len(differing) != 1 or (least == NEARLY_ALL_WORDS and len(one.figures) != len(another.figures)):
        return None
    if overlap(one.without(one.figures), another.without(another.figures)) < least:
        return None
    return "number", differing[0][0].written, differing[0][1].written


def _asked_for(question: Question) -> frozenset[str]:
    counted = _COUNTED.search(question.text)
    return frozenset(terms_of(counted.group(1))[-1:]) if counted else frozenset()


def _of(found: list[Figure], asked: frozenset[str]) -> list[Figure]:
    """Return the figures that count what is asked for, or all where none does."""
    return [one for one in found if asked & one.unit] or found


def _paired(mine: list[Figure], yours: list[Figure]) -> list[tuple[Figure, Figure]]:
    """Pair the figures of one unit; nothing where either names several of it and the other not as many."""
    pairs = []
    for one in mine:
        same = [other for other in yours if one.same_unit(other)]
        own = [other for other in mine if one.same_unit(other)]
        if len(same) == len(own):
            pairs.append((one, same[own.index(one)]))
    return pairs


def _dates_differ(one: Statement, another: Statement, least: float) -> tuple[Kind, str, str] | None:
    happened = {verb.casefold() for verb in _ONCE.findall(one.text)}
    if not happened or happened != {verb.casefold() for verb in _ONCE.findall(another.text)}:
        return None
    if len(one.dates) != 1 or len(another.dates) != 1 or not one.dates[0].contradicts(another.dates[0]):
        return None
    if overlap(one.without(one.dates), another.without(another.dates)) < least:
        return None
    if any(mine.contradicts(yours) for mine, yours in _paired(one.figures, another.figures)):
        return None
    return "date", one.dates[0].written, another.dates[0].written


def _names_differ(one: Statement, another: Statement) -> tuple[Kind, str, str] | None:
    """Two sentences of the same words that name another person in the same place and role."""
    if not (_ROLE.search(one.text) and _ROLE.search(another.text) and one_time(one, another)):
        return None
    mine, yours = ([run.strip(" .") for run in _RUN.findall(text)] for text in (one.text, another.text))
    if len(mine) != len(yours) or _plain(one.text) != _plain(another.text):
        return None
    differing = [(a, b) for a, b in zip(mine, yours, strict=True) if a != b]
    if len(differing) != 1:
        return None
    # 'Lee' and 'Mayor Lee Jae-in' may be one person.
    if set(terms_of(differing[0][0])) & set(terms_of(differing[0][1])):
        return None
    return "name", *differing[0]


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", _TENSE.sub("is", _RUN.sub("#", text)))


def set_aside(evidence: Evidence, dispute: Dispute) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return what each candidate's score changes by: those that tell another value are set aside."""
    rows = [one.statement.row for one in dispute.told if not same_value(one, dispute.told[0])]
    return np.where(np.isin(evidence.candidates.rows, rows), -SET_ASIDE, 0.0)


def cited(view: View, dispute: Dispute, settled: Settled | None, used: tuple[Citation, ...]) -> Conflict:
    """Return a dispute with a verified citation for each value; raises IndexDamaged like every quote.

    The answer's value comes first with the answer's own citation, then the newest. What several tell in the
    same words is shown once, with the other articles that do.
    """
    said: dict[str, list[Told]] = {}
    for told in dispute.told:
        said.setdefault(told.written.casefold(), []).append(told)
    head, *rest = said.values()
    values: list[ConflictValue] = []
    for first, *others in [head, *sorted(rest, key=_newest_first)][:MOST_VALUES]:
        mine = used[:1] if first is dispute.told[0] else ()
        place, number = first.statement, len(used) + len(values) + 1
        citation = mine[0] if mine else cite(number, place.article, place.span, 0.0)
        verify(view, citation)
        agreeing = tuple(sorted({one.statement.article.id for one in others} - {citation.article_id}))
        values.append(ConflictValue(first.written, citation.published, citation, agreeing))
    about = dispute.told[0].statement.text.replace(dispute.told[0].written, "…", 1)
    return Conflict(about, dispute.kind, settled, tuple(values))


def _newest_first(tolds: list[Told]) -> tuple[bool, int, str]:
    statement = tolds[0].statement
    day = int(statement.published.replace("-", "")) if statement.published else 0
    return not day, -day, statement.article.id
