"""From the lines of a laid-out page back to paragraphs: a line ends where the paper did, not the thought.

Knows lines, pages and what repeats on them; knows neither PDF nor encodings. Running headers and footers
are told by their repetition, never by their wording, and only at the edges of pages.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

BULLET = re.compile(r"\s*(?:[•‣▪▴▶◦●■□○∙·*–-]\s|\(?(?:\d{1,2}|[a-z])[.)]\s)")
PAGE_NUMBER = re.compile(
    r"(?:page|p\.)\s*\d+(?:\s*(?:of|/)\s*\d+)?|[-–]\s*\d+\s*[-–]|\d+\s*쪽", re.IGNORECASE
)
SENTENCE_END = re.compile(r"[.!?:;。！？][\"'”’)\]]*$")
BROKEN_WORD = re.compile(r"([^\W\d_]{1,40})[-\u00ad\u2010]$")
EDGE_LINES = 3
RUNNING_SHARE = 0.4
"""A line at the same edge of this share of pages runs: odd and even pages may differ."""
FULL_SHARE = 0.8
"""A line this long, the next word counted, was ended by the paper; proportional fonts vary."""


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line; ``apart`` when the layout sets it off from the line above."""

    text: str
    apart: bool = False


Page = Sequence[Line]


def paragraphs(pages: Sequence[Page]) -> str:
    """The pages' text with form feeds between pages, running lines gone and paragraphs joined.

    A form feed stands inside a paragraph that runs on over the page's end.
    """
    kept = without_running_lines(pages)
    width = usual_width([line.text for page in kept for line in page])
    words = {word.lower() for page in kept for line in page for word in re.findall(r"[\w-]+\w", line.text)}
    pieces: list[str] = []
    above = ""
    for line, mark in _marked(kept):
        below = line.text
        broken = BROKEN_WORD.search(above[-41:])
        if broken and below[:1].islower() and not line.apart:
            ending = re.match(r"\w+", below)
            rest = ending[0] if ending else ""
            pieces[-1] = above[: -len(broken[0])] + _mended(broken[1], rest, words)
            pieces += [mark, below[len(rest) :]]
        else:
            pieces += [_separator(above, line, width, mark) if above else mark, below]
        above = pieces[-1]
    return "".join(pieces) + "\f" * _empty_pages_at_end(kept)


def without_running_lines(pages: Sequence[Page]) -> list[Page]:
    """The pages without the lines that repeat at their edges; page numbers count as repeating."""
    tops = _running([page[:EDGE_LINES] for page in pages])
    bottoms = _running([page[-EDGE_LINES:] for page in pages])
    kept = [_trimmed(page, number, tops, bottoms) for number, page in enumerate(pages)]
    return kept if any(kept) else list(pages)


def usual_width(lines: Sequence[str]) -> int:
    """The length that nine lines in ten do not exceed."""
    lengths = sorted(map(len, lines))
    return lengths[int(0.9 * (len(lengths) - 1))] if lengths else 0


def _marked(pages: Sequence[Page]) -> Iterator[tuple[Line, str]]:
    """Each line and the form feeds before it."""
    mark = ""
    for number, page in enumerate(pages):
        mark += "\f" if number else ""
        for line in page:
            yield line, mark
            mark = ""


def _empty_pages_at_end(pages: Sequence[Page]) -> int:
    filled = [number for number, page in enumerate(pages, start=1) if page]
    return len(pages) - filled[-1] if filled else max(0, len(pages) - 1)


def _separator(above: str, line: Line, width: int, mark: str) -> str:
    below = line.text
    runs_on = below[:1].islower() and not SENTENCE_END.search(above)
    if mark:
        return mark if runs_on else f"\n\n{mark}"
    if line.apart:
        return "\n\n"
    full = len(above) + 1 + len(below.split(" ", 1)[0]) > FULL_SHARE * width
    if BULLET.match(below) or not (full or runs_on):
        return "\n"
    return "" if _is_unspaced(above[-1:]) and _is_unspaced(below[:1]) else " "


def _mended(stem: str, ending: str, words: set[str]) -> str:
    """A word that was broken at the line's end; the hyphen stays if the text writes it so elsewhere."""
    hyphenated, whole = f"{stem}-{ending}", f"{stem}{ending}"
    return hyphenated if hyphenated.lower() in words and whole.lower() not in words else whole


def _running(edges: Sequence[Page]) -> set[str]:
    counts = Counter(
        key for number, page in enumerate(edges) for key in {k for line in page for k in _keys(line, number)}
    )
    least = max(2, RUNNING_SHARE * len(edges))
    return {key for key, count in counts.items() if count >= least}


def _keys(line: Line, page_number: int) -> Iterator[str]:
    """The line itself, and for each number in it the line with that number relative to the page's."""
    yield line.text
    for match in list(re.finditer(r"\d{1,5}", line.text))[:4]:
        yield f"{line.text[: match.start()]}#{int(match[0]) - page_number}{line.text[match.end() :]}"


def _trimmed(page: Page, number: int, tops: set[str], bottoms: set[str]) -> Page:
    first, last = 0, len(page)
    while first < min(EDGE_LINES, last) and _runs(page[first], number, tops):
        first += 1
    while last > max(first, len(page) - EDGE_LINES) and _runs(page[last - 1], number, bottoms):
        last -= 1
    return page[first:last]


def _runs(line: Line, number: int, running: set[str]) -> bool:
    return PAGE_NUMBER.fullmatch(line.text) is not None or any(key in running for key in _keys(line, number))


def _is_unspaced(character: str) -> bool:
    return re.match(r"[\u3040-\u30ff\u4e00-\u9fff\u3001\u3002\uff0c]", character) is not None
