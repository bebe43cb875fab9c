"""One commit: what changed in the collection, written to the catalog in a single transaction.

Knows how articles, revisions, descriptions, passages and term statistics hang together, and that rows
are closed, never overwritten. It encodes nothing and projects nothing: both happen outside.
"""

import datetime
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from indexer.article import Article, day_range
from indexer.catalog import Catalog
from indexer.copies import record
from indexer.describing import add_facets, description_digest
from indexer.erasing import erase_rows, erased_revision, identity_digest
from indexer.leave import Leave
from indexer.lost import give_up
from indexer.marks import Watermark, link, watermark, write_mark
from indexer.prints import Print, prints
from indexer.storage import StoredPassage
from indexer.variants import bands, record_bands
from indexer.writing import Place, Tally, add_passages, close_passages, write_counts


@dataclass(frozen=True, slots=True)
class Put:
    """Take in an article. ``passages`` is None when only its description changed.

    ``anew`` closes what is there although it is the same: it is not what was written any more.
    """

    article: Article
    passages: tuple[StoredPassage, ...] | None
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take an article out of every current answer; its revisions stay for as-of questions."""

    id: str


@dataclass(frozen=True, slots=True)
class Erase:
    """Delete every row of articles that are noted for erasure and are in no current answer any more."""

    ids: tuple[str, ...]


Change = Put | Withdraw | Erase


@dataclass(slots=True)
class _Counts:
    """Articles that one commit added, changed and withdrew; ``likeness`` is found before, by text.

    ``mended`` tells whether anything that was damaged was written anew, or given up.
    """

    likeness: dict[str, tuple[tuple[Print, ...], tuple[int, ...]]] = field(default_factory=dict)
    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    mended: bool = False


def commit(
    catalog: Catalog, generation: int, changes: Sequence[Change], leave: Leave | None = None
) -> Watermark:
    """Write the changes as one commit and note it outside the catalog; returns the new watermark.

    The caller holds the index lock. Nothing is written when anything is raised. Leave is used once the slow
    work is done: from there the commit goes to its end.
    """
    texts = {put.article.text for put in changes if isinstance(put, Put) and put.passages is not None}
    likeness = {text: (prints(text), bands(text)) for text in texts}
    if leave is not None:
        leave.use()
    with catalog.writing() as connection:
        number, counts, tally = next_commit(connection), _Counts(likeness=likeness), Tally()
        for change in changes:
            if isinstance(change, Withdraw):
                _withdraw(connection, number, change.id, counts, tally)
            elif isinstance(change, Erase):
                erase_rows(connection, number, change.ids)
            else:
                _put(connection, generation, number, change, counts, tally)
        write_counts(connection, tally)
        mark = append(connection, [_summary(change) for change in changes], counts)
        if counts.mended:
            # What lay on damaged pages may lie on none now. Without a seal, the next fold checks every row
            # once and seals every page; else pages that nobody uses any more would differ for good.
            catalog.layout.seal.unlink(missing_ok=True)
    write_mark(catalog.layout, mark)
    return mark


def append(
    connection: sqlite3.Connection, changes: object, counts: _Counts | None = None, note: str | None = None
) -> Watermark:
    """Add the next commit to the chain; ``note`` says in words what a commit did that is no edit."""
    number, chain = next_commit(connection), link(watermark(connection).chain, changes)
    counts = counts or _Counts()
    connection.execute(
        "INSERT INTO commits (id, at, chain, added, changed, withdrawn, note) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (number, _now(), chain, counts.added, counts.changed, counts.withdrawn, note),
    )
    return Watermark(number, chain)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def next_commit(connection: sqlite3.Connection) -> int:
    """Return the number that the next commit will have."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'commits'").fetchone()
    return int(row[0]) + 1 if row else 1


def _summary(change: Change) -> list[str | None]:
    if isinstance(change, Withdraw):
        return ["withdraw", change.id]
    if isinstance(change, Erase):
        return ["erase", *map(identity_digest, change.ids)]
    return ["put", change.article.id, change.article.sha256, description_digest(change.article)]


def _put(
    connection: sqlite3.Connection, generation: int, number: int, change: Put, counts: _Counts, tally: Tally
) -> None:
    article = change.article
    connection.execute("INSERT INTO articles (id) VALUES (?) ON CONFLICT (id) DO NOTHING", (article.id,))
    key = int(connection.execute("SELECT key FROM articles WHERE id = ?", (article.id,)).fetchone()[0])
    existed = _describe(connection, key, number, change)
    if existed:
        counts.changed += 1
    else:
        counts.added += 1
    if change.passages is None:
        return
    current = connection.execute(
        "SELECT key, sha256 = ? FROM revisions WHERE article = ? AND to_commit IS NULL", (article.sha256, key)
    ).fetchone()
    if current and current[1] and not change.anew:
        revision = int(current[0])
        # The title alone changed: what that means to another generation depends on its recipe.
        close_passages(connection, revision, number, tally, generation=generation)
    else:
        _end_revision(connection, number, key, tally)
        revision = _revise(connection, key, number, article)
        found, signature = counts.likeness[article.text]
        record(connection, revision, found)
        record_bands(connection, revision, signature)
    add_passages(connection, Place(generation, key, revision, number), change.passages, tally)
    if change.anew or not existed:
        counts.mended |= give_up(connection, key) or change.anew


def _withdraw(
    connection: sqlite3.Connection, number: int, identity: str, counts: _Counts, tally: Tally
) -> None:
    row = connection.execute("SELECT key FROM articles WHERE id = ?", (identity,)).fetchone()
    _end_revision(connection, number, row[0], tally)
    connection.execute(
        "UPDATE descriptions SET to_commit = ? WHERE article = ? AND to_commit IS NULL", (number, row[0])
    )
    counts.withdrawn += 1
    counts.mended |= give_up(connection, row[0])


def _end_revision(connection: sqlite3.Connection, number: int, article: int, tally: Tally) -> None:
    """Close an article's current revision and its passages of every generation.

    A generation that does not answer lacks what is new, but never holds what is gone: whoever still
    answers from it quotes nothing that was withdrawn.
    """
    current = connection.execute(
        "SELECT key FROM revisions WHERE article = ? AND to_commit IS NULL", (article,)
    ).fetchone()
    if current:
        close_passages(connection, current[0], number, tally)
        connection.execute("UPDATE revisions SET to_commit = ? WHERE key = ?", (number, current[0]))


def _describe(connection: sqlite3.Connection, key: int, number: int, change: Put) -> bool:
    """Make the article's description current; returns whether it had one before."""
    article = change.article
    wanted = description_digest(article)
    current = connection.execute(
        "SELECT key, digest = ? FROM descriptions WHERE article = ? AND to_commit IS NULL", (wanted, key)
    ).fetchone()
    if current and current[1] and not change.anew:
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
    add_facets(connection, int(cursor.lastrowid or 0), article)
    return bool(current)


def _revise(connection: sqlite3.Connection, key: int, number: int, article: Article) -> int:
    # A number is never given twice: a citation of an erased revision must not lead to another text.
    last = max(
        connection.execute("SELECT MAX(number) FROM revisions WHERE article = ?", (key,)).fetchone()[0] or 0,
        erased_revision(connection, article.id),
    )
    cursor = connection.execute(
        "INSERT INTO revisions (article, number, sha256, text, from_commit) VALUES (?, ?, ?, ?, ?)",
        (key, last + 1, article.sha256, article.text, number),
    )
    return int(cursor.lastrowid or 0)
