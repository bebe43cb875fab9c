"""The catalog's file: opened, migrated, read in one snapshot, written in one transaction.

Knows SQLite's modes and the commit counter with its hash chain. What the rows mean is known to
``committing.py``, which writes them, and to ``view.py``, which reads them.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from indexer.errors import IndexDamaged, IndexLocked, IndexNotFound, IndexUnusable
from indexer.layout import Layout
from indexer.migrations import check_version, migrate

GENESIS = "0" * 64
"""The chain before the first commit."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """A commit's number with its hash chain: a restored backup can repeat a number, but not a chain."""

    commit: int
    chain: str


EMPTY = Watermark(0, GENESIS)


def link(chain: str, changes: object) -> str:
    """Return the next chain: SHA-256 over the chain so far and what the commit changes, as canonical JSON."""
    written = json.dumps(changes, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{chain}\n{written}".encode()).hexdigest()


class Catalog:
    """One catalog file; a connection is lent for each transaction and kept for the next one.

    Raises IndexNotFound, IndexTooNew or IndexDamaged when it cannot be opened.
    """

    def __init__(self, layout: Layout, *, create: bool = False) -> None:
        if not create and not layout.catalog.is_file():
            raise IndexNotFound(
                f"{layout.root}: there is no index here; "
                f"make one with 'civicite index PATH --index {layout.root}'"
            )
        self.layout = layout
        self._idle: list[sqlite3.Connection] = []
        with _sqlite_named(layout.catalog):
            if create:
                layout.root.mkdir(parents=True, exist_ok=True)
            with self._lent() as connection:
                if create:
                    migrate(connection, str(layout.catalog))
                check_version(connection, str(layout.catalog))

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One snapshot: whatever is committed meanwhile, every query sees the same state."""
        with _sqlite_named(self.layout.catalog), self._lent() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or, when anything is raised, nothing."""
        with _sqlite_named(self.layout.catalog), self._lent() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close what is not in use; the last to close folds the log into the catalog."""
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        # Taking from and adding to a list is atomic. The one used last is lent first: its cache is warm.
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = _connect(self.layout.catalog)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)


def watermark(connection: sqlite3.Connection) -> Watermark:
    """Return the newest commit as this connection's snapshot sees it."""
    row = connection.execute("SELECT id, chain FROM commits ORDER BY id DESC LIMIT 1").fetchone()
    return Watermark(*row) if row else EMPTY


def write_mark(layout: Layout, mark: Watermark) -> None:
    """Note the last commit outside the catalog, replacing the mark atomically and durably."""
    write_atomically(layout.mark, json.dumps({"commit": mark.commit, "chain": mark.chain}).encode())


def read_mark(layout: Layout) -> Watermark | None:
    """Return the mark, None when there is none; raises IndexDamaged when it cannot be understood."""
    if not layout.mark.exists():
        return None
    try:
        noted = json.loads(layout.mark.read_bytes())
        return Watermark(int(noted["commit"]), str(noted["chain"]))
    except (ValueError, KeyError, TypeError) as error:
        raise IndexDamaged(
            f"{layout.mark}: not readable as a mark ({error}); run 'civicite verify --repair'"
        ) from error


def check_mark(layout: Layout, connection: sqlite3.Connection) -> None:
    """Raise IndexDamaged when the mark knows a commit that the catalog has lost.

    A mark behind the catalog is no damage: the writer was stopped between its commit and its mark.
    """
    noted = read_mark(layout)
    if noted is None or noted.commit == 0:
        return
    row = connection.execute("SELECT chain FROM commits WHERE id = ?", (noted.commit,)).fetchone()
    if row is None or row[0] != noted.chain:
        raise IndexDamaged(
            f"{layout.catalog}: commit {noted.commit} was reported as done and is not there; restore a "
            "backup, or accept what is left with 'civicite verify --repair' and index the articles again"
        )


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power failure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames within a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _connect(path: Path) -> sqlite3.Connection:
    if not os.access(path.parent, os.W_OK):
        return _connect_for_reading(path)
    connection = _connected(str(path))
    for pragma in ("page_size = 8192", "journal_mode = WAL", "synchronous = FULL", *_PRAGMAS):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _connect_for_reading(path: Path) -> sqlite3.Connection:
    """Open a catalog in a folder that cannot be written, also while somebody else writes to it.

    SQLite needs a writer's shared memory beside a WAL database. Where there is none, the file may be
    declared unchanging, but only when no log waits to be folded into it.
    """
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro",
        timeout=30,
        isolation_level=None,
        check_same_thread=False,
        uri=True,
    )
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchall()
    except sqlite3.OperationalError:
        connection.close()
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            raise IndexUnusable(
                f"{log}: holds commits, and the folder cannot be written; "
                "run 'civicite status' as the folder's owner"
            ) from None
        connection = _connected(f"{path.resolve().as_uri()}?immutable=1")
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _connected(target: str) -> sqlite3.Connection:
    uri = target.startswith("file:")
    return sqlite3.connect(target, timeout=30, isolation_level=None, check_same_thread=False, uri=uri)


_PRAGMAS = ("foreign_keys = ON", "mmap_size = 1073741824")
_DAMAGE = {"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT"}
_BUSY = {"SQLITE_BUSY", "SQLITE_LOCKED"}


@contextmanager
def _sqlite_named(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        if any(name.startswith(damage) for damage in _DAMAGE):
            raise IndexDamaged(f"{path}: {error}; run 'civicite verify' to see what is left") from error
        if any(name.startswith(busy) for busy in _BUSY):
            raise IndexLocked(f"{path}: {error}; try again when the other writer has finished") from error
        raise IndexUnusable(f"{path}: {error}; check the folder's permissions and the free space") from error
