"""What the catalog can give back of itself: its indexes, term statistics and facets follow from other rows.

Encodes nothing. What follows from nothing, a text or a vector or a description, is never made up: it stays
as it is, is named by every check, and comes back from a backup only.
"""

import json
import sqlite3
from contextlib import suppress

from indexer.article import Article, Metadata, day_range
from indexer.catalog import Catalog
from indexer.checking import catalog_damage, catalog_findings
from indexer.committing import description_digest, facet_values
from indexer.errors import IndexUnusable
from indexer.filters import folded
from indexer.writing import count_all


def mend(catalog: Catalog) -> None:
    """Derive anew what differs, and write all pages anew when every row is sound; the lock is held."""
    with catalog.reading() as connection:
        damage = catalog_damage(connection)
    if damage is not None:
        for step in (_indexes, _facets, _statistics):
            # What cannot even be read stays damaged, and the check that follows says so.
            with (
                suppress(IndexUnusable, sqlite3.Error, TypeError, ValueError),
                catalog.writing() as connection,
            ):
                step(connection)
    with catalog.reading() as connection:
        damage = catalog_damage(connection)
    if damage is None and catalog.altered_pages() != []:
        catalog.compact()


def _indexes(connection: sqlite3.Connection) -> None:
    connection.execute("REINDEX")


def _facets(connection: sqlite3.Connection) -> None:
    """Write facets and publication days as the descriptions say that are what was written."""
    rows = connection.execute(
        "SELECT key, metadata, digest, media_type, raw_sha256, page_starts, root, path FROM descriptions"
    ).fetchall()
    for key, metadata, noted, media_type, raw, pages, root, path in rows:
        try:
            known = Metadata.from_json(metadata)
            article = Article("", "", known, media_type, raw, tuple(json.loads(pages)), root, path)
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
        if description_digest(article) != noted:
            continue
        connection.execute("DELETE FROM facets WHERE description = ?", (key,))
        connection.executemany(
            "INSERT OR IGNORE INTO facets (description, name, folded, value) VALUES (?, ?, ?, ?)",
            [(key, name, folded(value), value) for name, value in facet_values(article)],
        )
        connection.execute(
            "UPDATE descriptions SET published_from = ?, published_to = ? WHERE key = ?",
            (*day_range(known.published), key),
        )


def _statistics(connection: sqlite3.Connection) -> None:
    """Count terms and passages anew, unless an article is damaged and its terms may be among the damage."""
    if any(finding.where.startswith("article") for finding in catalog_findings(connection)):
        return
    count_all(connection)
