"""Expressions in a text and where they stand: dates, numbers with their units, names, enumerations.

Spans are code points of the given text, 0-based, end-exclusive. Surface forms by regular expression, the
longest that fits; knows nothing of questions, and not whether what it finds is true.
"""

import re
from collections.abc import Iterator
from functools import cache

from indexer import Span

_MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?|"
    r"Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_YEAR = r"(?:1\d|20)\d\d"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DAYS = rf"{_DAY}(?: ?(?:-|–|to|and) ?{_DAY})?"
_CENTURY = r"(?:\d{1,2}(?:st|nd|rd|th)|(?:[a-z]+-)?[a-z]+(?:th|st|nd|rd|first|second|third)) centur(?:y|ies)"
_PART = r"(?:(?:early|mid|late|beginning of the|end of the)[ -](?:the )?)?"
_DATE = (
    rf"(?<![\w.$€£])(?:"
    rf"{_DAYS}(?: of)? {_MONTH}(?:,? {_YEAR})?(?!\w)|"
    rf"{_MONTH} {_DAYS}(?!\d)(?:,? {_YEAR})?|"
    rf"{_PART}{_MONTH},? (?:of )?{_YEAR}|"
    rf"(?:between|from) {_YEAR} (?:and|to|until) {_YEAR}(?!\w)|"
    rf"{_YEAR} ?(?:[–-]|to) ?(?:{_YEAR}|\d\d)(?!\w)|"
    r"\d{1,4} BCE?\b|AD \d{1,4}\b|"
    rf"{_PART}{_YEAR}(?:s|(?!\w))|"
    rf"{_PART}{_CENTURY}|"
    r"\d{4}년(?: ?\d{1,2}월(?: ?\d{1,2}일)?)?|\d{1,2}월 ?\d{1,2}일"
    r")"
)
_CLOCK = (
    r"(?<![\w.:])\d{1,2}(?:[:.]\d\d)? ?[ap]\.?m\b\.?"
    r"(?: ?(?:-|–|to) ?\d{1,2}(?:[:.]\d\d)? ?[ap]\.?m\b\.?)?|(?:오전|오후) ?\d{1,2}시(?: ?\d{1,2}분)?"
)
_SMALL = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|"
    "seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
)
_GREAT = "hundred|thousand|million|billion|trillion"
_FIGURE = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_NUMBER = (
    rf"(?:(?:{_FIGURE})(?: (?:{_GREAT})\b)?|"
    rf"\b(?:(?:{_SMALL})(?:-(?:{_SMALL}))?|a)(?: (?:{_GREAT})\b)+|\b(?:{_SMALL})(?:-(?:{_SMALL}))?\b|"
    r"\bhalf a (?:million|billion)\b)"
)
_HEDGE = (
    r"(?:\b(?:about|around|approximately|roughly|nearly|almost|over|under|some|only|"
    r"(?:more|less|fewer|greater) than|at (?:least|most)|up to|as many as) )?"
)
_RANGE = rf"(?:\bbetween {_NUMBER} and {_NUMBER}|{_HEDGE}{_NUMBER}(?:(?: ?[–-] ?| to )(?:{_NUMBER}))?)"
_QUANTITY = rf"(?<![\w.,$€£₩/-]){_RANGE}(?![\w/]|[.,]\d)"

_METRES = r"(?:kilo|centi|milli)?met(?:er|re)s?|[kcm]?m|miles?|feet|foot|ft|inch(?:es)?|yards?"
_UNITS = {
    "length": rf"[ -]?(?:{_METRES}|storeys?|stories)",
    "time": r"[ -](?:and a half )?"
    r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|centur(?:y|ies))",
    "area": rf"[ -]?(?:sq(?:uare|\.)? ?(?:{_METRES})|k?m[²2]|hectares?|ha|acres?)",
    "percentage": r" ?(?:%|per ?cent|퍼센트)",
}
_MEASURES = {name: rf"(?<![\w.,$€£₩/-]){_RANGE}{unit}(?!\w)" for name, unit in _UNITS.items()}
_MONEY = (
    rf"{_HEDGE}(?:(?:US|USD|EUR|GBP|KRW|JPY|AUD|CAD) ?)?[$€£¥₩] ?(?:{_FIGURE})"
    rf"(?: ?(?:{_GREAT}|m|bn)\b)?|{_HEDGE}\b(?:USD|EUR|GBP|KRW|JPY) ?(?:{_FIGURE})(?: (?:{_GREAT})\b)?|"
    rf"(?<![\w.,]){_HEDGE}{_NUMBER} ?(?:US )?(?:dollars?|euros?|pounds?|won|yen|yuan|USD|EUR|KRW)\b|"
    r"\d[\d,.]{0,40}(?:[만억조] ?)*(?:원|달러)"
)
_KOREAN = (
    r"(?<![\d.,])(?:약 ?)?\d[\d,.]{0,40}(?: ?여)? ?(?:[만억조] ?)*"
    r"(?:명|개|곳|가구|세대|대|채|그루|마리|권|회|차례|가지|종)"
)

_CAPITALISED = r"(?:[A-Z][\w’'-]*|(?:St|Mr|Mrs|Ms|Dr|Lt|Gen|Col)\.|[A-Z]\.)"
_NAME = re.compile(
    rf"(?<![\w’'-]){_CAPITALISED}"
    rf"(?:[ \u00a0](?:(?:de|la|van|von|der|den|du|di|al|bin|ibn|le) )*{_CAPITALISED})*"
)
_OPENER = re.compile(
    r"(?:The|A|An|In|On|At|By|For|From|To|Of|Since|Until|After|Before|During|When|While|Where|As|With|Under|"
    r"Although|Though|However|But|And|Or|If|It|Its|He|His|She|Her|They|Their|We|Our|I|This|That|These|Those|"
    r"There|Here|Other|Another|Many|Most|Some|Several|Both|Each|Every|All|Today|Currently|Now|Later|Then|"
    r"Over|Between|Among|Only|Also|Because|Through|Within|Despite|Unlike|Like|One|Two|Three|"
    r"January|February|March|April|May|June|July|August|September|October|November|December|"
    r"Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b(?!\.) ?"
)


def dates(text: str) -> list[Span]:
    """Return dates, years, decades and centuries, as much as belongs together."""
    return _spans(_DATE, text)


def clock_times(text: str) -> list[Span]:
    """Return times of day, with the end where one is given: '10 AM - 5:30 PM'."""
    return _spans(_CLOCK, text)


def quantities(text: str) -> list[Span]:
    """Return numbers in figures or words that are no part of a date or of a sum of money.

    'Nearly' and 'more than' belong to the number: without them it says something else.
    """
    taken = [*dates(text), *clock_times(text), *_spans(_MONEY, text)]
    found = [*_spans(_QUANTITY, text), *_spans(_KOREAN, text)]
    return [one for one in found if not any(_meet(one, other) for other in taken)]


def measures(unit: str, text: str) -> list[Span]:
    """Return numbers with their unit; ``unit`` is length, time, area, percentage or money."""
    return _spans(_MONEY if unit == "money" else _MEASURES[unit], text)


def proper_names(text: str) -> list[Span]:
    """Return runs of capitalised words; a word that only opens a sentence is left out."""
    return list(_names(text))


def _names(text: str) -> Iterator[Span]:
    for found in _NAME.finditer(text):
        start, end = found.span()
        while opener := _OPENER.match(text, start, end):
            start = opener.end()
        if start < end:
            bare = text[start:end].rstrip("-’'")
            bare = bare[:-2] if bare.endswith(("’s", "'s")) else bare
            yield Span(start, start + len(bare))


def _spans(pattern: str, text: str) -> list[Span]:
    return [Span(*found.span()) for found in _compiled(pattern).finditer(text)]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile when first needed: together these patterns take as long as a library's import."""
    # A month is written with a capital: 'may' and 'march' are verbs.
    return re.compile(pattern, re.NOFLAG if pattern is _DATE else re.IGNORECASE)


def _meet(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
