"""What a question expects to be told: an amount, a length, a date, a name, and whether a sentence tells it.

Only what the question does not say itself counts: '2019' is no answer to 'How many took part in 2019?'.
Surface expressions by regular expression; knows nothing of scores or passages.
"""

import re
from functools import lru_cache
from typing import Literal

from service.cues import MONTHS, SENTENCES, date_expressions, names
from service.question import Kind

Expected = Literal[
    "amount", "money", "extent", "length", "area", "percentage", "count", "date", "day", "month", "year",
    "clock", "telephone", "name", "place", "names"
]  # fmt: skip

# No figure is longer, and a run without end must not be read to its end from each of its digits.
_FIGURE = r"\d[\d,.]{0,40}(?!\d|st\b|nd\b|rd\b|th\b)(?: (?:hundred|thousand|million|billion|trillion))?"
_WORDS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|"
    "seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|dozens?|"
    "hundreds?|thousands?|millions?|billions?|half|third|quarter"
)
_NUMBER = rf"(?:{_FIGURE}|\b(?:{_WORDS})\b)"
_LENGTHS = (
    r"(?:kilo|centi|milli)?met(?:er|re)s?|[kcm]?m|miles?|feet|foot|ft|inch(?:es)?|yards?|storeys?|stories"
)
_TIMES = r"seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|centur(?:y|ies)"
_PATTERNS: dict[Expected, re.Pattern[str]] = {
    "money": re.compile(
        rf"[$€£¥₩]\s?{_FIGURE}|{_NUMBER} ?(?:US )?(?:dollars?|euros?|pounds?|won|yen|yuan|USD|EUR|KRW)\b|"
        rf"\b(?:USD|EUR|GBP|KRW|JPY) ?{_FIGURE}|{_FIGURE} ?(?:원|달러)",
        re.IGNORECASE,
    ),
    "length": re.compile(rf"{_NUMBER}[ -]?(?:{_LENGTHS})\b", re.IGNORECASE),
    "area": re.compile(
        rf"{_NUMBER}[ -]?(?:sq(?:uare|\.)? ?(?:{_LENGTHS})|[km]+[²2]|hectares?|acres?|{_LENGTHS})",
        re.IGNORECASE,
    ),
    "extent": re.compile(rf"{_NUMBER}[ -]?(?:{_LENGTHS}|{_TIMES})\b", re.IGNORECASE),
    "percentage": re.compile(
        rf"{_NUMBER} ?(?:%|per ?cent|percent)|\b(?:half|third|quarter)\b", re.IGNORECASE
    ),
    "day": re.compile(
        rf"\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{MONTHS})\b|\b(?:{MONTHS}) \d{{1,2}}\b|"
        r"\b\d{4}-\d\d-\d\d\b|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|\d{1,2}일"
    ),
    "month": re.compile(rf"\b(?:{MONTHS})(?!\w)|\b\d{{4}}-\d\d\b|\d{{1,2}}월"),
    "year": re.compile(r"\b(?:1[0-9]|20)\d\d\b|\b\d{3,4}s\b|\b(?:BCE?|AD|CE)\b|\d{1,4}년"),
    "clock": re.compile(
        r"\b\d{1,2}(?::\d\d)? ?[ap]\.?m\b|\b\d{1,2}:\d\d\b|\b(?:noon|midnight)\b|\d{1,2}시", re.IGNORECASE
    ),
    "telephone": re.compile(r"\+?\d[\d ()/-]{5,}\d"),
}
_SERIES = re.compile(r"[^,;:]{2}[,;] [^,;:]{2,60},? (?:and|or) ")
"""The end of one: where it begins makes no difference."""
_OPENING_NAME = re.compile(r"^\W*((?:[A-Z][\w’'-]+ )+[A-Z][\w’'-]+)")
_PLACE = re.compile(r"\b(?:in|at|near|from|to|of|on|across|between) (?:the )?([A-Z][\w’'-]+)")
_ANY_NUMBER = re.compile(_NUMBER, re.IGNORECASE)

_ASKED: tuple[tuple[Expected, re.Pattern[str]], ...] = tuple(
    (expected, re.compile(pattern, re.IGNORECASE))  # type: ignore[misc]
    for expected, pattern in (
        ("percentage", r"\bpercent(?:age)?\b|\b(?:what|which) (?:\w+ ){0,2}?(?:share|proportion)\b"),
        ("money", r"\bhow much (?:\w+ ){0,6}?(?:cost|paid?|earn|spen[dt]|worth|invest\w*|money|funding)\b|"
                  r"\b(?:what|which) (?:\w+ ){0,3}?(?:cost|budget|price|salary|revenue|fee|fare)\b|"
                  r"\bhow (?:high|low) (?:is|are|was|were) (?:\w+ ){0,4}?(?:cost|budget|price|salary|"
                  r"revenue|fee|fare)s?\b|"
                  r"비용|예산|\bwhat (?:do|does|did|will|would) (?:[\w'’-]+ ){1,8}?cost\b"),
        ("telephone", r"\b(?:tele)?phone number\b"),
        ("extent", r"\bhow (?:long|old)\b"),
        ("length", r"\bhow (?:tall|high|far|wide|deep|thick)\b|"
                   r"\b(?:what|which) (?:\w+ ){0,3}?(?:length|height|width|depth|distance)\b"),
        ("area", r"\bhow (?:large|big)\b|\bwhat (?:is|was) the (?:\w+ ){0,2}?(?:size|area)\b"),
        ("clock", r"\bwhat time\b(?! (?:of|period|frame|span))|몇 시"),
        ("day", r"\b(?:what|which|the) (?:exact )?(?:day|date)\b|며칠"),
        ("month", r"\b(?:what|which) month\b|몇 월"),
        ("year", r"\b(?:what|which) year\b|몇 년"),
        ("amount", r"\bhow (?:much|fast|often|heavy)\b"),
        ("count", r"\bhow many\b|\b(?:what|which) (?:\w+ ){0,2}?(?:number|population|total)\b|몇 |얼마"),
    )
)  # fmt: skip
_WHICH = re.compile(r"\b(?:what|which) \w", re.IGNORECASE)
_BY_KIND: dict[Kind, Expected] = {
    "number": "amount", "when": "date", "who": "name", "where": "place", "list": "names"
}  # fmt: skip

DATES = frozenset[Expected]({"date", "day", "month", "year"})
"""Kinds of dates: who asks for a day is not told it by a year."""

SURE = DATES | frozenset[Expected](
    {"amount", "money", "extent", "length", "area", "percentage", "count", "clock", "telephone"}
)
"""What cannot be told without such an expression; a name can, in lower case or at a sentence's beginning."""

ENOUGH_NAMES = 3
"""So many new names make a sentence a list of them."""


@lru_cache(64)
def expected_of(question: str, kind: Kind) -> Expected | None:
    """Return what kind of expression answers the question, None when its wording does not say."""
    named = "name" if kind == "where" and _WHICH.search(question) else _BY_KIND.get(kind)
    return next((expected for expected, asked in _ASKED if asked.search(question)), named)


def told(expected: Expected | None, question: str, sentence: str) -> float:
    """Return 1 when a sentence tells what is expected and the question does not say, else 0.

    A list of names counts by how many are new; any series of things is one. Of nothing expected, a half.
    """
    if expected is None:
        return 0.5
    found = new_expressions(expected, question, sentence)
    if expected == "names" and _is_series(sentence):
        return 1.0
    return min(len(found), ENOUGH_NAMES) / ENOUGH_NAMES if expected == "names" else float(bool(found))


def new_expressions(expected: Expected, question: str, sentence: str) -> list[str]:
    """Return what a sentence tells of what is expected, without what the question says itself."""
    return [one for one in _expressions(expected, sentence) if not _said(one, question)]


@lru_cache(SENTENCES)
def _is_series(sentence: str) -> bool:
    """Tell whether a sentence enumerates; the pattern is slow, and most sentences have no comma."""
    return ("," in sentence or ";" in sentence) and _SERIES.search(sentence) is not None


@lru_cache(SENTENCES)
def _expressions(expected: Expected, sentence: str) -> tuple[str, ...]:
    return tuple(_found(expected, sentence))


def _found(expected: Expected, sentence: str) -> list[str]:
    if expected in _PATTERNS:
        return [found.group() for found in _PATTERNS[expected].finditer(sentence)]
    if expected == "amount":
        return [found.group() for found in _ANY_NUMBER.finditer(sentence)]
    if expected == "count":
        return _counts(sentence)
    if expected == "date":
        return date_expressions(sentence)
    if expected == "place":
        return _PLACE.findall(sentence)
    found = _named(sentence)
    return found if expected == "name" else [one for run in found for one in run.split(" and ")]


def _counts(sentence: str) -> list[str]:
    """Return numbers that are no part of a date."""
    for date in date_expressions(sentence):
        sentence = sentence.replace(date, " ")
    found: list[str] = _ANY_NUMBER.findall(sentence)
    return found


def _named(sentence: str) -> list[str]:
    """Return names, one that opens the sentence only when it has several words."""
    opening = _OPENING_NAME.match(sentence)
    return [*names(sentence), *([opening.group(1)] if opening else [])]


def _said(expression: str, question: str) -> bool:
    return _plain(expression) in _plain(question)


@lru_cache(1024)  # the question comes again for every sentence
def _plain(text: str) -> str:
    return text.replace(",", "").replace("’", "'").removesuffix("'s").casefold().strip(" .")
