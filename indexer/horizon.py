"""The oldest commit whose state can still be asked: what lay before it was given up when compacting.

Texts outlive the horizon, so that citations resolve; only the passages that answered then are gone.
"""

import sqlite3


def history_from(connection: sqlite3.Connection) -> int | None:
    """Return the oldest commit that as-of questions may name; None when all of history is there."""
    row = connection.execute("SELECT from_commit FROM horizon").fetchone()
    return int(row[0]) if row else None


def give_up_before(connection: sqlite3.Connection, commit: int) -> None:
    """Note that nothing before a commit can be asked any more; the horizon never moves back."""
    commit = max(commit, history_from(connection) or 0)
    connection.execute("DELETE FROM horizon")
    connection.execute("INSERT INTO horizon (from_commit) VALUES (?)", (commit,))
