"""Facets with counts: what the articles can be filtered by. Knows the facets table and no filter."""

import sqlite3

from indexer.catalog import valid_at


def facet_counts(connection: sqlite3.Connection, commit: int) -> dict[str, dict[str, int]]:
    """Count the articles of a commit by facet name and value.

    Names come by alphabet, the most frequent value first. Values that differ in case only are one value,
    as they are for filters.
    """
    rows = connection.execute(
        "SELECT f.name, MIN(f.value), COUNT(*) AS articles FROM descriptions d"
        f" JOIN facets f ON f.description = d.key WHERE {valid_at('d')}"
        " GROUP BY f.name, f.folded ORDER BY f.name, articles DESC, f.folded",
        {"commit": commit},
    )
    counts: dict[str, dict[str, int]] = {}
    for name, value, articles in rows:
        counts.setdefault(name, {})[value] = articles
    return counts
