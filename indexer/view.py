"""One view: everything a question may ask of the index, at one commit and in one snapshot.

Knows how the proposals of the engines, the small exact tail of what came since they were written, and
the catalog fit together. Whatever an engine proposes is joined with the catalog at the view's commit.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import compress

import numpy as np

from indexer.article import Metadata, Span, normal_id
from indexer.article_state import ArticleState, altered, read_article, read_articles
from indexer.catalog import readable_at, valid_at
from indexer.copies import Kin, Stretch, read_kin
from indexer.counts import statistics_by
from indexer.encoder import Vectors
from indexer.engines import Engines
from indexer.errors import ArticleLeftOut, shown
from indexer.facets import facet_counts
from indexer.filters import Filters, allowed_keys
from indexer.holders import Holder, read_holders
from indexer.listing import Listed, Wanted, read_listed
from indexer.matching import PROPOSALS, Statistics, best_matching, read_statistics
from indexer.moments import first_instant
from indexer.pool import Pool, StoredColumns, pooled, read_passages, valid_passages
from indexer.recent import Recent
from indexer.variants import Variant, read_variants
from indexer.vectors import Keys


class View:
    """The index at one commit; use it within ``with index.view() as view``.

    ``chain`` is of the commit and all before it: a restored backup can repeat ``commit``, but not this.
    ``as_of`` is the instant that it was asked for by, in UTC; None when the newest commit was wanted.
    ``recent`` is what was read at this commit while it was the newest one: what became of an article since
    is part of how it is described. ``damaged`` names the articles that are left out.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        engines: Engines,
        as_of: str | None = None,
        recent: Recent | None = None,
        damaged: frozenset[str] = frozenset(),
    ) -> None:
        self._connection, self._engines, self.damaged = connection, engines, damaged
        self._recent = recent or Recent()
        self.commit, self.chain = engines.mark.commit, engines.mark.chain
        self.generation = engines.generation
        self.as_of = as_of

    def allowed(self, filters: Filters) -> Keys | None:
        """Return the keys of the passages that a filter lets through, None when it lets all through."""
        return allowed_keys(self._connection, self.generation.id, filters, self.commit)

    def keys(self) -> Keys:
        """Return the keys of all passages of this commit, ascending; ``pool`` reads what they hold."""
        rows = self._connection.execute(
            f"SELECT key FROM passages p WHERE generation = ?1 AND {readable_at('p', '?2')} ORDER BY key",
            (self.generation.id, self.commit),
        )
        return np.fromiter((row[0] for row in rows), np.int64)

    def nearest(self, question: Vectors, count: int, allowed: Keys | None = None) -> Keys:
        """Return the ``count`` passages nearest to a question's vector, and those that tie with the last.

        Which they are depends on nothing but the passages: neither on what lies in the tail, nor on what
        has gone since.
        """
        engines = self._engines
        allowed = engines.within if allowed is None else allowed
        base = engines.vectors.search(question, count + len(engines.dead), allowed)
        tail = engines.tail.search(question, count, allowed)
        keys = np.union1d(base[~np.isin(base, engines.dead)], tail)
        if len(keys) <= count:
            return keys
        passages = self._passages(keys)
        if len(passages) <= count:
            return np.array([one.key for one in passages], np.int64)
        cosines = np.einsum("ij,j->i", np.concatenate([one.vector for one in passages]), question)
        least = np.partition(cosines, -count)[-count]
        nearest: Keys = np.array([one.key for one in passages], np.int64)[cosines >= least]
        return nearest

    def matching(self, statistics: Statistics, count: int, allowed: Keys | None = None) -> Keys:
        """Return the ``count`` passages that match the asked terms best by exact BM25, best first."""
        engines, depth = self._engines, PROPOSALS * count + len(self._engines.terms_dead)
        allowed = engines.within if allowed is None else allowed
        late = engines.late if allowed is None else np.intersect1d(engines.late, allowed)
        proposed = [engine.search(statistics.asked, depth, allowed) for engine in engines.terms]
        keys = np.unique(np.concatenate([late, *proposed]))
        return best_matching(self._passages(keys), statistics, count)

    def pool(self, keys: Keys) -> Pool:
        """Read proposed passages; those that are not valid at this commit fall away."""
        return pooled(self._passages(keys), self.generation.dimension)

    def _passages(self, keys: Keys) -> list[StoredColumns]:
        valid, dimension = self._valid(keys.tolist()), self.generation.dimension
        return read_passages(self._connection, valid, dimension, self._engines.known)

    def _valid(self, keys: list[int]) -> list[int]:
        recent = self._recent.valid
        noted = recent.several(keys)
        if None in noted:
            unknown = [key for key, valid in zip(keys, noted, strict=True) if valid is None]
            found = valid_passages(self._connection, unknown, self.generation.id, self.commit)
            for key in unknown:
                recent.keep(key, key in found)
            noted = [key in found if valid is None else valid for key, valid in zip(keys, noted, strict=True)]
        return list(compress(keys, noted))

    def statistics(self, terms: Sequence[str]) -> Statistics:
        """Read the exact term statistics of this commit for distinct terms."""
        counts = self._engines.counts
        if counts is not None:
            return statistics_by(self._connection, self.generation.id, tuple(terms), counts)
        recent = self._recent
        noted = {term: recent.terms.get(term) for term in terms}
        unknown = tuple(term for term, found in noted.items() if found is None)
        if unknown or recent.size is None:
            fresh = read_statistics(self._connection, self.generation.id, unknown)
            recent.size = (fresh.passages, fresh.terms)
            for term, key, holding in zip(unknown, fresh.keys, fresh.holding, strict=True):
                noted[term] = (key, holding)
                recent.terms.keep(term, (key, holding))
        keys, holding_each = (
            zip(*(noted[term] or (None, 0) for term in terms), strict=True) if terms else ((), ())
        )
        return Statistics(tuple(terms), *recent.size, keys, holding_each)

    def article(self, identity: str, revision: int | None = None) -> ArticleState:
        """Read an article: the revision that is current, or the latest one, or the one asked for.

        Raises ArticleNotFound, ArticleErased when it was there once, ArticleLost when its text was damaged
        and is given up, or ArticleDamaged when it is not what was written.
        """
        if normal_id(identity) in self.damaged:
            named = f"article {shown(identity)}"
            raise ArticleLeftOut(
                f"{named}: it is damaged and left out; run 'civicite verify', or index it again"
            )
        return read_article(self._connection, self.commit, identity, revision)

    def articles_of(self, revision_keys: Iterable[int]) -> dict[int, ArticleState]:
        """Read the articles that a pool's revision keys belong to, by those keys."""
        found = {key: self._recent.articles.get(key) for key in revision_keys}
        if missing := [key for key, article in found.items() if article is None]:
            for key, article in read_articles(self._connection, self.commit, missing).items():
                found[key] = article
                self._recent.articles.keep(key, article)
        return {key: article for key, article in found.items() if article is not None}

    def copies(self, stretches: Sequence[Stretch]) -> list[Kin]:
        """Find what repeats each stretch of a revision in other articles at this commit."""
        found = {stretch: self._recent.kin.get(stretch) for stretch in stretches}
        if missing := [stretch for stretch, kin in found.items() if kin is None]:
            fresh = read_kin(self._connection, self.commit, missing, self.articles_of)
            for stretch, kin in zip(missing, fresh, strict=True):
                found[stretch] = kin
                self._recent.kin.keep(stretch, kin)
        return [kin for kin in map(found.get, stretches) if kin is not None]

    def holders(self, text: str) -> list[Holder]:
        """List the revisions that hold a text, character for character, the current ones first."""
        return read_holders(self._connection, self.commit, text)

    def variants(self, identity: str) -> list[Variant]:
        """List the current articles that are nearly the same as this one but differ in what they say."""
        return read_variants(self._connection, self.commit, identity, self.articles_of)

    def spans(self, revision: int) -> list[tuple[int, Span]]:
        """List the passages of a revision, by its key, in order: key and span."""
        rows = self._connection.execute(
            "SELECT key, start, stop FROM passages p WHERE revision = ?1 AND +generation = ?2"
            f" AND {readable_at('p', '?3')} ORDER BY ordinal",
            (revision, self.generation.id, self.commit),
        )
        return [(key, Span(start, stop)) for key, start, stop in rows.fetchall()]

    def revisions(self, identity: str) -> list[tuple[int, str, str, bool]]:
        """List an article's revisions: number, SHA-256, when it was taken in, whether it is current."""
        rows = self._connection.execute(
            f"SELECT r.number, r.sha256, c.at, {valid_at('r')} FROM revisions r"
            " JOIN articles a ON a.key = r.article JOIN commits c ON c.id = r.from_commit"
            " WHERE a.id = :id AND r.from_commit <= :commit ORDER BY r.number",
            {"id": normal_id(identity), "commit": self.commit},
        )
        return [(number, sha256, at, bool(current)) for number, sha256, at, current in rows]

    def articles(self, after: str = "", limit: int = 100) -> list[tuple[str, int, Metadata]]:
        """List current articles in the order of their ids: id, revision, description."""
        return [(one.id, one.revision, one.metadata) for one in self.listed(Wanted(after=("", after)), limit)]

    def listed(self, wanted: Wanted, limit: int) -> list[Listed]:
        """List the current articles that are wanted, in the order that is wanted."""
        try:
            return read_listed(self._connection, self.commit, wanted, limit)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise altered("the metadata of an article") from error

    def facets(self) -> dict[str, dict[str, int]]:
        """Count the current articles by facet name and value."""
        return facet_counts(self._connection, self.commit)

    def count_articles(self, allowed: Keys | None = None) -> int:
        """Count the current articles, or those that have any of the ``allowed`` passages."""
        if allowed is not None:
            row = self._connection.execute(
                "SELECT COUNT(DISTINCT article) FROM passages WHERE key IN (SELECT value FROM json_each(?))",
                (str(allowed.tolist()),),
            ).fetchone()
            return int(row[0])
        row = self._connection.execute(
            f"SELECT COUNT(*) FROM revisions r WHERE {valid_at('r')}", {"commit": self.commit}
        ).fetchone()
        return int(row[0])

    def first_instant(self) -> str | None:
        """Return when the first commit was made, in UTC."""
        return first_instant(self._connection)
