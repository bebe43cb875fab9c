"""From a raw article to its canonical text: the characters that every offset and digest is taken over.

Knows which characters canonical text may hold and how its lines and blocks stand; what a page's furniture
is, ``furniture`` knows. Cleaning twice changes nothing more, and an authored text keeps every letter.
"""

import re
import unicodedata

from indexer.article import CleanText, RawArticle
from indexer.furniture import without_furniture

LINE_ENDS = re.compile("\r\n|[\r\v\x85\u2028\u2029]")
UNSEEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\u2060\ufeff]")
"""Control characters but tab, line feed and form feed; soft hyphens, zero-width spaces, byte order marks."""
SURROGATE = re.compile("[\ud800-\udfff]")
SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
UNEVEN = re.compile(r"[^\n\f\t -~]")
"""Characters that may need anything; ASCII texts, which are many, are plain as they are."""
WHITE = " \t\n"
BULLET = re.compile(r"(?m)^[ \t]*([•‣▪▴▶◦●■□○∙*–-])[ \t]+(?=\S)")
PAGED = "application/pdf"


def clean(raw: RawArticle) -> CleanText:
    """The canonical text: NFC, blocks apart by one blank line, no furniture if the raw text may hold some."""
    text = _with_even_page_marks(plain(raw.text))
    if raw.furniture == "page":
        text = without_furniture(_evenly_spaced(text))
    return _without_page_marks(_with_even_blocks(text), is_paged="\f" in raw.text or raw.media_type == PAGED)


def plain(text: str) -> str:
    """The text in NFC with line feeds, form feeds, tabs and spaces as its only white space and controls.

    A lone surrogate, which UTF-8 cannot hold, becomes U+FFFD.
    """
    if not UNEVEN.search(text):
        return text
    seen = SURROGATE.sub("\ufffd", UNSEEN.sub("", LINE_ENDS.sub("\n", text)))
    return SPACE.sub(" ", unicodedata.normalize("NFC", seen))


def plain_line(text: str) -> str:
    """A plain text on one line, single-spaced."""
    return " ".join(plain(text).split())


def _evenly_spaced(text: str) -> str:
    """Lines without indentation, with one space between words and after a bullet."""
    lines = (re.sub(r"[ \t]+", " ", line).strip(" ") for line in text.split("\n"))
    return BULLET.sub(r"\1 ", "\n".join(lines))


def _with_even_blocks(text: str) -> str:
    """Lines without trailing space, blocks apart by one blank line, page marks before what follows them."""
    marked = _with_even_page_marks(text)
    lines = "\n".join(line.rstrip(" \t") for line in marked.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n \t")


def _with_even_page_marks(text: str) -> str:
    """Form feeds right before what they begin, after a blank line or, within a paragraph, after a space."""
    first, *pages = text.split("\f")
    pieces, marks, space = [first.rstrip(WHITE)], "", first[len(first.rstrip(WHITE)) :]
    for page in pages:
        body = page.strip(WHITE)
        marks += "\f"
        space += page[: len(page) - len(page.lstrip(WHITE))]
        if body:
            pieces += ["\n\n" if "\n" in space else " ", marks, body]
            marks, space = "", page[len(page.rstrip(WHITE)) :]
    return "".join([*pieces, marks]) if pages else text


def _without_page_marks(text: str, *, is_paged: bool) -> CleanText:
    """The text without its form feeds, and the offsets at which they stood."""
    first, *pages = text.split("\f")
    body, starts = first.lstrip(" \t\n"), [0]
    for page in pages:
        starts.append(len(body))
        body += page
    canonical = body.strip()
    return CleanText(canonical, tuple(min(start, len(canonical)) for start in starts) if is_paged else ())
