"""What an index holds, at a glance. Loads no model and no projection, only their watermarks."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from indexer.catalog import EMPTY, Catalog, Watermark, check_mark, watermark
from indexer.erasing import is_unswept
from indexer.errors import IndexDamaged
from indexer.generations import active_generation
from indexer.layout import Layout
from indexer.lexical import engine as tantivy_engine
from indexer.lexical.engine import TantivyTerms
from indexer.projections import belongs
from indexer.recipe import Recipe
from indexer.vectors.flat import FlatVectors


@dataclass(frozen=True, slots=True)
class Overview:
    """An index at one commit; ``recipe``, ``generation`` and ``updated`` are None before the first article.

    ``vectors`` and ``terms`` say in words how far the projections have come; ``size`` is in bytes.
    ``damaged`` names articles that are left out because they are not what was written. ``erasing`` tells that
    files may hold traces of what is erased.
    """

    commit: int
    updated: str | None
    articles: int
    withdrawn: int
    passages: int
    sentences: int
    generation: int | None
    recipe: Recipe | None
    size: int
    vectors: str
    terms: str
    damaged: tuple[str, ...]
    erasing: bool


def survey(folder: Path) -> Overview:
    """Look at an index; raises IndexNotFound, IndexTooNew or IndexDamaged."""
    layout = Layout(folder)
    catalog = Catalog(layout)
    try:
        with catalog.reading() as connection:
            check_mark(layout, connection)
        catalog.check()
        with catalog.reading() as connection:
            return _read(layout, connection, tuple(catalog.aside.named(connection)))
    finally:
        catalog.close()


def _read(layout: Layout, connection: sqlite3.Connection, damaged: tuple[str, ...]) -> Overview:
    mark, generation = watermark(connection), active_generation(connection)
    number = generation.id if generation else 0
    counts = "SELECT (SELECT MAX(at) FROM commits), COUNT(*), COUNT(to_commit) FROM articles a"
    updated, articles, withdrawn = connection.execute(
        f"{counts} JOIN revisions r ON r.key = (SELECT MAX(key) FROM revisions WHERE article = a.key)"
    ).fetchone()
    sentences = connection.execute(
        "SELECT COALESCE(SUM(LENGTH(kinds)), 0) FROM parts JOIN passages ON passages.key = parts.passage"
        " WHERE to_commit IS NULL AND generation = ?",
        (number,),
    ).fetchone()[0]
    seen, _ = FlatVectors.sealed(layout.vectors(number), layout.vectors_seal(number))
    return Overview(
        commit=mark.commit,
        updated=updated,
        articles=articles - withdrawn,
        withdrawn=withdrawn,
        passages=generation.passages if generation else 0,
        sentences=sentences,
        generation=generation.id if generation else None,
        recipe=generation.recipe if generation else None,
        size=layout.size(),
        vectors=_in_words(connection, seen),
        terms=_in_words(connection, _terms_mark(layout.terms(number))),
        damaged=damaged,
        erasing=is_unswept(connection),
    )


def _terms_mark(folder: Path) -> Watermark | None:
    try:
        return TantivyTerms(folder).watermark if tantivy_engine.exists(folder) else EMPTY
    except (IndexDamaged, ValueError):
        return None


def _in_words(connection: sqlite3.Connection, mark: Watermark | None) -> str:
    now = watermark(connection)
    if mark is None or not belongs(connection, mark):
        return "unusable, see 'civicite verify'"
    if mark == now:
        return "current"
    behind = now.commit - mark.commit
    return "missing" if mark == EMPTY else f"{behind} commit{'s' * (behind > 1)} behind"
