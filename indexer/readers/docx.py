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
from hashlib import sha256
from typing import Any

from indexer.article import Metadata, RawArticle
from indexer.clean import plain_line
from indexer.errors import ReadError
from indexer.readers.fields import metadata_from, title_that_is_printed

LARGEST_UNPACKED = 500_000_000
"""Bytes that all parts of a document may have together once they are unpacked."""
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
BREAKS = {f"{WORD}br": "\n", f"{WORD}cr": "\n", f"{WORD}tab": "\t", f"{WORD}noBreakHyphen": "-"}
UNSEEN = {FALLBACK, *(f"{WORD}{tag}" for tag in ("pPr", "moveFrom", "footnotePr", "endnotePr"))}
NOTES = {f"{WORD}footnoteReference": "footnote", f"{WORD}endnoteReference": "endnote"}
OF_THE_CODE = (AttributeError, TypeError, IndexError, AssertionError, RecursionError)
"""Of what is raised over a document, what speaks of Python's objects and not of the document."""
JUNK_AUTHORS = {"python-docx", "microsoft office user", "user", "admin", "author"}


def read_docx(name: str, content: bytes) -> Iterator[RawArticle | ReadError]:
    """The one article of a Word document."""
    _refuse_bomb(name, content)
    try:
        from docx import Document

        document = Document(io.BytesIO(content))
        notes = _Notes(document)
        text = _joined(_blocks(document.element.body, _Numbering(document), notes))
        text = "\n\n".join(filter(None, [text, *notes.lines()]))
        metadata = _metadata(document.core_properties, text)
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
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            unpacked = sum(part.file_size for part in package.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ReadError(name, "is no Word document", "save it as .docx") from error
    if unpacked > LARGEST_UNPACKED:
        raise ReadError(name, f"unpacks to {unpacked:,} bytes", "split it or take its pictures out")


class _Notes:
    """Footnotes and endnotes, numbered as the text refers to them."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.cited: list[tuple[str, str]] = []

    def mark(self, reference: Any) -> str:
        """``[1]`` for a reference to a note."""
        note = NOTES[reference.tag], reference.get(f"{WORD}id", "")
        if note not in self.cited:
            self.cited.append(note)
        return f"[{self.cited.index(note) + 1}]"

    def lines(self) -> Iterator[str]:
        """The notes that were referred to, each on a line under its number."""
        written = {kind: dict(self._written(kind)) for kind, _ in self.cited}
        for number, (kind, identity) in enumerate(self.cited, start=1):
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
        wanted = chosen.get(f"{WORD}val") if chosen is not None else None
        return next((style.name or "" for style in self.document.styles if style.style_id == wanted), "")

    def _list_of(self, paragraph: Any) -> tuple[str, str]:
        found = [paragraph.find(f"{WORD}pPr/{WORD}numPr/{WORD}{tag}") for tag in ("numId", "ilvl")]
        number, level = (each.get(f"{WORD}val", "") if each is not None else "" for each in found)
        return number, level or "0"

    def _format(self, number: str, level: str) -> str:
        """``bullet``, ``decimal`` …; decimal where the document does not say."""
        if not number or not number.isdecimal() or not level.isdecimal():
            return "decimal"
        root = self.document.part.numbering_part.element
        abstract = root.xpath(f"w:num[@w:numId='{number}']/w:abstractNumId/@w:val")
        where = (
            f"w:abstractNum[@w:abstractNumId='{abstract[0] if abstract else ''}']/w:lvl[@w:ilvl='{level}']"
        )
        formats = root.xpath(f"{where}/w:numFmt/@w:val")
        return str(formats[0]) if formats else "decimal"


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
            plain_line(" ".join(_words(each, notes) for each in cell.iter(f"{WORD}p")))
            for cell in row.iterchildren(f"{WORD}tc")
        )
        if line := " | ".join(cells).strip(" |"):
            yield line


def _joined(blocks: Iterator[tuple[str, bool]]) -> str:
    text, was_item = "", False
    for block, is_item in blocks:
        text += ("\n" if was_item and is_item else "\n\n") + block if text else block
        was_item = is_item
    return text


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
