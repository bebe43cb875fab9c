"""The service's own small database, beside the index folder: API keys and what people say of answers.

Not in the catalog, which holds what articles say and nothing of who asks; and not in the index folder,
every byte of which ``civicite verify`` answers for.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from indexer import IndexUnusable

VERSION = 1

_SCHEMA = """
CREATE TABLE keys (
    id TEXT PRIMARY KEY,                   -- public, the part of a key that is shown
    digest TEXT NOT NULL,                  -- SHA-256 of the whole key, in hexadecimal
    scope TEXT NOT NULL,
    name TEXT NOT NULL,                    -- whose it is, or what for
    created TEXT NOT NULL,                 -- UTC, ISO 8601
    revoked TEXT
);
CREATE TABLE feedback (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,                      -- UTC, ISO 8601
    question TEXT NOT NULL,
    verdict TEXT NOT NULL,                 -- right or wrong
    comment TEXT,
    article_id TEXT, quote TEXT,           -- what would have been right
    state TEXT,                            -- JSON: commit, generation and ranker that answered
    key TEXT                               -- id of the key that was used
);
"""


def store_of(index: Path) -> Path:
    """Return where the database of an index is: beside it, so that it survives the index being built anew."""
    folder = index.absolute()
    return folder.with_name(f"{folder.name}.service.sqlite")


@contextmanager
def opened(file: Path, *, create: bool = False) -> Iterator[sqlite3.Connection | None]:
    """Yield a connection in one transaction; None where there is no database and none is to be made.

    Raises IndexUnusable, naming the file, when it cannot be read or written.
    """
    if not create and not file.is_file():
        yield None
        return
    try:
        if not file.exists():
            # Digests of keys are no secrets, comments may be: nobody else need read them.
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(file, timeout=10)) as connection, connection:
            _prepare(connection)
            connection.execute("PRAGMA secure_delete = ON")
            yield connection
    except (sqlite3.Error, OSError) as error:
        raise IndexUnusable(
            f"{file}: {error}; check the folder's permissions, or move the file away to begin a new one"
        ) from error


def _prepare(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise sqlite3.DatabaseError("a newer civicite wrote it")
    if version == 0:
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            for statement in _SCHEMA.split(";\n"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
