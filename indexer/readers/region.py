"""The region of an HTML page that holds its main text, and what stands in it without belonging to it.

Knows elements, their names and links, and where trafilatura found text. How elements become blocks of
text, ``html`` knows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from indexer.zones import is_prose

if TYPE_CHECKING:
    from lxml.html import HtmlElement

HEADINGS = frozenset(("h1", "h2", "h3", "h4"))
NEVER_MAIN = frozenset(("nav", "footer"))
SELDOM_MAIN = re.compile(
    r"(?:^|[\s_-])(?:ads?|advert|breadcrumbs?|comments?|consent|cookies?|eyebrow|footer|kicker|menu|nav|navbar|"
    r"newsletter|pagination|popup|promo|related|relatedposts|share|sharedaddy|sharing|addtoany|sidebar|skip|"
    r"social|subscribe)(?:[\s_-]|$)",
    re.IGNORECASE,
)
ASIDE_NAMES = re.compile(
    r"(?:^|[\s_-])(?:breadcrumbs?|comments?|consent|cookies?|newsletter|pagination|related|relatedposts|share|sharedaddy|"
    r"sharing|subscribe)(?:[\s_-]|$)",
    re.IGNORECASE,
)
Kind = Literal["block", "item", "row", "definition"]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, item, row or definition, and the element that holds it."""

    element: "HtmlElement"
    text: str
    kind: Kind


def main_blocks(blocks: list[Block], found: Any) -> list[Block]:
    """The blocks of the smallest element that holds all that was found, but for what is seldom main text."""
    lines = {_key(line) for line in (found.text or "").splitlines()} if found else set()
    lines |= {_key(found.title or "")} if found else set()
    whole = _key(found.text or "") if found else ""
    shown = [
        block
        for block in blocks
        if any(_key(line) in lines for line in block.text.splitlines())
        or (is_prose(block.text) and _key(block.text) in whole)
    ]
    certain = [block for block in shown if block.element.tag in HEADINGS or is_prose(block.text)]
    marked = {block.element for block in certain or shown}
    marked = {element for element in marked if not _is_aside(element, never=True)}
    marked = _without_minor_asides(marked)
    region = _common_ancestor(list(marked))
    kept = [
        block
        for block in blocks
        if (region is None or block.element is region or region in block.element.iterancestors())
        and not _is_aside(block.element, never=block.element in marked)
    ]
    within = [number for number, block in enumerate(kept) if block.element in marked] or [0, len(kept)]
    return [
        block
        for number, block in enumerate(kept)
        if within[0] <= number <= within[-1] or not _is_links_only(block)
    ]


def _without_minor_asides(marked: set["HtmlElement"]) -> set["HtmlElement"]:
    """The elements that no name puts beside the main text, if these hold most of the text."""
    main = {element for element in marked if not any(map(_is_named_aside, _upwards(element)))}
    lengths = [sum(len(element.text_content()) for element in each) for each in (main, marked)]
    return main if 2 * lengths[0] >= lengths[1] else marked


def _is_named_aside(element: "HtmlElement") -> bool:
    return element.tag not in ("body", "html") and ASIDE_NAMES.search(_names(element)) is not None


def _upwards(element: "HtmlElement") -> Iterator["HtmlElement"]:
    yield element
    yield from element.iterancestors()


def _is_links_only(block: Block) -> bool:
    links = list(block.element.iter("a"))
    return len(links) >= 2 and _key("".join(link.text_content() for link in links)) == _key(block.text)


def _key(line: str) -> str:
    return "".join(character for character in line if character.isalnum())


def _is_aside(element: "HtmlElement", *, never: bool) -> bool:
    """Whether an element belongs to the page's frame; with ``never`` only if its tag leaves no doubt."""
    for each in _upwards(element):
        if (each.tag in NEVER_MAIN and not _is_in_quotation(each)) or (not never and _leads_away(each)):
            return True
        if not never and each.tag not in ("body", "html") and SELDOM_MAIN.search(_names(each)):
            return True
    return False


def _leads_away(element: "HtmlElement") -> bool:
    """Whether it is an aside for other pages; an article's box of facts has more to read than to follow."""
    if element.tag != "aside":
        return False
    links = sum(len(link.text_content().strip()) for link in element.iter("a"))
    is_within = any(each.tag in ("article", "main") for each in element.iterancestors())
    return not is_within or 2 * links >= len(element.text_content().strip())


def _is_in_quotation(element: "HtmlElement") -> bool:
    """Whether it says whose words a quotation holds."""
    return any(each.tag == "blockquote" for each in element.iterancestors())


def _names(element: "HtmlElement") -> str:
    return f"{element.get('class', '')} {element.get('id', '')}"


def _common_ancestor(elements: list["HtmlElement"]) -> "HtmlElement | None":
    if not elements:
        return None
    first, *rest = elements
    # A single paragraph's region is what holds it, lest a list below it be lost.
    chain = [first, *first.iterancestors()] if rest else list(first.iterancestors())
    for element in rest:
        above = {element, *element.iterancestors()}
        chain = [each for each in chain if each in above]
    return chain[0] if chain else None
