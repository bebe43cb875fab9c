"""The rows of erased articles: noted, deleted, and remembered by nothing but a digest of their id.

Deletion has three steps, each a transaction, so that whoever finds them half done can go on: an erasure is
noted, the article's rows are deleted (``erase_rows``, within a commit), and once no file holds a byte of
it the erasure counts as swept. Files are swept in ``sweeping.py``. This is the one exception to the rule
that rows are closed and never changed.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping

import numpy as np

from indexer.article import is_text, normal_id
from indexer.errors import ArticleErased, ArticleNotFound, shown
from indexer.storage import offsets, readable_offsets
from indexer.writing import STORED, Tally, is_whole, write_counts


def identity_digest(identity: str) -> str:
    """Return what stays of an erased article's id."""
    return hashlib.sha256(normal_id(identity).encode()).hexdigest()


def note_erasures(connection: sqlite3.Connection, identities: Iterable[str]) -> None:
    """Note articles, current or withdrawn, for erasure; those that were erased before are left alone.

    Raises ArticleNotFound when there never was one by that id.
    """
    for identity in identities:
        row = connection.execute(
            "SELECT a.key, (SELECT MAX(number) FROM revisions WHERE article = a.key),"
            " EXISTS (SELECT 1 FROM erasures WHERE article = a.key) FROM articles a WHERE a.id = ?",
            (normal_id(identity),),
        ).fetchone()
        if row is None and not erased_revision(connection, identity):
            raise not_found(connection, identity, problem="there is none to erase")
        if row is not None and not row[2]:
            connection.execute(
                "INSERT INTO erasures (identity, revision, article) VALUES (?, ?, ?)",
                (identity_digest(identity), row[1] or 0, row[0]),
            )


def copies_of(connection: sqlite3.Connection, identities: Iterable[str]) -> dict[str, list[str]]:
    """Name for each article the others, not noted for erasure, one of whose revisions has its very text."""
    found = {}
    for identity in identities:
        rows = connection.execute(
            "SELECT DISTINCT b.id FROM articles a JOIN revisions r ON r.article = a.key"
            " JOIN revisions o ON o.sha256 = r.sha256 JOIN articles b ON b.key = o.article"
            " WHERE a.id = ? AND NOT EXISTS (SELECT 1 FROM erasures WHERE article = b.key) ORDER BY b.id",
            (normal_id(identity),),
        ).fetchall()
        if rows:
            found[identity] = [other for (other,) in rows]
    return found


def noted_erasures(connection: sqlite3.Connection) -> list[str]:
    """List the ids of the articles whose rows are still to be deleted."""
    rows = connection.execute(
        "SELECT a.id FROM erasures e JOIN articles a ON a.key = e.article ORDER BY e.key"
    )
    return [identity for (identity,) in rows]


def is_unswept(connection: sqlite3.Connection) -> bool:
    """Tell whether an erasure was begun and not finished: traces may be left in some file."""
    return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM erasures WHERE swept = 0)").fetchone()[0])


def mark_swept(connection: sqlite3.Connection) -> None:
    """Remember that no file holds a byte of what was deleted so far."""
    connection.execute("UPDATE erasures SET swept = 1 WHERE from_commit IS NOT NULL")


def erased_revision(connection: sqlite3.Connection, identity: str) -> int:
    """Return the highest number of a revision by that id that was erased, 0 when none was."""
    row = connection.execute(
        "SELECT MAX(revision) FROM erasures WHERE identity = ? AND from_commit IS NOT NULL",
        (identity_digest(identity),),
    ).fetchone()
    return int(row[0] or 0)


def erased_identities(connection: sqlite3.Connection) -> dict[str, int]:
    """Return for the digest of every erased article's id its highest revision that was erased."""
    rows = connection.execute("SELECT identity, MAX(revision) FROM erasures GROUP BY identity")
    return dict(rows.fetchall())


def erased_among(connection: sqlite3.Connection, identities: Iterable[str]) -> list[str]:
    """List those ids whose article was erased, or is noted for it, and was not taken in again since."""
    digests = {digest for (digest,) in connection.execute("SELECT identity FROM erasures")}
    return [
        identity
        for identity in identities
        if identity_digest(identity) in digests and not _is_kept(connection, identity)
    ]


def _is_kept(connection: sqlite3.Connection, identity: str) -> bool:
    row = connection.execute(
        "SELECT 1 FROM articles a WHERE a.id = ?"
        " AND NOT EXISTS (SELECT 1 FROM erasures WHERE article = a.key)",
        (normal_id(identity),),
    ).fetchone()
    return row is not None


def to_erase_again(connection: sqlite3.Connection, digests: Mapping[str, int]) -> list[str]:
    """List the articles here that were erased elsewhere at a revision as high, and not here."""
    rows = connection.execute(
        "SELECT a.id, MAX(r.number) FROM articles a JOIN revisions r ON r.article = a.key GROUP BY a.key"
    )
    return [identity for identity, last in rows if last <= digests.get(identity_digest(identity), 0)]


def erased_since(connection: sqlite3.Connection, commit: int) -> bool:
    """Tell whether anything was erased after a commit."""
    row = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM erasures WHERE from_commit > ?)", (commit,)
    ).fetchone()
    return bool(row[0])


def check_findable(identities: Iterable[str]) -> None:
    """Raise ArticleNotFound for an id that is no text, which the catalog could not even look for."""
    for identity in identities:
        if not is_text(identity):
            raise ArticleNotFound(f"article {shown(identity)}", ABSENT, LISTED)


ABSENT, LISTED = "there is none in this index", "see 'civicite articles' for what is"


def not_found(
    connection: sqlite3.Connection,
    identity: str,
    revision: int | None = None,
    problem: str = ABSENT,
) -> ArticleNotFound:
    """Return the error for an article or revision that is not in the catalog: erased, or never there."""
    wanted = f"article {shown(identity)}" + (f" revision {revision}" if revision else "")
    last = erased_revision(connection, identity)
    if last and (revision is None or revision <= last):
        return ArticleErased(wanted, "it was erased", "nothing is left of it in this index")
    return ArticleNotFound(wanted, problem, LISTED)


def erase_rows(connection: sqlite3.Connection, number: int, identities: Iterable[str]) -> None:
    """Delete every row of noted articles in commit ``number``, and terms that occur nowhere else."""
    terms, tally = set[int](), Tally()
    for identity in identities:
        key = connection.execute("SELECT key FROM articles WHERE id = ?", (identity,)).fetchone()[0]
        terms |= _terms_of(connection, key, tally)
        for statement in _DELETIONS:
            connection.execute(statement, (key,))
        connection.execute(
            "UPDATE erasures SET article = NULL, from_commit = ? WHERE article = ?", (number, key)
        )
    write_counts(connection, tally)
    _forget_terms(connection, terms)


_DELETIONS = (
    "DELETE FROM parts WHERE passage IN (SELECT key FROM passages WHERE article = ?)",
    "DELETE FROM passages WHERE article = ?",
    "DELETE FROM facets WHERE description IN (SELECT key FROM descriptions WHERE article = ?)",
    "DELETE FROM descriptions WHERE article = ?",
    "DELETE FROM revisions WHERE article = ?",
    "DELETE FROM articles WHERE key = ?",
)


def _terms_of(connection: sqlite3.Connection, article: int, tally: Tally) -> set[int]:
    """Return the terms that an article's passages hold; those still alive are taken out of the statistics.

    Alive are some in generations that do not answer. A passage that is damaged may have held any term.
    """
    rows = connection.execute(
        f"SELECT p.generation, p.to_commit IS NULL, {STORED} FROM passages p"
        " LEFT JOIN parts ON parts.passage = p.key WHERE p.article = ?",
        (article,),
    ).fetchall()
    found: set[int] = set()
    for generation, alive, *stored in rows:
        keys = offsets(stored[-2]).tolist() if is_whole(stored) else None
        if alive and keys is not None:
            tally.count(generation, keys, len(keys), -1)
        tally.uncertain |= bool(alive and keys is None)
        found |= set(keys) if keys is not None else _every_term(connection)
    return found


def _every_term(connection: sqlite3.Connection) -> set[int]:
    return {key for (key,) in connection.execute("SELECT key FROM terms")}


def _forget_terms(connection: sqlite3.Connection, terms: set[int]) -> None:
    """Delete those of the terms that no passage holds any more, whatever its generation or time."""
    orphaned = np.array(sorted(terms), np.int32)
    rows = connection.execute("SELECT terms FROM parts")
    while len(orphaned) and (some := rows.fetchmany(PASSAGES_AT_ONCE)):
        orphaned = np.setdiff1d(orphaned, np.concatenate([readable_offsets(packed) for (packed,) in some]))
    keys = [(term,) for term in orphaned.tolist()]
    connection.executemany("DELETE FROM frequencies WHERE term = ?", keys)
    connection.executemany("DELETE FROM terms WHERE key = ?", keys)


PASSAGES_AT_ONCE = 1000
