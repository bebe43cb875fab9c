"""What a sentence holds that a question may ask for: dates, numbers, names, reasons, a question of its own.

Surface cues by regular expression, each a feature among others. Knows nothing of scores or passages.
"""

import re
from functools import lru_cache

from indexer import terms_of
from service.question import Kind

MONTHS = (
    r"Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?|"
    r"Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?"
)
_DATE = re.compile(
    rf"\b(?:1[0-9]|20)\d\d\b|\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{MONTHS})\b|\b(?:{MONTHS}) \d{{1,2}}\b|"
    r"\b\d{1,2}(?:st|nd|rd|th) century\b|\b\d{1,2}(?::\d\d)? ?[aApP]\.?[mM]\b|"
    r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|"
    r"\b\d{3,4}s\b|\b(?:BCE?|AD|CE)\b|\d{1,4}년|\d{1,2}월|\d{1,2}일"
)
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|twenty|thirty|forty|"
    r"fifty|hundreds?|thousands?|millions?|billions?|half|third|quarter|percent)\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"(?<![.!?“\"'(•] )(?<!^)\b[A-Z][\w’'-]*(?:\s++(?:(?:of|the|de|and|for)\s*)?[A-Z][\w’'-]*)*"
)
_REASON = re.compile(
    r"\b(?:because|due to|owing to|since|so that|in order to|therefore|thus|caused?|reasons?|resulted|"
    r"leads? to|led to|as a result|aims? to|aimed at|"
    r"to (?:protect|reduce|improve|help|make|give|prevent))\b|때문|위해",
    re.IGNORECASE,
)
_MANNER = re.compile(r"\b(?:by|through|using|via|with|means of|thereby)\b|통해", re.IGNORECASE)
_PLACE = re.compile(
    r"\b(?:in|at|near|from|to|of|on|across|between) (?:the )?(?:[A-Z][\w’'-]+)|\b(?:city|country|river|"
    r"located|venue|based|headquarters?|capital)\b|에서|에 위치",
)
# Each alternative begins at one place only, so that a long run is not read from every character of it.
_LIST = re.compile(r"(?<![^,;])[^,;]++(?:[,;][^,;]++){2}|(?:^\s*+|\n[^\S\n]*+)(?:[•▴*-]|\d+[.)])\s")
_DEFINITION = re.compile(r"\b(?:is|are|was|were|means?|refers? to|known as|called|defined)\b|란 |이다")
_PRONOUN = re.compile(
    r"^\W*(?:It|He|She|They|This|That|These|Those|Its|His|Her|Their|Such|The (?:city|campaign|forum|"
    r"programme|program|project|organi[sz]ation|network|mayor|former|latter|event|platform|fund|plan|"
    r"team|title|centre|center|conference|meeting|assembly))\b"
)


_LABELS = tuple(
    (
        re.compile(rf"(?:{asked})\w*", re.IGNORECASE),
        re.compile(rf"^\W*(?:event |start |end )?(?:{label})(?:\(s\)|s)?(?!\w)", re.IGNORECASE),
    )
    for asked, label in (
        (r"\bwhat time\b|몇 시|시간", "time|시간"),
        (r"\bwhen\b|\b(?:what|which) (?:date|day|month|year)\b|언제|날짜",
         "date|time|when|year|period|day|일시|날짜|기간"),
        (r"\bwhere\b|\bwhat (?:venue|place)\b|어디", "venue|location|place|where|address|city|country|장소"),
        (r"\bhow much\b|예산|얼마", "budget|cost|예산"),
        (r"\bhow many\b", "figure|number|total|population"),
        (r"\borgani[sz]|주최", "organi[sz]er|organi[sz]ed by|host|주최"),
        (r"\bhost", "host|organi[sz]er"),
        (r"\b(?:wrote|written|author|reported)\b|작성", "author|by|reporter|작성자"),
        (r"\bspeak|\bspoke", "speaker"),
        (r"\bcontact", "contact"),
        (r"\bdesign|\barchitect|\bdrew up\b|설계", "designer|architect|designed by|설계"),
        (r"\bwho (?:should|can|may|is invited to) (?:attend|come|join|take part)|\baudience\b|\bfor whom\b",
         "target audience|audience|participant|who should attend|대상"),
        (r"\blanguage", "language"),
        (r"\bfund(?:s|ed|ing)?\b|\bfinanc|\bsponsor", "funder|funded by|financed by|sponsor"),
    )
)  # fmt: skip
_OWN_LABEL = re.compile(r"^\W*((?:[^\W\d_]+ ){0,3}[^\W\d_]+)(?:\(s\))?\W*(?::|$)")
_EMPTY = frozenset({"event", "the", "of", "and", "for", "our", "a", "in", "is"})


SENTENCES = 8192
"""Sentences of which it is kept what they hold: the same ones come again for other questions.

A sentence is a few hundred bytes, and every kept answer holds its own: some megabytes a cue at most.
"""

LABEL_WORDS = 2
"""A line of more words is a title or a sentence."""


def label_fits(question: str, sentence: str, *, is_line: bool) -> bool:
    """Tell whether a label such as ``Venue: …`` says what the question asks for.

    Either the label goes with the question's wording, or the question names it: 'Target audience' for
    'Who is the target audience?'. In running text only what is marked as a label counts: ``By: A. Smith``,
    and not 'By 2020 …'.
    """
    for wanted in _labels_asked(question):
        label = wanted.match(sentence)
        if label:
            marked = sentence[label.end() - 1] == ")" or sentence[label.end() :].startswith(":")
            return is_line or marked
    return is_line and _named_in(question, sentence)


@lru_cache(64)  # asked of one question after the other, of each for dozens of sentences
def _labels_asked(question: str) -> tuple[re.Pattern[str], ...]:
    return tuple(wanted for asked, wanted in _LABELS if asked.search(question))


_HAPPENS = frozenset(terms_of("held happens occurs begins began starts ends takes took place"))


@lru_cache(64)
def subject_terms(question: str) -> frozenset[str]:
    """Return the terms of a question without those by which it asks for what a label says.

    'Who organised the 2020 forum?' asks of '2020' and 'forum'; that somebody organised it is the label's.
    """
    asking = [found.group() for asked, _ in _LABELS for found in asked.finditer(question)]
    return frozenset(terms_of(question)) - frozenset(terms_of(" ".join(asking))) - _HAPPENS


@lru_cache(64)
def _plain_words(question: str) -> frozenset[str]:
    """Return the words of a question that are no names, in the singular."""
    return frozenset(word.rstrip("s") for word in re.findall(r"\w+", question) if word.islower())


def _named_in(question: str, line: str) -> bool:
    """Tell whether a line's label is made of words of the question that are no names."""
    label = _OWN_LABEL.match(line)
    if label is None:
        return False
    words = {word.rstrip("s") for word in label.group(1).casefold().split()} - _EMPTY
    return 1 <= len(words) <= LABEL_WORDS and words <= _plain_words(question)


@lru_cache(SENTENCES)
def answers_kind(kind: Kind, sentence: str) -> float:
    """Return 1 when the sentence holds what a question of this kind asks for, else 0; .5 for no kind."""
    wanted = {
        "when": _DATE, "number": _NUMBER, "who": _NAME, "where": _PLACE, "why": _REASON, "how": _MANNER,
        "list": _LIST, "definition": _DEFINITION,
    }.get(kind)  # fmt: skip
    return 0.5 if wanted is None else float(wanted.search(sentence) is not None)


@lru_cache(SENTENCES)
def is_question(sentence: str) -> bool:
    """Tell whether a sentence asks instead of telling."""
    return sentence.rstrip("\"'”’) ").endswith(("?", "？"))


@lru_cache(SENTENCES)
def leans_on_neighbour(sentence: str) -> bool:
    """Tell whether a sentence opens with a pronoun or a bare noun that the one before it explains."""
    return _PRONOUN.match(sentence) is not None


_BIBLIOGRAPHY = re.compile(
    r"^\W*(?:sources?|references?|bibliography|further reading|works cited|notes|external links|"
    r"출처|참고 ?문헌)\W*$",
    re.IGNORECASE,
)


def opens_bibliography(heading: str) -> bool:
    """Tell whether a heading stands above a list of what was read, which names facts without stating them."""
    return _BIBLIOGRAPHY.match(heading) is not None


_COUNTED = re.compile(r"\bhow many (?:\w+ ){0,2}?(\w{3,})", re.IGNORECASE)


def counts_what_is_asked(question: str, sentence: str) -> bool:
    """Tell whether a number stands just before the noun that 'how many' asks for: 'more than 120 mayors'."""
    counted = _counted(question)
    return counted is not None and counted.search(sentence.casefold()) is not None


@lru_cache(64)
def _counted(question: str) -> re.Pattern[str] | None:
    asked = _COUNTED.search(question)
    if asked is None:
        return None
    stem = re.escape(asked.group(1).rstrip("s").casefold())
    return re.compile(rf"(?:{_NUMBER.pattern})[\d,.]{{0,40}}\s+(?:[\w-]+\s+){{0,3}}?{stem}")


def held_share(wanted: list[str], text: str) -> float:
    """Return the share of some names or numbers that a text holds, a half when none are wanted."""
    if not wanted:
        return 0.5
    plain = _without_commas(text)
    return sum(_without_commas(one) in plain for one in wanted) / len(wanted)


@lru_cache(SENTENCES)
def _without_commas(text: str) -> str:
    return text.replace(",", "").casefold()


def date_expressions(text: str) -> list[str]:
    """Return dates, years and times of day as they are written."""
    return [found.group() for found in _DATE.finditer(text)]


def names(text: str) -> list[str]:
    """Return the runs of capitalised words that do not open the text."""
    return _NAME.findall(text)


def numbers(text: str) -> list[str]:
    """Return the numbers in figures, without separators of thousands."""
    return [found.replace(",", "").rstrip(".") for found in re.findall(r"\d[\d,.]*", text)]
