"""Prints: a sentence's words as one number, equal only where two sentences say the same in the same words.

White space, quotation marks, dashes and punctuation at the edge of a word may differ between copies, and
so may what a publisher puts around a text: bylines, datelines, notes of source. Nothing else may: a figure,
a date, a name or any other word that differs makes another print. Knows texts only, no catalog.
"""

import re
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import xxhash

from indexer.segment import sentences


class Print(NamedTuple):
    """The sentence ``[start, stop)`` of a canonical text and the number that stands for its words."""

    start: int
    stop: int
    number: int


@dataclass(frozen=True, slots=True)
class Dateline:
    """Where and by whom a report was filed, before its first words: ``text[start:stop]``."""

    place: str
    start: int
    stop: int


def prints(text: str) -> tuple[Print, ...]:
    """Return the prints of a text's sentences, in order; what a publisher puts around it has none.

    A change of these rules asks for a schema step that computes every stored print anew.
    """
    found, opened = [], dateline(text)
    for sentence in sentences(text):
        within = opened is not None and opened.start <= sentence.start < opened.stop
        start = opened.stop if opened and within else sentence.start
        written = text[start : sentence.end]
        said = " ".join(words(written))
        if said and not _FURNITURE.match(written):
            # SQLite's integers have a sign.
            number = xxhash.xxh3_64_intdigest(said.encode()) - 2**63
            found.append(Print(start, sentence.end, number))
    return tuple(found)


def words(text: str) -> list[str]:
    """Return the words of a text as they are compared: case, digits, signs and accents as written."""
    plain = text.translate(_ALIKE)
    return [word for part in plain.split() if (word := _bare(part))]


def dateline(text: str) -> Dateline | None:
    """Return the dateline in a text's first lines: ``SEOUL, Nov 3 (Agency) —``, ``(서울=통신) 기자 =``."""
    for form in _DATELINES:
        if found := form.search(text, 0, _HEAD):
            return Dateline(" ".join(words(found["place"])).casefold(), found.start(), found.end())
    return None


def masked(said: list[str]) -> list[str]:
    """Return the words with one sign for every run of figures, dates and names."""
    shown: list[str] = []
    for word in said:
        if not is_protected(word):
            shown.append(word)
        elif shown[-1:] != [_MASK]:
            shown.append(_MASK)
    return shown


def is_protected(word: str) -> bool:
    """Whether a word is, or may be, part of a figure, a date or a name.

    In scripts without case every word may be.
    """
    first = word.lstrip("'\"(-+~")[:1]
    caseless = first.isalpha() and first.lower() == first.upper()
    return (
        caseless
        or first.isupper()
        or not first.isalpha()
        or any(character.isdigit() for character in word)
        or word.casefold() in _FIGURES_AND_DAYS
    )


def alike(said: list[str], other: list[str]) -> bool:
    """Whether two sentences may be one sentence that was changed: half of their words are common to both.

    Figures, dates and names count as equal, whatever they are, where other words are common too, or
    where there is nothing else. Two sentences of the same words in the same order are alike as well.
    """
    if 2 * _common(said, other) >= (len(said) + len(other)) / 2:
        return True
    mine, yours = masked(said), masked(other)
    if mine == yours == [_MASK]:
        return all(any(map(str.isdigit, "".join(one))) for one in (said, other))
    shared = (set(mine) & set(yours)) - {_MASK}
    return bool(shared) and 2 * _common(mine, yours) >= (len(mine) + len(yours)) / 2


def _common(mine: list[str], yours: list[str]) -> int:
    if not set(mine) & set(yours):
        return 0
    return (Counter(mine) & Counter(yours)).total()


def _bare(word: str) -> str:
    # Brackets around a figure can make it negative, and a sign before it does.
    if any(character.isdigit() for character in word):
        return word.strip("\"'").rstrip(".,;:!\"'")
    return word.strip(".,;:!()[]\"'…-*•")


_ALIKE = {
    **{ord(mark): "'" for mark in "‘’‚‛`´′"},
    **{ord(mark): '"' for mark in "“”„‟«»″"},
    **{ord(mark): "-" for mark in "‐‑‒–—―−"},
    **{ord(mark): None for mark in "\u00ad\u200b\u2060\ufeff"},
}
_MASK = "#"
_FIGURES_AND_DAYS = frozenset(
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred
    hundreds thousand thousands million millions billion billions trillion mln bln dozen dozens half
    third quarter fifth tenth twice double triple first second fourth last next no not never nor none
    january february march april may june july august september october november december monday tuesday
    wednesday thursday friday saturday sunday today yesterday tomorrow""".split()
)

_HEAD = 400
"""Characters of a text in which a dateline is looked for."""

_MONTH = r"(?i:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)"
_DAY = rf"(?:{_MONTH}[a-zA-Z]*\.?\s+\d{{1,2}}|\d{{1,2}}\s+{_MONTH}[a-zA-Z]*\.?)(?:,?\s+\d{{4}})?"
_CITY = r"[^\W\d_a-z][\w.'’-]*"
_PLACE = rf"(?P<place>{_CITY}(?:[ /](?:{_CITY}|de|do|da|del|la|of)){{0,3}}(?:,\s+{_CITY}(?: {_CITY})?)??)"
_AGENCY = r"[(\[][^()\[\]\n]{2,40}[)\]]"
_DATELINES = (
    re.compile(rf"^{_PLACE},?\s+{_DAY}\s*(?:{_AGENCY})?\s*(?:[-–—―]+|:)\s*", re.MULTILINE),
    re.compile(rf"^{_PLACE},?\s+{_AGENCY}\s*[-–—―]+\s*", re.MULTILINE),
    re.compile(
        r"^[(\[](?P<place>[가-힣]{1,10})=[^()\[\]\n]{2,20}[)\]]\s*(?:[가-힣·, ]{2,30}기자\s*)?=\s*",
        re.MULTILINE,
    ),
)
_FURNITURE = re.compile(
    r"(?:(?:Written |Reported |Edited |Story |Text |Photos? )?[Bb]y|BY)\s[^\W\d_a-z][^.!?;:\d\n]{1,60}\Z"
    r"|[가-힣]{2,4}\s기자(?:\s\S+@\S+)?\Z"
    r"|(?i:(?:source|author|byline|credit|photo|image|editor|url|link|tags?|keywords?|posted|published|updated"
    r"|출처|사진|작성자|등록일|입력|수정)\s?[:：]\s.{1,120}\Z"
    r"|(?:this (?:article|story|report|text) (?:was )?(?:originally |first )?(?:published|appeared)"
    r"|originally published|first published|re-?published|re-?printed) .{1,160}\Z"
    r"|(?:©|copyright)\s.{1,160}\Z|all rights reserved\.?\Z|(?:https?://|www\.)\S+\Z)"
)
