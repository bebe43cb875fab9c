"""Listing: the current articles that pass filters, in an order, page by page.

A page begins behind the last article of the one before, by its sort value and id, so that articles which
come and go meanwhile neither repeat nor hide others.
"""

import sqlite3
from dataclasses import dataclass
from typing import Literal, get_args

from indexer.article import Metadata
from indexer.catalog import valid_at
from indexer.errors import InputError, shown
from indexer.filters import NO_FILTERS, Filters, article_conditions

Order = Literal["id", "-id", "published", "-published", "title", "-title", "taken_in", "-taken_in"]
"""What a list is in order of; with a minus the other way round."""
ORDERS: tuple[Order, ...] = get_args(Order)

PREFIX = 200
"""Characters of a title that are sorted by: what says where the next page begins must fit into an address."""

# Lower case is SQLite's, of ASCII only; an article without a date or title sorts as the empty text.
_VALUES = {
    "id": "a.id",
    "published": "COALESCE(d.published_from, '')",
    "title": f"lower(substr(COALESCE(json_extract(d.metadata, '$.title'), ''), 1, {PREFIX}))",
    "taken_in": "c.at",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """An article of a list; ``value`` and ``id`` say where the next page begins."""

    id: str
    revision: int
    metadata: Metadata
    taken_in: str
    value: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which articles, in which order, behind which value and id."""

    filters: Filters = NO_FILTERS
    publisher: str | None = None
    language: str | None = None
    order: Order = "id"
    after: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        if self.order not in ORDERS:
            raise InputError("order", f"there is none called {shown(self.order)}", f"use {', '.join(ORDERS)}")


def read_listed(connection: sqlite3.Connection, commit: int, wanted: Wanted, limit: int) -> list[Listed]:
    """List at most ``limit`` current articles; ties are broken by id, in the same direction."""
    name = wanted.order.removeprefix("-")
    value, (behind, direction) = _VALUES[name], ("<", "DESC") if name != wanted.order else (">", "ASC")
    conditions, values = article_conditions(wanted.filters)
    for field, text in (("publisher", wanted.publisher), ("language", wanted.language)):
        if text is not None:
            conditions.append(f"json_extract(d.metadata, '$.{field}') = ? COLLATE NOCASE")
            values.append(text)
    if wanted.after is not None:
        # By id alone the index on ids is used, and a page costs no more than itself.
        by_id = name == "id"
        conditions.append(f"a.id {behind} ?" if by_id else f"({value}, a.id) {behind} (?, ?)")
        values += wanted.after[1:] if by_id else wanted.after
    rows = connection.execute(
        # CROSS keeps the order, in which a page is read and no more.
        f"SELECT a.id, r.number, d.metadata, c.at, {value} FROM articles a"
        f" CROSS JOIN revisions r ON r.article = a.key AND {valid_at('r', '?1')}"
        f" CROSS JOIN descriptions d ON d.article = a.key AND {valid_at('d', '?1')}"
        " CROSS JOIN commits c ON c.id = r.from_commit"
        f" WHERE {' AND '.join(conditions) or '1'} ORDER BY {value} {direction}, a.id {direction} LIMIT ?",
        (commit, *values, limit),
    )
    return [
        Listed(identity, number, Metadata.from_json(metadata), at, sort)
        for identity, number, metadata, at, sort in rows.fetchall()
    ]
