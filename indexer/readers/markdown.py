"""Markdown with YAML front matter: an editor's own format, and so the one whose mistakes are named.

Knows CommonMark with tables, and front matter's keys. Marks of emphasis and links go, their words stay;
what is a block stays a block.
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING

from indexer.article import RawArticle
from indexer.dates import iso_date
from indexer.errors import ReadError
from indexer.readers.encoding import decode
from indexer.readers.fields import FIELD_OF_NAME, article_id, facet_name, metadata_from, titled

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

FRONT_MATTER = re.compile(r"\n*---[ \t]*\n(?P<yaml>.*?)(?<=\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
MARKUP = re.compile(r"<[^<>]*>")
FOOTNOTE = re.compile(r"\[\^([^\s\[\]]{1,40})\](?::(?= ))?")
"""A reference to a note, or the beginning of the note itself."""
DEEPEST = 100
"""Blocks nested deeper than this are cut by the parser; its own default of 20 is met in quoted mail."""


def read_markdown(name: str, content: bytes) -> Iterator[RawArticle | ReadError]:
    """The one article of a Markdown file; its front matter's title heads the text."""
    source = re.sub(r"\r\n?", "\n", decode(name, content))
    front = FRONT_MATTER.match(source)
    if not front:
        _refuse_other_front_matter(name, source)
    values = _front_matter(name, front["yaml"]) if front else {}
    identity = values.pop("id", None)
    metadata = metadata_from(values)
    body = plain_text(source[front.end() :] if front else source)
    if not body.strip():
        raise ReadError(name, "has no text", "write something below the front matter")
    yield RawArticle(
        id=None if identity is None else article_id(f"{name}: id", str(identity)),
        text=titled(metadata.title, body),
        metadata=metadata,
        media_type="text/markdown",
        furniture="none",
        raw_sha256=sha256(content).hexdigest(),
    )


def plain_text(source: str) -> str:
    """The words of a Markdown text: blocks apart by a blank line, items and rows each on a line."""
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

    parser = MarkdownIt("commonmark", {"maxNesting": DEEPEST}).enable(["table", "strikethrough"])
    return "\n\n".join(block for block in _blocks(SyntaxTreeNode(parser.parse(source))) if block)


def _blocks(node: "SyntaxTreeNode") -> Iterator[str]:
    for child in node.children:
        match child.type:
            case "bullet_list" | "ordered_list":
                yield "\n".join(_items(child))
            case "table":
                yield "\n".join(_rows(child))
            case "fence" | "code_block":
                yield child.content.strip("\n")
            case "html_block":
                yield _unmarked(child.content).strip()
            case "heading" | "paragraph":
                yield FOOTNOTE.sub(r"[\1]", _inline(child).strip())
            case _:
                yield from _blocks(child)


def _items(node: "SyntaxTreeNode") -> Iterator[str]:
    start = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
    for number, item in enumerate(node.children):
        mark = "•" if start is None else f"{start + number}."
        yield f"{mark} " + "\n".join(block for block in _blocks(item) if block)


def _rows(node: "SyntaxTreeNode") -> Iterator[str]:
    for row in node.walk():
        if row.type == "tr":
            yield " | ".join(_inline(cell).strip() for cell in row.children)


def _inline(node: "SyntaxTreeNode") -> str:
    match node.type:
        case "text" | "code_inline":
            return node.content
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "html_inline":
            return "\n" if re.match(r"<br\b", node.content, re.IGNORECASE) else ""
        case _:
            return "".join(_inline(child) for child in node.children)


def _unmarked(markup: str) -> str:
    from html import unescape

    return unescape(MARKUP.sub("", markup))


def _refuse_other_front_matter(name: str, source: str) -> None:
    if re.match(r"\n*\+\+\+[ \t]*\n", source):
        raise ReadError(f"{name}:1", "its front matter is TOML", "write it as YAML between two lines of ---")
    opened = re.match(r"\n*---[ \t]*\n(?P<key>[\w-]+):", source)
    if opened and (opened["key"].lower() == "id" or opened["key"].lower() in FIELD_OF_NAME):
        raise ReadError(f"{name}:1", "its front matter has no end", "put a line of --- below it")


def _front_matter(name: str, source: str) -> dict[str, object]:
    """Keys and values as they are written: YAML would make Norway's ``NO`` a truth value."""
    import yaml

    try:
        node = yaml.compose(source, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 2}" if mark else name
        raise ReadError(where, "the front matter is no YAML", "quote values that hold ': ' or '#'") from error
    if node is None:
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise ReadError(f"{name}:2", "the front matter is no list of keys", "write 'key: value' lines")
    values: dict[str, object] = {}
    for key, value in node.value:
        where = f"{name}:{key.start_mark.line + 2}"
        field = facet_name(str(key.value)) if isinstance(key, yaml.ScalarNode) else ""
        if not field or field in values:
            raise ReadError(where, f"the key {field!r} is empty or occurs twice", "give each key once")
        values[field] = _value(f"{where}: {field}", field, value)
    return values


def _value(where: str, field: str, node: object) -> object:
    import yaml

    listed = node.value if isinstance(node, yaml.SequenceNode) else [node]
    nodes = [each for each in listed if isinstance(each, yaml.ScalarNode)]
    if len(nodes) < len(listed):
        raise ReadError(where, "is nested", "write one value or a list of values")
    values = [each.value for each in nodes if each.tag != "tag:yaml.org,2002:null"]
    if FIELD_OF_NAME.get(field) == "published" and any(iso_date(each) is None for each in values):
        raise ReadError(where, f"{values[0][:40]!r} is no date", "write it as 2020, 2020-02 or 2020-02-05")
    if FIELD_OF_NAME.get(field) == "url" and not all(re.match(r"https?://", each) for each in values):
        raise ReadError(where, f"{values[0][:40]!r} is no address", "begin it with https://")
    if field == "id" and (isinstance(node, yaml.SequenceNode) or not values):
        raise ReadError(where, "is no single value", "write one id or leave the key out")
    return values[0] if field == "id" else values
