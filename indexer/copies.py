"""Copies: which other articles repeat a passage, at one commit, and which only look like it.

The catalog keeps the prints of every revision's sentences, a function of its text alone. Nothing about
pairs of articles is stored: copies are looked up by print among the revisions valid at a commit, so taking
in an article costs what that article costs, and no edit leaves a trace in another's family.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from indexer.article import Span, day_range
from indexer.article_state import ArticleState
from indexer.catalog import valid_at
from indexer.prints import Print, alike, dateline, prints, words

PROBES = 4
"""A passage's copies are looked for by so many of its longest sentences."""

SHORT = 40
"""Characters of a sentence below which it says little about where it is from."""

MOST_COPIES = 100
"""Of more copies of one passage, the earliest so many are looked at."""

LEAST, MOSTLY = 100, 0.8
"""A copy repeats at least so many characters, and so much of the passage or of what stands there instead."""


class Stretch(NamedTuple):
    """``[start, stop)`` of the text of a revision, by its key."""

    revision: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Copy:
    """Another article that repeats sentences of a stretch and says nothing different in their place.

    ``places`` are the repeated sentences as they stand there, by their start in the stretch; ``held`` is
    the share of the stretch that they make up. ``is_member``: the two belong to one family.
    """

    revision: int
    article: ArticleState
    places: dict[int, Span]
    held: float
    is_member: bool


@dataclass(frozen=True, slots=True)
class Kin:
    """A stretch's sentences and what repeats them, the earliest first."""

    own: tuple[Print, ...]
    copies: tuple[Copy, ...] = ()


Articles = Callable[[Iterable[int]], dict[int, ArticleState]]


def precedence(article: ArticleState) -> tuple[bool, str, str]:
    """Order copies: by publication, the undated last, then by id.

    Not by when they were taken in: answers depend on what the articles are, not on the order of edits.
    """
    published = day_range(article.metadata.published)[0]
    return published is None, published or "", article.id


def record(connection: sqlite3.Connection, revision: int, found: Iterable[Print]) -> None:
    """Keep the prints of a revision's sentences."""
    connection.executemany(
        "INSERT INTO prints (number, revision, start, stop) VALUES (?, ?, ?, ?)",
        [(one.number, revision, one.start, one.stop) for one in found],
    )


def read_kin(
    connection: sqlite3.Connection, commit: int, stretches: Sequence[Stretch], articles: Articles
) -> list[Kin]:
    """Find for each stretch the revisions valid at a commit that repeat it; ``articles`` reads them."""
    own = [_prints_within(connection, stretch) for stretch in stretches]
    probes = [_probes(one) for one in own]
    numbers = {one.number for probe in probes for one in probe}
    holders = _holders(connection, commit, numbers, {stretch.revision for stretch in stretches})
    kin = []
    for stretch, mine, probe in zip(stretches, own, probes, strict=True):
        others = {other for one in probe for other in holders[one.number]} - {stretch.revision}
        if len(others) > MOST_COPIES:
            others = _earliest(connection, commit, others)
        kin.append(Kin(mine, _copies(connection, stretch, mine, others, articles) if others else ()))
    return kin


def _prints_within(connection: sqlite3.Connection, stretch: Stretch) -> tuple[Print, ...]:
    rows = connection.execute(
        "SELECT start, stop, number FROM prints WHERE revision = ? AND start >= ? AND start < ?"
        " ORDER BY start",
        stretch,
    )
    return tuple(Print(*row) for row in rows.fetchall())


def _probes(own: Sequence[Print]) -> list[Print]:
    """Choose the longest sentences; a short one, such as a heading that many share, only if all are short."""
    longest = sorted(own, key=lambda p: (p.start - p.stop, p.start))[:PROBES]
    return [p for p in longest if p.stop - p.start >= SHORT] or longest


def _holders(
    connection: sqlite3.Connection, commit: int, numbers: set[int], own: set[int]
) -> dict[int, set[int]]:
    """Find the revisions that hold each number; validity is asked only of those that are not ``own``."""
    rows = connection.execute(
        "SELECT number, revision FROM prints WHERE number IN (SELECT value FROM json_each(?))",
        (str(list(numbers)),),
    ).fetchall()
    others = {revision for _, revision in rows} - own
    if others:
        valid = connection.execute(
            "SELECT r.key FROM revisions r WHERE r.key IN (SELECT value FROM json_each(?1))"
            f" AND {valid_at('r', '?2')}",
            (str(sorted(others)), commit),
        )
        others = {row[0] for row in valid.fetchall()}
    holders: dict[int, set[int]] = {number: set() for number in numbers}
    for number, revision in rows:
        if revision in others or revision in own:
            holders[number].add(revision)
    return holders


def _earliest(connection: sqlite3.Connection, commit: int, revisions: set[int]) -> set[int]:
    rows = connection.execute(
        "SELECT r.key FROM revisions r JOIN articles a ON a.key = r.article"
        f" JOIN descriptions d ON d.article = r.article AND {valid_at('d', '?1')}"
        " WHERE r.key IN (SELECT value FROM json_each(?2))"
        " ORDER BY d.published_from IS NULL, d.published_from, a.id LIMIT ?3",
        (commit, str(sorted(revisions)), MOST_COPIES),
    )
    return {row[0] for row in rows.fetchall()}


def _copies(
    connection: sqlite3.Connection,
    stretch: Stretch,
    own: tuple[Print, ...],
    others: set[int],
    articles: Articles,
) -> tuple[Copy, ...]:
    known = {one.number for one in all_prints(connection, stretch.revision)}
    compared = [_compared(own, known, other, all_prints(connection, other)) for other in sorted(others)]
    close = [one for one in compared if one is not None]
    read = articles([stretch.revision, *(one.revision for one in close)]) if close else {}
    found = [
        Copy(one.revision, read[one.revision], one.places, one.held, one.is_member)
        for one in close
        if not _differ(stretch, read[stretch.revision], one, read[one.revision])
    ]
    return tuple(sorted(found, key=lambda copy: precedence(copy.article)))


def all_prints(connection: sqlite3.Connection, revision: int) -> tuple[Print, ...]:
    """Read the prints of a revision's sentences, in order."""
    return _prints_within(connection, Stretch(revision, 0, 2**62))


@dataclass(frozen=True, slots=True)
class _Compared:
    """A :class:`Copy` as far as prints alone tell, and the sentences that only one of the two has."""

    revision: int
    places: dict[int, Span]
    held: float
    is_member: bool
    is_short: bool
    missing: list[Print]
    more: list[Print]


def _compared(
    own: tuple[Print, ...], known: set[int], other: int, theirs: tuple[Print, ...]
) -> _Compared | None:
    """Compare sentences by number; None when too little is repeated, or something stands in its place.

    ``known`` are the numbers of all of the article that ``own`` is part of.
    """
    matched = _matched(own, theirs)
    missing = [p for at, p in enumerate(own) if at not in matched]
    more = [p for p in theirs if p.number not in known]
    whole = not missing and not more and len(known) == len({p.number for p in own})
    repeated = _size(own[at] for at in matched)
    if not matched or (repeated < LEAST and not whole) or _replaced(own, matched, theirs, known):
        return None
    held = repeated / _size(own)
    begin = max(0, min(matched.values()) - min(matched))
    there = theirs[begin : max(matched.values()) + len(own) - max(matched)]
    return _Compared(
        revision=other,
        places={own[at].start: Span(theirs[to].start, theirs[to].stop) for at, to in matched.items()},
        held=held,
        is_member=max(held, repeated / _size(there)) >= MOSTLY,
        is_short=repeated < LEAST,
        missing=missing,
        more=more,
    )


def _differ(stretch: Stretch, mine: ArticleState, one: _Compared, theirs: ArticleState) -> bool:
    """Whether the two say different things where they should say the same."""
    return (
        titles_differ(mine.metadata.title, theirs.metadata.title)
        or (one.is_short and _days_differ(mine.metadata.published, theirs.metadata.published))
        or _places_differ(stretch, mine.text, theirs.text)
        or bool(changed(mine.text, one.missing, theirs.text, one.more))
    )


def _days_differ(mine: str | None, other: str | None) -> bool:
    # The same few words on another day are another notice: "The bridge is closed until further notice."
    return mine is not None and other is not None and mine != other


def _size(found: Iterable[Print]) -> int:
    return sum(one.stop - one.start for one in found)


def _matched(own: Sequence[Print], theirs: Sequence[Print]) -> dict[int, int]:
    """Pair equal sentences by their places in both, going forward where there is a choice."""
    at: dict[int, list[int]] = {}
    for place, one in enumerate(theirs):
        at.setdefault(one.number, []).append(place)
    pairs: dict[int, int] = {}
    last = -1
    for place, one in enumerate(own):
        choice = at.get(one.number)
        if choice:
            last = next((there for there in choice if there > last), choice[0])
            pairs[place] = last
    return pairs


def _replaced(
    own: Sequence[Print], matched: dict[int, int], theirs: Sequence[Print], known: set[int]
) -> bool:
    """Whether between the same two sentences one says this and the other that."""
    return any(
        here > before + 1 and any(p.number not in known for p in theirs[matched[before] + 1 : matched[here]])
        for before, here in pairwise(sorted(matched))
    )


def changed(
    text: str, missing: Sequence[Print], other: str, more: Sequence[Print]
) -> list[tuple[Print, Print]]:
    """Pair sentences of one text with those of another that they seem to have been changed into."""
    said = [(p, words(other[p.start : p.stop])) for p in more]
    pairs = []
    for one in missing:
        mine = words(text[one.start : one.stop])
        pairs += [(one, p) for p, theirs in said if alike(mine, theirs)][:1]
    return pairs


def titles_differ(mine: str | None, other: str | None) -> bool:
    """Whether two titles are one title with another figure, date or name in it."""
    here, there = words(mine or ""), words(other or "")
    common = set(here) & set(there)
    both = bool(set(here) - common) and bool(set(there) - common)
    return both and 4 * len(common) >= len(here) + len(there)


def _places_differ(stretch: Stretch, mine: str, other: str) -> bool:
    here, there = dateline(mine), dateline(other)
    if here is None or there is None or not stretch.start <= here.start < stretch.stop:
        return False
    return here.place != there.place


def record_all(connection: sqlite3.Connection) -> None:
    """Compute every revision's prints anew from the stored texts."""
    connection.execute("DELETE FROM prints")
    for (key,) in connection.execute("SELECT key FROM revisions ORDER BY key").fetchall():
        text = connection.execute("SELECT text FROM revisions WHERE key = ?", (key,)).fetchone()[0]
        record(connection, key, prints(text))
