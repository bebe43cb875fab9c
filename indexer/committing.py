"""One commit: what changed in the collection, written to the catalog in a single transaction.

Knows how articles, revisions, descriptions, passages and term statistics hang together, and that rows
are closed, never overwritten. It encodes nothing and projects nothing: both happen outside.
"""

import datetime
import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from indexer.article import Article, day_range
from indexer.catalog import Catalog, Watermark, link, watermark, write_mark
from indexer.filters import folded
from indexer.storage import StoredPassage, digest, pack_offsets


@dataclass(frozen=True, slots=True)
class Put:
    """Take in an article. ``passages`` is None when only its description changed."""

    article: Article
    passages: tuple[StoredPassage, ...] | None


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take an article out of every current answer; its revisions stay for as-of questions."""

    id: str


Change = Put | Withdraw


@dataclass(slots=True)
class _Tally:
    """What one commit does to the statistics and to its own counts."""

    frequencies: Counter[int] = field(default_factory=Counter)
    term_keys: dict[str, int] = field(default_factory=dict)
    passages: int = 0
    terms: int = 0
    added: int = 0
    changed: int = 0
    withdrawn: int = 0


def description_digest(article: Article) -> str:
    """SHA-256 over everything about an article that is not its text."""
    known = (article.metadata.to_json(), article.raw_sha256, article.media_type, article.page_starts)
    return hashlib.sha256(repr((*known, article.root, article.path)).encode()).hexdigest()


def commit(catalog: Catalog, generation: int, changes: Sequence[Change]) -> Watermark:
    """Write the changes as one commit and note it outside the catalog; returns the new watermark.

    The caller holds the index lock. Nothing is written when anything is raised.
    """
    with catalog.writing() as connection:
        before = watermark(connection)
        number = _next_commit(connection)
        tally = _Tally()
        for change in changes:
            if isinstance(change, Withdraw):
                _withdraw(connection, generation, number, change.id, tally)
            else:
                _put(connection, generation, number, change, tally)
        _count(connection, generation, tally)
        chain = link(before.chain, [_summary(change) for change in changes])
        connection.execute(
            "INSERT INTO commits (id, at, chain, added, changed, withdrawn) VALUES (?, ?, ?, ?, ?, ?)",
            (number, _now(), chain, tally.added, tally.changed, tally.withdrawn),
        )
    mark = Watermark(number, chain)
    write_mark(catalog.layout, mark)
    return mark


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def _next_commit(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'commits'").fetchone()
    return int(row[0]) + 1 if row else 1


def _summary(change: Change) -> list[str | None]:
    if isinstance(change, Withdraw):
        return ["withdraw", change.id]
    return ["put", change.article.id, change.article.sha256, description_digest(change.article)]


def _put(connection: sqlite3.Connection, generation: int, number: int, change: Put, tally: _Tally) -> None:
    article = change.article
    connection.execute("INSERT INTO articles (id) VALUES (?) ON CONFLICT (id) DO NOTHING", (article.id,))
    key = int(connection.execute("SELECT key FROM articles WHERE id = ?", (article.id,)).fetchone()[0])
    existed = _describe(connection, key, number, article)
    if existed:
        tally.changed += 1
    else:
        tally.added += 1
    if change.passages is None:
        return
    current = connection.execute(
        "SELECT key, sha256 FROM revisions WHERE article = ? AND to_commit IS NULL", (key,)
    ).fetchone()
    _close_passages(connection, generation, number, key, tally)
    if current and current[1] == article.sha256:
        revision = int(current[0])
    else:
        connection.execute(
            "UPDATE revisions SET to_commit = ? WHERE article = ? AND to_commit IS NULL", (number, key)
        )
        revision = _revise(connection, key, number, article)
    for ordinal, passage in enumerate(change.passages):
        _add_passage(connection, generation, number, (key, revision, ordinal), passage, tally)


def _withdraw(
    connection: sqlite3.Connection, generation: int, number: int, identity: str, tally: _Tally
) -> None:
    row = connection.execute("SELECT key FROM articles WHERE id = ?", (identity,)).fetchone()
    _close_passages(connection, generation, number, row[0], tally)
    for table in ("revisions", "descriptions"):
        connection.execute(
            f"UPDATE {table} SET to_commit = ? WHERE article = ? AND to_commit IS NULL", (number, row[0])
        )
    tally.withdrawn += 1


def _describe(connection: sqlite3.Connection, key: int, number: int, article: Article) -> bool:
    """Make the article's description current; returns whether it had one before."""
    current = connection.execute(
        "SELECT key, digest FROM descriptions WHERE article = ? AND to_commit IS NULL", (key,)
    ).fetchone()
    wanted = description_digest(article)
    if current and current[1] == wanted:
        return True
    if current:
        connection.execute("UPDATE descriptions SET to_commit = ? WHERE key = ?", (number, current[0]))
    first, last = day_range(article.metadata.published)
    cursor = connection.execute(
        "INSERT INTO descriptions (article, metadata, digest, raw_sha256, media_type, page_starts,"
        " published_from, published_to, root, path, from_commit) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            key, article.metadata.to_json(), wanted, article.raw_sha256, article.media_type,
            str(list(article.page_starts)), first, last, article.root, article.path, number,
        ),
    )  # fmt: skip
    connection.executemany(
        "INSERT OR IGNORE INTO facets (description, name, folded, value) VALUES (?, ?, ?, ?)",
        [(cursor.lastrowid, name, folded(value), value) for name, value in facet_values(article)],
    )
    return bool(current)


def facet_values(article: Article) -> Iterable[tuple[str, str]]:
    """List everything about an article that a filter may name: facet and value."""
    for name in ("publisher", "author", "language"):
        value = getattr(article.metadata, name)
        if value:
            yield name, value
    for name, values in article.metadata.facets:
        for value in values:
            yield name, value


def _revise(connection: sqlite3.Connection, key: int, number: int, article: Article) -> int:
    last = connection.execute("SELECT MAX(number) FROM revisions WHERE article = ?", (key,)).fetchone()[0]
    cursor = connection.execute(
        "INSERT INTO revisions (article, number, sha256, text, from_commit) VALUES (?, ?, ?, ?, ?)",
        (key, (last or 0) + 1, article.sha256, article.text, number),
    )
    return int(cursor.lastrowid or 0)


def _add_passage(
    connection: sqlite3.Connection,
    generation: int,
    number: int,
    place: tuple[int, int, int],
    passage: StoredPassage,
    tally: _Tally,
) -> None:
    article, revision, ordinal = place
    keys = _term_keys(connection, passage.terms, tally.term_keys)
    packed = pack_offsets(keys)
    cursor = connection.execute(
        "INSERT INTO passages (generation, article, revision, ordinal, start, stop, terms, vector,"
        " from_commit) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            generation, article, revision, ordinal, passage.start, passage.stop, len(keys),
            passage.vector, number,
        ),
    )  # fmt: skip
    blobs = (passage.spans, passage.kinds, passage.vectors, passage.counts, packed)
    whole = digest(revision, ordinal, passage.start, passage.stop, passage.context, passage.vector, *blobs)
    connection.execute(
        "INSERT INTO parts (passage, context, spans, kinds, vectors, counts, terms, digest)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (cursor.lastrowid, passage.context, *blobs, whole),
    )
    tally.frequencies.update(set(keys))
    tally.passages += 1
    tally.terms += len(keys)


def _close_passages(
    connection: sqlite3.Connection, generation: int, number: int, article: int, tally: _Tally
) -> None:
    rows = connection.execute(
        "SELECT p.key, p.terms, parts.terms FROM revisions r"
        " JOIN passages p ON p.revision = r.key AND p.generation = ? AND p.to_commit IS NULL"
        " JOIN parts ON parts.passage = p.key WHERE r.article = ?",
        (generation, article),
    ).fetchall()
    for key, length, packed in rows:
        connection.execute("UPDATE passages SET to_commit = ? WHERE key = ?", (number, key))
        tally.frequencies.subtract(set(memoryview(packed).cast("i").tolist()))
        tally.passages -= 1
        tally.terms -= length


def _term_keys(connection: sqlite3.Connection, words: Sequence[str], known: dict[str, int]) -> list[int]:
    for word in dict.fromkeys(words):
        if word not in known:
            connection.execute("INSERT INTO terms (term) VALUES (?) ON CONFLICT (term) DO NOTHING", (word,))
            row = connection.execute("SELECT key FROM terms WHERE term = ?", (word,)).fetchone()
            known[word] = int(row[0])
    return [known[word] for word in words]


def _count(connection: sqlite3.Connection, generation: int, tally: _Tally) -> None:
    connection.executemany(
        "INSERT INTO frequencies (generation, term, passages) VALUES (?, ?, ?)"
        " ON CONFLICT (generation, term) DO UPDATE SET passages = passages + excluded.passages",
        [(generation, term, change) for term, change in tally.frequencies.items() if change],
    )
    connection.execute(
        "UPDATE generations SET passages = passages + ?, terms = terms + ? WHERE id = ?",
        (tally.passages, tally.terms, generation),
    )
