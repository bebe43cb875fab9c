"""A page's lines and zones: the head ends before the first sentence of prose, the tail starts after the last.

Knows what prose is and which sentences are the site's own notices; what is dropped, ``furniture`` knows.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from indexer import phrases
from indexer.windowtitle import window_title

BULLETED = re.compile(r"[•‣▪▴▶◦●■□○∙*–-] ")
SENTENCE_END = re.compile(r"[.!?。！？][\"'”’)\]]*$|[다요][.]?[\"”’)]*$")
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
LONGEST_NOTICE = 400


@dataclass(frozen=True, slots=True)
class Page:
    """The lines that are not blank, and the zones in which furniture stands."""

    lines: tuple[str, ...]
    head: range
    tail: range

    @classmethod
    def of(cls, lines: tuple[str, ...]) -> "Page":
        """The page of single-spaced lines; without any prose all of it is head and tail."""
        first = 1 if window_title(list(lines)) else 0  # which may be as long as a sentence, and end like one
        prose = [number for number in range(first, len(lines)) if _is_body(lines[number])]
        if not prose:
            return cls(lines, range(len(lines)), range(len(lines)))
        return cls(lines, range(prose[0]), range(prose[-1] + 1, len(lines)))

    @property
    def edges(self) -> Iterator[tuple[int, str]]:
        """The lines of head and tail with their numbers, in order."""
        numbers = sorted({*self.head, *self.tail})
        return ((number, self.lines[number]) for number in numbers)

    def runs(self, zone: range, wanted: Callable[[str], bool]) -> Iterator[list[int]]:
        """The zone's runs of neighbouring lines that are wanted."""
        for is_wanted, run in groupby(zone, key=lambda number: wanted(self.lines[number])):
            if is_wanted:
                yield list(run)


def _is_body(line: str) -> bool:
    return is_prose(line) and not is_notice(line)


def is_prose(line: str) -> bool:
    """Whether a line is running text: long enough and ended as a sentence is, or very long."""
    words = len(line.split())
    unspaced = len(UNSPACED.findall(line))
    ended = SENTENCE_END.search(line) is not None
    return words >= 25 or unspaced >= 60 or (ended and (words >= 8 or unspaced >= 15))


def is_notice(line: str) -> bool:
    """Whether a line, though it may be a sentence, is its site's own, about cookies, say, or a newsletter."""
    is_one = phrases.COOKIES.match(line) or phrases.COPYRIGHT.fullmatch(line) or phrases.NOTICES.match(line)
    return is_one is not None and len(line) <= LONGEST_NOTICE


def without_bullet(line: str) -> str:
    """The line without the one bullet that it may begin with."""
    return line[2:] if BULLETED.match(line) else line
