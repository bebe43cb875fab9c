"""An index opened for reading: follows the catalog by itself and hands out views.

A reader writes nothing. It loads what the writer has projected, holds what came since in a small exact
tail, and builds in memory whatever is missing or cannot be trusted.
"""

import logging
import math
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from indexer.catalog import Catalog
from indexer.engines import Engines, advanced, can_grow, with_terms
from indexer.erasing import erased_since
from indexer.errors import ArticleLeftOut, IndexDamaged, IndexNotFound, RecipeMismatch
from indexer.generations import Generation, active_generation, answering_generation
from indexer.layout import Layout
from indexer.leases import Lease
from indexer.lexical import engine as tantivy_engine
from indexer.lexical.engine import TantivyTerms
from indexer.marks import watermark
from indexer.moments import Moment, check_kept, reach
from indexer.overview import Overview, Survey
from indexer.past import Pasts
from indexer.projections import (
    TAIL_LEAST,
    are_whole,
    belongs,
    fill_terms,
    fill_vectors,
    is_sound,
    load_vectors,
    usable,
)
from indexer.recipe import Recipe
from indexer.vectors import VectorIndex
from indexer.vectors.exact import ExactVectors
from indexer.vectors.flat import FlatVectors
from indexer.view import View

log = logging.getLogger("civicite.index")


class Index:
    """Open with :meth:`open`; safe to use from many threads.

    Articles that are damaged are left out, see :meth:`damaged`. Raises IndexNotFound, IndexTooNew, or
    IndexDamaged when anything else is not what was written, or commits that were reported as done are lost.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._refreshing = threading.Lock()
        self._engines: Engines | None = None
        self._disk: tuple[int, TantivyTerms] | None = None
        self._memory: tuple[int, TantivyTerms] | None = None
        self._recipe: Recipe | None = None
        self._lease: tuple[int, Lease] | None = None
        self._loaded_at = 0
        self._looked = -math.inf
        self._pasts = Pasts()
        self._survey = Survey(catalog)
        self._check()

    @classmethod
    def open(cls, folder: Path) -> "Index":
        """Open an index folder for reading."""
        return cls(Catalog(Layout(folder)))

    @property
    def folder(self) -> Path:
        """The index folder."""
        return self._catalog.layout.root

    def generation(self) -> Generation:
        """Return the active generation; raises IndexNotFound while nothing was taken in."""
        with self._catalog.reading() as connection:
            return self._active(connection)

    def check_there(self) -> None:
        """Raise IndexNotFound when the catalog or its whole folder has gone since it was opened."""
        with self._catalog.reading():
            pass

    def keep_to(self, recipe: Recipe) -> None:
        """From now on hand out only views that questions encoded by this recipe can be asked of.

        When another recipe's generation becomes the active one, views go on from the newest generation of
        this recipe: nothing that was withdrawn is in it, and nothing that came since. That generation is
        leased from now on, so that nobody drops it; :meth:`view` raises RecipeMismatch when there is none.
        """
        with self._refreshing, self._catalog.reading() as connection:
            self._recipe = recipe
            # Not only at the next commit: until then the engines that are there go on being used.
            kept = answering_generation(connection, recipe)
            if kept is not None:
                self._hold(kept)
            if self._engines is not None and self._engines.generation.recipe != recipe:
                self._engines = None

    @contextmanager
    def view(self, at: Moment | None = None) -> Iterator[View]:
        """Yield the view of the newest commit or, where one is given, of a moment; unchanged until left.

        Damage that is met in it is left out of the views that come after. Raises InputError for a moment that
        cannot be viewed.
        """
        try:
            for attempt in range(PATIENCE + 1):
                with self._catalog.reading() as connection:
                    engines = self._engines_at(connection, patient=attempt < PATIENCE)
                    if engines is not None:
                        yield self._view(connection, engines, at)
                        return
                # The engines know commits that this snapshot does not: take a newer one.
        except ArticleLeftOut:
            raise
        except IndexDamaged:
            self._look_again()
            raise

    def _check(self, *, rows: bool = False) -> None:
        """Set aside what is damaged of articles, and warn of it."""
        self._catalog.check(rows=rows)
        for identity, problem in self.damaged().items():
            log.warning("article %r is left out: %s", identity, problem)

    def _look_again(self) -> None:
        """Set aside what was damaged since the index was opened, so that all else goes on answering.

        Not again at once: to look at every row takes its time, and not all damage can be set aside.
        """
        with self._refreshing:
            if time.monotonic() < self._looked + LOOK_AGAIN:
                return
            before = self._catalog.aside
            try:
                self._check(rows=True)
            except IndexDamaged as error:
                log.error("%s", error)
            finally:
                self._looked = time.monotonic()
            if self._catalog.aside is not before:
                self._engines = self._disk = self._memory = None
                self._pasts, self._survey = Pasts(), Survey(self._catalog)

    def damaged(self) -> dict[str, str]:
        """Return the damaged articles, left out of every view, by id: what is wrong, and the mend.

        One that is indexed again is left out no more.
        """
        with self._catalog.reading() as connection:
            found = self._catalog.aside.named(connection)
        return {identity: f"{one.problem}; {one.mend}" for identity, one in found.items()}

    def overview(self) -> Overview:
        """Say what is there at the newest commit; damaged articles are named, and left out as in views."""
        return self._survey.overview()

    def close(self) -> None:
        """Close the catalog; views must have been left."""
        self._catalog.close()
        if self._lease is not None:
            self._lease[1].release()

    def _view(self, connection: sqlite3.Connection, engines: Engines, at: Moment | None) -> View:
        damaged = frozenset(self._catalog.aside.named(connection))
        if at is None:
            return View(connection, engines, recent=engines.recent, damaged=damaged)
        reached = reach(connection, at)
        check_kept(connection, reached)
        if reached.mark != engines.mark:
            engines = self._pasts.engines_at(connection, engines, reached.mark)
        return View(connection, engines, reached.instant, damaged=damaged)

    def _active(self, connection: sqlite3.Connection) -> Generation:
        generation = active_generation(connection)
        if generation is None:
            raise IndexNotFound(
                f"{self.folder}: nothing has been indexed yet; "
                f"run 'civicite index PATH --index {self.folder}'"
            )
        return generation

    def _answering(self, connection: sqlite3.Connection) -> Generation:
        active = self._active(connection)
        if self._recipe is None or active.recipe == self._recipe:
            return active
        kept = answering_generation(connection, self._recipe)
        if kept is None:
            raise RecipeMismatch(
                f"{self.folder}: rebuilt with {active.recipe.model} (recipe {active.recipe.name}), and no "
                f"passages of {self._recipe.model} (recipe {self._recipe.name}) are left; "
                "start again with the model that it was rebuilt with"
            )
        return kept

    def _hold(self, generation: Generation) -> None:
        """Take a lease on the one generation this reader can answer from, so that it is not dropped."""
        if self._recipe is None or (self._lease and self._lease[0] == generation.id):
            return
        before, self._lease = self._lease, (generation.id, Lease(self._catalog.layout.lease(generation.id)))
        if before is not None:
            before[1].release()

    def _engines_at(self, connection: sqlite3.Connection, *, patient: bool) -> Engines | None:
        """Return engines for the snapshot's commit; None, while patient, when a newer snapshot may help.

        Engines that stay ahead are of another history: a backup was restored. They are dropped.
        """
        mark = watermark(connection)
        engines = self._engines
        if engines is not None and engines.mark == mark:
            return engines
        with self._refreshing:
            before = self._engines
            if before is not None and not belongs(connection, before.mark):
                if patient:
                    return None
                before = None
            if before is None or before.mark != mark:
                refreshed = self._refreshed(connection, before, patient=patient)
                if refreshed is None:
                    return None
                self._engines = refreshed
            return self._engines

    def _refreshed(
        self, connection: sqlite3.Connection, before: Engines | None, *, patient: bool
    ) -> Engines | None:
        generation = self._answering(connection)
        self._hold(generation)
        terms = self._terms_at(connection, generation, patient=patient)
        if terms is None:
            return None
        if erased_since(connection, self._loaded_at):
            before, self._memory = None, None
        same = before is not None and before.generation.id == generation.id
        if before is None or not (same and can_grow(connection, before.mark, generation)):
            before = self._loaded(connection, generation)
            self._loaded_at = watermark(connection).commit
        return with_terms(connection, advanced(connection, before, generation), terms)

    def _terms_at(
        self, connection: sqlite3.Connection, generation: Generation, *, patient: bool
    ) -> TantivyTerms | None:
        """Return terms that know no commit after the snapshot; None, while patient, when they do.

        What is on disk is used where it can be; else the same is kept in memory and brought along.
        """
        disk = self._disk_terms(connection, generation)
        if disk is not None and usable(connection, disk.watermark):
            self._memory = None
            return disk
        if disk is not None and patient and not belongs(connection, disk.watermark):
            return None
        memory = self._memory[1] if self._memory and self._memory[0] == generation.id else None
        if memory is None or not can_grow(connection, memory.watermark, generation):
            memory = TantivyTerms()
        self._memory = (generation.id, memory)
        if memory.watermark != watermark(connection):
            fill_terms(connection, generation.id, memory)
        return memory

    def _disk_terms(self, connection: sqlite3.Connection, generation: Generation) -> TantivyTerms | None:
        folder = self._catalog.layout.terms(generation.id)
        if self._catalog.aside:
            return None  # it holds passages that are not to be seen, as many as are wanted at times
        try:
            if self._disk is None or self._disk[0] != generation.id:
                if not tantivy_engine.exists(folder) or not are_whole(folder):
                    return None
                self._disk = (generation.id, TantivyTerms(folder))
            self._disk[1].refresh()
            if not is_sound(connection, folder, generation.id, self._disk[1]):
                self._disk = None
        except IndexDamaged:
            self._disk = None
        return self._disk[1] if self._disk else None

    def _loaded(self, connection: sqlite3.Connection, generation: Generation) -> Engines:
        vectors: VectorIndex
        if generation.passages <= TAIL_LEAST:
            vectors = ExactVectors(generation.dimension)
        elif self._catalog.aside:
            vectors = FlatVectors(generation.dimension)
            fill_vectors(connection, generation, vectors)
        else:
            vectors = load_vectors(self._catalog.layout, connection, generation)
        none, tail = np.empty(0, np.int64), ExactVectors(generation.dimension)
        return Engines(vectors.watermark, generation, vectors, tail, none, (), none, none)


LOOK_AGAIN = 60.0
"""Seconds after a look at every row before damage that is met leads to another."""

PATIENCE = 5
"""Newer snapshots that are tried before engines that are ahead are dropped."""
