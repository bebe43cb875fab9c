"""Focus: the words inside a quote that answer the question, where they can be found with certainty.

By what the wording asks for: a date, a number with its unit, a name, a place, a series, what stands behind
a label. A wrong mark is worse than none: where two expressions compete, or the one that is found only
repeats the question, there is no focus. Changes no word of a quote and no choice of sentences.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from indexer import Span, terms_of
from service.cues import label_fits
from service.expressions import clock_times, dates, measures, quantities
from service.naming import agents, called, clause_of, places, series, shares

Finder = Callable[[str, str], list[Span]]
"""Question and quote to the expressions that may answer, each a span of the quote."""

LONGEST = 600
"""Characters of the longest quote that is looked into."""


def focus_of(question: str, quote: str) -> Span | None:
    """Return where the answering words stand in a quote, ``quote[start:end]`` in code points, or None.

    Never empty, never with white space around it, never made of words that the question holds alone.
    """
    if len(quote) > LONGEST:
        return None
    found = _behind_label(question, quote)
    if found is None:
        finder = _finder(question)
        found = None if finder is None else _only(question, quote, finder(question, quote))
    if found is None:
        return None
    text = quote[found.start : found.end]
    start = found.start + len(text) - len(text.lstrip())
    return Span(start, start + len(text.strip())) if _is_new(question, text) else None


def item_focus(question: str, quote: str) -> Span | None:
    """Return what stands behind the bullet or number of an item of the list that answers."""
    marker = _MARKER.match(quote)
    start, end = marker.end() if marker else 0, len(quote.rstrip())
    return Span(start, end) if start < end and _is_new(question, quote[start:end]) else None


_MARKER = re.compile(r"\s*(?:[^\w\s\"'“‘(\[]+\s+|\(?(?:\d{1,2}|[a-z])[.)]\s+)?")
_LABEL = re.compile(r"^\W*[^\W\d_][^:：\n]{0,40}[:：]\s*(?=\w)")


def _behind_label(question: str, quote: str) -> Span | None:
    label = _LABEL.match(quote)
    if label is None or not label_fits(question, quote, is_line=True):
        return None
    return Span(label.end(), len(quote.rstrip()))


def _only(question: str, quote: str, found: list[Span]) -> Span | None:
    """Return the one expression that the question does not hold itself, None where two differ."""
    new = [one for one in found if _is_new(question, quote[one.start : one.end])]
    texts = {quote[one.start : one.end].casefold() for one in new}
    return new[0] if len(texts) == 1 else None


_WORD = re.compile(r"\w+")


@lru_cache(64)
def _words(question: str) -> frozenset[str]:
    return frozenset(_WORD.findall(question.casefold()))


def _is_new(question: str, text: str) -> bool:
    return not _words(question).issuperset(_WORD.findall(text.casefold()))


def _nearest(question: str, quote: str, found: list[Span]) -> list[Span]:
    """Keep the expression whose clause alone says most of the question; else all that were found."""
    if len(found) < 2:
        return found
    asked = set(terms_of(question))
    clauses = (clause_of(quote, one, found) for one in found)
    held = [asked & set(terms_of(quote[clause.start : clause.end])) for clause in clauses]
    telling = [
        one
        for at, one in enumerate(found)
        if held[at] - set().union(*(held[other] for other in range(len(held)) if other != at))
    ]
    if len(telling) != 1 or 2 * len(held[found.index(telling[0])]) <= len(asked):
        return found
    return telling


_AFTER_DATE = re.compile(r"\b(?:after|before|by|until) (?:what|which)\b", re.IGNORECASE)
_THE, _NOUN = re.compile(r"\bthe $"), re.compile(r" [a-z]+")
_NO_NOUN_BEHIND = re.compile(r" (?:and|or|by|in|at|on|of|for|to|with|when|as|it|he|she|they|the|a|an)\b")


def _moments(question: str, quote: str) -> list[Span]:
    """Return dates, but none that only names something: 'the 1967 borders'."""
    if _AFTER_DATE.search(question):
        return []
    found = [one for one in dates(quote) if not _is_name_of(quote, one)]
    return _nearest(question, quote, found) if shares(question, quote) else []


def _is_name_of(quote: str, date: Span) -> bool:
    after = quote[date.end :]
    bare = quote[date.start : date.end].isdecimal() and _THE.search(quote[: date.start]) is not None
    return bare and _NOUN.match(after) is not None and _NO_NOUN_BEHIND.match(after) is None


def _hours(question: str, quote: str) -> list[Span]:
    return _nearest(question, quote, clock_times(quote))


def _measured(*units: str) -> Finder:
    def find(question: str, quote: str) -> list[Span]:
        return _nearest(question, quote, [span for unit in units for span in measures(unit, quote)])

    return find


_AUXILIARY = "was|were|is|are|did|does|do|has|have|had|will|would|can|could|should"
_COUNTED = re.compile(
    rf"\bhow many ((?:[\w'’-]+ ){{0,4}}?[\w'’-]+?)(?= (?:{_AUXILIARY}|of|in|on|at|from|for|to|there|that|"
    r"which|who|\w+ed|took|came|make|made|got|work|live|attend)\b|\W*$)",
    re.IGNORECASE,
)
_BEHIND = re.compile(r"(?: of)?(?: the| its| their| all)?((?:[ -][\w'’-]+){1,4})")
_NO_NOUN = re.compile(r"in|of|from|by|to|at|on|for|with|and|or|were|was|are|is|have|has|had")
_NOW = re.compile(r"\b(?:now|currently|today|at present)\b", re.IGNORECASE)
_PER = re.compile(r"\b(?:each|per|every)\b", re.IGNORECASE)


def _counts(question: str, quote: str) -> list[Span]:
    """Return the numbers that count what 'how many' asks for, else the only number that there is.

    'One' seldom counts, and what is said of each is no count of all.
    """
    asked = _COUNTED.search(question)
    nouns = terms_of(asked.group(1)) if asked else []
    if not nouns or bool(_PER.search(question)) != bool(_PER.search(quote)):
        return []
    found = [one for one in quantities(quote) if _may_count(quote, one)]
    if _NOW.search(question) and len(found) > 1:
        clauses = (clause_of(quote, one, found) for one in found)
        said = [_NOW.search(quote[clause.start : clause.end]) is not None for clause in clauses]
        found = [one for one, now in zip(found, said, strict=True) if now]
    counting = [one for one in found if nouns[-1] in _counted(quote[one.end :])]
    return counting or (found if len(found) == 1 and shares(question, quote) else [])


def _may_count(quote: str, number: Span) -> bool:
    in_brackets = quote[max(0, number.start - 1) : number.start] in ("[", "(")
    return not in_brackets and quote[number.start : number.end].casefold() != "one"


def _counted(after: str) -> list[str]:
    """Return the terms of the words that a number may count."""
    words = _BEHIND.match(after)
    terms: list[str] = []
    for word in words.group(1).split() if words else ():
        if _NO_NOUN.fullmatch(word):
            break
        terms += terms_of(word)
    return terms


_KOREAN_COUNTED = re.compile(r"몇 ?(명|개|곳|가구|세대|대|채|그루|마리|권|회|차례|가지|종)")


def _korean_counts(question: str, quote: str) -> list[Span]:
    asked = _KOREAN_COUNTED.search(question)
    counter = asked.group(1) if asked else " "
    return [one for one in quantities(quote) if quote[one.start : one.end].endswith(counter)]


_DATE_WORDS = r"(?:calendar )?(?:years?|dates?|days?|months?|decades?|centur(?:y|ies))"
_PLACES = r"(?:city|country|town|state|region|province|village)"
_FINDERS: tuple[tuple[re.Pattern[str], Finder], ...] = tuple(
    (re.compile(asked, re.IGNORECASE), finder)
    for asked, finder in (
        (r"\bwhat time\b|몇 시", _hours),
        (rf"^\W*(?:since |until )?when (?:{_AUXILIARY})\b|\b(?:what|which) {_DATE_WORDS}\b|언제|몇 년",
         _moments),
        (r"\b(?:what|which) (?:\w+ ){0,2}?percent(?:age)?\b|\bwhat (?:is|was) the percentage\b|몇 퍼센트",
         _measured("percentage")),
        (r"\bhow much (?:\w+ ){0,6}?(?:cost|paid?|earn|spen[dt]|worth|invest\w*|money|funding)\b|"
         r"\b(?:what|which) (?:\w+ ){0,3}?(?:cost|budget|price|salary|revenue|fee)\b", _measured("money")),
        (r"\bhow long\b", _measured("length", "time")),
        (r"\bhow (?:tall|high|far|wide|deep|thick)\b", _measured("length")),
        (r"\bhow (?:large|big)\b", _measured("area")),
        (r"\bhow many\b", _counts),
        (_KOREAN_COUNTED.pattern, _korean_counts),
        (r"^\W*(?:by )?whom?\b", agents),
        (rf"^\W*where (?:{_AUXILIARY})\b|\b(?:what|which) {_PLACES}\b|어디", places),
        (r"^\W*what\b.*\b(?:called|known as)\b", called),
        (r"\b(?:what|which|name)\b", series),
    )
)  # fmt: skip


@lru_cache(64)  # asked of one question for each of its sentences
def _finder(question: str) -> Finder | None:
    return next((finder for asked, finder in _FINDERS if asked.search(question)), None)
