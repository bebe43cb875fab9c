"""What each commit did to which article, and which articles differ between two commits.

Read from the intervals in which revisions and descriptions are valid: there is no second record that could
say something else. Knows neither passages nor engines, so that nothing is loaded for it.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from indexer.catalog import Catalog, valid_at
from indexer.layout import Layout
from indexer.marks import check_mark
from indexer.moments import Moment, reach

Outcome = Literal["added", "changed", "described", "withdrawn"]
"""``changed`` is another text, ``described`` the same text with another description (metadata, file)."""


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to an article: its revision before and after, None where there is none."""

    article_id: str
    outcome: Outcome
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit; ``at`` is in UTC, ISO 8601. ``changed`` counts the articles described anew, too."""

    commit: int
    at: str
    added: int
    changed: int
    withdrawn: int
    articles: tuple[Change, ...]
    note: str | None = None
    """What it did, when it was no edit."""

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Difference:
    """The articles that differ between two commits, by id; ``before`` may be the later of the two."""

    before: int
    after: int
    articles: tuple[Change, ...]


def list_commits(folder: Path, limit: int, before: int | None = None) -> list[Commit]:
    """List an index's commits, the newest first: ``limit`` of them, of those before the given number."""
    # SQLite has no room for larger numbers, and no commit has one.
    before = before if before is None else max(0, min(before, 2**63 - 1))
    with _reading(folder) as connection:
        rows = connection.execute(
            "SELECT id, at, added, changed, withdrawn, note FROM commits WHERE ? IS NULL OR id < ?"
            " ORDER BY id DESC LIMIT ?",
            (before, before, limit),
        ).fetchall()
        if not rows:
            return []
        changes = _changes(connection, rows[-1][0], rows[0][0])
        return [
            Commit(number, at, added, changed, withdrawn, changes.get(number, ()), note)
            for number, at, added, changed, withdrawn, note in rows
        ]


def difference(folder: Path, before: Moment, after: Moment) -> Difference:
    """Compare the articles of two moments; raises InputError, naming ``C1`` or ``C2``."""
    with _reading(folder) as connection:
        numbers = [reach(connection, one, name).mark.commit for name, one in (("C1", before), ("C2", after))]
        first, second = (_standing(connection, numbers, commit) for commit in numbers)
        found = (_compared(one, first.get(one), second.get(one)) for one in sorted({*first, *second}))
        return Difference(numbers[0], numbers[1], tuple(change for change in found if change))


def commits_at(folder: Path, before: Moment, after: Moment) -> tuple[int, int]:
    """Return the numbers of the commits that two moments mean; raises InputError like ``difference``."""
    with _reading(folder) as connection:
        first, second = reach(connection, before, "C1"), reach(connection, after, "C2")
        return first.mark.commit, second.mark.commit


@contextmanager
def _reading(folder: Path) -> Iterator[sqlite3.Connection]:
    layout = Layout(folder)
    with closing(Catalog(layout)) as catalog, catalog.reading() as connection:
        check_mark(layout, connection)
        yield connection


def _changes(connection: sqlite3.Connection, first: int, last: int) -> dict[int, tuple[Change, ...]]:
    """Return what the commits from ``first`` to ``last`` did, each by article id."""
    span = {"first": first, "last": last}
    born, ended = (
        {
            (commit, identity): number
            for commit, identity, number in connection.execute(
                f"SELECT r.{column}, a.id, r.number FROM revisions r JOIN articles a ON a.key = r.article"
                f" WHERE r.{column} BETWEEN :first AND :last",
                span,
            )
        }
        for column in ("from_commit", "to_commit")
    )
    described = {
        (commit, identity): number
        for commit, identity, number in connection.execute(
            "SELECT d.from_commit, a.id, MAX(r.number) FROM descriptions d"
            " JOIN articles a ON a.key = d.article"
            " JOIN revisions r ON r.article = a.key AND r.from_commit <= d.from_commit"
            " WHERE d.from_commit BETWEEN :first AND :last GROUP BY d.key",
            span,
        )
    }
    places = sorted({*born, *ended, *described})
    changes = (
        (commit, _change(identity, *(table.get((commit, identity)) for table in (ended, born, described))))
        for commit, identity in places
    )
    return {
        commit: tuple(change for _, change in some) for commit, some in groupby(changes, lambda pair: pair[0])
    }


def _change(identity: str, ended: int | None, born: int | None, described: int | None) -> Change:
    if ended is None and born is None:
        return Change(identity, "described", described, described)
    outcome: Outcome = "added" if ended is None else "withdrawn" if born is None else "changed"
    return Change(identity, outcome, ended, born)


def _standing(
    connection: sqlite3.Connection, numbers: Iterable[int], commit: int
) -> dict[str, tuple[int, str, str]]:
    """Return how the articles stand at a commit that anything happened to between the two: by id."""
    parts = (
        f"SELECT article FROM {table} WHERE {column} > :first AND {column} <= :last"
        for table in ("revisions", "descriptions")
        for column in ("from_commit", "to_commit")
    )
    rows = connection.execute(
        "SELECT a.id, r.number, r.sha256, d.digest FROM articles a"
        f" CROSS JOIN revisions r ON r.article = a.key AND {valid_at('r')}"
        f" CROSS JOIN descriptions d ON d.article = a.key AND {valid_at('d')}"
        f" WHERE a.key IN ({' UNION '.join(parts)})",
        {"first": min(numbers), "last": max(numbers), "commit": commit},
    )
    return {identity: (number, sha256, digest) for identity, number, sha256, digest in rows}


def _compared(
    identity: str, before: tuple[int, str, str] | None, after: tuple[int, str, str] | None
) -> Change | None:
    """Return how an article differs, None when it was taken back to what it was."""
    if before is None or after is None:
        outcome: Outcome = "withdrawn" if after is None else "added"
        return Change(identity, outcome, before and before[0], after and after[0])
    if before[1:] == after[1:]:
        return None
    return Change(identity, "changed" if before[1] != after[1] else "described", before[0], after[0])
