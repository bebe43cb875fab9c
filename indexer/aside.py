"""Damaged articles, set aside: no question sees them, and everything else goes on answering.

Whatever reads through a connection that hides them reads views in the place of the tables. Damage that is
not confined to articles, as in commits, terms or the tree of pages, is no matter for this module: such a
catalog is refused.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from indexer.errors import IndexDamaged
from indexer.findings import Finding


@dataclass(frozen=True, slots=True)
class Aside:
    """What is not to be seen, by row keys, each with what was found.

    An article whose current revision or description is damaged is hidden with all of its past, until it is
    indexed again. A revision or description of the past is hidden alone.
    """

    articles: dict[int, Finding]
    revisions: dict[int, Finding]
    descriptions: dict[int, Finding]

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> "Aside":
        """Gather what is damaged; raises IndexDamaged for damage that is not confined to articles."""
        found = cls({}, {}, {})
        for one in findings:
            if one.kind != "damage":
                continue
            if not (one.articles or one.revision or one.description):
                raise IndexDamaged(f"{one.where}: {one.problem}; {one.mend}")
            found.articles.update(dict.fromkeys(one.articles, one))
            if one.revision is not None:
                found.revisions[one.revision] = one
            if one.description is not None:
                found.descriptions[one.description] = one
        return found

    def __bool__(self) -> bool:
        """Tell whether anything is damaged."""
        return bool(self.articles or self.revisions or self.descriptions)

    def hide(self, connection: sqlite3.Connection) -> None:
        """From now on show this connection nothing of what is damaged."""
        for name in ("articles", "revisions", "descriptions"):
            connection.execute(f"CREATE TEMP TABLE aside_{name} (key INTEGER PRIMARY KEY)")
            connection.executemany(
                f"INSERT INTO aside_{name} VALUES (?)", [(key,) for key in getattr(self, name)]
            )
        for view in _VIEWS:
            connection.execute(f"CREATE TEMP VIEW {view}")

    def named(self, connection: sqlite3.Connection) -> dict[str, Finding]:
        """Return the articles that are hidden at this connection's snapshot, by id, with what was found."""
        if not self:
            return {}
        rows = connection.execute(
            "SELECT a.id, h.article, h.revision, h.description FROM hidden h"
            " JOIN main.articles a ON a.key = h.article ORDER BY a.id"
        )
        return {
            identity: self.articles.get(article) or self.revisions.get(revision) or self.descriptions[known]
            for identity, article, revision, known in rows
        }


NOTHING = Aside({}, {}, {})
"""Of a catalog in which nothing is damaged."""

_HIDDEN = "(SELECT article FROM hidden)"

# What lies behind names of the catalog's own tables is found first by SQLite where it is temporary.
_VIEWS = (
    "hidden AS SELECT key AS article, NULL AS revision, NULL AS description FROM aside_articles"
    " UNION ALL SELECT r.article, r.key, NULL FROM aside_revisions s JOIN main.revisions r ON r.key = s.key"
    " WHERE r.to_commit IS NULL"
    " UNION ALL SELECT d.article, NULL, d.key FROM aside_descriptions s"
    " JOIN main.descriptions d ON d.key = s.key WHERE d.to_commit IS NULL",
    f"articles AS SELECT * FROM main.articles WHERE key NOT IN {_HIDDEN}",
    f"revisions AS SELECT * FROM main.revisions WHERE article NOT IN {_HIDDEN}"
    " AND key NOT IN (SELECT key FROM aside_revisions)",
    f"descriptions AS SELECT * FROM main.descriptions WHERE article NOT IN {_HIDDEN}"
    " AND key NOT IN (SELECT key FROM aside_descriptions)",
    f"passages AS SELECT * FROM main.passages WHERE article NOT IN {_HIDDEN}"
    " AND revision NOT IN (SELECT key FROM aside_revisions)",
)
