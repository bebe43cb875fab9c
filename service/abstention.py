"""Why a question is not answered: a typed reason, a sentence for people, and what to try instead.

Works only when there is no answer, so it may ask the index once more: how many articles a filter leaves,
and which of the question's words no passage ever holds.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from indexer import NO_FILTERS, ArticleState, Filters, Keys, View, is_dense, question_terms
from service.answer import REASONS, Reason
from service.cues import names
from service.expected import Expected, expected_of, told
from service.portions import Portion
from service.question import Question
from service.timeliness import NEAREST, asks_for_now, is_stale, year_asked
from service.values import years

OUT_OF_SCOPE_COSINE, OUT_OF_SCOPE_MISSING = 0.35, 0.3
"""No passage nearer than this, and this share of the question's weight in no passage at all."""

MOST_WORDS = 4
"""Words of the question, or facets of the filter, that a sentence for people names."""

MOST_FACETS, LONGEST_FACET = 10, 60
"""Facets of the articles that it lists, and the characters that it shows of each."""

FEW_TERMS, ONE_TERM = 3, 1
"""A question that points back with a pronoun and names nothing cannot be understood: with so few terms no
sentence may answer it, and with fewer than the first number that is the reason where none does."""

_POINTS_BACK = re.compile(r"\b(?:it|they|them|he|she|him|that one|those)\b", re.IGNORECASE)
_CLAUSES = re.compile(r"[:;,.?!–—]|\b(?:and|or|but|if|when)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:[.,'’-][^\W_]+)*")
_EMPTY = frozenset(
    question_terms("many much tell know something anything thing things please explain say said get")
)
_TELLS: dict[Expected, str] = {
    "amount": "an amount", "money": "a sum of money", "extent": "a length or a time", "length": "a length",
    "area": "an area", "percentage": "a share", "count": "a number", "date": "a date", "day": "a day",
    "month": "a month", "year": "a year", "clock": "a time of day", "telephone": "a telephone number",
    "name": "a name", "place": "a place", "names": "names",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason, the sentence that says it, what to try, and the question's words that no passage holds."""

    reason: Reason
    message: str
    advice: str
    unknown_words: tuple[str, ...] = ()


def is_unclear(question: Question) -> bool:
    """Tell whether a question has no word that could be looked for, or one, of who knows whom."""
    telling = set(question.terms) - _EMPTY
    return not telling or (len(telling) <= ONE_TERM and _points_back(question))


def _points_back(question: Question) -> bool:
    """Tell whether a pronoun stands for what the question does not name, in a clause before it either."""
    pronoun = _POINTS_BACK.search(question.text)
    if pronoun is None or names(question.text):
        return False
    before = question.text[: pronoun.start()]
    *clauses, _ = _CLAUSES.split(before)
    return not set(question_terms(" ".join(clauses))) - _EMPTY


def must_refuse(view: View, whole: Portion) -> bool:
    """Tell whether no answer may be given, however well a sentence matches.

    So it is when the question names nothing or only points back, when it asks about a year that nothing
    which was read reaches, and when it asks about a year to come that the best sentence's passage does not
    name.
    """
    if is_unclear(whole.question):
        return True
    year = year_asked(whole.question.text)
    if year is None:
        return False
    pool, candidates = whole.ranked.pool, whole.evidence.candidates
    at = int(whole.evidence.order[0])
    passage = int(pool.sentence_passage[candidates.rows[at]])
    article = whole.articles[int(pool.revisions[passage])]
    published, span = article.metadata.published, slice(*pool.spans[passage].tolist())
    told_of = years(article.text[span])
    if year > int(_asked_at(view, whole.articles.values())[:4]) and year not in told_of:
        return True
    if stale_since(view, whole) is None:
        return False
    known = {int(published[:4])} if published else told_of
    named = years(candidates.texts[at]) or known
    return bool(named) and max(named) < year


def refused_empty(view: View, filters: Filters, *, elsewhere: Callable[[], bool]) -> Refusal:
    """Say why there is no passage at all; ``elsewhere`` tells whether an answer exists without the filter."""
    if not view.commit:
        first = view.first_instant()
        if first is None:
            return Refusal(
                "no_evidence", "The index holds no articles yet.", "Take some in with 'civicite index PATH'."
            )
        said = f"Nothing had been taken in by then; the first articles came at {first}."
        return Refusal("before_first_article", said, "Ask for a later moment, or of the present.")
    articles = view.count_articles()
    if articles and filters != NO_FILTERS:
        reason: Reason = "filtered_out" if elsewhere() else "no_evidence"
        if (unknown := unknown_facets(view, filters)) is not None:
            return Refusal(reason, unknown, "Check the name of the facet, or ask without the filter.")
        without = "; without it this question has an answer" if reason == "filtered_out" else ""
        return Refusal(reason, f"The filter leaves none of the {_articles(articles)}{without}.", _WIDEN)
    if not articles and view.damaged:
        said = "What is left in the index is damaged and left out."
        return Refusal("no_evidence", said, "Run 'civicite verify', then index the articles again.")
    if not articles:
        return Refusal(
            "no_evidence", "No article is left in the index.", "Take some in with 'civicite index PATH'."
        )
    return Refusal("no_evidence", REASONS["no_evidence"], "Ask in other words.")


def unknown_facets(view: View, filters: Filters) -> str | None:
    """Say which facets of a filter no article has, and which there are; None where there is no such facet."""
    if not filters.facets:
        return None
    known = list(view.facets())
    unknown = tuple(name[:LONGEST_FACET] for name, _ in filters.facets if name not in known)
    if not unknown:
        return None
    if not known:
        return f"No article has {_quoted(unknown)}, nor any other facet."
    listed = ", ".join(name[:LONGEST_FACET] for name in known[:MOST_FACETS])
    more = f" and {len(known) - MOST_FACETS} more" if len(known) > MOST_FACETS else ""
    return f"No article has {_quoted(unknown)}; there {'is' if len(known) == 1 else 'are'} {listed}{more}."


def refused(view: View, whole: Portion, *, filtered: Keys | None, elsewhere: Callable[[], bool]) -> Refusal:
    """Say why the nearest passages do not answer a question."""
    question, scores = whole.question, whole.ranked.scores
    unknown, absent = _unknown_words(view, question), _missing_words(whole)
    pronoun = _POINTS_BACK.search(question.text)
    if is_unclear(question) or (len(question.terms) < FEW_TERMS and _points_back(question)):
        whom = f" “{pronoun.group()}” may be anyone or anything." if pronoun else ""
        advice = "Name what you want to know something about: a city, a project, an event."
        return Refusal("unclear_question", f"{REASONS['unclear_question']}{whom}", advice)
    if filtered is not None and elsewhere():
        left, everything = view.count_articles(filtered), _articles(view.count_articles())
        said = f"The filter leaves {left} of {everything}, and none of them answers"
        return Refusal("filtered_out", f"{said}; without it this question has an answer.", _WIDEN, unknown)
    newest = stale_since(view, whole)
    # However new the articles were, none would tell of somebody whom the collection never names.
    if newest is not None and not _names_any(question.text, unknown):
        asked = year_asked(question.text)
        wanted = f"of {asked}" if asked else "of the present"
        said = f"The question speaks {wanted}; the nearest articles reach to {newest}."
        return Refusal(
            "stale", said, f"Ask about {newest[:4]} or earlier, or take in newer articles.", unknown
        )
    known = (scores.counts > 0).any(axis=0)
    missing = 1 - float(scores.weights[known].sum()) / scores.total
    if float(scores.cosine.max()) < OUT_OF_SCOPE_COSINE and missing > OUT_OF_SCOPE_MISSING:
        said = f"{REASONS['out_of_scope']}{_never_mentions(unknown)}"
        return Refusal("out_of_scope", said, "Ask about what the nearest passages below speak of.", unknown)
    return Refusal("low_confidence", *_unsure(whole, unknown, absent), unknown)


def stale_since(view: View, whole: Portion) -> str | None:
    """Return the newest date of the nearest passages when it is older than what is asked for, else None."""
    question, pool, evidence = whole.question, whole.ranked.pool, whole.evidence
    if year_asked(question.text) is None and not asks_for_now(question.text):
        return None
    owners = pool.sentence_passage[evidence.candidates.rows[evidence.order]]
    scores, read = evidence.scores[evidence.order], []
    for row in dict.fromkeys(owners.tolist()):
        article = whole.articles[int(pool.revisions[row])]
        start, stop = pool.spans[row].tolist()
        read.append((article, article.text[start:stop]))
    near = len(set(owners[scores >= scores[0] - NEAREST].tolist()))
    at = _asked_at(view, [article for article, _ in read])
    return is_stale(question, read, near, at)


def _asked_at(view: View, articles: Iterable[ArticleState]) -> str:
    """Return the day of asking by the index's clock: that of the view, else of the last article read."""
    return view.as_of or max((article.taken_in for article in articles), default="9999")


def _unsure(whole: Portion, unknown: tuple[str, ...], absent: tuple[str, ...]) -> tuple[str, str]:
    """Return what the nearest passages lack, and what to try."""
    if unknown:
        said = f"{REASONS['low_confidence']}{_never_mentions(unknown)}"
        return said, "Check the spelling, or ask without the words that are not in the collection."
    if absent:
        said = f"The nearest passage says nothing of {_quoted(absent)}."
        return said, "Ask in other words, or read the nearest passages below."
    question, evidence = whole.question, whole.evidence
    expected = expected_of(question.text, question.kind)
    texts = [evidence.candidates.texts[at] for at in evidence.order[:3].tolist()]
    if expected is not None and not any(told(expected, question.text, text) for text in texts):
        said = f"The nearest sentences speak of this, but none of them tells {_TELLS[expected]}."
        return said, "Read the nearest passages below, or ask for something else that they tell."
    return REASONS[
        "low_confidence"
    ], "Read the nearest passages below, or lower the confidence that is asked for."


def _never_mentions(unknown: tuple[str, ...]) -> str:
    return f" It never mentions {_quoted(unknown)}." if unknown else ""


def _unknown_words(view: View, question: Question) -> tuple[str, ...]:
    """Return the question's words, as written, of which no passage holds a single term."""
    statistics = view.statistics(question.terms)
    holding = dict(zip(statistics.asked, statistics.holding, strict=True))
    return _words_of(question, {term for term in question.terms if not holding[term]})


def _names_any(text: str, words: tuple[str, ...]) -> bool:
    return any(word in words for name in names(text) for word in _WORD.findall(name))


def _missing_words(whole: Portion) -> tuple[str, ...]:
    """Return the question's words that the best sentence's passage does not hold."""
    question, ranked, evidence = whole.question, whole.ranked, whole.evidence
    passage = int(ranked.pool.sentence_passage[evidence.candidates.rows[evidence.order[0]]])
    held = ranked.scores.counts[passage] > 0
    return _words_of(question, {term for term, holds in zip(question.terms, held, strict=True) if not holds})


def _words_of(question: Question, terms: set[str]) -> tuple[str, ...]:
    # Of Hangul and Han a term is two characters of a word; a word is named when all of them are meant.
    words = dict.fromkeys(_WORD.findall(question.text))
    found = [word for word in words if (of := set(question_terms(word)) - _EMPTY) and of <= terms]
    found = [word for word in found if not asks_for_now(word)]  # it says when, not what
    return tuple(word for word in found if not all(map(is_dense, question_terms(word))) or len(word) > 1)


def _quoted(words: tuple[str, ...]) -> str:
    named = [f"“{word}”" for word in words[:MOST_WORDS]]
    return " or ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


def _articles(count: int) -> str:
    return f"{count} article{'' if count == 1 else 's'}"


_WIDEN = "Widen the filter, or ask without it."
