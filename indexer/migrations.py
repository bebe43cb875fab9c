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


def _erasures(connection: sqlite3.Connection) -> None:
    connection.execute(_ERASURES)


_ERASURES = """
CREATE TABLE erasures (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    identity TEXT NOT NULL,                -- SHA-256 of the article's id: the id itself goes with the rest
    revision INTEGER NOT NULL,             -- its revisions up to this number are erased
    article INTEGER,                       -- whose rows are still to be deleted, null once they are
    from_commit INTEGER,                   -- the commit that deleted them, null before
    swept INTEGER NOT NULL DEFAULT 0       -- 1 once no file of the index holds a byte of it
)
"""


def _prints(connection: sqlite3.Connection) -> None:
    """Copies are found by prints: tables for them, filled from the texts that are there."""
    from indexer.copies import record_all
    from indexer.variants import record_all_bands

    for statement in _PRINTS.split(";"):
        if statement.strip():
            connection.execute(statement)
    record_all(connection)
    record_all_bands(connection)


_PRINTS = """
CREATE TABLE prints (                      -- sentences by what they say: a function of the text alone
    number INTEGER NOT NULL,               -- equal where two sentences have the same words
    revision INTEGER NOT NULL REFERENCES revisions(key) ON DELETE CASCADE,
    start INTEGER NOT NULL, stop INTEGER NOT NULL,
    PRIMARY KEY (number, revision, start)
) WITHOUT ROWID;
CREATE INDEX prints_by_revision ON prints(revision, start, stop);
CREATE TABLE bands (                       -- of a text's MinHash signature: texts much alike share some
    band INTEGER NOT NULL,
    revision INTEGER NOT NULL REFERENCES revisions(key) ON DELETE CASCADE,
    PRIMARY KEY (band, revision)
) WITHOUT ROWID;
CREATE INDEX bands_by_revision ON bands(revision);
"""


def _history(connection: sqlite3.Connection) -> None:
    """Find what a commit began and ended without reading every text."""
    for table in ("revisions", "descriptions"):
        connection.execute(f"CREATE INDEX {table}_by_birth ON {table}(from_commit, to_commit)")
        connection.execute(f"CREATE INDEX {table}_by_end ON {table}(to_commit) WHERE to_commit IS NOT NULL")


def _kept_generations(connection: sqlite3.Connection) -> None:
    """Several generations side by side, the oldest commit that can be asked, and words for a commit."""
    # The commit up to which a generation has every passage; NULL until it has been built once. The
    # active one has every passage of every commit, whatever stands there.
    connection.execute("ALTER TABLE generations ADD COLUMN complete INTEGER")
    connection.execute("ALTER TABLE generations ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0")
    connection.execute("CREATE TABLE horizon (from_commit INTEGER NOT NULL)")  # one row at most
    connection.execute("ALTER TABLE commits ADD COLUMN note TEXT")  # what it did, when it was no edit


def _lost(connection: sqlite3.Connection) -> None:
    """What was damaged in the past of articles and is given up: its rows are closed, and empty."""
    for table in ("revisions", "descriptions", "passages"):
        connection.execute(
            f"CREATE TABLE lost_{table} (key INTEGER PRIMARY KEY REFERENCES {table}(key) ON DELETE CASCADE)"
        )


STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    _first,
    _erasures,
    _prints,
    _history,
    _kept_generations,
    _lost,
)


def migrate(connection: sqlite3.Connection, name: str) -> None:
    """Bring a catalog to the newest schema, each step in a transaction of its own.

    Raises IndexTooNew, naming ``name``, when a newer civicite wrote it.
    """
    while check_version(connection, name) < len(STEPS):
        connection.execute("BEGIN IMMEDIATE")
        # Only now nobody else can be taking the same step.
        taken = check_version(connection, name)
        if taken < len(STEPS):
            STEPS[taken](connection)
            connection.execute(f"PRAGMA user_version = {taken + 1}")
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
