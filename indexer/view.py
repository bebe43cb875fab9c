"""One view: everything a question may ask of the index, at one commit and in one snapshot.

Knows how the proposals of the engines, the small exact tail of what came since they were written, and
the catalog fit together. Whatever an engine proposes is joined with the catalog at the view's commit.
"""

import json
import sqlite3
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from indexer.article import Metadata, text_digest
from indexer.catalog import Watermark
from indexer.encoder import Vectors
from indexer.errors import ArticleNotFound, IndexDamaged
from indexer.facets import facet_counts
from indexer.filters import Filters, allowed_keys
from indexer.generations import Generation
from indexer.lexical import LexicalIndex
from indexer.matching import PROPOSALS, Statistics, best_matching, read_statistics
from indexer.pool import Pool, read_pool
from indexer.vectors import Keys, VectorIndex
from indexer.vectors.exact import ExactVectors


@dataclass(frozen=True, slots=True)
class Engines:
    """What proposes candidates at one commit; never changed, only replaced.

    ``vectors`` has everything up to its own watermark, ``tail`` the passages born since, ``dead`` the
    keys in ``vectors`` that have gone since. ``terms`` are searched together; ``late`` are passages that
    none of them has, ``terms_dead`` those gone that they may still have.
    """

    mark: Watermark
    generation: Generation
    vectors: VectorIndex
    tail: ExactVectors
    dead: Keys
    terms: tuple[LexicalIndex, ...]
    late: Keys
    terms_dead: Keys


@dataclass(frozen=True, slots=True)
class ArticleState:
    """An article as it stands at a commit: one revision's text with the description of that time."""

    id: str
    revision: int
    sha256: str
    text: str
    metadata: Metadata
    media_type: str
    raw_sha256: str
    page_starts: tuple[int, ...]
    withdrawn: bool
    taken_in: str


class View:
    """The index at one commit; use it within ``with index.view() as view``."""

    def __init__(self, connection: sqlite3.Connection, engines: Engines) -> None:
        self._connection, self._engines = connection, engines
        self.commit = engines.mark.commit
        self.generation = engines.generation

    def allowed(self, filters: Filters) -> Keys | None:
        """Return the keys of the passages that a filter lets through, None when it lets all through."""
        return allowed_keys(self._connection, self.generation.id, filters)

    def nearest(self, question: Vectors, count: int, allowed: Keys | None = None) -> Keys:
        """Propose the ``count`` passages nearest to a question's vector (and a few more)."""
        engines = self._engines
        base = engines.vectors.search(question, count + len(engines.dead), allowed)
        tail = engines.tail.search(question, count, allowed)
        return np.union1d(base[~np.isin(base, engines.dead)], tail)

    def matching(self, statistics: Statistics, count: int, allowed: Keys | None = None) -> Keys:
        """Return the ``count`` passages that match the asked terms best by exact BM25, best first."""
        engines, depth = self._engines, PROPOSALS * count + len(self._engines.terms_dead)
        late = engines.late if allowed is None else np.intersect1d(engines.late, allowed)
        proposed = [engine.search(statistics.asked, depth, allowed) for engine in engines.terms]
        keys = np.unique(np.concatenate([late, *proposed]))
        return best_matching(self._connection, keys, statistics, self.commit, count)

    def pool(self, keys: Keys) -> Pool:
        """Read proposed passages; those that are not valid at this commit fall away."""
        generation = self.generation
        return read_pool(self._connection, keys, self.commit, generation.id, generation.dimension)

    def statistics(self, terms: Sequence[str]) -> Statistics:
        """Read the exact term statistics of this commit for distinct terms."""
        return read_statistics(self._connection, self.generation.id, tuple(terms))

    def article(self, identity: str, revision: int | None = None) -> ArticleState:
        """Read an article: the revision that is current, or the latest one, or the one asked for.

        Raises ArticleNotFound, or IndexDamaged when its text is not what was written.
        """
        row = self._connection.execute(
            f"{_ARTICLE} WHERE a.id = ? AND (? IS NULL OR r.number = ?) ORDER BY r.number DESC LIMIT 1",
            (unicodedata.normalize("NFC", identity), revision, revision),
        ).fetchone()
        if row is None:
            wanted = f"article {identity!r}" + (f" revision {revision}" if revision else "")
            raise ArticleNotFound(wanted, "there is none in this index", "see 'civicite status' for what is")
        return _article_state(row)

    def articles_of(self, revision_keys: Iterable[int]) -> dict[int, ArticleState]:
        """Read the articles that a pool's revision keys belong to, by those keys."""
        rows = self._connection.execute(
            f"{_ARTICLE} WHERE r.key IN (SELECT value FROM json_each(?))",
            (str(list(revision_keys)),),
        ).fetchall()
        return {row[0]: _article_state(row) for row in rows}

    def revisions(self, identity: str) -> list[tuple[int, str, str, bool]]:
        """List an article's revisions: number, SHA-256, when it was taken in, whether it is current."""
        rows = self._connection.execute(
            "SELECT r.number, r.sha256, c.at, r.to_commit IS NULL FROM revisions r"
            " JOIN articles a ON a.key = r.article JOIN commits c ON c.id = r.from_commit"
            " WHERE a.id = ? ORDER BY r.number",
            (identity,),
        )
        return [(number, sha256, at, bool(current)) for number, sha256, at, current in rows]

    def articles(self, after: str = "", limit: int = 100) -> list[tuple[str, int, Metadata]]:
        """List current articles in the order of their ids: id, revision, description."""
        rows = self._connection.execute(
            "SELECT a.id, r.number, d.metadata FROM articles a"
            " JOIN revisions r ON r.article = a.key AND r.to_commit IS NULL"
            " JOIN descriptions d ON d.article = a.key AND d.to_commit IS NULL"
            " WHERE a.id > ? ORDER BY a.id LIMIT ?",
            (after, limit),
        )
        return [(identity, number, Metadata.from_json(text)) for identity, number, text in rows]

    def facets(self) -> dict[str, dict[str, int]]:
        """Count the current articles by facet name and value."""
        return facet_counts(self._connection)

    def count_articles(self) -> int:
        """Count the current articles."""
        return int(
            self._connection.execute("SELECT COUNT(*) FROM revisions WHERE to_commit IS NULL").fetchone()[0]
        )


_ARTICLE = (
    "SELECT r.key, a.id, r.number, r.sha256, r.text, d.metadata, d.media_type, d.raw_sha256, d.page_starts,"
    " r.to_commit IS NOT NULL, c.at"
    " FROM revisions r JOIN articles a ON a.key = r.article JOIN commits c ON c.id = r.from_commit"
    " JOIN descriptions d ON d.key = (SELECT MAX(key) FROM descriptions WHERE article = a.key"
    " AND from_commit < COALESCE(r.to_commit, 9223372036854775807))"
)


def _article_state(row: tuple[int, str, int, str, str, str, str, str, str, int, str]) -> ArticleState:
    _, identity, number, sha256, text, metadata, media_type, raw_sha256, pages, withdrawn, at = row
    if text_digest(text) != sha256:
        raise IndexDamaged(
            f"article {identity!r} revision {number}: its text is not what was written; "
            "run 'civicite verify', then index the article again"
        )
    return ArticleState(
        id=identity,
        revision=number,
        sha256=sha256,
        text=text,
        metadata=Metadata.from_json(metadata),
        media_type=media_type,
        raw_sha256=raw_sha256,
        page_starts=tuple(json.loads(pages)),
        withdrawn=bool(withdrawn),
        taken_in=at,
    )
