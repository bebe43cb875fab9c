"""How the catalog's file is opened with SQLite, for writing, for reading, or where nothing can be written.

Knows SQLite's modes, which file a connection was opened to, and how what SQLite raises is said in words.
Knows nothing of tables.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.errors import IndexDamaged, IndexLocked, IndexUnusable
from indexer.layout import Layout

OpenedFile = tuple[int, ...]
"""Device and inode: which file the catalog is, whatever its name. Then what changes when it is written to."""


class Fixed(sqlite3.Connection):
    """A connection that was promised that the file does not change."""


def opened_file(path: str) -> OpenedFile | None:
    """Return which file is at a path now, None when there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - every question asks it, and needs no Path for it
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def connect(layout: Layout, *, create: bool) -> sqlite3.Connection:
    """Open the catalog: to write with ``create``, else to read, where the folder cannot be written too."""
    if not os.access(layout.root, os.W_OK):
        return _connect_for_reading(layout)
    connection = _connected(str(layout.catalog))
    try:
        # What is mapped counts as the process's memory: an editor's shall not grow with the collection.
        own = _PRAGMAS if create else (*_PRAGMAS, _MAPPED)
        durable = ("page_size = 8192", "journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 0")
        for pragma in (*durable, *own):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.OperationalError:
        connection.close()
        # A full disk has no room for the memory that SQLite shares, which a reader may do without.
        if create:
            raise
        return _connect_for_reading(layout)
    return connection


def _connect_for_reading(layout: Layout) -> sqlite3.Connection:
    """Open a catalog in a folder that cannot be written, also while somebody else writes to it.

    SQLite needs a writer's shared memory beside a WAL database. Where there is none, the file may be
    declared unchanging, but only when no log waits to be folded into it.
    """
    address = layout.catalog.resolve().as_uri()
    connection = _connected(f"{address}?mode=ro")
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchall()
    except sqlite3.OperationalError:
        connection.close()
        if layout.log.exists() and layout.log.stat().st_size:
            raise IndexUnusable(
                f"{layout.log}: holds commits, and the folder cannot be written; "
                "run 'civicite status' where it can"
            ) from None
        connection = _connected(f"{address}?immutable=1", Fixed)
    for pragma in (*_PRAGMAS, _MAPPED):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _connected(target: str, factory: type[sqlite3.Connection] = sqlite3.Connection) -> sqlite3.Connection:
    return sqlite3.connect(
        target,
        timeout=TIMEOUT,
        isolation_level=None,
        check_same_thread=False,
        factory=factory,
        uri=target.startswith("file:"),
    )


TIMEOUT = 30.0
"""Seconds for which SQLite waits for others."""

# What is deleted is overwritten with zeros: rows are deleted only when no trace may stay.
_PRAGMAS = ("foreign_keys = ON", "secure_delete = ON")
_MAPPED = "mmap_size = 1073741824"
_DAMAGE = {"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT"}
_BUSY = {"SQLITE_BUSY", "SQLITE_LOCKED"}


@contextmanager
def sqlite_named(path: Path) -> Iterator[None]:
    """Turn what SQLite raises over a file into an error that names the file and the mend."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        # What is no text has no name among SQLite's errors: it is Python that cannot read it.
        if any(name.startswith(damage) for damage in _DAMAGE) or "decode to UTF-8" in str(error):
            raise IndexDamaged(f"{path}: {error}; run 'civicite verify' to see what is left") from error
        if any(name.startswith(busy) for busy in _BUSY):
            raise IndexLocked(f"{path}: {error}; try again when the other writer has finished") from error
        raise IndexUnusable(f"{path}: {error}; check the folder's permissions and the free space") from error
