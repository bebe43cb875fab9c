"""Builds a generation from the texts in the catalog beside the one that answers, then switches to it.

One recipe from top to bottom: plan a batch, encode it, write it, until nothing is missing; project; write
what came meanwhile and switch in one transaction. The index lock is held for each batch's rows only, never
while a batch is encoded, so editors commit in between. A kill loses the open batch: what is there is
compared with what should be, by revision and time, whenever a rebuild begins.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from indexer.catalog import Catalog
from indexer.committing import append
from indexer.encoder import Encoder
from indexer.errors import IndexNotFound, IndexUnusable
from indexer.filling import Batch, Passages, encoded, write
from indexer.generations import (
    activate,
    active_generation,
    complete_to,
    found,
    generation_by,
    note_complete,
    prepared,
)
from indexer.layout import Layout
from indexer.locking import held
from indexer.marks import Watermark, check_mark, watermark, write_mark
from indexer.projections import Projections, belongs, remove_projections
from indexer.recipe import Recipe
from indexer.runs import touched
from indexer.upkeep import FOREVER, upkeep

CHARACTERS_AT_ONCE = 100_000
"""A batch ends with the text that reaches this length; a kill loses as much work at most."""

ARTICLES_AT_ONCE = 1000
"""Articles that are compared while the index lock is held."""


@dataclass(slots=True)
class Rebuilt:
    """How far a rebuild has come; ``switched`` is False when the generation answered already."""

    generation: int
    recipe: Recipe
    articles: int = 0
    checked: int = 0
    encoded: int = 0
    passages: int = 0
    switched: bool = False


Step = Callable[[Rebuilt], None]
"""Called whenever something more was compared or encoded."""


def rebuild(
    folder: Path,
    load_encoder: Callable[[], Encoder],
    step: Step = lambda rebuilt: None,
    *,
    to: int | None = None,
) -> Rebuilt:
    """Let a generation of the encoder's recipe answer, built or brought up to date first, or the one ``to``.

    For ``to`` the encoder is loaded only when something is missing. Raises IndexNotFound, InputError when
    there is no such generation, RecipeMismatch when it needs another encoder, IndexLocked while another
    process rebuilds.
    """
    layout = Layout(folder)
    with closing(Catalog(layout)), upkeep(layout):
        return _Building(layout, load_encoder, step).run(to)


class _Building:
    """A rebuild under way; its turn is held around it.

    ``_remaining`` are articles that were not yet compared, of those touched up to the commit ``_upto``.
    """

    def __init__(self, layout: Layout, load_encoder: Callable[[], Encoder], step: Step) -> None:
        self._layout, self._load_encoder, self._step = layout, load_encoder, step

    def run(self, to: int | None) -> Rebuilt:
        """Build, project, switch."""
        if self._begin(to):
            self._fill()
            self._project()
            self._fill()
            self._switch()
        return self._rebuilt

    def _begin(self, to: int | None) -> bool:
        """Choose the generation, or make it; returns whether there is anything to do."""
        recipe = Recipe.of(self._encoder) if to is None else None
        with (
            held(self._layout, FOREVER),
            closing(Catalog(self._layout)) as catalog,
            catalog.writing() as connection,
        ):
            check_mark(self._layout, connection)
            active = active_generation(connection)
            if active is None:
                raise IndexNotFound(
                    f"{self._layout.root}: nothing has been indexed yet; "
                    f"run 'civicite index PATH --index {self._layout.root}'"
                )
            chosen = prepared(connection, recipe) if recipe else found(connection, to or 0)
            self._generation, self._upto = chosen, watermark(connection)
            self._remaining = touched(connection, active.id, complete_to(connection, chosen.id))
        self._rebuilt = Rebuilt(chosen.id, chosen.recipe, len(self._remaining), passages=chosen.passages)
        return chosen.id != active.id

    def _fill(self) -> None:
        """Write until nothing is missing; the index lock is free while a batch is encoded."""
        batch, passages = Batch(), Passages()
        while True:
            with self._locked() as catalog:
                with catalog.writing() as connection:
                    self._write(connection, batch, passages)
                planned = self._planned(catalog)
            if planned is None:
                return
            batch, passages = planned, self._encoded(planned)

    def _project(self) -> None:
        """Write the generation's projections anew, as of a commit at which nothing was missing."""
        with self._locked():
            remove_projections(self._layout, self._generation.id)
        with closing(Catalog(self._layout)) as reader, ExitStack() as snapshot:
            while True:
                with self._locked() as catalog:
                    batch = self._planned(catalog)
                    if batch is None:
                        # A snapshot holds this commit, so that writers may go on.
                        connection = snapshot.enter_context(reader.reading())
                        watermark(connection)
                        break
                    with catalog.writing() as connection:
                        self._write(connection, batch, self._encoded(batch))
            self._catch_up(connection)

    def _switch(self) -> None:
        """Write what came since and let the generation answer, in one transaction; then catch up."""
        switched = False
        while not switched:
            with self._locked() as catalog:
                batch = self._planned(catalog) or Batch()
                passages = self._encoded(batch)
                with catalog.writing() as connection:
                    self._write(connection, batch, passages)
                    # More than a batch came at once: let writers in before the rest.
                    switched = not self._remaining
                    mark = self._activate(connection) if switched else None
                if mark is not None:
                    write_mark(self._layout, mark)
                    with catalog.reading() as connection:
                        self._catch_up(connection)

    def _activate(self, connection: sqlite3.Connection) -> Watermark:
        chosen = self._generation
        mark = append(
            connection,
            ["switch", chosen.id, chosen.recipe.name],
            note=f"switched to generation {chosen.id} ({chosen.recipe.model}, recipe {chosen.recipe.name})",
        )
        activate(connection, chosen.id, mark.commit)
        self._rebuilt.switched = True
        return mark

    def _catch_up(self, connection: sqlite3.Connection) -> None:
        projections = Projections(self._layout, self._generation.id)
        projections.project(connection)
        projections.close(connection)

    @contextmanager
    def _locked(self) -> Iterator[Catalog]:
        """Hold the index lock and lend the catalog that now lies in the folder."""
        with held(self._layout, FOREVER), closing(Catalog(self._layout)) as catalog:
            with catalog.reading() as connection:
                now = generation_by(connection, self._generation.id)
                same = now is not None and now.recipe == self._generation.recipe
                if not (same and belongs(connection, self._upto)):
                    raise IndexUnusable(
                        f"{self._layout.root}: the index was replaced while generation "
                        f"{self._generation.id} was built; run 'civicite rebuild' again"
                    )
            yield catalog

    def _planned(self, catalog: Catalog) -> Batch | None:
        """Return what is to be encoded next, None when the generation lacks nothing at the newest commit."""
        with catalog.reading() as connection:
            if not self._remaining and self._upto != (now := watermark(connection)):
                active = active_generation(connection) or self._generation
                self._remaining = touched(connection, active.id, self._upto.commit)
                self._rebuilt.articles += len(self._remaining)
                self._upto = now
            if self._remaining:
                return self._compared(connection)
        with catalog.writing() as connection:
            note_complete(connection, self._generation.id, self._upto.commit)
        return None

    def _compared(self, connection: sqlite3.Connection) -> Batch:
        batch, characters, compared = Batch(), 0, 0
        while self._remaining and characters < CHARACTERS_AT_ONCE and compared < ARTICLES_AT_ONCE:
            characters += batch.compare(connection, self._generation, self._remaining.pop())
            compared += 1
        self._rebuilt.checked += compared
        self._step(self._rebuilt)
        return batch

    def _encoded(self, batch: Batch) -> Passages:
        def progress(passages: int) -> None:
            self._rebuilt.encoded += passages
            self._step(self._rebuilt)

        return encoded(batch, self._generation, lambda: self._encoder, progress)

    def _write(self, connection: sqlite3.Connection, batch: Batch, passages: Passages) -> None:
        self._rebuilt.passages += write(connection, self._generation, batch, passages)

    @cached_property
    def _encoder(self) -> Encoder:
        return self._load_encoder()
