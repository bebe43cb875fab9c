"""What was damaged and is given up: its rows stay, closed and empty, and say that they are.

Keys, numbers and intervals stay what they were, so that history and projections go on; what stood there is
gone, so that nothing can ever read it. A text that is given up takes its passages with it. Only what is
closed is given up, never what is current.
"""

import hashlib
import sqlite3
from collections.abc import Iterator

from indexer.article import Article, Metadata
from indexer.describing import DESCRIBED, derive, described, description_digest, is_derived
from indexer.findings import Finding, shown
from indexer.generations import generation_by
from indexer.soundness import highest_term, is_sound_passage
from indexer.storage import digest, pack_offsets
from indexer.writing import STORED

FROM_EARLIER = "an earlier backup may have it"
"""What may be done about it."""

REMAINS = "nothing can be quoted from it"


def give_up(connection: sqlite3.Connection, article: int) -> bool:
    """Empty what is damaged of an article's past, by the article's key; returns whether anything was."""
    descriptions = list(_damaged_descriptions(connection, article))
    revisions = list(_damaged_revisions(connection, article))
    for key in descriptions:
        _empty_description(connection, key)
    for key in revisions:
        _empty_revision(connection, key)
    passages = list(_damaged_passages(connection, article))
    for key in passages:
        _empty_passage(connection, key)
    return bool(descriptions or revisions or passages)


def give_up_all(connection: sqlite3.Connection) -> None:
    """Empty what is damaged of the past of every article; what is marked and not empty is marked no more."""
    for table, empty in _EMPTY.items():
        connection.execute(
            f"DELETE FROM lost_{table} WHERE key NOT IN"
            f" (SELECT key FROM {table} WHERE {empty} AND to_commit IS NOT NULL)"
        )
    for (article,) in connection.execute("SELECT key FROM articles").fetchall():
        give_up(connection, article)


def check_lost(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Name what was given up; it is damage only where what is marked so is not empty."""
    for table, empty in _EMPTY.items():
        wrong = connection.execute(
            f"SELECT COUNT(*) FROM lost_{table} WHERE key NOT IN"
            f" (SELECT key FROM {table} WHERE {empty} AND to_commit IS NOT NULL)"
        ).fetchone()[0]
        if wrong:
            where = f"catalog.sqlite: lost_{table}"
            yield Finding("damage", where, f"{wrong} are not empty", "run 'civicite verify --repair'")
    for problem, statement in _NAMED:
        for identity, number in connection.execute(statement):
            where = f"article {shown(identity)}" + (f" revision {number}" if number else "")
            yield Finding("lost", where, problem, FROM_EARLIER)


_EMPTY = {
    "revisions": "text = ''",
    "descriptions": "raw_sha256 = ''",
    "passages": "stop = 0",
}
"""What shows that a row of a table is empty."""

_NAMED = (
    (
        f"its text was damaged and is given up: {REMAINS}",
        "SELECT CAST(a.id AS BLOB), r.number FROM lost_revisions l JOIN revisions r ON r.key = l.key"
        " JOIN articles a ON a.key = r.article ORDER BY r.key",
    ),
    (
        "an earlier description was damaged and is given up: what it said is unknown",
        "SELECT CAST(a.id AS BLOB), NULL FROM lost_descriptions l JOIN descriptions d ON d.key = l.key"
        " JOIN articles a ON a.key = d.article ORDER BY d.key",
    ),
    (
        "a passage of it was damaged and is given up: questions as of its time do not find it",
        "SELECT DISTINCT CAST(a.id AS BLOB), r.number FROM lost_passages l JOIN passages p ON p.key = l.key"
        " JOIN revisions r ON r.key = p.revision JOIN articles a ON a.key = r.article"
        " WHERE r.key NOT IN (SELECT key FROM lost_revisions) ORDER BY r.key",
    ),
)


def _damaged_descriptions(connection: sqlite3.Connection, article: int) -> Iterator[int]:
    rows = connection.execute(
        f"SELECT d.key, {DESCRIBED} FROM descriptions d WHERE d.article = ? AND d.to_commit IS NOT NULL",
        (article,),
    ).fetchall()
    for key, *stored in rows:
        known = described(stored)
        if known is None:
            yield key
        elif not is_derived(connection, key, known):
            derive(connection, key, known)  # it follows from what is sound


def _damaged_revisions(connection: sqlite3.Connection, article: int) -> Iterator[int]:
    rows = connection.execute(
        "SELECT key, CAST(text AS BLOB), CAST(sha256 AS BLOB) FROM revisions"
        " WHERE article = ? AND to_commit IS NOT NULL AND key NOT IN (SELECT key FROM lost_revisions)",
        (article,),
    ).fetchall()
    for key, text, sha256 in rows:
        if hashlib.sha256(text or b"").hexdigest().encode() != sha256:
            yield key


def _damaged_passages(connection: sqlite3.Connection, article: int) -> Iterator[int]:
    highest = highest_term(connection)
    rows = connection.execute(
        "SELECT p.key, p.article, p.terms, p.revision IN (SELECT key FROM lost_revisions),"
        f" {STORED} FROM revisions r JOIN passages p ON p.revision = r.key"
        " LEFT JOIN parts ON parts.passage = p.key WHERE r.article = ? AND p.to_commit IS NOT NULL"
        " AND p.key NOT IN (SELECT key FROM lost_passages)",
        (article,),
    ).fetchall()
    for key, owner, length, without_text, *stored in rows:
        if without_text or owner != article or not is_sound_passage(stored, length, highest):
            yield key


def _empty_description(connection: sqlite3.Connection, key: int) -> None:
    nothing = Article("", "", Metadata(), "", "")
    connection.execute(
        "UPDATE descriptions SET metadata = ?, digest = ?, media_type = '', raw_sha256 = '',"
        " page_starts = '[]', root = NULL, path = NULL WHERE key = ?",
        (nothing.metadata.to_json(), description_digest(nothing), key),
    )
    derive(connection, key, nothing)
    connection.execute("INSERT OR IGNORE INTO lost_descriptions (key) VALUES (?)", (key,))


def _empty_revision(connection: sqlite3.Connection, key: int) -> None:
    for table in ("prints", "bands"):
        connection.execute(f"DELETE FROM {table} WHERE revision = ?", (key,))
    # Its digest stays, if it is one: whoever cited it can still be told that this is what was cited.
    connection.execute(
        "UPDATE revisions SET text = '', sha256 = CASE WHEN sha256 NOT GLOB '*[^0-9a-f]*' THEN sha256 ELSE ''"
        " END WHERE key = ?",
        (key,),
    )
    connection.execute("INSERT OR IGNORE INTO lost_revisions (key) VALUES (?)", (key,))


def _empty_passage(connection: sqlite3.Connection, key: int) -> None:
    number, revision, article = connection.execute(
        "SELECT p.generation, r.key, r.article FROM passages p JOIN revisions r ON r.key = p.revision"
        " WHERE p.key = ?",
        (key,),
    ).fetchone()
    generation = generation_by(connection, number)
    vector = bytes(2 * generation.dimension if generation else 0)
    blobs = (b"", b"", b"", pack_offsets([0]), b"")
    connection.execute(
        "UPDATE passages SET article = ?, ordinal = 0, start = 0, stop = 0, terms = 0, vector = ?"
        " WHERE key = ?",
        (article, vector, key),
    )
    connection.execute(
        "INSERT OR REPLACE INTO parts (passage, context, spans, kinds, vectors, counts, terms, digest)"
        " VALUES (?, '', ?, ?, ?, ?, ?, ?)",
        (key, *blobs, digest(revision, 0, 0, 0, "", vector, *blobs)),
    )
    connection.execute("INSERT OR IGNORE INTO lost_passages (key) VALUES (?)", (key,))
