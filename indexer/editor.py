"""The writing side of an index: articles are taken in, corrected and withdrawn here.

One recipe from top to bottom: compare with what is there, segment and encode only what is new, commit,
project. Encoding happens before the transaction, never inside it. One editor at a time: it holds the
lock of the folder.
"""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from indexer.article import normal_id
from indexer.batches import batches
from indexer.catalog import Catalog, gone
from indexer.committing import Change, Withdraw, commit
from indexer.encoder import Encoder
from indexer.erasing import (
    check_findable,
    copies_of,
    is_unswept,
    not_found,
    note_erasures,
    noted_erasures,
    to_erase_again,
)
from indexer.errors import IndexUnusable, ReadError
from indexer.generations import Generation, active_generation, check_recipe, start_generation
from indexer.layout import Layout
from indexer.leave import Leave
from indexer.locking import Turn, check_vacant
from indexer.marks import check_mark, check_there, read_mark, watermark, write_mark
from indexer.planning import Current, articles_below, articles_under, current
from indexer.projections import Projections
from indexer.recipe import Recipe
from indexer.sources import Found
from indexer.sweeping import finish_erasures
from indexer.taking import Decided, Report, Step, changes_of, decided_of

BRIEFLY = 0.2
"""Seconds that an edit waits for readers on whom an earlier erasure waits."""

LONGEST_EDIT = 600.0
"""Seconds that a long run waits for an editor to whom it gave way."""

log = logging.getLogger("civicite.index")


class Editor:
    """Holds the lock of an index folder while open; use it as a context manager.

    ``load_encoder`` is called when articles are to be taken in, and not for anything else. Raises
    IndexLocked when another process is still writing after ``wait`` seconds, and InputError, before anything
    is written, for a folder that holds other files and no index. What its ``leave`` is taken back with ends
    the wait, and every edit, which has then committed nothing.
    """

    def __init__(
        self,
        folder: Path,
        load_encoder: Callable[[], Encoder],
        *,
        wait: float = 0,
        leave: Leave | None = None,
    ) -> None:
        self._layout = Layout(folder)
        self._load_encoder = load_encoder
        self._leave = leave or Leave()
        self._projections: Projections | None = None
        check_vacant(folder)
        self._turn = Turn(self._layout, self._leave.check)
        self._turn.take(wait)
        try:
            check_there(self._layout)
            self._catalog = Catalog(self._layout, create=True)
            with self._catalog.reading() as connection:
                check_mark(self._layout, connection)
                self._generation = active_generation(connection)
            self._remove_drafts()
        except BaseException:
            self._turn.give_back()
            raise

    def __enter__(self) -> Self:
        """Return the editor."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave projections that readers can start from, and let the next editor in."""
        try:
            self._close_projections()
        finally:
            self._catalog.close()
            self._turn.give_back()

    @property
    def commit(self) -> int:
        """The number of the newest commit."""
        with self._catalog.reading() as connection:
            return watermark(connection).commit

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let others edit while something slow is done that needs no index; then edit on.

        Raises IndexLocked when another process is still writing after LONGEST_EDIT, and IndexNotFound when
        the index went meanwhile: none is begun in its place.
        """
        self._close_projections()
        self._catalog.close()
        self._turn.give_back()
        yield
        if not self._layout.root.is_dir():
            raise gone(self._layout)  # to take the lock would make the folder
        self._turn.take(LONGEST_EDIT)
        if not self._layout.catalog.is_file():
            raise gone(self._layout)
        with self._catalog.reading() as connection:
            self._generation = active_generation(connection)

    def plan(self, found: Iterable[Found | ReadError]) -> Report:
        """Say what taking these in would do, without doing it."""
        report, seen = Report(), set[str]()
        for one in found:
            self._decided(one, seen, report)
        return report

    def put(
        self,
        found: Iterable[Found | ReadError],
        step: Step = lambda report: None,
        *,
        together: bool = False,
    ) -> Report:
        """Take articles in, ARTICLES_PER_COMMIT to a commit at most; what is unchanged costs nothing.

        An article that is put alone is committed before any other editor comes, and so are several that are
        put ``together``, in one commit; of others, who waits is let in between commits, and where reading
        is slow. One that cannot be taken in is reported as failed. Raises RecipeMismatch when the encoder's
        vectors do not belong into this index.
        """
        self._leave.check()
        generation = self._ready()
        self._go_on_erasing()
        report, seen = Report(), set[str]()

        def stepped(report: Report) -> None:
            self._leave.check()
            step(report)

        for number, batch in enumerate([list(found)] if together else batches(self._giving_way(found))):
            # Not before the first: what was looked up under the lock still holds for it.
            if number:
                self._give_way()
                self._go_on_erasing()
            generation = self._ready()
            decided = [pair for one in batch if (pair := self._decided(one, seen, report)) is not None]
            stepped(report)
            changes = changes_of(decided, self._catalog, generation, self._encoder, report, stepped)
            self._commit(generation, changes)
        if self._projections is None:
            # Nothing was committed, but a writer that was killed may have left something to be projected.
            self._catch_up(generation)
        return report

    def withdraw(self, identities: Sequence[str]) -> Report:
        """Take articles out of every current answer; all of them or, when one is not there, none.

        Raises ArticleNotFound.
        """
        self._leave.check()
        self._go_on_erasing()
        wanted = list(dict.fromkeys(map(normal_id, identities)))
        check_findable(wanted)
        for identity in wanted:
            if self._current(identity) is None:
                with self._catalog.reading() as connection:
                    raise not_found(connection, identity, problem="there is none to remove")
        if self._generation is not None:
            self._commit(self._generation, [Withdraw(identity) for identity in wanted])
        return Report(withdrawn=wanted)

    def erase(self, identities: Sequence[str]) -> Report:
        """Delete articles, current or withdrawn, for good: afterwards no file of the index holds a trace.

        All of them or, when one was never there, none. What is not finished the next edits try again.
        Raises ArticleNotFound, and IndexLocked when another program reads an old state all the while.
        """
        wanted = list(dict.fromkeys(map(normal_id, identities)))
        check_findable(wanted)
        # What is noted is carried out, whoever comes to it.
        self._leave.use()
        with self._catalog.writing() as connection:
            note_erasures(connection, wanted)
            copies = copies_of(connection, wanted)
        self._finish_erasures()
        return Report(erased=wanted, copies=copies)

    def erase_again(self, digests: Mapping[str, int]) -> Report:
        """Erase the articles whose ids have these digests, unless this index knows of it already.

        A digest's number is the highest revision that was erased elsewhere.
        """
        with self._catalog.reading() as connection:
            wanted = to_erase_again(connection, digests)
        return self.erase(wanted)

    def articles_under(self, root: Path, upto: int | None = None) -> dict[str, str]:
        """Return the current articles that came from this PATH: id to the file's place below it.

        With ``upto`` only those that nobody has written since that commit.
        """
        with self._catalog.reading() as connection:
            return articles_under(connection, os.path.realpath(root), upto)

    def articles_below(self, folder: Path) -> dict[str, str]:
        """Return the current articles whose files lie below a folder, whichever PATH they were given by.

        Each id comes with the file's place below the folder.
        """
        with self._catalog.reading() as connection:
            return articles_below(connection, os.path.realpath(folder))

    @cached_property
    def _encoder(self) -> Encoder:
        return self._load_encoder()

    def _ready(self) -> Generation:
        recipe = Recipe.of(self._encoder)
        if self._generation is None:
            with self._catalog.writing() as connection:
                self._generation = start_generation(connection, recipe)
        check_recipe(self._generation, recipe)
        return self._generation

    def _giving_way(self, found: Iterable[Found | ReadError]) -> Iterator[Found | ReadError]:
        for number, one in enumerate(found):
            if number and self._turn.is_long():
                self._give_way()
            yield one

    def _give_way(self) -> None:
        """Let another editor in who waits; a long run is no reason to keep a single article out."""
        if self._turn.is_wanted():
            with self.aside():
                pass

    def _current(self, identity: str) -> Current | None:
        with self._catalog.reading() as connection:
            return current(connection, identity)

    def _decided(self, one: Found | ReadError, seen: set[str], report: Report) -> Decided | None:
        recipe = self._generation.recipe if self._generation else None
        with self._catalog.reading() as connection:
            return decided_of(one, connection, recipe, seen, report)

    def _commit(self, generation: Generation, changes: Sequence[Change]) -> None:
        if changes:
            commit(self._catalog, generation.id, changes, self._leave)
            self._catch_up(generation)

    def _go_on_erasing(self) -> None:
        """Finish earlier erasures if that is possible now; what is left of them in files holds no edit up."""
        try:
            self._finish_erasures(BRIEFLY)
        except IndexUnusable as error:
            with self._catalog.reading() as connection:
                if noted_erasures(connection):
                    raise  # what is taken in by such an id now would be erased later
            log.warning("an erasure is not finished: %s", error)

    def _finish_erasures(self, wait: float | None = None) -> None:
        with self._catalog.reading() as connection:
            if not is_unswept(connection):
                return
        self._close_projections()
        finish_erasures(self._catalog, wait)
        with self._catalog.reading() as connection:
            self._generation = active_generation(connection)

    def _remove_drafts(self) -> None:
        """Delete what a killed writer left half written; drafts of other generations may be a rebuild's."""
        if self._generation is not None:
            for path in self._layout.vectors_drafts(self._generation.id):
                path.unlink(missing_ok=True)

    def _close_projections(self) -> None:
        projections, self._projections = self._projections, None
        if projections is not None:
            with self._catalog.reading() as connection:
                projections.close(connection)

    def _catch_up(self, generation: Generation) -> None:
        """Project what is committed; also what a writer that was killed left unprojected or unmarked."""
        with self._catalog.reading() as connection:
            self._generation = active_generation(connection)
            if self._projections is None:
                self._projections = Projections(self._layout, generation.id)
            self._projections.project(connection)
            if read_mark(self._layout) != (mark := watermark(connection)):
                write_mark(self._layout, mark)
