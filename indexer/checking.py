"""Checks an index folder without changing it: every row of the catalog, the mark, the projections.

Reads row by row, so that memory does not grow with the collection. A finding is either damage (bytes are
not what was written), staleness (a projection lags, as after a kill, and catches up by itself), or what was
damaged in the past of an article and is given up.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from indexer.catalog import Catalog
from indexer.consistency import CONSISTENCY
from indexer.describing import DESCRIBED, described, is_derived
from indexer.erasing import is_unswept
from indexer.errors import IndexDamaged, IndexUnusable
from indexer.findings import ACCEPT, AGAIN, FROM_BACKUP, GIVE_UP, GONE, Finding, shown, unreadable
from indexer.generations import all_generations
from indexer.inspecting import REBUILD, check_projections, inspect
from indexer.layout import Layout
from indexer.likeness import check_likeness
from indexer.lost import check_lost
from indexer.marks import Watermark, is_gone, read_mark, watermark
from indexer.pages import read_seal
from indexer.soundness import check_passages
from indexer.subscriptions import FEEDS_AGAIN, remembered


def check(folder: Path) -> Iterator[Finding]:
    """Yield what is wrong with an index, nothing when all is well.

    Raises IndexNotFound or IndexTooNew when there is nothing that can be checked.
    """
    layout = Layout(folder)
    if is_gone(layout):
        yield Finding("damage", str(layout.catalog), GONE, ACCEPT)
        yield from _check_sources(layout)
        return
    try:
        catalog = Catalog(layout)
        with catalog.reading() as connection:
            generations = all_generations(connection)
    except (IndexDamaged, ValueError, TypeError) as error:
        yield _unreadable(layout, error)
        return
    try:
        # What lies outside the catalog is read before the catalog's snapshot: a writer that goes on
        # meanwhile then makes it look stale at most.
        mark = _mark(layout)
        inspected = [
            inspect(layout, one.generation, active=one.active)
            for one in generations
            if one.active or one.generation.id in layout.projected()
        ]
        with catalog.reading() as connection:
            damage = list(catalog_findings(connection))
            yield from damage
            if all(one.kind == "lost" for one in damage):
                yield from _check_seal(layout, catalog.altered_pages(), watermark(connection))
            yield from _guarded(lambda: _check_mark(layout, connection, mark))
            yield from _check_sources(layout)
            unswept = is_unswept(connection)
            for one in inspected:
                if unswept and not one.active:
                    continue  # it goes with what is left to do for the erasure
                yield from _guarded(lambda one=one: check_projections(connection, one))  # type: ignore[misc]
        for number in sorted(layout.projected() - {one.generation.id for one in generations}):
            yield Finding(
                "stale", f"generation {number}", "is gone, its files are not", "run 'civicite compact'"
            )
    except IndexDamaged as error:
        yield _unreadable(layout, error)
    finally:
        catalog.close()


def catalog_damage(connection: sqlite3.Connection) -> Finding | None:
    """Return the first damage that the catalog's own rows show, None when they are what was written."""
    return next((one for one in catalog_findings(connection) if one.kind == "damage"), None)


def catalog_findings(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Yield what is wrong with the catalog's rows, one by one and against each other."""
    # Articles are named first: what else is wrong follows from it more often than not.
    for step in (
        _revisions,
        _descriptions,
        check_passages,
        check_likeness,
        check_lost,
        _commits,
        _erasures,
        *CONSISTENCY,
        _pages,
    ):
        yield from _guarded(lambda step=step: step(connection))  # type: ignore[misc]


def _unreadable(layout: Layout, error: Exception) -> Finding:
    """Say that the catalog as a whole cannot be read; what SQLite raises sends to this very check."""
    cause = error.__cause__
    problem = f"cannot be read ({cause})" if isinstance(cause, sqlite3.Error) else str(error)
    return Finding("damage", str(layout.catalog), problem, FROM_BACKUP)


def _check_seal(layout: Layout, altered: list[int] | None, now: Watermark) -> Iterator[Finding]:
    """Judge pages that differ although every row is sound: unused bytes were altered, or others folded."""
    seal = read_seal(layout.seal)
    if seal is None or altered is None:
        if layout.seal.exists():
            yield Finding("damage", str(layout.seal), "is not readable as a seal", REBUILD)
        else:
            yield Finding("stale", str(layout.seal), "is missing", "the next edit writes it")
    elif altered and (seal.commit, seal.chain) != (now.commit, now.chain):
        yield Finding("stale", str(layout.seal), f"is of commit {seal.commit}", "the next edit mends it")
    elif altered:
        shown = ", ".join(map(str, altered[:5])) + (" …" if len(altered) > 5 else "")
        problem = f"page {shown} is not what was written, though every row is"
        yield Finding("damage", str(layout.catalog), problem, REBUILD)


def _guarded(step: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Turn what SQLite raises over damaged pages into a finding, and let the other steps go on."""
    try:
        yield from step()
    except (sqlite3.DatabaseError, TypeError, ValueError, OverflowError) as error:
        yield Finding("damage", "catalog.sqlite", f"cannot be read to its end ({error})", FROM_BACKUP)


def _mark(layout: Layout) -> Watermark | IndexUnusable | None:
    try:
        return read_mark(layout)
    except IndexUnusable as error:
        return error


def _check_sources(layout: Layout) -> Iterator[Finding]:
    try:
        remembered(layout.root)
    except IndexDamaged as error:
        where, problem = str(layout.sources), str(error.__cause__)
        yield Finding("damage", where, f"is not what was written ({problem})", FEEDS_AGAIN)
    except IndexUnusable as error:
        yield unreadable(str(layout.sources), error.__cause__)


def _check_mark(
    layout: Layout, connection: sqlite3.Connection, mark: Watermark | IndexUnusable | None
) -> Iterator[Finding]:
    where, now = str(layout.mark), watermark(connection)
    if isinstance(mark, IndexDamaged):
        yield Finding("damage", where, "is not readable as a mark", "run 'civicite verify --repair'")
    elif isinstance(mark, IndexUnusable):
        yield unreadable(where, mark.__cause__)
    elif mark is None or mark.commit == 0:
        if now.commit:
            yield Finding("stale", where, "is missing", "the next edit writes it")
    else:
        row = connection.execute("SELECT chain FROM commits WHERE id = ?", (mark.commit,)).fetchone()
        if row is None or row[0] != mark.chain:
            problem = f"knows commit {mark.commit}, which the catalog does not have"
            yield Finding("damage", where, problem, "restore a backup, or run 'civicite verify --repair'")
        elif mark.commit < now.commit:
            yield Finding("stale", where, "is behind the catalog", "the next edit mends it")


def _pages(connection: sqlite3.Connection) -> Iterator[Finding]:
    for (problem,) in connection.execute("PRAGMA integrity_check(20)"):
        if problem != "ok":
            yield Finding("damage", "catalog.sqlite", " ".join(str(problem).split()), FROM_BACKUP)
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield Finding("damage", f"catalog.sqlite: {table} row {row}", f"has no row in {parent}", FROM_BACKUP)


def _commits(connection: sqlite3.Connection) -> Iterator[Finding]:
    first, last, count = connection.execute("SELECT MIN(id), MAX(id), COUNT(*) FROM commits").fetchone()
    if count and (first, last) != (1, count):
        yield Finding("damage", "catalog.sqlite: commits", "some are missing", FROM_BACKUP)
    for table in ("revisions", "descriptions", "passages"):
        row = connection.execute(
            f"SELECT COUNT(*) FROM {table} WHERE from_commit > ? OR from_commit < 1"
            " OR to_commit > ? OR to_commit <= from_commit",
            (last or 0, last or 0),
        ).fetchone()
        if row[0]:
            yield Finding(
                "damage", f"catalog.sqlite: {table}", f"{row[0]} rows name impossible commits", FROM_BACKUP
            )


def _erasures(connection: sqlite3.Connection) -> Iterator[Finding]:
    if is_unswept(connection):
        mend = "the next edit finishes it when nobody reads an older state, or 'civicite compact'"
        yield Finding("stale", "catalog.sqlite: erasures", "one is not finished: traces may be left", mend)


def _revisions(connection: sqlite3.Connection) -> Iterator[Finding]:
    # As bytes: a damaged text may be no UTF-8 at all.
    rows = connection.execute(
        "SELECT CAST(a.id AS BLOB), r.number, r.key, CAST(r.sha256 AS BLOB), CAST(r.text AS BLOB),"
        " r.to_commit IS NULL FROM revisions r JOIN articles a ON a.key = r.article"
        " WHERE r.key NOT IN (SELECT key FROM lost_revisions)"
    )
    for identity, number, key, sha256, text, current in rows:
        if hashlib.sha256(text or b"").hexdigest().encode() != sha256:
            where, mend = f"article {shown(identity)} revision {number}", AGAIN if current else GIVE_UP
            yield Finding("damage", where, "its text is not what was written", mend, revision=key)
    bare = connection.execute(
        "SELECT CAST(a.id AS BLOB), COUNT(p.key), r.key FROM revisions r"
        " JOIN articles a ON a.key = r.article JOIN generations g ON g.active = 1"
        " LEFT JOIN passages p ON p.revision = r.key AND p.generation = g.id AND p.to_commit IS NULL"
        " WHERE r.to_commit IS NULL GROUP BY r.key HAVING COUNT(p.key) <> COALESCE(MAX(p.ordinal), 0) + 1"
    )
    for identity, count, key in bare:
        problem = f"has only {count} of its passages"
        yield Finding("damage", f"article {shown(identity)}", problem, AGAIN, revision=key)


def _descriptions(connection: sqlite3.Connection) -> Iterator[Finding]:
    rows = connection.execute(
        f"SELECT CAST(a.id AS BLOB), d.key, d.to_commit IS NULL, {DESCRIBED}"
        " FROM descriptions d JOIN articles a ON a.key = d.article"
    )
    for identity, key, current, *stored in rows:
        known = described(stored)
        if known is None or not is_derived(connection, key, known):
            where, mend = f"article {shown(identity)}", AGAIN if current else GIVE_UP
            yield Finding("damage", where, "its metadata is not what was written", mend, description=key)
