"""What a file says about itself: named values turned into an id, metadata and a title line.

Knows which names stand for which field, and is lenient: a value that fits nowhere is left out. Who must
be strict (front matter, which an editor wrote for us) checks before. Knows no file format.
"""

import re
import unicodedata
from collections.abc import Mapping

from indexer.article import Metadata
from indexer.clean import plain_line
from indexer.dates import iso_date
from indexer.errors import ReadError

LONGEST_VALUE = 200
"""Longer values describe; they do not filter."""
FIELD_OF_NAME = {
    "title": "title",
    "publisher": "publisher",
    "author": "author",
    "authors": "author",
    "url": "url",
    "source": "source",
    "published": "published",
    "date": "published",
    "language": "language",
    "lang": "language",
}
LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
TAG_OF_LANGUAGE = {
    "arabic": "ar",
    "chinese": "zh",
    "english": "en",
    "french": "fr",
    "german": "de",
    "japanese": "ja",
    "korean": "ko",
    "portuguese": "pt",
    "russian": "ru",
    "spanish": "es",
    "한국어": "ko",
    "日本語": "ja",
    "中文": "zh",
}


def metadata_from(values: Mapping[str, object]) -> Metadata:
    """Fields by their names and everything else as facets; what is nested, long or undatable is left out."""
    fields: dict[str, str] = {}
    facets: dict[str, tuple[str, ...]] = {}
    for key, value in values.items():
        chosen = scalars(value)
        if not chosen:
            continue
        name = facet_name(key)
        field = FIELD_OF_NAME.get(name)
        if field is not None:
            fields.setdefault(field, ", ".join(chosen))
        elif name and all(len(each) <= LONGEST_VALUE for each in chosen):
            facets[name] = tuple(dict.fromkeys((*facets.get(name, ()), *chosen)))
    return Metadata(
        title=fields.get("title"),
        publisher=_short(fields.get("publisher") or _unless_url(fields.get("source"))),
        author=_short(fields.get("author")),
        url=_if_url(fields.get("url")) or _if_url(fields.get("source")),
        published=iso_date(fields.get("published", "")),
        language=language_tag(fields.get("language", "")),
        facets=tuple(sorted(facets.items())),
    )


def scalars(value: object) -> tuple[str, ...] | None:
    """A scalar or a list of scalars as distinct lines in their order; None when it is nested."""
    listed = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(each, str | int | float | None) for each in listed):
        return None
    lines = map(_scalar_line, listed)
    return tuple(dict.fromkeys(line for line in lines if line))


def facet_name(key: str) -> str:
    """A facet's name as it is filtered by: one lower-case word, e.g. ``document_type``."""
    return re.sub(r"[\s-]+", "_", plain_line(key).lower())


def language_tag(value: str) -> str | None:
    """A BCP 47 tag for a tag or for a language's name; None for anything else."""
    if tag := TAG_OF_LANGUAGE.get(value.strip().lower()):
        return tag
    return value.strip().replace("_", "-") if LANGUAGE_TAG.fullmatch(value.strip()) else None


def article_id(where: str, value: str) -> str:
    """The id in NFC; raises ReadError when it is empty or holds white space or control characters."""
    normal = unicodedata.normalize("NFC", value)
    if not normal or any(each.isspace() or unicodedata.category(each) in ("Cc", "Cs") for each in normal):
        raise ReadError(
            where, f"{value[:80]!r} is no id", "use letters, digits and marks without white space"
        )
    return normal


def titled(title: str | None, text: str) -> str:
    """The text under its title: the title becomes the first line unless the text begins with these words."""
    beginning = plain_line(text[: 4 * len(title or "") + 200])
    if not title or (beginning.startswith(title) and not re.match(r"\w", beginning[len(title) :])):
        return text
    return f"{title}\n\n{text}"


def title_that_is_printed(title: str | None, text: str) -> str | None:
    """A document property's title if the text's beginning shows it: templates leave false ones behind."""
    line = plain_line(title or "")
    return line if line and line.casefold() in plain_line(text[:3000]).casefold() else None


def _scalar_line(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else plain_line(str(value))


def _short(value: str | None) -> str | None:
    return value if value and len(value) <= LONGEST_VALUE else None


def _if_url(value: str | None) -> str | None:
    return value if value and re.match(r"https?://", value) else None


def _unless_url(value: str | None) -> str | None:
    return None if _if_url(value) else value
