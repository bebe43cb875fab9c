"""The engines of an earlier commit: those of the newest one, and what has changed in between turned back.

Passages that have gone since are held in the exact tail, those born since may not be proposed, and term
statistics are those of that commit to the last count. Nothing is encoded and nothing is written; what was
worked out for the few commits that were asked for last is kept.
"""

import sqlite3
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

import numpy as np

from indexer.counts import TermCounts, count_terms
from indexer.engines import Engines
from indexer.lexical.engine import TantivyTerms
from indexer.marks import Watermark
from indexer.projections import ROWS_AT_ONCE, TAIL_LEAST, Lag, belongs, lag, postings_of, vectors_of
from indexer.vectors import Keys

PASTS_KEPT = 4
"""Earlier commits whose engines stay in memory: what they hold in it is what has gone since."""

BORN_MOST = TAIL_LEAST
"""With up to so many passages born since, engines are asked for more; with more, only for the others."""


class Pasts:
    """Engines of earlier commits, made when they are asked for; safe to use from many threads."""

    def __init__(self) -> None:
        self._making = threading.Lock()
        self._kept: OrderedDict[tuple[int, int], _Made] = OrderedDict()

    def engines_at(self, connection: sqlite3.Connection, now: Engines, mark: Watermark) -> Engines:
        """Return engines of an earlier commit, given those of the connection's snapshot."""
        place = now.generation.id, mark.commit
        with self._making:
            made = self._kept.pop(place, None)
            if made is None or made.engines.mark != mark or made.at != now.mark:
                engines = turned_back(connection, now, mark, _followed(connection, made, now, mark))
                made = _Made(now.mark, _rows(connection, now.generation.id, now.mark), engines)
            self._kept[place] = made
            while len(self._kept) > PASTS_KEPT:
                self._kept.popitem(last=False)
            return made.engines


@dataclass(frozen=True, slots=True)
class _Made:
    """Engines of an earlier commit, made ``at`` what was the newest one, out of ``rows`` up to that."""

    at: Watermark
    rows: tuple[int, int]
    engines: Engines


def _rows(connection: sqlite3.Connection, generation: int, mark: Watermark) -> tuple[int, int]:
    """Return what differs as soon as a passage up to a commit was erased, or a generation filled up."""
    count, total = connection.execute(
        "SELECT COUNT(*), SUM(key) FROM passages WHERE generation = ? AND from_commit <= ?",
        (generation, mark.commit),
    ).fetchone()
    return count, total or 0


def _followed(
    connection: sqlite3.Connection, made: _Made | None, now: Engines, mark: Watermark
) -> TermCounts | None:
    """Bring counts along to a newer commit for the price of what is new; None when they must be made anew."""
    counts = made.engines.counts if made is not None and made.engines.mark == mark else None
    if made is None or counts is None or not belongs(connection, made.at):
        return None
    generation = now.generation.id
    if _rows(connection, generation, made.at) != made.rows:
        return None
    if not counts.relative:
        return counts
    new = lag(connection, generation, made.at)
    return counts.minus(count_terms(connection, new.born).minus(count_terms(connection, new.gone)))


def turned_back(
    connection: sqlite3.Connection, now: Engines, mark: Watermark, counts: TermCounts | None = None
) -> Engines:
    """Return engines that propose what is valid at an earlier commit; those given stay as they are.

    ``counts`` are those of that commit where they are known already.
    """
    since = lag(connection, now.generation.id, mark)
    back, few = _not_lost(connection, since.gone), len(since.born) <= BORN_MOST
    passages = now.generation.passages + len(back) - len(since.born)
    tail = now.tail.copy()
    tail.apply(mark, back, vectors_of(connection, back, now.generation.dimension), since.born)
    engines = replace(
        now,
        mark=mark,
        generation=replace(now.generation, passages=passages),
        tail=tail,
        dead=np.union1d(now.dead, since.born) if few else now.dead,
        late=np.union1d(np.setdiff1d(now.late, since.born), back),
        terms_dead=np.union1d(now.terms_dead, since.born) if few else now.terms_dead,
        within=None if few else _valid(connection, now.generation.id, mark.commit),
        counts=counts or _counts(connection, now, mark.commit, Lag(since.born, back)),
    )
    return engines if len(back) <= TAIL_LEAST else _with_terms_of(connection, engines, back)


def _with_terms_of(connection: sqlite3.Connection, engines: Engines, back: Keys) -> Engines:
    """Return engines that look many passages up in memory, instead of scoring all of them each time."""
    terms = TantivyTerms()
    portions = (back[at : at + ROWS_AT_ONCE] for at in range(0, len(back), ROWS_AT_ONCE))
    postings = (posting for some in portions for posting in postings_of(connection, some))
    terms.apply(engines.mark, postings, np.empty(0, np.int64))
    return replace(engines, terms=(*engines.terms, terms), late=np.setdiff1d(engines.late, back))


def _valid(connection: sqlite3.Connection, generation: int, commit: int) -> Keys:
    """Return the passages of a commit, by the two indexes alone: no passage itself is read."""
    born, ended = (
        connection.execute(
            f"SELECT key FROM passages WHERE generation = ? AND {column} <= ?", (generation, commit)
        ).fetchall()
        for column in ("from_commit", "to_commit")
    )
    return _not_lost(connection, np.setdiff1d(np.array(born, np.int64), np.array(ended, np.int64)))


def _not_lost(connection: sqlite3.Connection, passages: Keys) -> Keys:
    lost = connection.execute("SELECT key FROM lost_passages").fetchall()
    return np.setdiff1d(passages, np.array(lost, np.int64)) if lost else passages


def _counts(connection: sqlite3.Connection, now: Engines, commit: int, since: Lag) -> TermCounts:
    """Count what has changed since or, where that is less to read, what there was."""
    changed = len(since.gone) + len(since.born)
    if now.generation.passages + len(since.gone) - len(since.born) < changed:
        return count_terms(connection, _valid(connection, now.generation.id, commit))
    counts = count_terms(connection, since.gone).minus(count_terms(connection, since.born))
    return replace(counts, relative=True)
