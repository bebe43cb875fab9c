"""The catalog: migrated, read in one snapshot, written in one transaction, folded and sealed.

How SQLite is opened is known to ``connecting.py``, commits and the mark outside to ``marks.py``; what the
rows mean to ``committing.py``, which writes them, and ``view.py``, which reads.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from indexer.aside import NOTHING, Aside
from indexer.connecting import TIMEOUT, Fixed, OpenedFile, connect, opened_file, sqlite_named
from indexer.durable import make_folder
from indexer.errors import IndexLocked, IndexNotFound, IndexUnusable
from indexer.folding import LOG_MOST, fold, log_length
from indexer.layout import Layout
from indexer.marks import check_mark, check_there, watermark
from indexer.migrations import STEPS, check_version, migrate
from indexer.pages import PageFile, altered_pages, page_file

LONGEST_READ = 1.0
"""Seconds that are waited for questions under way; when one takes longer, the log is folded another time."""


class Catalog:
    """One catalog file; a connection is lent for each transaction and kept for the next one.

    Raises IndexNotFound, IndexTooNew or IndexDamaged when it cannot be opened. ``create`` makes one where
    there is none, also in the place of one that is gone, see :func:`check_there`.
    """

    def __init__(self, layout: Layout, *, create: bool = False) -> None:
        if not create:
            check_there(layout)
        if not create and not layout.catalog.is_file():
            raise IndexNotFound(
                f"{layout.root}: there is no index here; "
                f"make one with 'civicite index PATH --index {layout.root}'"
            )
        self.layout = layout
        self._create = create
        self._path = str(layout.catalog)
        self._idle: list[tuple[sqlite3.Connection, OpenedFile | None, Aside]] = []
        self._settled = False
        self._held_up_to = 0
        self.aside = NOTHING
        with sqlite_named(layout.catalog):
            if create:
                make_folder(layout.root)
            with self._lent() as connection:
                self._bring_up_to_date(connection, create=create)
            self._file: PageFile | None = page_file(layout.catalog)

    def _bring_up_to_date(self, connection: sqlite3.Connection, *, create: bool) -> None:
        """Take the schema steps that an older civicite did not know; they change no row's meaning."""
        name = str(self.layout.catalog)
        if create or check_version(connection, name) < len(STEPS):
            if not os.access(self.layout.root, os.W_OK):
                raise IndexUnusable(
                    f"{name}: an older civicite wrote it, and the folder cannot be written; "
                    "run 'civicite status' once as the folder's owner"
                )
            if self.layout.manifest.is_file():
                raise IndexUnusable(
                    f"{name}: it is a backup by an older civicite, and to read it would mean to change it; "
                    f"restore it first with 'civicite restore {self.layout.root}'"
                )
            migrate(connection, name)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One snapshot: whatever is committed meanwhile, every query sees the same state."""
        with sqlite_named(self.layout.catalog), self._lent() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")

    @contextmanager
    def writing(self, *, checked: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or, when anything is raised, nothing. Asks for the index lock.

        ``checked`` False leaves it to the caller that no row refers to one that is deleted.
        """
        if not self._settled:
            # What a killed writer left is folded and sealed before SQLite may begin its log anew.
            self.fold()
            self._settled = True
        with sqlite_named(self.layout.catalog), self._lent() as connection:
            connection.execute(f"PRAGMA foreign_keys = {'ON' if checked else 'OFF'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
            connection.execute("PRAGMA foreign_keys = ON")
        if (length := log_length(self.layout)) > max(LOG_MOST, self._held_up_to):
            # Where a reader holds it up, such as a backup, not every commit shall wait for that again.
            self._held_up_to = 0 if self.fold(LONGEST_READ) else length + LOG_MOST

    def rewrite(self) -> None:
        """Write the file anew without its gaps; keys, and those never to be used again, stay as they are.

        To be followed by :meth:`fold`.
        """
        with sqlite_named(self.layout.catalog), self._lent() as connection:
            connection.execute("VACUUM")

    def fold(self, wait: float | None = 0) -> bool:
        """Fold the log into the catalog and seal its pages; the caller holds the index lock.

        Returns False when a reader still needs an earlier state after ``wait`` seconds, None being as long as
        SQLite waits; the log then stays.

        To be called after whatever rewrites the catalog at large. A plain checkpoint instead leaves a
        seal that fits no longer, and everybody who opens the index then checks every row.
        """
        with sqlite_named(self.layout.catalog), self._lent() as connection:
            mark = watermark(connection)
            file = self._file = page_file(self.layout.catalog)
            connection.execute(f"PRAGMA busy_timeout = {int(1000 * (TIMEOUT if wait is None else wait))}")
            try:
                return fold(
                    connection, self.layout, file, (mark.commit, mark.chain), lambda: _is_sound(connection)
                )
            finally:
                connection.execute(f"PRAGMA busy_timeout = {int(1000 * TIMEOUT)}")

    def altered_pages(self) -> list[int] | None:
        """Return the pages that hold what nobody wrote, None when no seal can tell; see ``pages.py``."""
        with self.reading() as connection:
            watermark(connection)  # only a transaction that has read holds its snapshot
            file = self._file = page_file(self.layout.catalog)
            return altered_pages(file, self.layout.log, self.layout.seal)

    def check(self, *, rows: bool = False) -> None:
        """Set aside what is damaged of articles; what opens for answering calls this.

        Every page is compared with its seal. Only where that says nothing good, or with ``rows``, as damage
        was met that it says nothing of, all rows are checked. Raises IndexDamaged when anything else than
        articles is not what was written, or commits are lost.
        """
        with self.reading() as connection:
            check_mark(self.layout, connection)
        if not rows and self.altered_pages() == []:
            return
        from indexer.checking import catalog_findings  # checks use the catalog

        # What was set aside before is looked at, too.
        with sqlite_named(self.layout.catalog), closing(connect(self.layout, create=False)) as connection:
            connection.execute("BEGIN")
            found = Aside.of(catalog_findings(connection))
        if found and found != self.aside:
            self.leave_out(found)

    def leave_out(self, aside: Aside) -> None:
        """From now on lend only connections that show nothing of what was set aside."""
        self.aside = aside

    def compact(self, wait: float | None = None) -> None:
        """Write the file anew without what was deleted, and leave no log beside it.

        Raises IndexLocked when somebody reads an older state all the while; ``wait`` is that of :meth:`fold`.
        """
        self.rewrite()
        if not self.fold(wait):
            raise IndexLocked(
                f"{self.layout.catalog}: another program still reads an older state of it; "
                "run the command again when it has finished"
            )

    def close(self) -> None:
        """Close what is not in use; who comes last folds the log into the catalog."""
        # Before it folds: where the catalog is gone, to be lent a connection closes once more.
        settled, self._settled = self._settled, False
        try:
            if settled:
                self.fold()
            # Who sees nothing of the damage cannot tell whether pages may be sealed.
            elif log_length(self.layout) and not self.aside:
                self._fold_unless_locked()
        finally:
            while self._idle:
                self._idle.pop()[0].close()
            self._file = None

    def _fold_unless_locked(self) -> None:
        """Fold what a killed writer left: SQLite would, when the last connection closes, and seal nothing."""
        import filelock  # not on the way of a question

        lock = filelock.FileLock(self.layout.lock)
        with suppress(filelock.Timeout, OSError, IndexUnusable), lock.acquire(timeout=0):
            self.fold()

    @contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        file = opened_file(self._path)
        if file is None and not self._create:
            self.close()
            raise gone(self.layout)
        aside = self.aside
        connection = self._taken(file, aside) or self._connected(aside)
        try:
            yield connection
        except sqlite3.Error:
            connection.close()
            raise
        except BaseException:
            # It is kept: when the last connection closes, SQLite folds the log, and nobody seals the pages.
            with suppress(sqlite3.Error):
                connection.rollback()
            self._idle.append((connection, file or opened_file(self._path), aside))
            raise
        self._idle.append((connection, file or opened_file(self._path), aside))

    def _connected(self, aside: Aside) -> sqlite3.Connection:
        connection = connect(self.layout, create=self._create)
        if aside:
            aside.hide(connection)
        return connection

    def _taken(self, file: "OpenedFile | None", aside: Aside) -> sqlite3.Connection | None:
        """Return a connection that waits to be lent; those to a file that was replaced are closed."""
        # Taking from and adding to a list is atomic. The one used last is lent first: its cache is warm.
        while True:
            try:
                connection, opened, hidden = self._idle.pop()
            except IndexError:
                return None
            if isinstance(connection, Fixed):
                same = opened == file and not self.layout.log.exists()
            else:
                same = opened is not None and file is not None and opened[:2] == file[:2]
            if same and hidden is not aside and not hidden:
                # It is used on: were it the last one, SQLite would fold the log when it is closed.
                aside.hide(connection)
            if same and (hidden is aside or not hidden):
                return connection
            connection.close()


def gone(layout: Layout) -> IndexNotFound:
    """Return what is raised where there was a catalog a moment ago."""
    return IndexNotFound(f"{layout.root}: the index is gone; run 'civicite restore BACKUP'")


def _is_sound(connection: sqlite3.Connection) -> bool:
    from indexer.checking import catalog_damage  # checks use the catalog

    return catalog_damage(connection) is None


def valid_at(table: str, commit: str = ":commit") -> str:
    """Return SQL that tells whether a row of a table, by its alias, is valid at the commit bound there."""
    return (
        f"({table}.from_commit <= {commit} AND ({table}.to_commit IS NULL OR {table}.to_commit > {commit}))"
    )


def readable_at(passages: str, commit: str = ":commit") -> str:
    """Return SQL that tells whether a passage, by its table's alias, is valid at the commit and not lost."""
    return f"{valid_at(passages, commit)} AND {passages}.key NOT IN (SELECT key FROM lost_passages)"
