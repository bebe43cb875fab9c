"""Facets with counts: what the current articles can be filtered by. Knows the facets table and no filter."""

import sqlite3


def facet_counts(connection: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """Count the current articles by facet name and value; names by alphabet, the most frequent value first.

    Values that differ in case only are one value, as they are for filters.
    """
    rows = connection.execute(
        "SELECT f.name, MIN(f.value), COUNT(*) AS articles FROM descriptions d"
        " JOIN facets f ON f.description = d.key WHERE d.to_commit IS NULL"
        " GROUP BY f.name, f.folded ORDER BY f.name, articles DESC, f.folded"
    )
    counts: dict[str, dict[str, int]] = {}
    for name, value, articles in rows:
        counts.setdefault(name, {})[value] = articles
    return counts
