"""Checks, and computes anew, what the catalog keeps of how texts are alike: their prints and their bands.

Both are functions of the stored texts alone, so that nothing but a text is needed to mend them.
"""

import hashlib
import sqlite3
from collections.abc import Iterator

from indexer.catalog import Catalog
from indexer.copies import record
from indexer.findings import Finding
from indexer.prints import prints
from indexer.variants import bands, record_bands

REPAIR = "run 'civicite verify --repair'"


def check_likeness(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Compare the prints and bands of every revision with those of its text."""
    for key in _unsound(connection):
        identity, number = connection.execute(
            "SELECT a.id, r.number FROM revisions r JOIN articles a ON a.key = r.article WHERE r.key = ?",
            (key,),
        ).fetchone()
        where = f"article {identity!r} revision {number}"
        yield Finding("damage", where, "its prints are not those of its text", REPAIR, revision=key)
    stray = connection.execute(
        "SELECT (SELECT COUNT(*) FROM prints WHERE revision NOT IN (SELECT key FROM revisions))"
        " + (SELECT COUNT(*) FROM bands WHERE revision NOT IN (SELECT key FROM revisions))"
    ).fetchone()[0]
    if stray:
        yield Finding("damage", "catalog.sqlite: prints", f"{stray} belong to no revision", REPAIR)


def mend_likeness(catalog: Catalog) -> None:
    """Compute anew the prints and bands that are not those of their text."""
    with catalog.reading() as connection:
        if not any(check_likeness(connection)):
            return
    with catalog.writing() as connection:
        for table in ("prints", "bands"):
            connection.execute(f"DELETE FROM {table} WHERE revision NOT IN (SELECT key FROM revisions)")
        for key in list(_unsound(connection)):
            for table in ("prints", "bands"):
                connection.execute(f"DELETE FROM {table} WHERE revision = ?", (key,))
            text = connection.execute("SELECT text FROM revisions WHERE key = ?", (key,)).fetchone()[0]
            record(connection, key, prints(text))
            record_bands(connection, key, bands(text))


def _unsound(connection: sqlite3.Connection) -> Iterator[int]:
    """Yield the revisions whose prints or bands are not those of their text.

    A text that is not what was written is named elsewhere, and nothing can be said of its prints.
    """
    for (key,) in connection.execute("SELECT key FROM revisions ORDER BY key").fetchall():
        row = connection.execute(
            "SELECT CAST(text AS BLOB), CAST(sha256 AS BLOB) FROM revisions WHERE key = ?", (key,)
        ).fetchone()
        # On a damaged page a key may be listed whose row cannot be found any more.
        if row is None or hashlib.sha256(row[0] or b"").hexdigest().encode() != row[1]:
            continue
        text = row[0].decode()
        found = connection.execute(
            "SELECT start, stop, number FROM prints WHERE revision = ? ORDER BY start", (key,)
        ).fetchall()
        kept = {row[0] for row in connection.execute("SELECT band FROM bands WHERE revision = ?", (key,))}
        if found != [tuple(one) for one in prints(text)] or kept != set(bands(text)):
            yield key
