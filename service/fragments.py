"""Fragments: the longest pieces of a quote that stand in some text, and which of them stand together.

Knows strings only; where the texts come from is the caller's matter.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.grams import digests, shared

SHORTEST = 15
"""Characters; shorter pieces stand in many texts by chance."""

TOGETHER = 20
"""Characters of the source that may lie between two pieces of one quotation that was altered there."""


COVER = 0.9
"""Share of a stitched quote that its parts account for."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """``quote[at:at + length]`` is ``texts[text][start:start + length]``."""

    at: int
    length: int
    text: int
    start: int


def stitched(quote: str, texts: Sequence[str]) -> list[list[Fragment]]:
    """Return the parts, each of fragments that stand together, of a quote whose parts never stood together.

    Nothing when they do stand together in one of the texts, or do not account for the quote.
    """
    possible = _possible(quote, texts)
    for alone, places in zip(texts, possible, strict=True):
        pieces = _fragments(quote, [alone], [places])
        left_out = (1 - covered(quote, pieces)) * _word_characters(quote)
        if len(runs_of(pieces)) == 1 and left_out < SHORTEST:
            return []
    pieces = _fragments(quote, texts, possible)
    runs = runs_of(pieces)
    return runs if len(runs) > 1 and covered(quote, pieces) >= COVER else []


def fragments_of(quote: str, texts: Sequence[str]) -> list[Fragment]:
    """Cut a quote, from its beginning on, into the longest pieces that stand in one of the texts.

    A piece begins with a word and ends with one. What is in no text is left out, word by word.
    """
    return _fragments(quote, texts, _possible(quote, texts))


def _possible(quote: str, texts: Sequence[str]) -> list[set[int]]:
    """Return for each text from where on a piece of the quote may stand in it."""
    own = digests(quote, SHORTEST)
    return [set(shared(own, digests(text, SHORTEST))[0].tolist()) for text in texts]


def _fragments(quote: str, texts: Sequence[str], possible: Sequence[set[int]]) -> list[Fragment]:
    found: list[Fragment] = []
    for word in _WORD.finditer(quote):
        at = word.start()
        if found and at < found[-1].at + found[-1].length:
            continue
        if not any(at in places for places in possible):
            continue
        piece = _longest(quote, at, texts, possible, found[-1] if found else None)
        if piece is not None:
            found.append(piece)
    return _drawn_together(quote, found, texts)


def _drawn_together(quote: str, found: list[Fragment], texts: Sequence[str]) -> list[Fragment]:
    """Move pieces that stand in several places to where the next one follows, if there is such a place."""
    placed = found[-1:]
    for piece in reversed(found[:-1]):
        behind = placed[0]
        if piece.text == behind.text and not _follows(piece, behind):
            words = quote[piece.at : piece.at + piece.length]
            nearer = replace(piece, start=texts[piece.text].rfind(words, 0, behind.start))
            piece = nearer if nearer.start >= 0 and _follows(nearer, behind) else piece
        placed.insert(0, piece)
    return placed


def runs_of(fragments: Sequence[Fragment]) -> list[list[Fragment]]:
    """Group the fragments that follow each other in one text about as closely as in the quote."""
    runs: list[list[Fragment]] = []
    for fragment in fragments:
        if runs and _follows(runs[-1][-1], fragment):
            runs[-1].append(fragment)
        else:
            runs.append([fragment])
    return runs


def covered(quote: str, fragments: Sequence[Fragment]) -> float:
    """Return the share of the quote's word characters that the fragments hold, ellipses not counted."""
    inside = "".join(quote[one.at : one.at + one.length] for one in fragments)
    return _word_characters(inside) / max(1, _word_characters(quote))


def _longest(
    quote: str, at: int, texts: Sequence[str], possible: Sequence[set[int]], previous: Fragment | None
) -> Fragment | None:
    best: Fragment | None = None
    # The text that the piece before came from goes first: between equals it is the likelier one.
    order = [text for text in range(len(texts)) if at in possible[text]]
    order.sort(key=lambda text: previous is None or text != previous.text)
    for text in order:
        length = _common(quote, at, texts[text], best.length if best else SHORTEST - 1)
        if length >= (best.length + 1 if best else SHORTEST):
            start = _place(quote[at : at + length], texts[text], text, previous)
            best = Fragment(at, length, text, start)
    return best


def _common(quote: str, at: int, text: str, least: int) -> int:
    """Return how many characters from ``at`` on stand in the text, 0 unless more than ``least`` do."""
    low, high = least, len(quote) - at
    if high <= least or quote[at : at + least + 1] not in text:
        return 0
    low = least + 1
    while low < high:
        middle = (low + high + 1) // 2
        if quote[at : at + middle] in text:
            low = middle
        else:
            high = middle - 1
    return _to_word_end(quote, at, low)


def _to_word_end(quote: str, at: int, length: int) -> int:
    end = at + length
    if end < len(quote) and quote[end].isalnum() and quote[end - 1].isalnum():
        while end > at and quote[end - 1].isalnum():
            end -= 1
    return len(quote[at:end].rstrip())


def _place(piece: str, text: str, number: int, previous: Fragment | None) -> int:
    """Return where a piece stands: after the piece before it where that is possible."""
    if previous is not None and previous.text == number:
        after = text.find(piece, previous.start + previous.length)
        if after >= 0:
            return after
    return text.find(piece)


def _follows(one: Fragment, other: Fragment) -> bool:
    if one.text != other.text:
        return False
    between, left_out = other.start - one.start - one.length, other.at - one.at - one.length
    return 0 <= between <= TOGETHER + 2 * left_out


def _word_characters(text: str) -> int:
    return sum(character.isalnum() for character in text)


_WORD = re.compile(r"\w+")
