"""Cuts a canonical text into sentences: blocks into lines, lines into units, prose into sentences.

Knows how a text is laid out: blank lines, wrapped lines, lists, headings. It must not know tokens,
passages or vectors. The result depends on the text alone; a change of these rules is a change of recipe.
"""

import re
from collections.abc import Iterator

from indexer.article import Sentence, SentenceKind
from indexer.boundaries import cuts
from indexer.lines import MARKER, Line, ends_sentence, is_unit, may_be_heading, wrapped

_LINE = re.compile(r"[^\n]+")
_LONG_ITEM = 240


def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of a canonical text, in order.

    Each is ``text[start:end]`` without surrounding white space and not empty, they do not overlap, and
    every character that is not white space lies in exactly one of them.
    """
    found: list[Sentence] = []
    blocks = list(_blocks(_lines(text)))
    for number, block in enumerate(blocks, start=1):
        for start, end, kind in _units(text, block, followed=number < len(blocks)):
            found.extend(_pieces(text, start, end, kind))
    return tuple(found)


def _lines(text: str) -> Iterator[Line]:
    before = -1
    for match in _LINE.finditer(text):
        written = match[0]
        start = match.start() + len(written) - len(written.lstrip())
        end = match.start() + len(written.rstrip())
        if start < end:
            yield Line(start, end, before < 0 or text.count("\n", before, start) > 1)
            before = end


def _blocks(lines: Iterator[Line]) -> Iterator[list[Line]]:
    block: list[Line] = []
    for line in lines:
        if line.opens and block:
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _units(text: str, block: list[Line], followed: bool) -> Iterator[tuple[int, int, SentenceKind]]:
    """Lines of one block, wrapped ones joined, each with its kind."""
    joins = [*wrapped(text, block), False]
    first = 0
    for index, joined in enumerate(joins):
        if joined or (index + 1 < len(block) and _is_bare_marker(text, block[index])):
            continue
        start, end = block[first].start, block[index].end
        titles = _titles(text, block, first, index + 1, followed)
        yield start, end, _kind(text[start:end], titles, alone=len(block) == 1)
        first = index + 1


def _titles(text: str, block: list[Line], first: int, upcoming: int, followed: bool) -> bool:
    """Whether something follows that a heading here would head: a block's rest, another block, a list."""
    if upcoming == len(block):
        return first == 0 and followed
    return first == 0 or bool(MARKER.match(text, block[upcoming].start, block[upcoming].end))


def _is_bare_marker(text: str, line: Line) -> bool:
    written = text[line.start : line.end]
    return len(written) <= 5 and bool(MARKER.fullmatch(written + " "))


def _kind(written: str, titles: bool, alone: bool) -> SentenceKind:
    marker = MARKER.match(written)
    if marker and marker.end() < len(written):
        numbered_title = alone and titles and marker["number"] and may_be_heading(written)
        return "heading" if numbered_title and not ends_sentence(written) else "item"
    if is_unit(written):
        return "line"
    return "heading" if titles and may_be_heading(written) else "prose"


def _pieces(text: str, start: int, end: int, kind: SentenceKind) -> Iterator[Sentence]:
    """One sentence for a heading, a line and a short point; otherwise as many as the prose has."""
    if kind in ("heading", "line") or (kind == "item" and end - start <= _LONG_ITEM):
        yield Sentence(start, end, kind)
        return
    marker = MARKER.match(text, start, end) if kind == "item" else None
    begun = start
    for cut in cuts(text, marker.end() if marker else start, end):
        yield Sentence(begun, cut, kind)
        begun = cut + len(text[cut : cut + 64]) - len(text[cut : cut + 64].lstrip())
        while text[begun].isspace():
            begun += 1
    yield Sentence(begun, end, kind)
