"""HTML: the main text of a page and what its head says about it.

Knows that trafilatura finds where the main text is but leaves out captions, bylines and the shape of lists:
so it points, and all blocks of the region it points at are taken from the page itself. Furniture that is
left inside the region is for cleaning to remove.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING, Any

from indexer.article import Metadata, RawArticle
from indexer.clean import plain_line
from indexer.errors import ReadError
from indexer.phrases import KINDS, normal
from indexer.readers.encoding import decode
from indexer.readers.fields import language_tag, metadata_from, titled
from indexer.readers.region import HEADINGS, Block, Kind, main_blocks
from indexer.windowtitle import window_title

if TYPE_CHECKING:
    from lxml.html import HtmlElement

DECLARED_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
UNSEEN = frozenset(
    "audio button canvas dialog head iframe input math noscript object option script select style svg "
    "template textarea video".split()
)
INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark nobr q rp rt ruby "
    "s samp small span strike strong sub sup time tt u var wbr".split()
)
APART = frozenset(("a", "button", "label", "time"))
POINTER = re.compile(r"\s*[↩↑⇧⇑↵⤴^¶#§]?[\ufe0e\ufe0f]?\s*")
EDIT_LINK = re.compile(
    r" ?\[ ?(?:edit|edit source|bearbeiten|editar|modifier|modifica|편집|編集|编辑)\b[^\[\]]{0,60}\]$"
)
HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+")
LONGEST_CELL = 300
"""A table with longer cells, or with blocks in them, lays the page out and holds no rows."""
SILENT = logging.NullHandler()


def read_html(name: str, content: bytes) -> Iterator[RawArticle | ReadError]:
    """The one article of an HTML page; it may hold some of the page's furniture."""
    declared = DECLARED_CHARSET.search(content[:4096])
    page = XML_DECLARATION.sub("", decode(name, content, declared[1].decode("ascii") if declared else None))
    try:
        text, metadata = _extracted(page)
    except Exception as error:  # lxml and trafilatura raise whatever a broken page makes them stumble over
        reason = plain_line(str(error))[:120] or type(error).__name__
        raise ReadError(name, f"is no HTML that can be read ({reason})", "save the page again") from error
    if not text.strip():
        raise ReadError(name, "shows no text without its scripts", "save the page from a browser, or as text")
    yield RawArticle(
        id=None,
        text=text,
        metadata=metadata,
        media_type="text/html",
        furniture="page",
        raw_sha256=sha256(content).hexdigest(),
    )


def _extracted(page: str) -> tuple[str, Metadata]:
    from lxml import etree, html

    try:
        root = html.document_fromstring(page)
    except etree.ParserError:  # there is nothing in the document
        return "", Metadata()
    found = _found(page)
    walk = _Walk()
    walk.through(root)
    walk.flush(root)
    blocks = main_blocks(walk.blocks, found)
    text = _joined(blocks)
    metadata = _metadata(found, root.get("lang") or "")
    window = plain_line(root.findtext(".//title") or "")
    if names := window_title([window, *filter(None, text.splitlines())]):
        # Cleaning takes the line away again, and with it the lines that only name the site or a section.
        return f"{window}\n\n{text}", replace(metadata, title=names.headline)
    if metadata.title and normal(metadata.title) in KINDS:
        return text, replace(metadata, title=None)
    if not text or not metadata.title or metadata.title in plain_line(text):
        return text, metadata
    if blocks[0].element.tag in HEADINGS:  # the window names the section, the page its article
        return text, replace(metadata, title=None)
    return titled(metadata.title, text), metadata


def _found(page: str) -> Any:
    """What trafilatura finds: its Document, or None."""
    import trafilatura

    for logger in ("trafilatura", "htmldate"):
        logging.getLogger(logger).addHandler(SILENT)
    today = datetime.now(UTC).date().isoformat()
    return trafilatura.bare_extraction(
        page,
        favor_recall=True,
        include_comments=False,
        with_metadata=True,
        date_extraction_params={"extensive_search": False, "original_date": True, "max_date": today},
    )


@dataclass(slots=True)
class _Walk:
    """A walk through a page that gathers its blocks in the order of reading."""

    blocks: list[Block] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    mark: str = ""

    def through(self, element: "HtmlElement") -> None:
        """Gather the blocks below an element."""
        if not isinstance(element.tag, str) or element.tag in UNSEEN:
            return
        if _leads_nowhere(element):
            return
        if element.tag == "br":
            self.pieces.append("\v")
        elif element.tag == "tr" and _is_row(element):
            self.pieces.append(_row(_cell(cell) for cell in element.iterchildren("td", "th")))
            self.flush(element, "row")
        elif element.tag in INLINE:
            reference = _reference(element)
            self.pieces.extend([reference] if reference else [])
            if not reference:
                self.children(element)
        else:
            self.flush(element.getparent() if element.getparent() is not None else element)
            self.mark = _mark(element) or self.mark
            self.children(element)
            self.flush(element)

    def flush(self, element: "HtmlElement", kind: Kind = "block") -> None:
        """End the block that is being gathered."""
        written, self.pieces = "".join(self.pieces), []
        for paragraph in re.split(r"\v\s*\v", written):  # two line breaks are how old pages part paragraphs
            lines = (plain_line(line) for line in paragraph.split("\v"))
            if text := "\n".join(line for line in lines if line):
                definition: Kind = "definition" if element.tag == "dd" else kind
                shown = EDIT_LINK.sub("", text) if element.tag in HEADINGS else text
                self.blocks.append(Block(element, self.mark + shown, "item" if self.mark else definition))
                self.mark = ""

    def children(self, element: "HtmlElement") -> None:
        """Gather the blocks and the text within an element."""
        self._text(element, element.text)
        for child in element.iterchildren():
            self.through(child)
            self._text(element, child.tail or (" " if _touches_its_like(child) else ""))

    def _text(self, element: "HtmlElement", text: str | None) -> None:
        self.pieces.append((text or "").replace("\n", "\v" if element.tag == "pre" else " "))


def _touches_its_like(element: "HtmlElement") -> bool:
    """Whether nothing but a style sheet keeps it apart from the link, time or button that comes next."""
    following = element.getnext()
    return element.tag in APART and following is not None and following.tag == element.tag


def _leads_nowhere(element: "HtmlElement") -> bool:
    """Whether a link is a mark only, such as the arrow from a footnote back to the text."""
    return element.tag == "a" and POINTER.fullmatch(element.text_content()) is not None


def _reference(element: "HtmlElement") -> str | None:
    """``[1]`` for a footnote's number that is raised and leads to the note."""
    number = element.text_content().strip() if element.tag in ("a", "sup") else ""
    if not re.fullmatch(r"\d{1,3}|[*†‡]", number):
        return None
    is_reference = element.xpath(
        "self::sup//a[starts-with(@href, '#')] | self::sup[ancestor::a[starts-with(@href, '#')]]"
        " | self::a[starts-with(@href, '#') and .//sup]"
    )
    return f"[{number}]" if is_reference else None


def _cell(cell: "HtmlElement") -> str:
    """A cell's text on one line."""
    walk = _Walk()
    walk.children(cell)
    walk.flush(cell)
    return " ".join(plain_line(block.text) for block in walk.blocks)


def _row(cells: Iterable[str]) -> str:
    """The cells in a line; those that are empty keep their place, but for the last."""
    written = " | ".join(cells).rstrip(" |")
    return written if "|" in written.lstrip(" |") else written.lstrip(" |")


def _is_row(row: "HtmlElement") -> bool:
    cells = list(row.iterchildren("td", "th"))
    blocks = row.xpath(".//table | .//td//p[2] | .//td//div | .//td//ul | .//h1 | .//h2")
    return not blocks and all(len(cell.text_content()) <= LONGEST_CELL for cell in cells)


def _mark(element: "HtmlElement") -> str:
    if element.tag != "li":
        return ""
    parent = element.getparent()
    if parent is None or parent.tag != "ol":
        return "• "
    start = parent.get("start", "1")
    number = sum(1 for _ in element.itersiblings("li", preceding=True)) + (
        int(start) if start.isdecimal() else 1
    )
    letter = {"a": ascii_lowercase, "A": ascii_uppercase}.get(parent.get("type", ""), "")[number - 1 : number]
    return f"{letter or number}. "


def _joined(blocks: list[Block]) -> str:
    """Blocks apart by a blank line, but for lists, tables and a term with its definition."""
    text, above = "", "block"
    for block in blocks:
        is_close = block.kind == "definition" or (block.kind != "block" and block.kind == above)
        text += ("\n" if is_close else "\n\n") + block.text if text else block.text
        above = block.kind
    return text


def _metadata(found: Any, language: str) -> Metadata:
    known = {name: getattr(found, name, None) for name in ("title", "author", "url", "date")} if found else {}
    publisher = found.sitename if found and not HOST.fullmatch(found.sitename or "") else None
    return metadata_from({**known, "publisher": publisher, "language": language_tag(language)})
