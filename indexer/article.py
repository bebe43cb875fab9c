"""Values that travel from a file to the catalog: articles, metadata, sentences, passages.

Plain immutable values without I/O. Offsets are Unicode code points, 0-based, end-exclusive, over an
article's canonical text. Nothing here knows how a value was read, cleaned, stored or searched.
"""

import datetime
import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

Facets = tuple[tuple[str, tuple[str, ...]], ...]
"""Names and values that an article can be filtered by, e.g. ``(("city", ("Incheon",)),)``; sorted by name."""


class Span(NamedTuple):
    """A stretch of the canonical text: ``text[start:end]``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is known about an article beside its text; whatever is unknown is None or empty.

    ``published`` is an ISO 8601 date that may stop at the month or the year: ``2020``, ``2020-02``,
    ``2020-02-05``. ``language`` is a BCP 47 tag. ``facets`` holds everything an editor may filter by that
    has no field of its own: city, country, theme, sdg, network, document type.
    """

    title: str | None = None
    publisher: str | None = None
    author: str | None = None
    url: str | None = None
    published: str | None = None
    language: str | None = None
    facets: Facets = ()

    def facet(self, name: str) -> tuple[str, ...]:
        """The values of one facet, empty when the article has none by that name."""
        return dict(self.facets).get(name, ())

    def filled_from(self, other: "Metadata") -> "Metadata":
        """These values, and where one is unknown the other's; facets are joined name by name."""
        names = {**dict(other.facets), **dict(self.facets)}
        return replace(
            self,
            title=self.title or other.title,
            publisher=self.publisher or other.publisher,
            author=self.author or other.author,
            url=self.url or other.url,
            published=self.published or other.published,
            language=self.language or other.language,
            facets=tuple(sorted(names.items())),
        )

    def to_json(self) -> str:
        """One canonical JSON object: the same metadata always gives the same characters."""
        values = {name: getattr(self, name) for name in self.__slots__ if name != "facets"}
        values["facets"] = {name: list(chosen) for name, chosen in self.facets}
        return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Metadata":
        """The inverse of :meth:`to_json`."""
        values = json.loads(text)
        facets = tuple(sorted((name, tuple(chosen)) for name, chosen in values.pop("facets").items()))
        return cls(**values, facets=facets)


def day_range(published: str | None) -> tuple[str, str] | tuple[None, None]:
    """Return the first and last ISO day that a publication date may mean: ``2020-02`` is all of February.

    Raises ValueError for anything but ``YYYY``, ``YYYY-MM`` and ``YYYY-MM-DD``.
    """
    if published is None:
        return None, None
    written = re.fullmatch(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", published, re.ASCII)
    if written is None or published.startswith("9999"):
        raise ValueError(f"{published!r} is not a date that is written YYYY, YYYY-MM or YYYY-MM-DD")
    year, month, day = written.groups()
    first = datetime.date(int(year), int(month or 1), int(day or 1))
    if day:
        return first.isoformat(), first.isoformat()
    last_month = int(month or 12)
    following = datetime.date(first.year + last_month // 12, last_month % 12 + 1, 1)
    return first.isoformat(), (following - datetime.timedelta(days=1)).isoformat()


Furniture = Literal["none", "page"]
"""Whether a text may hold a page's furniture (menus, share boxes): authored files do not, captures do."""


@dataclass(frozen=True, slots=True)
class RawArticle:
    """One article as a reader found it, before cleaning.

    Line feeds separate the lines of ``text``, form feeds its pages where the format has any. ``id`` is
    what the file itself says (front matter, ``_id``), None when it says nothing. ``raw_sha256`` is the
    digest of the bytes it was read from: the first link of the chain from raw file to quote.
    """

    id: str | None
    text: str
    metadata: Metadata
    media_type: str
    furniture: Furniture
    raw_sha256: str


@dataclass(frozen=True, slots=True)
class CleanText:
    """A canonical text and where its pages begin.

    ``page_starts[i]`` is the offset at which page ``i + 1`` begins; empty for formats without pages.
    """

    text: str
    page_starts: tuple[int, ...] = ()


SentenceKind = Literal["prose", "heading", "item", "line"]
"""``prose`` runs on; ``heading`` titles what follows; ``item`` is a bullet or numbered point of a list;
``line`` is a unit of its own such as a dateline, a byline, ``Venue: …`` or a row with ``|``."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """The smallest unit that is quoted: ``text[start:end]``, without surrounding white space."""

    start: int
    end: int
    kind: SentenceKind = "prose"


@dataclass(frozen=True, slots=True)
class Passage:
    """Consecutive sentences ``[first, last)`` of an article, the unit that is retrieved."""

    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Article:
    """An article ready to be committed: identity, canonical text, metadata, and where it came from.

    ``root`` is the PATH that was given to the indexer, ``path`` the file below it; for what was fetched
    ``root`` is its address and ``path`` ``.``; both are None when the article came over HTTP. ``--sync``
    withdraws only what shares a root.
    """

    id: str
    text: str
    metadata: Metadata
    media_type: str
    raw_sha256: str
    page_starts: tuple[int, ...] = ()
    root: str | None = None
    path: str | None = None

    @property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 of the canonical text in UTF-8; every citation carries it."""
        return text_digest(self.text)


def is_text(text: str) -> bool:
    """Tell whether UTF-8 can hold a text; halves of characters (lone surrogates), as JSON may, it cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def normal_id(identity: str) -> str:
    """Return an article's id as it is kept, in NFC: file names and addresses come in other forms, too."""
    return unicodedata.normalize("NFC", identity)


def text_digest(text: str) -> str:
    """Hexadecimal SHA-256 of a text's UTF-8 bytes; lone surrogates, which UTF-8 cannot hold, are refused."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
