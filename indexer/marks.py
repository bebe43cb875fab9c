"""Commits as a chain of hashes, and the mark outside the catalog that remembers the last of them.

The chain tells histories with the same numbers apart; by the mark a commit that was lost is noticed.
"""

import hashlib
import json
import sqlite3
from dataclasses import dataclass

from indexer.durable import write_atomically
from indexer.errors import IndexDamaged, IndexUnusable
from indexer.findings import ACCEPT, GONE
from indexer.layout import Layout

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


def watermark(connection: sqlite3.Connection) -> Watermark:
    """Return the newest commit as this connection's snapshot sees it."""
    row = connection.execute("SELECT id, chain FROM commits ORDER BY id DESC LIMIT 1").fetchone()
    return Watermark(*row) if row else EMPTY


def write_mark(layout: Layout, mark: Watermark) -> None:
    """Note the last commit outside the catalog, replacing the mark atomically and durably."""
    write_atomically(layout.mark, json.dumps({"commit": mark.commit, "chain": mark.chain}).encode())


def read_mark(layout: Layout) -> Watermark | None:
    """Return the mark, None when there is none.

    Raises IndexUnusable when it cannot be read, and IndexDamaged when it cannot be understood.
    """
    try:
        noted = json.loads(layout.mark.read_bytes())
        return Watermark(int(noted["commit"]), str(noted["chain"]))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise IndexUnusable(f"{layout.mark}: {error.strerror}; check its permissions") from error
    except (ValueError, KeyError, TypeError) as error:
        raise IndexDamaged(
            f"{layout.mark}: not readable as a mark ({error}); run 'civicite verify --repair'"
        ) from error


def is_gone(layout: Layout) -> bool:
    """Tell whether there was a catalog, of which the mark outside remembers commits, and is none any more."""
    try:
        noted = None if layout.catalog.is_file() else read_mark(layout)
    except IndexDamaged:
        return True  # there is a mark, and it was written after a commit
    return noted is not None and noted.commit > 0


def check_there(layout: Layout) -> None:
    """Raise IndexDamaged when the catalog is gone: an empty one in its place would look like a new index."""
    if is_gone(layout):
        raise IndexDamaged(f"{layout.catalog}: {GONE}; {ACCEPT}")


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
            f"{layout.catalog}: commit {noted.commit} was reported as done and is not there; {ACCEPT}"
        )
