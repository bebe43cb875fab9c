"""The catalog as a whole: copied while others write, and put in the place of another.

Knows SQLite's backup interface and files; what is worth copying, and when, is known to ``backups.py``.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from indexer.connecting import connect, sqlite_named
from indexer.durable import sync_folder
from indexer.errors import IndexDamaged
from indexer.layout import Layout


def copy_catalog(connection: sqlite3.Connection, path: Path) -> None:
    """Write what a connection's snapshot holds to a new catalog file, while others go on writing.

    Raises IndexUnusable when it cannot be written.
    """
    with sqlite_named(path), closing(sqlite3.connect(path)) as target:
        connection.backup(target)


def replace_catalog(layout: Layout, draft: Layout) -> None:
    """Put the draft's catalog in the place of this one at once; whoever reads sees the old one or the new.

    The caller holds the index lock; the draft's file may be used up. A catalog that is so damaged that SQLite
    does not open it is replaced as a file.
    """
    layout.seal.unlink(missing_ok=True)
    try:
        with (
            sqlite_named(layout.catalog),
            closing(connect(layout, create=True)) as target,
            closing(connect(draft, create=True)) as source,
        ):
            # One transaction: readers of the old state are left alone and notice the new one by themselves.
            source.backup(target)
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except IndexDamaged:
        for log in ("-wal", "-shm"):
            layout.catalog.with_name(layout.catalog.name + log).unlink(missing_ok=True)
        draft.catalog.replace(layout.catalog)
        sync_folder(layout.root)
