"""Plain text: what was captured from a page or saved from a program, in whatever encoding and line width.

Knows when lines were wrapped at a constant width and joins only those; a text with a paragraph on each
line is left alone. Pages divided by form feeds lose their running lines.
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise

from indexer.article import Metadata, RawArticle
from indexer.errors import ReadError
from indexer.readers.encoding import decode
from indexer.readers.layout import BULLET, Line, paragraphs, usual_width

NARROWEST, WIDEST = 40, 120
"""Characters between which a line's width is one that texts are wrapped at."""
FEWEST_PAIRS = 4
WRAPPED_SHARE = 0.85


def read_text(name: str, content: bytes) -> Iterator[RawArticle | ReadError]:
    """The one article of a text file; it may hold a page's furniture."""
    text = re.sub(r"\r\n?", "\n", decode(name, content))
    if not text.strip():
        raise ReadError(name, "holds only white space", "write a text into it or remove it")
    yield RawArticle(
        id=None,
        text=unwrapped(text),
        metadata=Metadata(),
        media_type="text/plain",
        furniture="page",
        raw_sha256=sha256(content).hexdigest(),
    )


def unwrapped(text: str) -> str:
    """The text with its paragraphs' lines joined if they were wrapped at a constant width, else as it is."""
    pages = [_lines(page) for page in text.split("\f")]
    if len(pages) > 1 or _is_wrapped([line for page in pages for line in page]):
        return paragraphs(pages)
    return text


def _lines(page: str) -> list[Line]:
    lines, apart = [], False
    for text in page.split("\n"):
        if text.strip():
            lines.append(Line(text.strip(), apart))
        apart = not text.strip()
    return lines


def _is_wrapped(lines: list[Line]) -> bool:
    """Whether nearly every line that another follows has no room for the other's first word."""
    pairs = [
        (above.text, below.text)
        for above, below in pairwise(lines)
        if not below.apart and not BULLET.match(below.text)
    ]
    width = usual_width([above for above, _ in pairs])
    if len(pairs) < FEWEST_PAIRS or not NARROWEST <= width <= WIDEST:
        return False
    full = sum(width < len(above) + 1 + len(below.split(" ", 1)[0]) < 1.5 * width for above, below in pairs)
    return full >= WRAPPED_SHARE * len(pairs)
