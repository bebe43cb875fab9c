"""Alignment: where in a text a quote that is not verbatim came from, and in which words it differs.

Similarity is rapidfuzz's: twice the longest common subsequence over both lengths (normalized Indel).
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

from service.grams import digests, shared

Differing = Literal["whitespace", "unicode", "typography", "case", "words"]
"""What would have to be overlooked for a quote to be verbatim; ``words`` when nothing of that helps."""

ALIKE, ALIKE_IF_SHORT, SHORT, LONG = 0.7, 0.85, 20, 40
"""Similarity from which on a quote is taken for an altered one: of LONG characters and more, of SHORT ones
and fewer, in proportion between. A few letters are like something in any collection."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """``texts[text][start:end]`` is most like the quote; ``similarity`` from 0 to 1."""

    text: int
    start: int
    end: int
    similarity: float


def nearest(quote: str, texts: Sequence[str]) -> Nearest | None:
    """Return the span most like the quote, None when no text has one that is alike; ties: the first text.

    Upper and lower case are alike when spans are looked for, and not when ``similarity`` is told.
    """
    sought = _lower(quote)
    if len(sought) > WINDOWED:
        return _nearest_of_long(quote, sought, texts)
    best: tuple[float, int, int] | None = None
    for number, text in enumerate(map(_lower, texts)):
        found = fuzz.partial_ratio_alignment(sought, text, score_cutoff=best[0] if best else _LOOKED_AT)
        if len(text) < len(sought):
            whole = fuzz.ratio(sought, text)
            if whole > (best[0] if best else _LOOKED_AT):
                best = whole, number, 0
        elif found is not None and (best is None or found.score > best[0]):
            best = found.score, number, found.dest_start
    if best is None:
        return None
    _, number, at = best
    start, end = _exact(sought, _lower(texts[number]), at)
    span = texts[number][start:end]
    if _similar(sought, _lower(span)) < _least(len(quote)):
        return None
    similarity = round(_similar(quote, span), 4)
    return Nearest(number, *_whole_words(texts[number], start, end), similarity)


WINDOWED = 200
"""Characters up to which a quote is compared with every window of a text; that work grows with its square."""

_GRAM = 8
"""Characters of the stretches that lead to where a longer quote came from."""


def _nearest_of_long(quote: str, sought: str, texts: Sequence[str]) -> Nearest | None:
    """Return where most stretches of a long quote stand in about their order, its ends where they tell."""
    own = digests(sought, _GRAM)
    once, counts = np.unique(own, return_counts=True)
    rare = np.isin(own, once[counts == 1])
    best: tuple[float, int, int, int] | None = None
    for number, text in enumerate(map(_lower, texts)):
        here, there = shared(own, digests(text, _GRAM))
        telling = rare[here] if rare[here].any() else np.ones(len(here), bool)
        here, there = here[telling], there[telling]
        if not len(here):
            continue
        shifts, width = there - here, max(16, len(sought) // 4)
        bands, votes = np.unique(shifts // width, return_counts=True)
        # A shift near the border of two bands votes in both: each is taken together with the next.
        following = np.where(np.append(np.diff(bands), 0) == 1, np.append(votes[1:], 0), 0)
        low = bands[int(np.argmax(votes + following))] * width
        kept = np.flatnonzero((shifts >= low) & (shifts < low + 2 * width))
        start = max(0, int(shifts[kept[0]]))
        end = min(len(text), int(shifts[kept[-1]]) + len(sought))
        similarity = _similar(sought, text[start:end]) if start < end else 0.0
        if similarity > (best[0] if best else 0.0):
            best = similarity, number, start, end
    if best is None or best[0] < ALIKE:
        return None
    _, number, start, end = best
    similarity = round(_similar(quote, texts[number][start:end]), 4)
    return Nearest(number, *_whole_words(texts[number], start, end), similarity)


_LOOKED_AT = 90 * ALIKE
"""Score of a window as long as the quote from which on its exact borders are looked for."""


def _least(length: int) -> float:
    share = min(1.0, max(0.0, (LONG - length) / (LONG - SHORT)))
    return ALIKE + share * (ALIKE_IF_SHORT - ALIKE)


def _lower(text: str) -> str:
    """Return the text in lower case, as it is where that would shift its offsets."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text


def _exact(quote: str, text: str, at: int) -> tuple[int, int]:
    """Return the span of the text that is most like the quote, its borders sought around ``at``."""
    margin = 10 + len(quote) // 5
    start, end = at, min(len(text), at + len(quote))
    for _ in range(2):
        starts = range(max(0, start - margin), min(end, start + margin + 1))
        start = max(starts, key=lambda one: (_similar(quote, text[one:end]), -abs(one - start)))
        ends = range(max(start + 1, end - margin), min(len(text), end + margin) + 1)
        end = max(ends, key=lambda one: (_similar(quote, text[start:one]), -abs(one - end)))
    return start, end


def _similar(one: str, other: str) -> float:
    return float(Indel.normalized_similarity(one, other))


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    while 0 < start < len(text) and text[start].isalnum() and text[start - 1].isalnum():
        start -= 1
    while 0 < end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def differences(quote: str, source: str) -> tuple[tuple[str, str], ...]:
    """Return the words in which a quote differs from its source: what the quote has, what the source has."""
    here, there = _TOKEN.findall(quote), _TOKEN.findall(source)
    if max(len(here), len(there)) > _TOKENS:
        return _differences_of_long(here, there)
    codes = SequenceMatcher(None, here, there, autojunk=False).get_opcodes()
    return tuple(("".join(here[a:b]), "".join(there[c:d])) for tag, a, b, c, d in codes if tag != "equal")


_TOKENS = 200
"""Words and what is between them up to which the longest equal runs are sought: that grows with the cube."""


def _differences_of_long(here: list[str], there: list[str]) -> tuple[tuple[str, str], ...]:
    blocks = Indel.opcodes(here, there).as_matching_blocks()
    found, a, c = [], 0, 0
    for block in blocks:
        pair = "".join(here[a : block.a]), "".join(there[c : block.b])
        if any(pair):
            found.append(pair)
        a, c = block.a + block.size, block.b + block.size
    return tuple(found)


def differing(quote: str, source: str) -> Differing:
    """Return what has to be overlooked for the two to be the same, each with what comes before it."""
    one, other = quote, source
    for kind, overlook in _OVERLOOKED:
        one, other = overlook(one), overlook(other)
        if one == other:
            return kind
    return "words"


def _without_space(text: str) -> str:
    return "".join(text.split())


def _composed(text: str) -> str:
    return _without_space(unicodedata.normalize("NFKC", text).translate(_INVISIBLE))


def _plain_marks(text: str) -> str:
    return text.translate(_MARKS)


_INVISIBLE = dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
_MARKS = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′´`", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "…": "...",
    }
)
_OVERLOOKED: tuple[tuple[Differing, Callable[[str], str]], ...] = (
    ("whitespace", _without_space),
    ("unicode", _composed),
    ("typography", _plain_marks),
    ("case", str.casefold),
)
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
