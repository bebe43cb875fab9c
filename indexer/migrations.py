"""The catalog's schema as a list of numbered steps; SQLite's ``user_version`` says how many were taken.

A step is never changed once released: a new one is added below it. Every key is AUTOINCREMENT, because
SQLite reuses plain row ids and a stale projection would then point at another passage. A row that is
valid during ``[from_commit, to_commit)`` is never overwritten, only closed by setting ``to_commit``.
"""

import sqlite3
from collections.abc import Callable

from indexer.errors import IndexTooNew


def _first(connection: sqlite3.Connection) -> None:
    for statement in _FIRST.split(";"):
        if statement.strip():
            connection.execute(statement)


_FIRST = """
CREATE TABLE commits (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,                      -- UTC, ISO 8601
    chain TEXT NOT NULL,                   -- SHA-256 over the chain before and what this commit changed
    added INTEGER NOT NULL, changed INTEGER NOT NULL, withdrawn INTEGER NOT NULL
);
CREATE TABLE generations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    recipe TEXT NOT NULL,                  -- canonical JSON of everything that decides passages and vectors
    active INTEGER NOT NULL DEFAULT 0,     -- 1 for the one that answers
    passages INTEGER NOT NULL DEFAULT 0,   -- passages alive now, and the terms in all of them:
    terms INTEGER NOT NULL DEFAULT 0       --   what BM25 needs beside document frequencies
);
CREATE TABLE articles (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE
);
CREATE TABLE descriptions (                -- metadata, changes without a new revision
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    article INTEGER NOT NULL REFERENCES articles(key),
    metadata TEXT NOT NULL,                -- canonical JSON
    digest TEXT NOT NULL,                  -- SHA-256 over all of the description
    raw_sha256 TEXT NOT NULL,              -- of the bytes it was read from
    media_type TEXT NOT NULL,
    page_starts TEXT NOT NULL,             -- JSON list of offsets in the canonical text
    published_from TEXT, published_to TEXT, -- first and last day that the publication date may mean
    root TEXT, path TEXT,                  -- the PATH given to the indexer, and the file below it
    from_commit INTEGER NOT NULL, to_commit INTEGER
);
CREATE INDEX descriptions_by_article ON descriptions(article, from_commit);
CREATE INDEX descriptions_by_root ON descriptions(root) WHERE to_commit IS NULL;
CREATE TABLE facets (
    description INTEGER NOT NULL REFERENCES descriptions(key),
    name TEXT NOT NULL, folded TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (name, folded, description)
) WITHOUT ROWID;
CREATE INDEX facets_by_description ON facets(description);
CREATE TABLE revisions (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    article INTEGER NOT NULL REFERENCES articles(key),
    number INTEGER NOT NULL,               -- 1, 2, … within the article
    sha256 TEXT NOT NULL,                  -- of text in UTF-8
    text TEXT NOT NULL,
    from_commit INTEGER NOT NULL, to_commit INTEGER,
    UNIQUE (article, number)
);
CREATE INDEX revisions_by_text ON revisions(sha256);
CREATE TABLE passages (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    generation INTEGER NOT NULL REFERENCES generations(id),
    article INTEGER NOT NULL REFERENCES articles(key),
    revision INTEGER NOT NULL REFERENCES revisions(key),
    ordinal INTEGER NOT NULL,              -- 0, 1, … within the revision
    start INTEGER NOT NULL, stop INTEGER NOT NULL,
    terms INTEGER NOT NULL,                -- its length for BM25
    vector BLOB NOT NULL,                  -- float16, little-endian
    from_commit INTEGER NOT NULL, to_commit INTEGER
);
CREATE INDEX passages_by_revision ON passages(revision, generation);
CREATE INDEX passages_by_birth ON passages(generation, from_commit);
CREATE INDEX passages_by_end ON passages(generation, to_commit) WHERE to_commit IS NOT NULL;
CREATE TABLE parts (                       -- what only candidates need, apart so that scans stay quick
    passage INTEGER PRIMARY KEY REFERENCES passages(key),
    context TEXT NOT NULL,                 -- the title put before the passage, or nothing
    spans BLOB NOT NULL,                   -- int32 pairs: sentences, offsets in the canonical text
    kinds BLOB NOT NULL,                   -- uint8 per sentence
    vectors BLOB NOT NULL,                 -- float16 rows, one a sentence
    counts BLOB NOT NULL,                  -- int32: terms of the context, then of each sentence
    terms BLOB NOT NULL,                   -- int32 term keys in order: context, then sentences
    digest BLOB NOT NULL                   -- of all that the passage is, checked when it is read
);
CREATE TABLE terms (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    term TEXT NOT NULL UNIQUE
);
CREATE TABLE frequencies (                 -- passages alive now that hold the term
    generation INTEGER NOT NULL REFERENCES generations(id),
    term INTEGER NOT NULL REFERENCES terms(key),
    passages INTEGER NOT NULL,
    PRIMARY KEY (generation, term)
) WITHOUT ROWID;
"""

STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first,)


def migrate(connection: sqlite3.Connection, name: str) -> None:
    """Bring a catalog to the newest schema, each step in a transaction of its own.

    Raises IndexTooNew, naming ``name``, when a newer civicite wrote it.
    """
    taken = check_version(connection, name)
    for number, step in enumerate(STEPS[taken:], taken + 1):
        connection.execute("BEGIN IMMEDIATE")
        step(connection)
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")


def check_version(connection: sqlite3.Connection, name: str) -> int:
    """Return the number of steps the catalog has taken; raises IndexTooNew when we know fewer."""
    taken = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if taken > len(STEPS):
        raise IndexTooNew(
            f"{name}: its schema is number {taken}, this civicite knows {len(STEPS)}; "
            "upgrade civicite, or index the articles anew into another folder"
        )
    return taken
