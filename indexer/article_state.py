"""Articles as they stood at a commit: one revision's text, described as it was then.

Each is compared, when it is read, with what was noted of it when it was taken in.
"""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from indexer.article import Article, Metadata, normal_id, text_digest
from indexer.describing import description_digest
from indexer.erasing import check_findable, not_found
from indexer.errors import ArticleDamaged, ArticleLost


@dataclass(frozen=True, slots=True)
class ArticleState:
    """An article as it stands at a commit: one revision's text with the description of that time.

    The last two are of the newest commit, whichever commit was viewed: whether the article has been
    ``withdrawn``, and the number of the latest revision when that is another one.
    """

    id: str
    revision: int
    sha256: str
    text: str
    metadata: Metadata
    media_type: str
    raw_sha256: str
    page_starts: tuple[int, ...]
    taken_in: str
    withdrawn: bool
    superseded_by: int | None


def read_article(
    connection: sqlite3.Connection, commit: int, identity: str, revision: int | None = None
) -> ArticleState:
    """Read the latest revision of an article, or the one asked for, of those that a commit knows.

    Raises ArticleNotFound, ArticleErased, ArticleLost or ArticleDamaged.
    """
    check_findable([identity])
    if revision is not None and not 0 <= revision < 2**63:
        # SQLite has no room for it.
        raise not_found(connection, identity, revision)
    row = connection.execute(
        f"{_ARTICLE} WHERE a.id = :id AND r.from_commit <= :commit"
        " AND (:revision IS NULL OR r.number = :revision) ORDER BY r.number DESC LIMIT 1",
        {"id": normal_id(identity), "revision": revision, "commit": commit},
    ).fetchone()
    if row is None:
        raise not_found(connection, identity, revision)
    return _article_state(row)


def read_articles(
    connection: sqlite3.Connection, commit: int, revision_keys: Iterable[int]
) -> dict[int, ArticleState]:
    """Read the articles of revisions, by their keys; those that are lost are left out.

    Raises ArticleDamaged.
    """
    rows = connection.execute(
        f"{_ARTICLE} WHERE r.key IN (SELECT value FROM json_each(:keys))"
        " AND r.key NOT IN (SELECT key FROM lost_revisions)",
        {"keys": str(list(revision_keys)), "commit": commit},
    ).fetchall()
    return {row[0]: _article_state(row) for row in rows}


_ARTICLE = (
    "SELECT r.key, a.id, r.number, r.sha256, r.text, d.metadata, d.media_type, d.raw_sha256, d.page_starts,"
    " c.at, r.to_commit IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM revisions o WHERE o.article = a.key AND o.to_commit IS NULL),"
    " (SELECT MAX(number) FROM revisions o WHERE o.article = a.key), d.digest, d.root, d.path,"
    " r.key IN (SELECT key FROM lost_revisions)"
    " FROM revisions r JOIN articles a ON a.key = r.article JOIN commits c ON c.id = r.from_commit"
    " JOIN descriptions d ON d.key = (SELECT MAX(key) FROM descriptions WHERE article = a.key"
    " AND from_commit <= :commit AND from_commit < COALESCE(r.to_commit, 9223372036854775807))"
)


def _article_state(row: tuple[Any, ...]) -> ArticleState:
    _, identity, number, sha256, text, metadata, media_type, raw_sha256, pages = row[:9]
    at, withdrawn, latest, noted, root, path, lost = row[9:]
    if lost:
        raise ArticleLost(
            f"article {identity!r} revision {number}",
            "its text was damaged and is lost",
            "an earlier backup may have it, or ask for a later revision",
        )
    if text_digest(text) != sha256:
        raise altered(f"article {identity!r} revision {number}: its text")
    known, starts = _known(identity, metadata), _starts(identity, pages)
    if description_digest(Article("", "", known, media_type, raw_sha256, starts, root, path)) != noted:
        raise altered(f"article {identity!r}: its metadata")
    return ArticleState(
        id=identity,
        revision=number,
        sha256=sha256,
        text=text,
        metadata=known,
        media_type=media_type,
        raw_sha256=raw_sha256,
        page_starts=starts,
        taken_in=at,
        withdrawn=bool(withdrawn),
        superseded_by=latest if latest != number else None,
    )


def _known(identity: str, metadata: str) -> Metadata:
    try:
        return Metadata.from_json(metadata)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise altered(f"article {identity!r}: its metadata") from error


def _starts(identity: str, pages: str) -> tuple[int, ...]:
    try:
        return tuple(json.loads(pages))
    except (ValueError, TypeError) as error:
        raise altered(f"article {identity!r}: its metadata") from error


def altered(what: str) -> ArticleDamaged:
    """Return the error for what differs from what was noted of it when it was taken in."""
    return ArticleDamaged(
        f"{what} is not what was written; run 'civicite verify', then index the article again"
    )
