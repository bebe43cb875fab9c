"""What the catalog can give back of itself: its indexes, term statistics and facets follow from other rows.

Encodes nothing. What follows from nothing, a text or a vector or a description, is never made up. Where it
is current it stays as it is and is named by every check, until its article is indexed again. Where it is of
the past, it is given up (``lost.py``).
"""

import sqlite3
from contextlib import suppress

from indexer.catalog import Catalog
from indexer.checking import catalog_damage, catalog_findings
from indexer.describing import DESCRIBED, derive, described, is_derived
from indexer.errors import IndexUnusable
from indexer.lost import give_up_all
from indexer.writing import count_all


def mend(catalog: Catalog) -> None:
    """Derive anew what differs, and write all pages anew when every row is sound; the lock is held."""
    with catalog.reading() as connection:
        damage = catalog_damage(connection)
    if damage is not None:
        for step in (_indexes, _facets, give_up_all, _statistics):
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
    rows = connection.execute(f"SELECT d.key, {DESCRIBED} FROM descriptions d").fetchall()
    for key, *stored in rows:
        if (known := described(stored)) is not None and not is_derived(connection, key, known):
            derive(connection, key, known)


def _statistics(connection: sqlite3.Connection) -> None:
    """Count terms and passages anew, unless an article is damaged and its terms may be among the damage."""
    if any(finding.where.startswith("article") for finding in catalog_findings(connection)):
        return
    count_all(connection)
