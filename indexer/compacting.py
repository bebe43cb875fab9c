"""Drops what no view needs any more, and gives its space back.

Generations that neither answer nor are pinned nor read by anybody, the passages of history that is given
up, and words that no passage holds leave the catalog in one transaction; texts stay, so that citations
resolve. Then projections are written anew, and the file is rewritten without its gaps. A kill at any
moment leaves an index that answers as before; the next run does what is left.
"""

import datetime
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.catalog import Catalog
from indexer.committing import append
from indexer.errors import IndexLocked
from indexer.generations import Generation, active_generation, all_generations
from indexer.horizon import give_up_before, history_from
from indexer.layout import Layout
from indexer.leases import is_leased
from indexer.lexical.engine import remove_strays
from indexer.locking import held
from indexer.marks import check_mark, write_mark
from indexer.projections import Projections, remove_projections
from indexer.storage import readable_offsets
from indexer.sweeping import finish_erasures
from indexer.upkeep import upkeep

PATIENCE = 2.0
"""Seconds that readers of an earlier state are waited for; the log stays when they take longer."""

ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Compacted:
    """What was dropped, or would be: generations by number, passages of history, words.

    ``leased`` are generations that were kept because a running reader answers from them. ``history_from``
    is the oldest commit that can still be asked, None when all can. ``before`` and ``after`` are the bytes
    of the folder; ``after`` is None when nothing was done. ``folded`` is False when a reader still needed
    the log, which then shrinks with a later commit.
    """

    generations: tuple[int, ...]
    leased: tuple[int, ...]
    passages: int
    terms: int
    history_from: int | None
    before: int
    after: int | None = None
    folded: bool = False


def compact(
    folder: Path, *, history_before: datetime.datetime | None = None, dry_run: bool = False
) -> Compacted:
    """Drop what nobody needs; with ``history_before``, an instant, also what answered before it.

    Raises IndexNotFound, IndexDamaged when commits are lost, IndexLocked while another process writes or
    rebuilds.
    """
    layout = Layout(folder)
    with (
        closing(Catalog(layout)),
        upkeep(layout),
        held(layout),
        closing(Catalog(layout)) as catalog,
    ):
        with catalog.reading() as connection:
            check_mark(layout, connection)
        if not dry_run:
            with suppress(IndexLocked):  # the erasure stays unfinished, and says so
                finish_erasures(catalog, PATIENCE)
        with catalog.reading() as connection:
            plan = _planned(layout, connection, history_before)
        if dry_run:
            return plan.outcome
        _drop(catalog, plan)
        with catalog.reading() as connection:
            active = active_generation(connection)
            if active is not None:
                _rewrite_projections(layout, connection, active)
            _sweep(layout, {one.generation.id for one in all_generations(connection)})
        catalog.rewrite()
        folded = catalog.fold(PATIENCE)
    return replace(plan.outcome, after=layout.size(), folded=folded)


def _rewrite_projections(layout: Layout, connection: sqlite3.Connection, generation: Generation) -> None:
    projections = Projections(layout, generation.id)
    projections.rewrite(connection, generation)
    projections.close(connection)
    remove_strays(layout.terms(generation.id))


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to go: term keys beside what the outcome tells."""

    outcome: Compacted
    horizon: int
    orphans: NDArray[np.int64]


def _planned(
    layout: Layout, connection: sqlite3.Connection, history_before: datetime.datetime | None
) -> _Plan:
    idle = [one.generation.id for one in all_generations(connection) if not (one.active or one.pinned)]
    leased = tuple(number for number in idle if is_leased(layout.lease(number)))
    dropped = tuple(number for number in idle if number not in leased)
    known = history_from(connection)
    horizon = max(known or 0, _last_before(connection, history_before) if history_before else 0)
    passages = sum(
        _count_closed(connection, one.generation.id, horizon)
        for one in all_generations(connection)
        if one.generation.id not in dropped
    )
    orphans = _orphans(connection, dropped, horizon)
    outcome = Compacted(dropped, leased, passages, len(orphans), horizon or None, layout.size())
    return _Plan(outcome, horizon, orphans)


def _last_before(connection: sqlite3.Connection, instant: datetime.datetime) -> int:
    written = instant.astimezone(datetime.UTC).isoformat(timespec="milliseconds")
    return int(
        connection.execute("SELECT COALESCE(MAX(id), 0) FROM commits WHERE at < ?", (written,)).fetchone()[0]
    )


def _count_closed(connection: sqlite3.Connection, generation: int, horizon: int) -> int:
    return int(
        connection.execute(
            "SELECT COUNT(*) FROM passages WHERE generation = ? AND to_commit <= ?", (generation, horizon)
        ).fetchone()[0]
    )


def _orphans(connection: sqlite3.Connection, dropped: tuple[int, ...], horizon: int) -> NDArray[np.int64]:
    """Return the keys of words that no passage holds that stays."""
    highest = connection.execute("SELECT COALESCE(MAX(key), 0) FROM terms").fetchone()[0]
    orphan = np.zeros(highest + 1, bool)
    for (key,) in connection.execute("SELECT key FROM terms"):
        orphan[key] = True
    for (packed,) in connection.execute(
        "SELECT parts.terms FROM passages p JOIN parts ON parts.passage = p.key"
        " WHERE p.generation NOT IN (SELECT value FROM json_each(?))"
        " AND (p.to_commit IS NULL OR p.to_commit > ?)",
        (str(list(dropped)), horizon),
    ):
        held = readable_offsets(packed)
        orphan[held[(held > 0) & (held <= highest)]] = False
    return np.flatnonzero(orphan)


def _drop(catalog: Catalog, plan: _Plan) -> None:
    """Delete the rows in one transaction; a commit of its own, so that readers look again."""
    outcome, mark = plan.outcome, None
    # Unchecked: without an index by term, SQLite would scan all frequencies for each word that goes.
    with catalog.writing(checked=False) as connection:
        for number in outcome.generations:
            _delete_passages(connection, "generation = ?", (number,))
            connection.execute("DELETE FROM frequencies WHERE generation = ?", (number,))
            connection.execute("DELETE FROM generations WHERE id = ?", (number,))
        for (number,) in connection.execute("SELECT id FROM generations").fetchall():
            _delete_passages(connection, "generation = ? AND to_commit <= ?", (number, plan.horizon))
        for keys in _portions(plan.orphans):
            for table, column in (("frequencies", "term"), ("terms", "key")):
                connection.execute(f"DELETE FROM {table} WHERE {column} IN ({keys})")
        moved = outcome.history_from is not None and outcome.history_from != history_from(connection)
        if moved:
            give_up_before(connection, plan.horizon)
        if outcome.generations or moved:
            dropped = [f"generation {number}" for number in outcome.generations]
            dropped += [f"history before commit {plan.horizon}"] * moved
            mark = append(
                connection,
                ["compact", list(outcome.generations), plan.horizon],
                note=f"dropped {', '.join(dropped)}",
            )
    if mark is not None:
        write_mark(catalog.layout, mark)


def _delete_passages(connection: sqlite3.Connection, condition: str, values: tuple[int, ...]) -> None:
    for table, column in (("parts", "passage"), ("lost_passages", "key")):
        connection.execute(
            f"DELETE FROM {table} WHERE {column} IN (SELECT key FROM passages WHERE {condition})", values
        )
    connection.execute(f"DELETE FROM passages WHERE {condition}", values)


def _portions(keys: NDArray[np.int64]) -> Iterator[str]:
    for at in range(0, len(keys), ROWS_AT_ONCE):
        yield ",".join(map(str, keys[at : at + ROWS_AT_ONCE].tolist()))


def _sweep(layout: Layout, known: set[int]) -> None:
    """Delete projections of generations that are gone, and what killed writers left half written."""
    for number in layout.projected() - known:
        remove_projections(layout, number)
        layout.lease(number).unlink(missing_ok=True)
    for path in layout.leftovers():
        path.unlink(missing_ok=True)
