"""Following a folder: what changes in it is taken in, what goes from it is withdrawn.

The operating system tells that something changed; what is done depends only on what lies there then. A file
is read when its size and time have stood still from one look to the next, so that one that is still being
written waits. The index is locked only while articles are written. Knows nothing of terminals.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from indexer import (
    CiviciteError,
    Editor,
    Found,
    InputError,
    ReadError,
    Report,
    Source,
    articles,
    find,
    source_at,
)
from service.editing import OpenEditor
from service.intake import Loss, refuse_loss

LOOK_MS = 100
"""Between two looks at files that have changed."""
GATHER_MS, STEP_MS = 1000, 50
"""Changes are handed over when there was none for a step, and after this time in any case."""
FILES_AT_ONCE = 64
"""Others may write between two portions of so many files."""
RETRY_SECONDS = 2.0
"""Until the next try when the index could not be written."""
RESCAN_SECONDS = 300.0
"""After so long everything is compared once more: systems may lose changes that come in a flood."""

Signature = tuple[int, int, int]
"""A file's number, size and time of change."""
Place = tuple[int, int]
"""A folder's device and number: what tells it from another one by its name."""


@dataclass(slots=True)
class FolderWatch:
    """Follows one folder until told to stop.

    ``open_editor`` gives an editor each time something is to be written; ``tell`` gets what each writing
    did, ``ready`` is called once all that lay there at the beginning is taken in, ``complain`` gets what
    kept an article from being taken in or withdrawn. ``yes`` withdraws however much is gone.
    """

    folder: Path
    open_editor: OpenEditor
    tell: Callable[[Report], None]
    ready: Callable[[], None]
    complain: Callable[[str], None]
    yes: bool = False
    _waiting: dict[Path, Signature | None] = field(default_factory=dict)
    _taken: dict[Path, Signature] = field(default_factory=dict)
    _articles: dict[str, set[str]] = field(default_factory=dict)
    _missing: bool = False
    _is_ready: bool = False
    _looks: int = 0
    _resume: float = 0.0
    _rescan: float = 0.0
    _said: str = ""

    def run(self, stop: threading.Event) -> None:
        """Follow the folder; what goes wrong on the way is complained of, and tried again."""
        with self.open_editor() as editor:
            editor.put(())  # an index of another model is refused now and not at every change
            for identity, path in editor.articles_below(self.folder).items():
                self._articles.setdefault(path, set()).add(identity)
        while not stop.is_set():
            if (place := _place(self._root)) is None:
                self._complain_once(f"{self.folder}: the folder is gone; waiting until it is back")
                stop.wait(RETRY_SECONDS)
                continue
            try:
                self._follow(place, stop)
            except InputError:
                if _place(self._root) == place:
                    raise

    def _follow(self, place: Place, stop: threading.Event) -> None:
        """Follow the folder for as long as it is the same one: not so when it is mounted anew."""
        self._rescan = 0.0
        for changes in _changes(self._root, stop):
            if _place(self._root) != place:
                return
            try:
                self.look(changes, stop)
                self._said = ""
            except (CiviciteError, OSError) as error:
                self._resume = time.monotonic() + RETRY_SECONDS
                self._complain_once(str(error))

    @property
    def _root(self) -> Path:
        return Path(os.path.realpath(self.folder))

    def look(self, changes: set[Path], stop: threading.Event) -> None:
        """Note what changed, and take in what has stood still since the last look."""
        for path in changes:
            self._notice(path)
        if time.monotonic() >= self._rescan:
            self._compare()
        still = [path for path, before in list(self._waiting.items()) if self._stands_still(path, before)]
        if time.monotonic() < self._resume:
            return
        for first in range(0, len(still), FILES_AT_ONCE):
            if stop.is_set():
                return
            self._take_in(still[first : first + FILES_AT_ONCE])
        if self._missing and not still and not changes:
            self._withdraw_missing()
        self._looks += 1
        # At the first look the files are met, at the second they are taken in.
        if not self._is_ready and (not self._waiting or (self._looks > 2 and not still)):
            self._is_ready = True
            self.ready()

    def _notice(self, path: Path) -> None:
        """Let a file, or all files of a folder that has come, wait; one that has gone is missing."""
        if path.is_dir():
            for source in find([path]):
                self._wait_for(source.file)
        elif path.exists():
            self._wait_for(path)
        else:
            self._missing = True

    def _wait_for(self, file: Path) -> None:
        if file.is_relative_to(self._root) and source_at(self._root, file) is not None:
            self._waiting[file] = None

    def _compare(self) -> None:
        """Let every file wait that is not as it was when it was taken in."""
        self._rescan = time.monotonic() + RESCAN_SECONDS
        for source in find([self._root]):
            if self._taken.get(source.file) != _signature(source.file):
                self._waiting.setdefault(source.file, None)
        self._missing = True

    def _stands_still(self, path: Path, before: Signature | None) -> bool:
        now = _signature(path)
        if now is None:
            del self._waiting[path]
            self._missing = True
        elif now != before:
            self._waiting[path] = now
        return now is not None and now == before

    def _take_in(self, files: list[Path]) -> None:
        """Read the files, then write; articles that a file no longer holds are withdrawn."""
        sources = [source for file in files if (source := source_at(self._root, file))]
        signatures = {source.file: self._waiting[source.file] for source in sources}
        read = [(source, list(articles(source))) for source in sources]
        with self.open_editor() as editor:
            report = editor.put(one for _, found in read for one in found)
            refused = {error.where for error in report.failed}
            held = self._articles | {one.path: self._held(one, found, refused) for one, found in read}
            suspects = [
                identity
                for source, _ in read
                for identity in sorted(self._articles.get(source.path, set()) - held[source.path])
            ]
            self._withdraw(editor, suspects, report, held)
        # Noted when it is done: what fails is tried again.
        self._articles = held
        for file, signature in signatures.items():
            if signature is not None:
                self._taken[file] = signature
            self._waiting.pop(file, None)
        self.tell(report)

    def _held(self, source: Source, found: list[Found | ReadError], refused: set[str]) -> set[str]:
        """Return what a file holds now, and what it held before if some of it could not be read."""
        here = {one.article.id for one in found if isinstance(one, Found)}
        if any(isinstance(one, ReadError) for one in found) or str(source.file) in refused:
            return here | self._articles.get(source.path, set())
        return here

    def _withdraw_missing(self) -> None:
        """Withdraw the articles whose files are gone."""
        gone = [path for path in self._articles if not (self._root / path).is_file()]
        suspects = [identity for path in gone for identity in sorted(self._articles[path])]
        for path in gone:
            self._taken.pop(self._root / path, None)
        report = Report()
        if suspects:
            with self.open_editor() as editor:
                self._withdraw(editor, suspects, report, self._articles)
        self._missing = False
        if not suspects:
            return
        for path in gone:
            self._articles[path] -= set(report.withdrawn)
            if not self._articles[path]:
                del self._articles[path]
        self.tell(report)

    def _withdraw(
        self, editor: Editor, suspects: list[str], report: Report, held: dict[str, set[str]]
    ) -> None:
        """Withdraw what came from this folder and is in none of its files by now, within reason.

        ``held`` says which articles each file holds.
        """
        if not suspects:
            return
        known = editor.articles_below(self.folder)

        def is_there(identity: str) -> bool:
            path = known[identity]
            return identity in held.get(path, ()) and (self._root / path).is_file()

        lost = tuple(one for one in suspects if one in known and not is_there(one))
        try:
            if not self.yes:
                refuse_loss([self.folder], {self.folder: Loss(len(known), lost, len(find([self._root])))})
        except InputError as error:
            self.complain(f"nothing is withdrawn: {error}")
            return
        if lost:
            report.withdrawn = editor.withdraw(lost).withdrawn

    def _complain_once(self, message: str) -> None:
        if message != self._said:
            self._said = message
            self.complain(message)


def _changes(root: Path, stop: threading.Event) -> Iterator[set[Path]]:
    """Yield what changed, and nothing at least once between two looks."""
    from watchfiles import watch

    try:
        for changed in watch(
            root,
            watch_filter=None,
            debounce=GATHER_MS,
            step=STEP_MS,
            rust_timeout=LOOK_MS,
            yield_on_timeout=True,
            stop_event=stop,
            ignore_permission_denied=True,
        ):
            yield {Path(path) for _, path in changed}
    except (OSError, RuntimeError) as error:
        raise InputError(
            str(root),
            f"cannot be watched ({error})",
            "raise the system's limit of watched files, or set WATCHFILES_FORCE_POLLING=1",
        ) from error


def _signature(file: Path) -> Signature | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _place(folder: Path) -> Place | None:
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
