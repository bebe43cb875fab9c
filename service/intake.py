"""Taking in files and web addresses: what a run reads, what ``--sync`` withdraws, and when it refuses to.

Knows the rules of synchronising. Knows nothing of terminals; the editor does the work.
"""

import pickle
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from indexer import Editor, Found, InputError, ReadError, Report, Source, articles, find, is_address
from service.editing import OpenEditor
from service.settings import Settings

if TYPE_CHECKING:
    from indexer import Fetcher, Gathered

_OTHER_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)

Step = Callable[[Report], None]
Advance = Callable[[], None]


@dataclass(slots=True)
class Reading:
    """The files that were found below some PATHs, and what was fetched before; remembers what came by.

    ``unreadable`` holds root and path of every file of which something could not be read, and of folders.
    """

    paths: Sequence[Path]
    sources: Sequence[Source]
    advance: Advance = lambda: None
    fetched: Sequence[Found | ReadError] = ()
    identities: set[str] = field(default_factory=set)
    unreadable: set[tuple[str, str]] = field(default_factory=set)

    def __iter__(self) -> Iterator[Found | ReadError]:
        """Yield the articles, and an error for whatever cannot be read as one."""
        for source in self.sources:
            for one in articles(source):
                if isinstance(one, ReadError):
                    self.unreadable.add((str(source.root), source.path))
                else:
                    self.identities.add(one.article.id)
                yield one
            self.advance()
        for one in self.fetched:
            if isinstance(one, Found):
                self.identities.add(one.article.id)
            yield one


def sorted_out(paths: Iterable[str | Path]) -> tuple[list[Path], list[str]]:
    """Tell files and folders from web addresses; raises InputError for an address of any other kind."""
    given = [str(path) for path in paths]
    for one in given:
        if _OTHER_ADDRESS.match(one) and not is_address(one) and not Path(one).exists():
            mend = "addresses begin with http:// or https://, and files are given by their path"
            raise InputError(one, "cannot be fetched", mend)
    return [Path(one) for one in given if not is_address(one)], [one for one in given if is_address(one)]


def take_in_all(
    folder: Path,
    reading: Reading,
    addresses: Sequence[str],
    settings: Settings,
    open_editor: OpenEditor,
    *,
    sync: bool = False,
    yes: bool = False,
    dry_run: bool = False,
    step: Step = lambda report: None,
) -> Report:
    """Take in what was found and what addresses give, or say with ``dry_run`` what would be done.

    An editor makes an index where there is none: where nothing was fetched none is opened. Raises what
    :func:`take_in` raises.
    """
    # Fetched before the index is opened: a slow server never holds its lock.
    gathered = _gathered(folder, addresses, settings, reading.advance) if addresses else None
    reading.fetched = gathered.found if gathered else []
    failed = [one for one in reading.fetched if isinstance(one, ReadError)]
    if not reading.paths and len(failed) == len(reading.fetched):
        report = Report(failed=failed)
    elif dry_run:
        with open_editor() as editor:
            report = plan(editor, reading, sync=sync)
    else:
        with open_editor() as editor:
            report = take_in(editor, reading, step, sync=sync, yes=yes)
    if gathered is not None:
        report.unchanged += gathered.unchanged
        if not dry_run:
            from indexer import remember_pages

            remember_pages(folder, gathered)
    return report


def _gathered(folder: Path, addresses: Sequence[str], settings: Settings, advance: Advance) -> "Gathered":
    # Imported only here and after it: it brings an HTTP client, for which files need not wait.
    from indexer import gather

    return gather(folder, addresses, chosen_fetcher(settings), advance)


def chosen_fetcher(settings: Settings) -> "Fetcher":
    """Return what fetches addresses as the settings allow."""
    from indexer import Fetcher, chosen_limits

    limits = chosen_limits(settings.fetch_seconds, settings.fetch_bytes)
    return Fetcher(limits, allow_private=settings.allow_private_addresses)


def take_in(editor: Editor, reading: Reading, step: Step, *, sync: bool, yes: bool) -> Report:
    """Take the articles in; with ``sync`` also withdraw what came from the same PATHs and is gone.

    Raises InputError, before anything is changed, when so much is gone that it looks like a mistake and
    ``yes`` does not confirm it.
    """
    if not sync:
        return editor.put(reading, step)
    begun = editor.commit
    with _read_aside(editor, reading) as found:
        losses = gone(editor, reading, begun)
        if not yes:
            refuse_loss(reading.paths, losses)
        report = editor.put(found, step)
        # Others were let in meanwhile: what they wrote or withdrew is theirs.
        untouched = _untouched(editor, reading, begun)
        wanted = [one for loss in losses.values() for one in loss.lost if one in untouched]
        if wanted:
            report.withdrawn = editor.withdraw(wanted).withdrawn
    return report


def plan(editor: Editor, reading: Reading, *, sync: bool) -> Report:
    """Say what :func:`take_in` would do."""
    begun = editor.commit
    with _read_aside(editor, reading) as found:
        report = editor.plan(found)
        if sync:
            losses = gone(editor, reading, begun)
            report.withdrawn = [one for loss in losses.values() for one in loss.lost]
    return report


@dataclass(frozen=True, slots=True)
class Loss:
    """Of so many ``known`` current articles of one PATH these are ``lost``; ``files`` are left there."""

    known: int
    lost: tuple[str, ...]
    files: int


def gone(editor: Editor, reading: Reading, begun: int) -> dict[Path, Loss]:
    """Return for each PATH the articles that came from it and were not read again.

    What stands in a file that could not be read, wholly or in part, or below such a folder, is kept, and so
    is what was written after the commit at which reading had ``begun``. To be called after reading.
    """
    losses, counted = {}, set[str]()
    for path in dict.fromkeys(reading.paths):
        known, root = editor.articles_under(path, begun), str(path.resolve())
        lost = tuple(
            identity
            for identity, file in known.items()
            if identity not in reading.identities | counted and not _is_unreadable(reading, root, file)
        )
        counted.update(lost)
        losses[path] = Loss(len(known), lost, len(find([path])))
    return losses


def _is_unreadable(reading: Reading, root: str, file: str) -> bool:
    """Tell whether a file, or a folder that it lies in, could not be read."""
    places = (file, *map(str, PurePosixPath(file).parents))
    return any((root, place) in reading.unreadable for place in places)


def refuse_loss(paths: Iterable[Path], losses: dict[Path, Loss]) -> None:
    """Raise InputError for a PATH that is empty or has lost more than half of its articles."""
    for path in paths:
        loss = losses[path]
        if loss.files == 0:
            raise InputError(
                str(path), "there is nothing to take in here", "check the path, or confirm with --yes"
            )
        if 2 * len(loss.lost) > loss.known:
            problem = f"{len(loss.lost)} of its {loss.known} articles are gone"
            raise InputError(str(path), problem, "check the path, or confirm with --yes")


def _untouched(editor: Editor, reading: Reading, begun: int) -> set[str]:
    """Return the articles of the PATHs that are current and were not written since a commit."""
    return {one for path in reading.paths for one in editor.articles_under(path, begun)}


@contextmanager
def _read_aside(editor: Editor, reading: Reading) -> Iterator[Iterator[Found | ReadError]]:
    """Read all that there is while others can write, and lend it."""
    with tempfile.TemporaryFile() as file:
        with editor.aside():
            failed = list(_spooled(reading, file))
        yield _chained(failed, file)


def _spooled(reading: Reading, file: BinaryIO) -> Iterator[ReadError]:
    """Write what was read to a file, since nothing may be changed before all is read; yield the errors."""
    for one in reading:
        if isinstance(one, ReadError):
            yield one
        else:
            pickle.dump(one, file)


def _chained(failed: list[ReadError], file: BinaryIO) -> Iterator[Found | ReadError]:
    yield from failed
    file.seek(0)
    while True:
        try:
            found: Found = pickle.load(file)  # noqa: S301 - our own temporary file, which has no name
        except EOFError:
            return
        yield found
