"""Which passages a generation should have: a run for each revision, and for each title it was read with.

Knows how revisions and descriptions of an article overlap in time. Texts and vectors are no matter here.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from indexer.article import Metadata
from indexer.generations import Generation
from indexer.horizon import history_from

_NEVER = 1 << 62


@dataclass(frozen=True, slots=True)
class Run:
    """The passages of one revision while its article had one title, valid during ``[from, to)``.

    ``title`` is None where the recipe does not put titles before passages.
    """

    article: int
    revision: int
    title: str | None
    from_commit: int
    to_commit: int | None

    @property
    def name(self) -> tuple[int, int]:
        """What names a run for good: its revision and the commit at which it was born."""
        return self.revision, self.from_commit


@dataclass(frozen=True, slots=True)
class Lacking:
    """What a generation lacks, and the runs that it holds open though they have ended, or had before."""

    missing: tuple[Run, ...]
    ended: tuple[Run, ...]


def compared(connection: sqlite3.Connection, generation: Generation, articles: Sequence[int]) -> Lacking:
    """Compare what the generation should have of some articles, given by their keys, with what it has."""
    horizon = history_from(connection) or 0
    wanted = _wanted(connection, articles, with_titles=generation.recipe.title_context)
    there = _there(connection, generation.id, articles)
    missing = tuple(
        run for run in wanted if run.name not in there and (run.to_commit is None or run.to_commit > horizon)
    )
    ended = tuple(
        run for run in wanted if run.to_commit is not None and there.get(run.name, 0) > run.to_commit
    )
    return Lacking(missing, ended)


def touched(connection: sqlite3.Connection, active: int, since: int | None) -> list[int]:
    """Return the keys of the articles whose texts or titles changed after a commit, of all when None."""
    if since is None:
        rows = connection.execute("SELECT key FROM articles ORDER BY key")
    else:
        # Whatever changes a text changes passages of the active generation, which are indexed by time.
        rows = connection.execute(
            "SELECT article FROM passages WHERE generation = :active AND from_commit > :since"
            " UNION SELECT article FROM passages WHERE generation = :active AND to_commit > :since"
            " UNION SELECT article FROM descriptions WHERE from_commit > :since OR to_commit > :since"
            " ORDER BY article",
            {"active": active, "since": since},
        )
    return [row[0] for row in rows]


def _wanted(connection: sqlite3.Connection, articles: Sequence[int], *, with_titles: bool) -> list[Run]:
    listed = str(list(articles))
    titles: dict[int, list[tuple[int, int, str | None]]] = defaultdict(list)
    for article, metadata, start, end, lost in connection.execute(
        "SELECT article, metadata, from_commit, to_commit, key IN (SELECT key FROM lost_descriptions)"
        " FROM descriptions"
        " WHERE article IN (SELECT value FROM json_each(?)) ORDER BY article, from_commit",
        (listed,),
    ):
        if lost and with_titles and titles[article]:
            # Which title there was is not known any more: the one before goes on.
            title = titles[article][-1][2]
        else:
            title = Metadata.from_json(metadata).title if with_titles else None
        titles[article].append((start, end or _NEVER, title))
    revisions = connection.execute(
        "SELECT article, key, from_commit, to_commit FROM revisions"
        " WHERE article IN (SELECT value FROM json_each(?))"
        " AND key NOT IN (SELECT key FROM lost_revisions) ORDER BY article, key",
        (listed,),
    )
    return [
        Run(article, key, title, first, last if last < _NEVER else None)
        for article, key, start, end in revisions
        for first, last, title in _cut(start, end or _NEVER, titles[article])
    ]


def _cut(
    start: int, end: int, titles: Iterable[tuple[int, int, str | None]]
) -> list[tuple[int, int, str | None]]:
    """Divide ``[start, end)`` where the title changes; ``titles`` follow one another in time."""
    stretches: list[tuple[int, int, str | None]] = []
    for born, gone, title in titles:
        first, last = max(start, born), min(end, gone)
        if first >= last:
            continue
        if stretches and stretches[-1][2] == title and stretches[-1][1] == first:
            stretches[-1] = (stretches[-1][0], last, title)
        else:
            stretches.append((first, last, title))
    return stretches


def _there(
    connection: sqlite3.Connection, generation: int, articles: Sequence[int]
) -> dict[tuple[int, int], int]:
    """Return the runs that the generation has, by name, and where they end there."""
    rows = connection.execute(
        "SELECT DISTINCT p.revision, p.from_commit, p.to_commit FROM revisions r"
        " JOIN passages p ON p.revision = r.key AND +p.generation = ?"
        " WHERE r.article IN (SELECT value FROM json_each(?))",
        (generation, str(list(articles))),
    )
    return {(revision, born): end or _NEVER for revision, born, end in rows}
