"""DOCX: a Word document's paragraphs, lists and tables in the order in which they are read.

Knows WordprocessingML (ECMA-376) through python-docx and walks the elements itself, because its
paragraphs leave out inserted text, content controls and text boxes. Notes follow the text, each under the
number that stands where it belongs; headers, footers, and what is hidden, deleted or moved away, stay out.
"""

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from itertools import islice
from typing import Any

from indexer.article import Metadata, RawArticle
from indexer.clean import plain_line
from indexer.errors import ReadError
from indexer.readers.fields import metadata_from, title_that_is_printed

LARGEST_UNPACKED = 200_000_000
"""Bytes that all parts of a document may have together once they are unpacked, pictures included."""
LARGEST_WRITTEN = 20_000_000
"""Bytes that the parts of it may have that are parsed; five hundred pages have some five million."""
MOST_PARAGRAPHS = 100_000
"""Of one document, those in its tables included; five hundred pages have some ten thousand."""
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
BREAKS = {f"{WORD}br": "\n", f"{WORD}cr": "\n", f"{WORD}tab": "\t", f"{WORD}noBreakHyphen": "-"}
UNSEEN = {FALLBACK, *(f"{WORD}{tag}" for tag in ("pPr", "moveFrom", "footnotePr", "endnotePr"))}
NOTES = {f"{WORD}footnoteReference": "footnote", f"{WORD}endnoteReference": "endnote"}
OF_THE_CODE = (AttributeError, TypeError, IndexError, AssertionError, RecursionError)
"""Of what is raised over a document, what speaks of Python's objects and not of the document."""
PARSED = re.compile(rb"[\t\n\r <]|\xef\xbb\xbf|\xfe\xff|\xff\xfe|\0{1,3}<|\0\0\xfe\xff|\x4c\x6f\xa7\x94")
"""How XML may begin in the encodings that a parser knows by its first bytes; nothing else is parsed far."""
JUNK_AUTHORS = {"python-docx", "microsoft office user", "user", "admin", "author"}


def read_docx(name: str, content: bytes) -> Iterator[RawArticle | ReadError]:
    """The one article of a Word document."""
    _refuse_bomb(name, content)
    try:
        from docx import Document

        document = Document(io.BytesIO(content))
        _refuse_length(name, document.element.body)
        notes = _Notes(document)
        text = _joined(_blocks(document.element.body, _Numbering(document), notes))
        text = "\n\n".join(filter(None, [text, *notes.lines()]))
        metadata = _metadata(document.core_properties, text)
    except ReadError:
        raise
    except Exception as error:  # a damaged package raises whatever python-docx and lxml stumble over
        reason = "" if isinstance(error, OF_THE_CODE) else plain_line(str(error))[:120]
        problem = f"is no Word document ({reason})" if reason else "is no Word document"
        raise ReadError(name, problem, "open it in Word and save it as .docx") from error
    if not text.strip():
        raise ReadError(name, "holds no text", "write a text into it or remove it")
    yield RawArticle(
        id=None,
        text=text,
        metadata=metadata,
        media_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        furniture="none",
        raw_sha256=sha256(content).hexdigest(),
    )


def _refuse_bomb(name: str, content: bytes) -> None:
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise ReadError(name, "is password-protected or an old .doc", "save it as .docx without a password")
    try:
        package = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ReadError(name, "is no Word document", "save it as .docx") from error
    parts = package.infolist()
    unpacked = sum(part.file_size for part in parts)
    if unpacked > LARGEST_UNPACKED:
        raise ReadError(name, f"unpacks to {unpacked:,} bytes", "split it or take its pictures out")
    if unpacked <= LARGEST_WRITTEN:
        return
    written = sum(part.file_size for part in parts if _may_be_parsed(package, part))
    if written > LARGEST_WRITTEN:
        raise ReadError(name, f"unpacks to {written:,} bytes beside its pictures", "split it")


def _may_be_parsed(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a part begins as XML does: its name says nothing, the package may call any part a text."""
    try:
        with package.open(part) as stream:
            return PARSED.match(stream.read(4)) is not None
    except Exception:  # a damaged one raises whatever its compression stumbles over
        return True


def _refuse_length(name: str, body: Any) -> None:
    if next(islice(body.iter(f"{WORD}p"), MOST_PARAGRAPHS, None), None) is not None:
        raise ReadError(name, f"has more than {MOST_PARAGRAPHS:,} paragraphs", "split it")


class _Notes:
    """Footnotes and endnotes, numbered as the text refers to them."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.cited: dict[tuple[str, str], int] = {}

    def mark(self, reference: Any) -> str:
        """``[1]`` for a reference to a note."""
        note = NOTES[reference.tag], reference.get(f"{WORD}id", "")
        return f"[{self.cited.setdefault(note, len(self.cited) + 1)}]"

    def lines(self) -> Iterator[str]:
        """The notes that were referred to, each on a line under its number."""
        written = {kind: dict(self._written(kind)) for kind, _ in self.cited}
        for (kind, identity), number in self.cited.items():
            if text := written[kind].get(identity):
                yield f"[{number}] {text}"

    def _written(self, kind: str) -> Iterator[tuple[str, str]]:
        from docx.oxml import parse_xml

        for relation in self.document.part.rels.values():
            if relation.reltype.endswith(f"/{kind}s"):
                for note in parse_xml(relation.target_part.blob).iterchildren(f"{WORD}{kind}"):
                    yield note.get(f"{WORD}id", ""), plain_line(_words(note, self))


class _Numbering:
    """The marks of list items: bullets, and numbers counted for each list and level."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.counts: Counter[tuple[str, str]] = Counter()
        self.styles: dict[str | None, str] = {}
        for style in document.styles:
            self.styles.setdefault(style.style_id, style.name or "")

    def mark(self, paragraph: Any) -> str | None:
        """``•``, a number with its full stop, or None for a paragraph outside lists."""
        style = self._style_name(paragraph)
        number, level = self._list_of(paragraph)
        if number == "0" or not (number or style.startswith(("List Bullet", "List Number"))):
            return None
        if style.startswith("List Bullet") or self._format(number, level) in ("bullet", "none"):
            return "•"
        self.counts[number or style, level] += 1
        return f"{self.counts[number or style, level]}."

    def _style_name(self, paragraph: Any) -> str:
        chosen = paragraph.find(f"{WORD}pPr/{WORD}pStyle")
        return self.styles.get(chosen.get(f"{WORD}val") if chosen is not None else None, "")

    def _list_of(self, paragraph: Any) -> tuple[str, str]:
        found = [paragraph.find(f"{WORD}pPr/{WORD}numPr/{WORD}{tag}") for tag in ("numId", "ilvl")]
        number, level = (each.get(f"{WORD}val", "") if each is not None else "" for each in found)
        return number, level or "0"

    def _format(self, number: str, level: str) -> str:
        """``bullet``, ``decimal`` …; decimal where the document does not say."""
        if not number or not number.isdecimal() or not level.isdecimal():
            return "decimal"
        abstract, formats = self._written
        return formats.get((abstract.get(number, ""), level), "decimal")

    @cached_property
    def _written(self) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
        """The abstract list of each number, and the format of each level of those.

        Looked up once for all paragraphs: there may be as many lists as paragraphs.
        """
        root = self.document.part.numbering_part.element
        abstract: dict[str, str] = {}
        formats: dict[tuple[str, str], str] = {}
        for one in root.iterchildren(f"{WORD}num"):
            if (below := one.find(f"{WORD}abstractNumId")) is not None:
                abstract.setdefault(one.get(f"{WORD}numId", ""), below.get(f"{WORD}val", ""))
        for one in root.iterchildren(f"{WORD}abstractNum"):
            for level in one.iterchildren(f"{WORD}lvl"):
                if (form := level.find(f"{WORD}numFmt")) is not None:
                    where = one.get(f"{WORD}abstractNumId", ""), level.get(f"{WORD}ilvl", "")
                    formats.setdefault(where, form.get(f"{WORD}val", "decimal"))
        return abstract, formats


def _blocks(parent: Any, numbering: _Numbering, notes: _Notes) -> Iterator[tuple[str, bool]]:
    """Each block's text, and whether it is an item of a list."""
    for element in parent.iterchildren():
        if element.tag == f"{WORD}p":
            mark, text = numbering.mark(element), _words(element, notes).strip()
            if text:
                yield (f"{mark} {text}", True) if mark else (text, False)
        elif element.tag == f"{WORD}tbl":
            yield "\n".join(_rows(element, notes)), False
        elif isinstance(element.tag, str) and element.tag not in UNSEEN:
            yield from _blocks(element, numbering, notes)


def _words(element: Any, notes: _Notes) -> str:
    """The text below an element; of a drawing that is stored twice only the first form."""
    if element.tag == f"{WORD}t":
        return element.text or ""
    if not isinstance(element.tag, str) or element.tag in UNSEEN or _is_hidden(element):
        return ""
    if element.tag in NOTES:
        return notes.mark(element)
    if element.tag in BREAKS:
        return BREAKS[element.tag]
    below = "".join(_words(child, notes) for child in element.iterchildren())
    return below if element.tag != f"{WORD}p" else f"{below}\n"


def _is_hidden(run: Any) -> bool:
    vanish = run.find(f"{WORD}rPr/{WORD}vanish") if run.tag == f"{WORD}r" else None
    return vanish is not None and vanish.get(f"{WORD}val", "1") not in ("0", "false", "off")


def _rows(table: Any, notes: _Notes) -> Iterator[str]:
    for row in table.iterchildren(f"{WORD}tr"):
        cells = (
            plain_line(" ".join(_words(each, notes) for each in _outermost(cell)))
            for cell in row.iterchildren(f"{WORD}tc")
        )
        if line := " | ".join(cells).strip(" |"):
            yield line


def _outermost(parent: Any) -> Iterator[Any]:
    """The paragraphs below an element; one within another, in a text box, belongs to the words of that."""
    for element in parent.iterchildren():
        if element.tag == f"{WORD}p":
            yield element
        elif isinstance(element.tag, str) and element.tag not in UNSEEN:
            yield from _outermost(element)


def _joined(blocks: Iterator[tuple[str, bool]]) -> str:
    parts, was_item = list[str](), False
    for block, is_item in blocks:
        parts += ["\n" if was_item and is_item else "\n\n", block]
        was_item = is_item
    return "".join(parts[1:])


def _metadata(properties: Any, text: str) -> Metadata:
    """Title if it is printed, author, language, keywords; a file's creation is not its publication."""
    author = str(properties.author or "")
    return metadata_from(
        {
            "title": title_that_is_printed(properties.title, text),
            "author": None if author.lower() in JUNK_AUTHORS else author,
            "language": properties.language,
            "keyword": [word for word in re.split(r"[,;]", properties.keywords or "") if word.strip()],
            "category": properties.category,
        }
    )
