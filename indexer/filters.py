"""Filters: which articles a question may be answered from.

A facet passes when the article has any of the wanted values, compared without regard to case; several
facets must all pass. A publication range passes when the article's publication date, as precisely as it
is known, overlaps it; an article without a date never passes a range.
"""

import sqlite3
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from indexer.article import day_range, is_text, normal_id
from indexer.catalog import readable_at, valid_at
from indexer.errors import InputError, shown
from indexer.vectors import Keys

MOST_FACETS = 50
MOST_VALUES = 100
LONGEST_VALUE = 200
"""Names of facets, values of each, and characters of a name or value; the same at every door."""


@dataclass(frozen=True, slots=True)
class Filters:
    """``facets``: names with the values wanted; ``articles``: ids, all when empty.

    The publication range is in ISO days, both inclusive.
    """

    facets: tuple[tuple[str, tuple[str, ...]], ...] = ()
    published_from: str | None = None
    published_to: str | None = None
    articles: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        facets: Iterable[tuple[str, str | Iterable[str]]],
        published_from: str | None = None,
        published_to: str | None = None,
    ) -> Self:
        """Return filters by facets as people spell them; all values of one facet's spellings are wanted."""
        wanted: dict[str, list[str]] = {}
        for name, values in facets:
            # Only now: it lives among the readers, which a question without a filter need not wait for.
            from indexer.readers.fields import facet_name

            chosen = (values,) if isinstance(values, str) else values
            wanted.setdefault(facet_name(name), []).extend(chosen)
        merged = tuple(sorted((name, tuple(values)) for name, values in wanted.items()))
        return cls(merged, published_from, published_to)

    def __post_init__(self) -> None:
        if len(self.facets) > MOST_FACETS:
            raise InputError("filters", f"they name {len(self.facets)} facets", f"use {MOST_FACETS} at most")
        for name, values in self.facets:
            _check_texts("filters", (name,))
            if not 1 <= len(values) <= MOST_VALUES:
                raise InputError(f"filters.{name}", f"it has {len(values)} values", f"use 1 to {MOST_VALUES}")
            _check_texts(f"filters.{name}", values)
        _check_texts("filters.articles", self.articles, longest=None)
        for where, day in (("published_from", self.published_from), ("published_to", self.published_to)):
            try:
                day_range(day)
            except ValueError as error:
                problem = f"{shown(day)} is not a date"
                raise InputError(where, problem, "write it as 2020-02-05") from error


def _check_texts(where: str, texts: Iterable[str], longest: int | None = LONGEST_VALUE) -> None:
    for text in texts:
        if longest is not None and not 1 <= len(text) <= longest:
            problem = f"a name or value has {len(text)} characters"
            raise InputError(where, problem, f"use 1 to {longest}")
        if not text.isprintable() or not is_text(text):
            raise InputError(where, f"{shown(text)} is not text", "use printable characters")


NO_FILTERS = Filters()


def folded(value: str) -> str:
    """Return the form in which facet values are compared: NFC, without regard to case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", value).casefold())


def allowed_keys(
    connection: sqlite3.Connection, generation: int, filters: Filters, commit: int
) -> Keys | None:
    """Return the passages of a commit whose article passes, None when every article does."""
    if filters == NO_FILTERS:
        return None
    conditions, values = article_conditions(filters)
    rows = connection.execute(
        # CROSS keeps the order: SQLite would begin with every passage there is; the plus see pool.py.
        "SELECT p.key FROM descriptions d"
        f" CROSS JOIN revisions r ON r.article = d.article AND {valid_at('r', '?1')}"
        f" CROSS JOIN passages p ON p.revision = r.key AND +p.generation = ?2 AND {readable_at('p', '?1')}"
        f" WHERE {valid_at('d', '?1')} AND {' AND '.join(conditions)}",
        (commit, generation, *values),
    )
    return np.array([row[0] for row in rows.fetchall()], np.int64)


def article_conditions(filters: Filters) -> tuple[list[str], list[str]]:
    """Return what descriptions ``d`` have to meet, as SQL with its values in order."""
    conditions: list[str] = []
    values: list[str] = []
    for name, wanted in filters.facets:
        conditions.append(
            "d.key IN (SELECT description FROM facets WHERE name = ?"
            f" AND folded IN ({','.join('?' * len(wanted))}))"
        )
        values += [name, *(folded(value) for value in wanted)]
    if filters.articles:
        listed = ",".join("?" * len(filters.articles))
        conditions.append(f"d.article IN (SELECT key FROM articles WHERE id IN ({listed}))")
        values += [normal_id(identity) for identity in filters.articles]
    if filters.published_from:
        conditions.append("d.published_to >= ?")
        values.append(day_range(filters.published_from)[0] or "")
    if filters.published_to:
        conditions.append("d.published_from <= ?")
        values.append(day_range(filters.published_to)[1] or "")
    return conditions, values
