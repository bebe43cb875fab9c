"""PDF: the text of each page in the order it was drawn, with what the layout says about paragraphs.

Knows pypdf and where lines stand on a page; how lines become paragraphs is ``layout``'s matter. A scan
holds pictures of text and is refused.
"""

import io
import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from indexer.article import Metadata, RawArticle
from indexer.clean import plain_line
from indexer.errors import ReadError
from indexer.readers.fields import metadata_from, title_that_is_printed
from indexer.readers.layout import Line, paragraphs

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

WIDE_GAP = 1.3
"""Lines further apart than this many usual line distances belong to different paragraphs."""
FEWEST_SHARED = 5
"""Lines that must go on at the same place for a page to be in columns."""
NARROWEST_COLUMN = 20
SILENT = logging.NullHandler()


@dataclass(slots=True)
class _Placed:
    """A line being gathered: its text, its height on the page and its font size, in points.

    ``starts`` are the places along the line at which a piece of it was drawn, each with its offset.
    """

    text: str = ""
    height: float | None = None
    size: float = 0.0
    starts: list[tuple[int, int]] = field(default_factory=list)


def read_pdf(name: str, content: bytes) -> Iterator[RawArticle | ReadError]:
    """The one article of a PDF file; form feeds divide its pages.

    Where most pages are scans, what the others say is followed by the ReadError that names the scans.
    """
    logging.getLogger("pypdf").addHandler(SILENT)  # it reports every repaired fault of a file
    reader = _opened(name, content)
    try:
        placed = [_placed_lines(page) for page in reader.pages]
        pictured = [
            number
            for number, (page, lines) in enumerate(zip(reader.pages, placed, strict=True), start=1)
            if not lines and page.images
        ]
        information = {key.lstrip("/"): value for key, value in (reader.metadata or {}).items()}
    except Exception as error:  # a damaged file raises whatever pypdf stumbles over
        raise _damaged(name, error) from error
    text = paragraphs(_as_lines(placed))
    if not text.strip():
        raise ReadError(name, "holds no text, only pictures of it", "run character recognition on it first")
    yield RawArticle(
        id=None,
        text=text,
        metadata=_metadata(information, text),
        media_type="application/pdf",
        furniture="none",
        raw_sha256=sha256(content).hexdigest(),
    )
    if 2 * len(pictured) > len(placed):  # a cover may be a picture, but not most of a report
        listed = ", ".join(map(str, pictured[:10])) + (" …" if len(pictured) > 10 else "")
        what = f"{len(pictured)} of its {len(placed)} pages hold only pictures of text ({listed})"
        raise ReadError(name, what, "run character recognition on it; the other pages are read")


def _opened(name: str, content: bytes) -> "PdfReader":
    from pypdf import PdfReader

    try:
        reader = PdfReader(io.BytesIO(content))
        is_locked = reader.is_encrypted and not reader.decrypt("")
    except Exception as error:
        raise _damaged(name, error) from error
    if is_locked:
        raise ReadError(name, "is protected by a password", "save it without one")
    return reader


def _damaged(name: str, error: Exception) -> ReadError:
    reason = plain_line(str(error))[:120] or type(error).__name__
    return ReadError(name, f"is no PDF that can be read ({reason})", "open it in a viewer and save it again")


def _placed_lines(page: "PageObject") -> list[_Placed]:
    lines = [_Placed()]

    def gather(text: str, matrix: Any, text_matrix: Any, _font: object, size: float) -> None:
        for index, part in enumerate(re.split(r"[\n\f\v]", text)):
            if index:
                lines.append(_Placed())
            if part.strip() and lines[-1].height is None:
                lines[-1].height = float(text_matrix[4] * matrix[1] + text_matrix[5] * matrix[3] + matrix[5])
                lines[-1].size = round(float(size) * (abs(text_matrix[3] * matrix[3]) or 1.0), 1)
            if part.strip():
                across = round(text_matrix[4] * matrix[0] + text_matrix[5] * matrix[2] + matrix[4])
                lines[-1].starts.append((across, len(lines[-1].text)))
            lines[-1].text += part

    page.extract_text(visitor_text=gather)
    return _column_by_column([line for line in lines if line.text.strip()])


def _column_by_column(lines: list[_Placed]) -> list[_Placed]:
    """The lines of a page that was drawn across two columns of prose, the left column first."""
    places = Counter(across for line in lines for across, offset in line.starts if offset)
    gutter, shared = places.most_common(1)[0] if places else (0, 0)
    if shared < FEWEST_SHARED:
        return lines
    parted = {
        number: offset for number, line in enumerate(lines) if (offset := dict(line.starts).get(gutter))
    }
    left = [lines[number].text[:offset].strip() for number, offset in parted.items()]
    right = [lines[number].text[offset:].strip() for number, offset in parted.items()]
    if not (_is_prose_column(left) and _is_prose_column(right)):
        return lines
    first, last = min(parted), max(parted)
    margins = {lines[number].starts[0][0] for number in parted}
    columns: tuple[list[_Placed], list[_Placed], list[_Placed]] = ([], [], [])
    for number, line in enumerate(lines[first:], start=first):
        offset, begins = parted.get(number), line.starts[0][0]
        if offset is not None:
            columns[0].append(replace(line, text=line.text[:offset]))
            columns[1].append(replace(line, text=line.text[offset:]))
        elif number < last or begins in margins or begins == gutter:
            columns[begins >= gutter].append(line)
        else:  # what stands below both columns, such as the page's number
            columns[2].append(line)
    return [*lines[:first], *columns[0], *columns[1], *columns[2]]


def _is_prose_column(lines: list[str]) -> bool:
    """Whether most lines fill the column; the cells of a table seldom do."""
    width = max(map(len, lines))
    return width >= NARROWEST_COLUMN and sum(len(line) >= 0.75 * width for line in lines) >= 0.6 * len(lines)


def _as_lines(pages: list[list[_Placed]]) -> list[list[Line]]:
    """Lines set off where the distance to the line above is wide or the font size changes."""
    gaps = [gap for page in pages for above, below in pairwise(page) if (gap := _gap(above, below))]
    usual = median(gaps) if gaps else 0.0
    return [
        [
            Line(plain_line(line.text), apart=number > 0 and _is_apart(page[number - 1], line, usual))
            for number, line in enumerate(page)
        ]
        for page in pages
    ]


def _gap(above: _Placed, below: _Placed) -> float:
    return max(0.0, (above.height or 0.0) - (below.height or 0.0))


def _is_apart(above: _Placed, below: _Placed, usual: float) -> bool:
    return _gap(above, below) > WIDE_GAP * usual or abs(above.size - below.size) > 0.1 * above.size


def _metadata(information: dict[str, object], text: str) -> Metadata:
    """Title if it is printed, author and keywords; a file's creation is not its publication."""
    author, keywords = str(information.get("Author") or ""), str(information.get("Keywords") or "")
    return metadata_from(
        {
            "title": title_that_is_printed(str(information.get("Title") or ""), text),
            "author": author if re.search(r"\w\s+\w", author) else None,
            "keyword": [word for word in re.split(r"[,;]", keywords) if word.strip()],
        }
    )
