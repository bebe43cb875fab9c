"""What is remembered of addresses between runs, in one small file of the index folder.

Which feeds were added, what came in each, and what a server gave to recognise a page again. Nothing in it
is truth: lost, the feeds have to be added again and everything is fetched once more.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import filelock

from indexer.addresses import Validators
from indexer.durable import write_atomically
from indexer.errors import IndexDamaged, IndexUnusable, InputError
from indexer.layout import Layout
from indexer.locking import check_vacant

log = logging.getLogger("civicite.index")

FORMAT = 1
FEEDS_AGAIN = "delete it, and add the feeds again"
"""The mend where the file is damaged; articles are not touched by it."""
MOST_PAGES = 50_000
MOST_ENTRIES = 2_000
"""Of one feed; the oldest are forgotten first, and never those that the feed still lists."""


@dataclass(frozen=True, slots=True)
class KnownPage:
    """A page that was fetched: how to recognise it, and the digests of its articles' texts by id."""

    validators: Validators
    articles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """An entry of a feed that was met: the id of its article, and what failed.

    ``digest`` stands for all that the entry said. ``error`` is None when it was taken in; what it said of its
    title, author and date is kept only until then, so that nothing is left of an article that is erased.
    """

    article: str
    digest: str
    link: str | None
    title: str | None = None
    author: str | None = None
    published: str | None = None
    error: str | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed by its address. ``added`` tells one that was added from one that was only pulled.

    ``commit`` and ``chain`` are the catalog's watermark when it was last pulled.
    """

    address: str
    name: str | None = None
    added: bool = True
    title: str | None = None
    pulled: str | None = None
    error: str | None = None
    validators: Validators | None = None
    commit: int = 0
    chain: str = ""
    entries: Mapping[str, KnownEntry] = field(default_factory=dict)


@dataclass(slots=True)
class Remembered:
    """All of it, by address; changed only within :func:`remembering`."""

    feeds: dict[str, Feed] = field(default_factory=dict)
    pages: dict[str, KnownPage] = field(default_factory=dict)

    def feed(self, name: str) -> Feed | None:
        """Return the feed by that address or name."""
        return self.feeds.get(name) or next(
            (feed for feed in self.feeds.values() if feed.name and feed.name == name), None
        )


def remembered(folder: Path) -> Remembered:
    """Read what is remembered.

    Raises IndexUnusable when the file cannot be read, and IndexDamaged when it is not what was written.
    """
    path = Layout(folder).sources
    try:
        written = json.loads(path.read_bytes())
        if written["sha256"] != _seal(written["content"]):
            raise ValueError("its checksum does not fit")
        return _from_json(written["content"])
    except (FileNotFoundError, NotADirectoryError):
        return Remembered()
    except OSError as error:
        raise IndexUnusable(f"{path}: {error.strerror}; check its permissions") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexDamaged(f"{path}: is not what was written ({error}); {FEEDS_AGAIN}") from error


@contextmanager
def remembering(folder: Path) -> Iterator[Remembered]:
    """Lend what is remembered to be changed, and write it; nothing is written when anything is raised.

    Another process waits meanwhile, so that neither's change is lost. Raises InputError for a folder that
    cannot be made, or that holds other files and no index.
    """
    layout = Layout(folder)
    check_vacant(folder)
    try:
        layout.root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            str(folder), f"cannot be made ({error.strerror})", "choose another --index"
        ) from error
    with filelock.FileLock(layout.sources_lock):
        _remove_drafts(layout)
        state = remembered(folder)
        yield state
        write_atomically(layout.sources, _as_json(state))


def forget_articles(folder: Path, identities: Sequence[str]) -> None:
    """Keep nothing of erased articles: neither their entries in feeds nor the pages that held them.

    A file that cannot be read is deleted, with a warning: what it holds of them cannot be told.
    """
    layout, gone = Layout(folder), frozenset(identities)
    with filelock.FileLock(layout.sources_lock):
        _remove_drafts(layout)
        if not layout.sources.exists():
            return
        try:
            state = remembered(folder)
        except IndexDamaged as error:
            layout.sources.unlink()
            problem = f"is not what was written ({error.__cause__}) and may tell of what is erased"
            log.warning("%s: %s: it is deleted; add the feeds again", layout.sources, problem)
            return
        for address, feed in state.feeds.items():
            kept = {key: entry for key, entry in feed.entries.items() if entry.article not in gone}
            state.feeds[address] = replace(feed, entries=kept)
        state.pages = {at: page for at, page in state.pages.items() if not gone & set(page.articles)}
        write_atomically(layout.sources, _as_json(state))


def _remove_drafts(layout: Layout) -> None:
    """Delete what was left by whoever was killed over the file; nobody else writes one under this lock."""
    for path in layout.sources_drafts():
        path.unlink(missing_ok=True)


def pruned(entries: Mapping[str, KnownEntry], listed: frozenset[str]) -> dict[str, KnownEntry]:
    """Forget the oldest entries that the feed no longer lists, until no more than MOST_ENTRIES are left."""
    surplus = len(entries) - MOST_ENTRIES
    old = [key for key in entries if key not in listed][: max(0, surplus)]
    return {key: entry for key, entry in entries.items() if key not in set(old)}


def with_entries(feed: Feed, changed: Mapping[str, KnownEntry]) -> Feed:
    """Return the feed with these entries as they are now; the ones met last stand last."""
    kept = {key: entry for key, entry in feed.entries.items() if key not in changed}
    return replace(feed, entries={**kept, **changed})


def _as_json(state: Remembered) -> bytes:
    pages = dict(list(state.pages.items())[-MOST_PAGES:])
    content: dict[str, Any] = {
        "format": FORMAT,
        "feeds": [asdict(feed) for feed in state.feeds.values()],
        "pages": {address: asdict(page) for address, page in pages.items()},
    }
    return json.dumps({"sha256": _seal(content), "content": content}, indent=1).encode()


def _from_json(content: dict[str, Any]) -> Remembered:
    if content["format"] != FORMAT:
        raise ValueError("another civicite wrote it")
    feeds = [_feed(written) for written in content["feeds"]]
    pages = {
        address: KnownPage(Validators(**page["validators"]), dict(page["articles"]))
        for address, page in content["pages"].items()
    }
    return Remembered({feed.address: feed for feed in feeds}, pages)


def _feed(written: dict[str, Any]) -> Feed:
    validators = Validators(**written["validators"]) if written["validators"] else None
    entries = {key: KnownEntry(**entry) for key, entry in written["entries"].items()}
    return Feed(**{**written, "validators": validators, "entries": entries})


def _seal(content: object) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()
