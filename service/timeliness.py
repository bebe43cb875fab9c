"""Timeliness: what a question says of time, and which of several alike sentences goes with it.

A question for the present prefers what was published last, one that names a year what speaks of that year,
but only among sentences that say the same kind of thing about the same subject. Goes by dates of
publication and dates in the text, not by when articles were taken in, so that answers do not depend on the
order of edits.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Literal

import numpy as np

from indexer import ArticleState, View, terms_of
from service.answer import Citation, Conflict
from service.conflicts import Dispute, cited, find_dispute, same_value, set_aside, statements_of
from service.cues import names
from service.question import Question
from service.retrieval import Evidence, Ranked
from service.scores import Floats
from service.settled import Settlement
from service.statements import Statement, is_newer, one_subject, overlap
from service.values import dates, years

NEAR_SCORE, NEAR_COSINE, SAME_WORDS = 2.5, 0.6, 0.5
"""What may be preferred for its time: sentences within so many log-odds of the best, with vectors and terms
so near, years and figures apart."""

NEAREST = 3.0
"""Log-odds below the best sentence within which a passage says how far what is known reaches."""

AGED_DAYS = 730
"""Articles older than this, by the time of asking, are stale for a question that asks for the present."""

_RULE = "time_and_conflict"

_NOW = re.compile(
    r"\b(?:current(?:ly)?|now|nowadays|at present|presently|today|latest|most recent(?:ly)?|newest|"
    r"to date|so far|these days|at the moment|as of (?:today|now)|this year)\b|현재|지금|최신|최근|오늘|올해",
    re.IGNORECASE,
)
_OFFICE = re.compile(
    r"\bwho(?:['’]s| is| are) (?:the )?(?:\w+ ){0,3}?(?:mayors?|presidents?|governors?|directors?|"
    r"chair\w*|heads?|ministers?|secretar(?:y|ies)|leaders?|ceo)\b",
    re.IGNORECASE,
)
_YEARS_FIGURES = re.compile(
    r"\b(20\d\d|1[0-9]\d\d) (?:figures?|numbers?|data|budget|count|census|survey|edition|report)\b",
    re.IGNORECASE,
)
_AS_OF = re.compile(r"\b(?:as of|as at|by the end of|since)\b", re.IGNORECASE)


@lru_cache(64)
def asks_for_now(question: str) -> bool:
    """Tell whether a question asks for the present in so many words, or for who holds an office."""
    return bool(_NOW.search(question) or _OFFICE.search(question))


@lru_cache(64)
def year_asked(question: str) -> int | None:
    """Return the one year that a question asks about; a year within a name, 'Agenda 2030', is none."""
    named = {one.year for one in dates(question)} | {int(one) for one in _YEARS_FIGURES.findall(question)}
    return named.pop() if len(named) == 1 else None


def settle(
    view: View, question: Question, ranked: Ranked, evidence: Evidence, articles: dict[int, ArticleState]
) -> Settlement:
    """Prefer what goes with the time asked for, then look for what contradicts it."""
    unsettled, now = evidence, asks_for_now(question.text)
    if now or year_asked(question.text) is not None:
        evidence = _adjusted(evidence, _preference(question, ranked, evidence, articles, now))
    dispute = find_dispute(question, ranked, evidence, articles)
    if dispute is None:
        return Settlement(evidence, unsettled, None, None)
    newest = _newest(dispute)
    first = dispute.told[0].statement
    settled: Literal["correction", "later"] | None = None
    if newest is not None:
        chosen = dispute.told[newest]
        told = chosen.statement
        variants = {one.article.id for one in view.variants(told.article.id)}
        against = (one for one in dispute.told if not same_value(one, chosen))
        corrected = any(one.statement.article.id in variants for one in against)
        settled = "correction" if corrected else "later" if now else None
        if settled and told is not first:
            evidence = _adjusted(evidence, _lifted(evidence, told.row))
            rest = tuple(one for one in dispute.told if one is not chosen)
            dispute = Dispute(dispute.kind, (chosen, *rest))
    return Settlement(_adjusted(evidence, set_aside(evidence, dispute)), unsettled, dispute, settled)


def _adjusted(evidence: Evidence, more: Floats | None) -> Evidence:
    if more is None or not more.any():
        return evidence
    rules = {**evidence.rules, _RULE: evidence.rules.get(_RULE, 0.0) + more}
    scores = evidence.scores + more
    return replace(evidence, rules=rules, scores=scores, order=np.argsort(-scores, kind="stable"))


def _lifted(evidence: Evidence, row: int) -> Floats:
    """Return what lifts a sentence just above the best."""
    at = evidence.candidates.rows == row
    return np.where(at, evidence.scores.max() - evidence.scores[at] + 1e-6, 0.0)


def _newest(dispute: Dispute) -> int | None:
    """Return which statement was certainly published after all that tell something else."""
    for at, one in enumerate(dispute.told):
        others = [two for two in dispute.told if not same_value(one, two)]
        if others and all(is_newer(one.statement, two.statement) for two in others):
            return at
    return None


def _preference(
    question: Question, ranked: Ranked, evidence: Evidence, articles: dict[int, ArticleState], now: bool
) -> Floats | None:
    best, *others = statements_of(ranked, evidence, articles, NEAR_SCORE, NEAR_COSINE)
    alike = [other for other in others if _same_kind(question, best, other)]
    year = year_asked(question.text)
    if year is not None:
        if year in best.years or (not best.years and f"{year}" in (best.article.metadata.published or "")):
            return None
        chosen = next((other for other in alike if year in other.years), None)
    else:
        chosen = best
        for other in alike:
            if now and is_newer(other, chosen) and not _speaks_of_earlier(other, chosen):
                chosen = other
    return None if chosen is None or chosen is best else _lifted(evidence, chosen.row)


def _same_kind(question: Question, best: Statement, other: Statement) -> bool:
    if other.article.id == best.article.id and year_asked(question.text) is None:
        return False
    mine, yours = best.without(best.dates), other.without(other.dates)
    mine, yours = mine - best.names, yours - other.names
    asked = frozenset(question.terms)
    same = overlap(mine, yours) >= SAME_WORDS and asked & other.terms >= asked & best.terms - other.around
    return same and (one_subject(_names_asked(question.text), best, other) or _office(question, best, other))


@lru_cache(64)
def _names_asked(question: str) -> frozenset[str]:
    return frozenset(terms_of(" ".join(names(question))))


def _office(question: Question, best: Statement, other: Statement) -> bool:
    """Two holders of one office have different names, by which they are not one subject."""
    asked = frozenset(question.terms)
    return bool(_OFFICE.search(question.text)) and asked <= best.around and asked <= other.around


def _speaks_of_earlier(one: Statement, another: Statement) -> bool:
    """A later article may tell of an earlier time."""
    known = another.article.metadata.published
    return bool(one.years) and known is not None and max(one.years) < int(known[:4])


def conflicts_of(view: View, settlement: Settlement, citations: tuple[Citation, ...]) -> tuple[Conflict, ...]:
    """Return what contradicts the answer, with verified citations."""
    if settlement.dispute is None:
        return ()
    return (cited(view, settlement.dispute, settlement.settled, citations),)


def answered_as_of(
    question: Question, settlement: Settlement, citation: Citation, view: View
) -> tuple[str | None, Literal["text", "published", "taken_in"] | None]:
    """Return of when an answer speaks, and what says so; nothing where the question does not ask for it."""
    if not (asks_for_now(question.text) or settlement.settled):
        return None, None
    named = years(citation.quote)
    if named and _AS_OF.search(citation.quote) is not None and citation.published is None:
        return str(max(named)), "text"
    if citation.published:
        return citation.published, "published"
    return view.article(citation.article_id, citation.revision).taken_in[:10], "taken_in"


def newest_known(articles: Iterable[tuple[ArticleState, str]]) -> str | None:
    """Return how far what was read reaches: the latest publication, or year named in what has no date."""
    known = [
        article.metadata.published or max((str(year) for year in years(passage)), default="")
        for article, passage in articles
    ]
    return max(known, default="") or None


def is_stale(question: Question, read: list[tuple[ArticleState, str]], near: int, at: str) -> str | None:
    """Return the newest date of what was read when that is older than what is asked for, else None.

    ``read`` holds the nearest passages with their articles, that of the best sentence first; the first
    ``near`` of them say how far it reaches. ``at`` is the day of asking, by the index's clock.
    """
    newest, year = newest_known(read[:near]), year_asked(question.text)
    if newest is None:
        return None
    if year is not None:
        named = any(year in years(passage) for _, passage in read)
        return newest if not named and int(newest[:4]) < year else None
    if not asks_for_now(question.text) or any(article.metadata.published is None for article, _ in read):
        return None
    aged = int(at[:4]) * 365 + int(at[5:7] or 1) * 30 - (int(newest[:4]) * 365 + int(newest[5:7] or 12) * 30)
    return newest if aged > AGED_DAYS else None
