"""Rows against each other: what no digest of a single row can tell. Reads the catalog and changes nothing.

The schema is what the migrations make; one generation answers; and an article's revisions and
descriptions follow each other without overlap and cover the same commits.
"""

import sqlite3
from collections.abc import Callable, Iterator

from indexer.findings import FROM_BACKUP, Finding
from indexer.migrations import migrate
from indexer.recipe import Recipe

Interval = tuple[int, int | None]
"""``[from_commit, to_commit)``; None while it lasts."""


def _schema(connection: sqlite3.Connection) -> Iterator[Finding]:
    """A flipped letter in a column's type would change how values compare, and nobody would be told."""
    statement = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(fresh, "a new catalog")
        wanted = fresh.execute(statement).fetchall()
        version = fresh.execute("PRAGMA user_version").fetchone()
    finally:
        fresh.close()
    taken = connection.execute("PRAGMA user_version").fetchone()
    # A catalog that an earlier civicite wrote is migrated by the next edit.
    if taken == version and connection.execute(statement).fetchall() != wanted:
        yield Finding("damage", "catalog.sqlite", "its schema is not what was written", FROM_BACKUP)


def _generations(connection: sqlite3.Connection) -> Iterator[Finding]:
    rows = connection.execute("SELECT id, recipe, active FROM generations").fetchall()
    commits = connection.execute("SELECT COUNT(*) FROM commits").fetchone()[0]
    if [active for *_, active in rows if active] != [1] and (rows or commits):
        yield Finding("damage", "catalog.sqlite: generations", "not exactly one of them answers", FROM_BACKUP)
    for number, recipe, _ in rows:
        try:
            Recipe.from_json(recipe)
        except (ValueError, TypeError):
            where = f"catalog.sqlite: generation {number}"
            yield Finding("damage", where, "its recipe is not what was written", FROM_BACKUP)


def _lifetimes(connection: sqlite3.Connection) -> Iterator[Finding]:
    described = _stretches(connection, "descriptions")
    revised = _stretches(connection, "revisions")
    for key in sorted(described.keys() | revised.keys()):
        if described.get(key, ()) != revised.get(key, []):
            row = connection.execute("SELECT CAST(id AS BLOB) FROM articles WHERE key = ?", (key,)).fetchone()
            name = repr((row[0] if row else b"?").decode("utf-8", "replace"))
            problem = "its revisions and descriptions do not follow each other"
            yield Finding("damage", f"article {name}", problem, FROM_BACKUP, articles=(key,))


def _stretches(connection: sqlite3.Connection, table: str) -> dict[int, list[Interval] | None]:
    """Return by article the commits that its rows cover, joined where they meet; None where they overlap."""
    found: dict[int, list[Interval] | None] = {}
    rows = connection.execute(
        f"SELECT article, from_commit, to_commit FROM {table} ORDER BY article, from_commit"
    )
    for article, first, last in rows:
        before = found.setdefault(article, [])
        if before is None:
            continue
        if not before:
            before.append((first, last))
        elif before[-1][1] is None or before[-1][1] > first:
            found[article] = None
        elif before[-1][1] == first:
            before[-1] = (before[-1][0], last)
        else:
            before.append((first, last))
    return found


CONSISTENCY: tuple[Callable[[sqlite3.Connection], Iterator[Finding]], ...] = (
    _lifetimes,
    _generations,
    _schema,
)
