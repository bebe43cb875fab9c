"""Variants: articles that are nearly the same as another but differ in a figure, a date or a name.

A corrected text under another id is one. Candidates share a band of their MinHash signatures (Broder 1997;
the bands of Leskovec, Rajaraman and Ullman's locality-sensitive hashing); what they really say then decides.
"""

import sqlite3
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import xxhash

from indexer.article import normal_id
from indexer.article_state import ArticleState
from indexer.catalog import valid_at
from indexer.copies import all_prints, changed, precedence, titles_differ
from indexer.prints import is_protected, words

BANDS, ROWS = 8, 3
"""Texts that share 80 % of their pairs of words share a band with probability .997, 60 % with .86."""

NEARLY = 0.8
"""Share of their words that two texts must have in common to be variants."""

MOST_VARIANTS = 20
_SEED = 1


@dataclass(frozen=True, slots=True)
class Variant:
    """Another article that is nearly the same; ``differences`` pairs sentences, this one's first."""

    article: ArticleState
    differences: tuple[tuple[str, str], ...]


def bands(text: str) -> tuple[int, ...]:
    """Return the bands of a text's MinHash signature over pairs of neighbouring words."""
    from rensa import RMinHash

    said = [word.casefold() for word in words(text)]
    pairs = [f"{one} {following}" for one, following in pairwise(said)] or said
    if not pairs:
        return ()
    signature = RMinHash(num_perm=BANDS * ROWS, seed=_SEED)
    signature.update(pairs)
    digest = signature.digest()
    packed = [struct.pack(f"<{ROWS + 1}Q", at, *digest[at * ROWS : (at + 1) * ROWS]) for at in range(BANDS)]
    return tuple(xxhash.xxh3_64_intdigest(one) - 2**63 for one in packed)


def record_bands(connection: sqlite3.Connection, revision: int, found: Sequence[int]) -> None:
    """Keep the bands of a revision's signature."""
    connection.executemany(
        "INSERT OR IGNORE INTO bands (band, revision) VALUES (?, ?)", [(band, revision) for band in found]
    )


def record_all_bands(connection: sqlite3.Connection) -> None:
    """Compute every revision's bands anew from the stored texts."""
    connection.execute("DELETE FROM bands")
    for (key,) in connection.execute("SELECT key FROM revisions ORDER BY key").fetchall():
        text = connection.execute("SELECT text FROM revisions WHERE key = ?", (key,)).fetchone()[0]
        record_bands(connection, key, bands(text))


def read_variants(
    connection: sqlite3.Connection,
    commit: int,
    identity: str,
    articles: Callable[[Iterable[int]], dict[int, ArticleState]],
) -> list[Variant]:
    """List the variants of an article among the revisions valid at a commit, the earliest first."""
    own = connection.execute(
        "SELECT r.key FROM revisions r JOIN articles a ON a.key = r.article"
        f" WHERE a.id = ?1 AND {valid_at('r', '?2')}",
        (normal_id(identity), commit),
    ).fetchone()
    if own is None:
        return []
    rows = connection.execute(
        "SELECT other.revision, COUNT(*) AS shared FROM bands mine JOIN bands other ON other.band = mine.band"
        " JOIN revisions r ON r.key = other.revision JOIN articles a ON a.key = r.article"
        f" WHERE mine.revision = ?1 AND other.revision <> mine.revision AND {valid_at('r', '?2')}"
        " GROUP BY other.revision ORDER BY shared DESC, a.id LIMIT ?3",
        (own[0], commit, 5 * MOST_VARIANTS),
    ).fetchall()
    read = articles([own[0], *(row[0] for row in rows)])
    mine, found = read[own[0]], []
    for revision, _ in rows:
        pairs = _differences(connection, own[0], mine, revision, read[revision])
        if pairs:
            found.append(Variant(read[revision], pairs))
    return sorted(found, key=lambda variant: precedence(variant.article))[:MOST_VARIANTS]


def _differences(
    connection: sqlite3.Connection, own: int, mine: ArticleState, other: int, theirs: ArticleState
) -> tuple[tuple[str, str], ...]:
    if not _nearly_the_same(mine.text, theirs.text):
        return ()
    here, there = all_prints(connection, own), all_prints(connection, other)
    missing = [p for p in here if p.number not in {q.number for q in there}]
    more = [q for q in there if q.number not in {p.number for p in here}]
    pairs = [
        (mine.text[p.start : p.stop], theirs.text[q.start : q.stop])
        for p, q in changed(mine.text, missing, theirs.text, more)
    ]
    if titles_differ(mine.metadata.title, theirs.metadata.title):
        pairs.insert(0, (mine.metadata.title or "", theirs.metadata.title or ""))
    return tuple((one, another) for one, another in pairs if _facts_differ(one, another))


def _nearly_the_same(text: str, other: str) -> bool:
    here, there = Counter(words(text)), Counter(words(other))
    return 2 * (here & there).total() >= NEARLY * (here.total() + there.total())


def _facts_differ(one: str, another: str) -> bool:
    here, there = Counter(words(one)), Counter(words(another))
    return any(map(is_protected, (here - there) + (there - here)))
