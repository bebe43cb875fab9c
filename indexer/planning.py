"""What taking in an article would do: compare it, by id and digest, with what the catalog holds.

The pair decides, never the digest alone: two articles that swap their contents are both changed.
"""

import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from indexer.addresses import is_address
from indexer.article import Article, Metadata, normal_id
from indexer.describing import DESCRIBED, described, description_digest, is_derived
from indexer.erasing import erased_revision
from indexer.generations import Generation
from indexer.recipe import Recipe
from indexer.soundness import highest_term, is_sound_passage
from indexer.storage import StoredPassage, offsets
from indexer.writing import STORED, is_whole

Decision = Literal["added", "changed", "described", "unchanged", "mended"]
"""``described``: the description differs, the passages do not, so nothing is encoded. ``mended``: whether
anything differs or not, what is stored is not what was written, and is written anew from top to bottom."""


@dataclass(frozen=True, slots=True)
class Current:
    """A current article as far as comparing needs it."""

    sha256: str
    description: str
    title: str | None
    root: str | None
    path: str | None
    raw_sha256: str

    @property
    def file(self) -> Path | None:
        """The file it was read from, None when it came over HTTP."""
        return None if self.root is None or is_address(self.root) else Path(self.root, self.path or "")


def current(connection: sqlite3.Connection, identity: str) -> Current | None:
    """Return the current article by that id, None when there is none or it was withdrawn."""
    row = connection.execute(
        f"SELECT CAST(r.sha256 AS BLOB), {DESCRIBED} FROM articles a"
        " JOIN revisions r ON r.article = a.key AND r.to_commit IS NULL"
        " JOIN descriptions d ON d.article = a.key AND d.to_commit IS NULL WHERE a.id = ?",
        (normal_id(identity),),
    ).fetchone()
    if row is None:
        return None
    # What is no UTF-8, or nothing, is damaged, and differs from whatever it is compared with.
    sha256, metadata, digest, _, raw, _ = (_readable(one) or "" for one in row[:6])
    root, path = map(_readable, row[6:])
    try:
        title = Metadata.from_json(metadata).title
    except (ValueError, TypeError, KeyError, AttributeError):
        title = None  # it is damaged, which is found where it is looked for
    return Current(sha256, digest, title, root, path, raw)


def _readable(stored: bytes | None) -> str | None:
    return None if stored is None else stored.decode(errors="replace")


def is_sound_article(connection: sqlite3.Connection, identity: str) -> bool:
    """Tell whether a current article is what was written: its text, its description and its passages."""
    article, key, sha256, text, description, *stored = connection.execute(
        f"SELECT a.key, r.key, CAST(r.sha256 AS BLOB), CAST(r.text AS BLOB), d.key, {DESCRIBED}"
        " FROM articles a JOIN revisions r ON r.article = a.key AND r.to_commit IS NULL"
        " JOIN descriptions d ON d.article = a.key AND d.to_commit IS NULL WHERE a.id = ?",
        (normal_id(identity),),
    ).fetchone()
    known = described(stored)
    if hashlib.sha256(text or b"").hexdigest().encode() != sha256 or known is None:
        return False
    return is_derived(connection, description, known) and _passages_are_sound(connection, article, key)


def _passages_are_sound(connection: sqlite3.Connection, article: int, revision: int) -> bool:
    """Tell whether a current revision's passages are what was written, in every generation that has them."""
    rows = connection.execute(
        f"SELECT p.article, g.active, p.terms, {STORED} FROM passages p"
        " JOIN generations g ON g.id = p.generation"
        " LEFT JOIN parts ON parts.passage = p.key WHERE p.revision = ? AND p.to_commit IS NULL"
        " ORDER BY p.ordinal",
        (revision,),
    ).fetchall()
    highest = highest_term(connection)
    answering = [ordinal for _, active, _, _, ordinal, *_ in rows if active]
    return answering == list(range(max(1, len(answering)))) and all(
        owner == article and is_sound_passage(stored, length, highest) for owner, _, length, *stored in rows
    )


def was_withdrawn(connection: sqlite3.Connection, identity: str) -> bool:
    """Tell whether there was an article by that id and is none now, withdrawn or erased."""
    known = connection.execute("SELECT 1 FROM articles WHERE id = ?", (identity,)).fetchone()
    if known is None:
        return bool(erased_revision(connection, identity))
    return current(connection, identity) is None


def decide(before: Current | None, article: Article, recipe: Recipe | None) -> Decision:
    """Say what taking in the article would do under a recipe (None before the first article)."""
    if before is None or recipe is None:
        return "added"
    if before.sha256 != article.sha256:
        return "changed"
    if recipe.title_context and before.title != article.metadata.title:
        return "changed"
    return "unchanged" if before.description == description_digest(article) else "described"


def articles_under(connection: sqlite3.Connection, root: str, upto: int | None = None) -> dict[str, str]:
    """Return the current articles that came from one PATH: id to the file's place below it.

    With ``upto`` only those that nobody has written since that commit.
    """
    rows = connection.execute(
        "SELECT a.id, CAST(d.path AS BLOB) FROM descriptions d JOIN articles a ON a.key = d.article"
        " JOIN revisions r ON r.article = a.key AND r.to_commit IS NULL"
        " WHERE d.to_commit IS NULL AND d.root = :root"
        " AND (:upto IS NULL OR MAX(d.from_commit, r.from_commit) <= :upto) ORDER BY a.id",
        {"root": root, "upto": upto},
    )
    return {identity: _readable(path) or "" for identity, path in rows}


def articles_below(connection: sqlite3.Connection, folder: str) -> dict[str, str]:
    """Return the current articles whose files lie below a folder: id to the file's place below it."""
    rows = connection.execute(
        "SELECT a.id, CAST(d.root AS BLOB), CAST(d.path AS BLOB)"
        " FROM descriptions d JOIN articles a ON a.key = d.article"
        " WHERE d.to_commit IS NULL"
        " AND SUBSTR(RTRIM(d.root, '/') || '/' || d.path, 1, LENGTH(:below)) = :below ORDER BY a.id",
        {"below": folder.rstrip("/") + "/"},
    )
    places = ((identity, Path(_readable(root) or "", _readable(path) or "")) for identity, root, path in rows)
    return {identity: place.relative_to(folder).as_posix() for identity, place in places}


def stored_passages(connection: sqlite3.Connection, generation: int, sha256: str) -> list[StoredPassage]:
    """Return the passages of a text that was encoded before, under whatever id; empty when it was not.

    Empty too when one of them is not what was written: damage must not be copied under a new digest.
    """
    revision = connection.execute(
        "SELECT r.key FROM revisions r WHERE r.sha256 = ? AND EXISTS (SELECT 1 FROM passages p"
        " WHERE p.revision = r.key AND p.generation = ?) AND NOT EXISTS (SELECT 1 FROM passages p"
        " JOIN lost_passages l ON l.key = p.key WHERE p.revision = r.key) ORDER BY r.key DESC LIMIT 1",
        (sha256, generation),
    ).fetchone()
    if revision is None:
        return []
    rows = connection.execute(
        f"SELECT {STORED} FROM passages p JOIN parts ON parts.passage = p.key"
        " WHERE p.revision = ? AND +p.generation = ? AND p.from_commit ="
        " (SELECT MAX(from_commit) FROM passages WHERE revision = ? AND +generation = ?) ORDER BY p.ordinal",
        (revision[0], generation, revision[0], generation),
    ).fetchall()
    if not all(map(is_whole, rows)):
        return []
    return [
        StoredPassage(
            start, stop, context.decode(), vector, spans, kinds, vectors, counts, _words(connection, packed)
        )
        for _, _, start, stop, context, vector, spans, kinds, vectors, counts, packed, _ in rows
    ]


def reusable_passages(
    connection: sqlite3.Connection, generation: Generation, article: Article
) -> tuple[StoredPassage, ...] | None:
    """Return the passages of this very text under this very title, None when it was never encoded so."""
    stored = stored_passages(connection, generation.id, article.sha256)
    title = article.metadata.title
    same = all(
        one.context == generation.recipe.context(title, article.text[one.start : one.stop]) for one in stored
    )
    return tuple(stored) if stored and same else None


def _words(connection: sqlite3.Connection, packed: bytes) -> tuple[str, ...]:
    keys = offsets(packed).tolist()
    listed = ",".join(map(str, set(keys)))
    words = dict(connection.execute(f"SELECT key, term FROM terms WHERE key IN ({listed})").fetchall())
    return tuple(words[key] for key in keys)
