"""RSS and Atom: the bytes of a feed become its entries.

Knows feedparser, which is given bytes and never fetches, and when an entry's own content is its full text.
Knows nothing of what came before.
"""

import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from html import escape, unescape
from typing import Any

from indexer.addresses import normal_address
from indexer.article import Metadata
from indexer.clean import plain_line
from indexer.dates import iso_date
from indexer.errors import ReadError
from indexer.fetching import Fetched
from indexer.readers.fields import LONGEST_VALUE

FULL_TEXT = 700
"""Characters of text from which an entry's content may be all of the article."""
CUT = re.compile(
    r"(?:…|\.\.\.|\b(?:continue reading|read (?:more|the rest)|weiterlesen|lire la suite)\b|"
    r"더 ?보기|続きを読む|阅读更多).{0,200}\Z",
    re.IGNORECASE | re.DOTALL,
)
"""An end by which a content says that it goes on elsewhere; a false alarm costs a visit and no more."""
TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``key`` tells it from the feed's others; ``link`` is an address in its normal form.

    ``content`` is its full text as HTML, None when it has only a summary or the beginning.
    """

    key: str
    link: str | None
    metadata: Metadata
    content: str | None
    digest: str


@dataclass(frozen=True, slots=True)
class ReadFeed:
    """A feed's title and entries, each key once; ``problem`` says where it is not well-formed."""

    title: str | None
    entries: tuple[Entry, ...]
    problem: str | None


def read_feed(fetched: Fetched) -> ReadFeed:
    """Read a feed's entries in their order; raises ReadError for what is no feed."""
    parsed = _parsed(fetched)
    problem = _problem(parsed)
    if not parsed.get("version") and not parsed.entries:
        reason = f" ({problem})" if problem else ""
        raise ReadError(fetched.address, f"is no RSS or Atom feed{reason}", "check the address")
    guids = Counter(str(one.get("id", "")) for one in parsed.entries)
    # Content that is broken off may look whole: of a feed that is not well-formed the pages are read.
    found = [entry for one in parsed.entries if (entry := _entry(one, guids, trusted=problem is None))]
    entries = {entry.key: entry for entry in reversed(list(_distinct(found)))}
    return ReadFeed(_line(parsed.feed.get("title")), tuple(reversed(entries.values())), problem)


def as_page(entry: Entry, at: str) -> Fetched:
    """Return an entry's full text as the page that it would be."""
    title = escape(entry.metadata.title or "")
    page = (
        f'<!doctype html><html><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><article><h1>{title}</h1>{entry.content}</article></body></html>"
    )
    return Fetched(at, page.encode("utf-8", "replace"), "text/html", "utf-8", None)


def _parsed(fetched: Fetched) -> Any:
    import feedparser

    headers = {"content-location": fetched.address, "content-type": _content_type(fetched)}
    try:
        # As a stream: feedparser would take bytes that look like a path or an address for one, and open it.
        return feedparser.parse(io.BytesIO(fetched.content), response_headers=headers)
    except Exception as error:  # characters and encodings that there are not: whatever its parts raise
        problem = f"is no RSS or Atom feed that can be read ({plain_line(str(error))[:120]})"
        raise ReadError(fetched.address, problem, "tell its publisher") from error


def _distinct(found: list[Entry]) -> Iterator[Entry]:
    """Entries that share a link, such as a site's front page, are what they hold, else only the first is."""
    links, met = Counter(entry.link for entry in found), set[str | None]()
    for entry in found:
        if links[entry.link] > 1 and entry.content is not None:
            yield replace(entry, link=None)
        elif entry.link is None or entry.link not in met:
            yield entry
        met.add(entry.link)


def _entry(one: Any, guids: Counter[str], *, trusted: bool) -> Entry | None:
    """The entry, unless nothing tells it from the others. A guid that two entries share tells nothing."""
    guid, link = str(one.get("id", "")), _link(one)
    key = guid if guid and guids[guid] == 1 else link or guid
    if not key:
        return None
    metadata = Metadata(title=_line(one.get("title")), author=_line(one.get("author")), published=_day(one))
    # feedparser gives 'published' for an 'updated' that is not there, and warns of it.
    updated = one["updated"] if "updated" in one else None  # noqa: SIM401 - for the same reason
    said = (link, metadata.to_json(), updated, one.get("summary"), one.get("content"))
    digest = sha256(repr(said).encode("utf-8", "replace")).hexdigest()
    return Entry(key, link, metadata, _full_text(one) if trusted else None, digest)


def _link(one: Any) -> str | None:
    try:
        return normal_address(str(one.get("link") or ""))
    except ReadError:
        return None


def _day(one: Any) -> str | None:
    """The day of publication as its publisher wrote it, else that in UTC."""
    written = re.sub(r"\A\w{3,9},\s*", "", str(one.get("published") or ""))
    if day := iso_date(written):
        return day
    parsed = one.get("published_parsed")
    return f"{parsed.tm_year:04}-{parsed.tm_mon:02}-{parsed.tm_mday:02}" if parsed else None


def _full_text(one: Any) -> str | None:
    """The entry's content where its format means the whole by it, and where it neither is short nor cut.

    A ``description`` or ``summary`` is never taken: it may be anything.
    """
    for content in one.get("content", ()):
        value = str(content.get("value", ""))
        text = plain_line(unescape(TAG.sub(" ", value)))
        if content.get("type") in ("text/html", "application/xhtml+xml") and len(text) >= FULL_TEXT:
            return None if CUT.search(text) else value
    return None


def _line(value: object) -> str | None:
    line = plain_line(TAG.sub("", str(value or "")))
    return line if line and len(line) <= LONGEST_VALUE else None


def _problem(parsed: Any) -> str | None:
    import feedparser

    harmless = (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)
    error = parsed.get("bozo_exception")
    return None if error is None or isinstance(error, harmless) else plain_line(str(error))[:120]


def _content_type(fetched: Fetched) -> str:
    return f"{fetched.media_type}; charset={fetched.charset}" if fetched.charset else fetched.media_type
