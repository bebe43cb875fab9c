"""Taking articles in from a program: folders, addresses, tables, feeds, in one call each.

What the commands ``index``, ``feed pull`` and ``remove`` do, for notebooks. Opens the index for writing
only as long as a call lasts; the model is loaded once. Knows nothing of terminals.
"""

import math
from collections.abc import Hashable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from queue import Empty, Queue
from threading import Event
from typing import Any

from indexer import (
    Editor,
    Found,
    InputError,
    LoadedEncoder,
    ReadError,
    Report,
    find,
    normal_address,
    pull_feed,
    submitted,
)
from service.editing import editing
from service.encoder import chosen_encoder
from service.intake import Reading, chosen_fetcher, sorted_out, take_in_all
from service.settings import Settings, load_settings
from service.watching import FolderWatch

Row = Mapping[str, Any] | Mapping[Hashable, Any]
"""pandas says no more of a column's name than that it can be hashed."""


def collect(
    index: str | Path, *paths: str | Path, sync: bool = False, settings: Settings | None = None
) -> Report:
    """Take in files, folders and web addresses; what is unchanged costs nothing.

    With ``sync`` what came from the same folder and is gone there is withdrawn. Raises InputError for a
    path that does not exist, and when so much is gone that it looks like a mistake.
    """
    chosen, folder = settings or load_settings(), Path(index)
    files, addresses = sorted_out(paths)
    # What does not exist is refused here, before an index is made.
    reading = Reading(files, find(files))
    return take_in_all(folder, reading, addresses, chosen, lambda: _editor(folder, chosen), sync=sync)


def collect_records(
    index: str | Path,
    rows: Iterable[Row],
    *,
    text: str = "text",
    title: str | None = "title",
    id: str | None = None,  # noqa: A002 - the field's own name
    settings: Settings | None = None,
) -> Report:
    """Take in the rows of a table: ``csv.DictReader``, ``datasets.Dataset``, ``frame.to_dict("records")``.

    ``text``, ``title`` and ``id`` name columns; all other columns become metadata, by which answers can be
    filtered. Without an ``id`` a row is named after its text, so that the same text is the same article
    again. A row that cannot be taken in is reported as failed.
    """
    with _editor(Path(index), settings or load_settings()) as editor:
        return editor.put(_found(rows, text, title, id))


def collect_feed(index: str | Path, address: str, *, settings: Settings | None = None) -> Report:
    """Take in what an RSS or Atom feed lists and is new or changed since the last time."""
    chosen, folder = settings or load_settings(), Path(index)
    where = normal_address(address)
    return pull_feed(folder, where, chosen_fetcher(chosen), lambda: _editor(folder, chosen))


class Followed:
    """A folder that is followed: what was done for each change, in order."""

    def __init__(self) -> None:
        self.reports: Queue[Report] = Queue()
        self.problems: list[str] = []

    def next(self, seconds: float = 60) -> Report:
        """Wait for the next change to be taken in; raises TimeoutError, with what went wrong meanwhile."""
        try:
            return self.reports.get(timeout=seconds)
        except Empty:
            raise TimeoutError("; ".join(self.problems) or f"nothing changed in {seconds:g} s") from None


@contextmanager
def following(
    index: str | Path, folder: str | Path, *, settings: Settings | None = None
) -> Iterator[Followed]:
    """Follow a folder beside the program, as ``civicite watch`` does, until the block is left.

    What lies there at the beginning is taken in first. Raises InputError for a folder that is none.
    """
    chosen, followed, stop, ready = settings or load_settings(), Followed(), Event(), Event()
    told = followed.reports.put
    watch = FolderWatch(
        Path(folder),
        lambda: _editor(Path(index), chosen),
        lambda report: told(report) if ready.is_set() else None,
        ready.set,
        followed.problems.append,
    )
    collect(index, folder, settings=chosen)
    with ThreadPoolExecutor(1) as aside:
        running = aside.submit(watch.run, stop)
        running.add_done_callback(lambda _: ready.set())
        try:
            ready.wait()
            yield followed
        finally:
            stop.set()
            running.result()


def withdraw(index: str | Path, *identities: str, settings: Settings | None = None) -> Report:
    """Take articles out of every current answer; earlier moments still know them.

    Raises ArticleNotFound.
    """
    with _editor(Path(index), settings or load_settings()) as editor:
        return editor.withdraw(identities)


def _editor(folder: Path, settings: Settings) -> AbstractContextManager[Editor]:
    return editing(folder, lambda: _encoder(settings), settings.wait_seconds)


@cache
def _encoder(settings: Settings) -> LoadedEncoder:
    return chosen_encoder(settings)


def _found(rows: Iterable[Row], text: str, title: str | None, key: str | None) -> Iterator[Found | ReadError]:
    for number, row in enumerate(rows, 1):
        if text not in row or (key is not None and key not in row):
            wanted = text if text not in row else key
            raise InputError(
                f"row {number}", f"it has no column {wanted!r}", f"name one of {', '.join(map(str, row))}"
            )
        words = str(row[text]) if _is_known(row[text]) else ""
        if not words.strip():
            where = f"row {number}" if key is None else str(row[key])
            yield ReadError(where, "it holds no text", f"fill its column {text!r}, or leave the row out")
            continue
        identity = str(row[key]) if key is not None else sha256(words.encode()).hexdigest()[:16]
        heading = row.get(title) if title is not None else None
        others = {str(name): _plain(value) for name, value in row.items() if name not in (text, title, key)}
        known = {name: value for name, value in others.items() if _is_known(value)}
        try:
            yield submitted(identity, str(heading) if _is_known(heading) else "", words, known)
        except ReadError as error:
            yield error


def _is_known(value: object) -> bool:
    """Whether a cell says anything: tables write what is missing as None, NaN or an empty text."""
    return value is not None and value != "" and not (isinstance(value, float) and math.isnan(value))


def _plain(value: object) -> object:
    """Return a cell as JSON has it: NumPy's numbers and arrays as Python's, dates as ISO texts."""
    if hasattr(value, "isoformat"):
        written = str(value.isoformat())
        return written.removesuffix("T00:00:00")
    return value.tolist() if hasattr(value, "tolist") else value
