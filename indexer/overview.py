"""What an index holds, at a glance. Loads no model and no projection, only their watermarks."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from indexer.catalog import Catalog
from indexer.erasing import is_unswept
from indexer.errors import IndexDamaged
from indexer.generations import active_generation
from indexer.layout import Layout
from indexer.lexical import engine as tantivy_engine
from indexer.lexical.engine import TantivyTerms
from indexer.marks import EMPTY, Watermark, check_mark, watermark
from indexer.projections import belongs
from indexer.recent import Kept
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
    catalog = Catalog(Layout(folder))
    try:
        catalog.check()
        return Survey(catalog).overview()
    finally:
        catalog.close()


class Survey:
    """Looks at an open catalog, without what it set aside, as often as wanted; checks nothing again.

    What is counted row by row is counted once a commit: who asks all the time costs no whole collection.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._counted: Kept[tuple[Watermark, int], _Counts] = Kept(1)

    def overview(self) -> Overview:
        """Look at the newest commit; raises IndexDamaged when one that was reported as done is lost."""
        layout = self._catalog.layout
        with self._catalog.reading() as connection:
            check_mark(layout, connection)
            mark, generation = watermark(connection), active_generation(connection)
            number = generation.id if generation else 0
            counts = self._counted.get((mark, number)) or _count(connection, number)
            self._counted.keep((mark, number), counts)
            seen, _ = FlatVectors.sealed(layout.vectors(number), layout.vectors_seal(number))
            return Overview(
                commit=mark.commit,
                updated=counts.updated,
                articles=counts.articles - counts.withdrawn,
                withdrawn=counts.withdrawn,
                passages=generation.passages if generation else 0,
                sentences=counts.sentences,
                generation=generation.id if generation else None,
                recipe=generation.recipe if generation else None,
                size=layout.size(),
                vectors=_in_words(connection, seen),
                terms=_in_words(connection, _terms_mark(layout.terms(number))),
                damaged=tuple(self._catalog.aside.named(connection)),
                erasing=is_unswept(connection),
            )


class _Counts(NamedTuple):
    """``articles`` counts those that were withdrawn, too."""

    updated: str | None
    articles: int
    withdrawn: int
    sentences: int


def _count(connection: sqlite3.Connection, generation: int) -> _Counts:
    latest = connection.execute(
        "SELECT (SELECT MAX(at) FROM commits), COUNT(*), COUNT(to_commit) FROM articles a"
        " JOIN revisions r ON r.key = (SELECT MAX(key) FROM revisions WHERE article = a.key)"
    ).fetchone()
    sentences = connection.execute(
        "SELECT COALESCE(SUM(LENGTH(kinds)), 0) FROM parts JOIN passages ON passages.key = parts.passage"
        " WHERE to_commit IS NULL AND generation = ?",
        (generation,),
    ).fetchone()
    return _Counts(*latest, *sentences)


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
