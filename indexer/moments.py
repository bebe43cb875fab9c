"""Moments of an index's history: how one is written, and the commit that it means.

A moment is a commit's number, a date (the end of that day), or an instant; days and instants without a
zone are in UTC. It means the last commit that had been made by then, by the clock of the machine that made
it. Knows the table of commits and nothing of what they hold.
"""

import datetime
import re
import sqlite3
from dataclasses import dataclass

from indexer.errors import InputError
from indexer.horizon import history_from
from indexer.marks import EMPTY, Watermark

Moment = int | str | datetime.date
"""A commit's number, a date or an instant (``datetime`` is a ``date``), or either as ISO 8601 or digits."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The commit that a moment means, commit 0 before the first one; ``instant`` is in UTC, ISO 8601.

    A commit that was asked for by its number was reached at its own instant; commit 0 has none.
    """

    mark: Watermark
    instant: str | None


def reach(connection: sqlite3.Connection, moment: Moment, where: str = "as_of") -> Reached:
    """Return the commit that a moment means; raises InputError, naming ``where``."""
    read = _read(moment, where)
    if isinstance(read, int):
        return _numbered(connection, read, where)
    row = connection.execute(
        "SELECT id, chain FROM commits WHERE at <= ? ORDER BY id DESC LIMIT 1", (read,)
    ).fetchone()
    return Reached(Watermark(*row) if row else EMPTY, read)


def check_kept(connection: sqlite3.Connection, reached: Reached) -> None:
    """Raise InputError when the passages of that time were given up by a compaction."""
    oldest = history_from(connection)
    if oldest is None or reached.mark.commit == 0 or reached.mark.commit >= oldest:
        return
    at = connection.execute("SELECT at FROM commits WHERE id = ?", (oldest,)).fetchone()[0]
    raise InputError(
        "as_of",
        f"what was known before commit {oldest} was given up by 'civicite compact'",
        f"ask for {at[:19]}Z or later, or restore a backup of that time",
    )


def first_instant(connection: sqlite3.Connection) -> str | None:
    """Return when the first commit was made, None while there is none."""
    row = connection.execute("SELECT at FROM commits ORDER BY id LIMIT 1").fetchone()
    return str(row[0]) if row else None


def _numbered(connection: sqlite3.Connection, number: int, where: str) -> Reached:
    if number == 0:
        return Reached(EMPTY, None)
    newest = connection.execute("SELECT MAX(id) FROM commits").fetchone()[0] or 0
    row = None
    if 0 < number <= newest:
        row = connection.execute("SELECT id, chain, at FROM commits WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise InputError(where, "there is no commit by that number", f"use 0 to {newest}, see 'civicite log'")
    return Reached(Watermark(row[0], row[1]), row[2])


def _read(moment: Moment, where: str) -> int | str:
    """Return a commit's number, or an instant as the table of commits writes it."""
    if isinstance(moment, int):
        return moment
    try:
        if not isinstance(moment, str):
            return _written(moment)
        text = moment.strip()
        return int(text) if re.fullmatch("[0-9]{1,18}", text) else _written(_parsed(text))
    except (ValueError, OverflowError) as error:
        raise InputError(
            where,
            "it is neither a date, an instant nor a commit's number",
            "write it as 2020-02-05, 2020-02-05T14:00:00Z or 17",
        ) from error


def _parsed(text: str) -> datetime.date:
    if len(text) <= LONGEST_DATE:
        return datetime.date.fromisoformat(text)
    return datetime.datetime.fromisoformat(text)


LONGEST_DATE = len("2020-02-05")
"""Characters; whatever is longer has a time of day."""


def _written(moment: datetime.date) -> str:
    """Write an instant as commits do, to the millisecond; a date is the end of its day."""
    if not isinstance(moment, datetime.datetime):
        moment = datetime.datetime.combine(moment, datetime.time.max)
    in_utc = moment.astimezone(datetime.UTC) if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
    return in_utc.isoformat(timespec="milliseconds")
