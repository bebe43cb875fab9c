"""What a description is: its digest, and the facets and days that follow from it and that filters ask.

Knows the rows of ``descriptions`` and ``facets``; when they begin and end is known to ``committing.py``.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from indexer.article import Article, Metadata, day_range
from indexer.filters import folded

_COLUMNS = ("metadata", "digest", "media_type", "raw_sha256", "page_starts", "root", "path")

DESCRIBED = ", ".join(f"CAST(d.{name} AS BLOB)" for name in _COLUMNS)
"""What a description ``d`` is. As bytes: what is damaged may be no UTF-8 at all."""


def description_digest(article: Article) -> str:
    """SHA-256 over everything about an article that is not its text."""
    known = (article.metadata.to_json(), article.raw_sha256, article.media_type, article.page_starts)
    return hashlib.sha256(repr((*known, article.root, article.path)).encode()).hexdigest()


def facet_values(article: Article) -> Iterable[tuple[str, str]]:
    """List everything about an article that a filter may name: facet and value."""
    for name in ("publisher", "author", "language"):
        value = getattr(article.metadata, name)
        if value:
            yield name, value
    for name, values in article.metadata.facets:
        for value in values:
            yield name, value


def described(stored: Sequence[Any]) -> Article | None:
    """Return an article without its text, from what ``DESCRIBED`` reads; None when that is damaged."""
    try:
        metadata, noted, media_type, raw, pages = (one.decode() for one in stored[:5])
        root, path = (None if one is None else one.decode() for one in stored[5:])
        known, starts = Metadata.from_json(metadata), tuple(json.loads(pages))
        article = Article("", "", known, media_type, raw, starts, root, path)
        day_range(known.published)
        return article if description_digest(article) == noted else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def is_derived(connection: sqlite3.Connection, description: int, article: Article) -> bool:
    """Tell whether the facets and days beside a description are those that follow from it."""
    # The first of several values that differ in case only is the one that is kept.
    wanted = {(name, folded(value)): value for name, value in [*facet_values(article)][::-1]}
    facets = connection.execute(
        "SELECT CAST(name AS BLOB), CAST(folded AS BLOB), CAST(value AS BLOB) FROM facets"
        " WHERE description = ?",
        (description,),
    ).fetchall()
    days = connection.execute(
        "SELECT CAST(published_from AS BLOB), CAST(published_to AS BLOB) FROM descriptions WHERE key = ?",
        (description,),
    ).fetchone()
    same = {tuple(one.encode() for one in (*key, value)) for key, value in wanted.items()}
    return same == set(facets) and days == tuple(
        day and day.encode() for day in day_range(article.metadata.published)
    )


def derive(connection: sqlite3.Connection, description: int, article: Article) -> None:
    """Write the facets and days of a description anew."""
    connection.execute("DELETE FROM facets WHERE description = ?", (description,))
    add_facets(connection, description, article)
    connection.execute(
        "UPDATE descriptions SET published_from = ?, published_to = ? WHERE key = ?",
        (*day_range(article.metadata.published), description),
    )


def add_facets(connection: sqlite3.Connection, description: int, article: Article) -> None:
    """Write the facets of a new description."""
    connection.executemany(
        "INSERT OR IGNORE INTO facets (description, name, folded, value) VALUES (?, ?, ?, ?)",
        [(description, name, folded(value), value) for name, value in facet_values(article)],
    )
