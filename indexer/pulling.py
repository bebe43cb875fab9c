"""Pulling one feed: what is new or changed in it is fetched and taken in, what failed is tried again.

One impure recipe from top to bottom. What is remembered is written after the articles are committed: a
kill in between costs a second visit, never an article.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from indexer.addresses import identity_of
from indexer.article import Metadata
from indexer.catalog import Watermark
from indexer.editor import Editor
from indexer.errors import CiviciteError, ReadError
from indexer.feeds import Entry, ReadFeed, as_page, read_feed
from indexer.fetching import Fetched, Fetcher
from indexer.gathering import Gathered, add, take
from indexer.holdings import Holdings
from indexer.sources import LONGEST_ID
from indexer.subscriptions import Feed, KnownEntry, KnownPage, pruned, remembered, remembering, with_entries
from indexer.taking import Report
from indexer.webpages import suffix_for

ENTRIES_PER_COMMIT = 32
"""A kill loses at most so many visits."""
MOST_ATTEMPTS = 10
"""Pulls in which an entry is tried that its feed no longer lists; one that is listed is always tried."""
NO_FEED = re.compile(r"(?:audio|font|image|video)/|application/(?:pdf|zip|msword|vnd\.openxml)")


def pull_feed(
    folder: Path,
    address: str,
    fetcher: Fetcher,
    open_editor: Callable[[], AbstractContextManager[Editor]],
    advance: Callable[[], None] = lambda: None,
) -> Report:
    """Pull the feed at an address in its normal form; what failed is in the report and tried again next time.

    An article that was withdrawn stays withdrawn, whatever the feed says. Raises what is wrong with the index
    and not with the feed.
    """
    total = Report()
    with Holdings(folder) as holdings:
        feed = _known(folder, address, holdings)
        is_pending = any(entry.error for entry in feed.entries.values())
        try:
            with _foreseen(address):
                fetched = fetcher.fetch(address, None if is_pending else feed.validators, _wanted)
                read = read_feed(fetched) if fetched else None
                if fetched is not None and read is not None:
                    taken = _entries_taken_in(
                        folder, feed, read, fetcher, holdings, open_editor, total, advance
                    )
                    feed = _finished(taken, fetched, read, total)
        except ReadError as error:
            total.failed.append(error)
            # As it is noted by now: entries may have been taken in before the failure.
            feed = _known(folder, address, holdings)
            _note(folder, replace(feed, error=str(error)), holdings)
            return total
        _note(folder, replace(feed, error=None), holdings)
    return total


@contextmanager
def _foreseen(where: str) -> Iterator[None]:
    """Let a failure that nobody thought of be one of this feed or page: it stops no other."""
    try:
        yield
    except CiviciteError:
        raise
    except Exception as error:
        problem = f"cannot be taken in ({type(error).__name__}: {error})"
        raise ReadError(
            where, problem, "it is tried again at the next pull; tell who maintains civicite"
        ) from error


@dataclass(slots=True)
class _Portion:
    """Some entries of a feed: what came of each."""

    gathered: Gathered = field(default_factory=Gathered)
    entries: dict[str, KnownEntry] = field(default_factory=dict)
    visited: list[tuple[Entry, str, KnownEntry | None]] = field(default_factory=list)

    def failed(self, entry: Entry, problem: str, known: KnownEntry | None) -> None:
        """Note what is needed to try the entry again."""
        said = entry.metadata
        self.entries[entry.key] = KnownEntry(
            self.entries[entry.key].article,
            entry.digest,
            entry.link,
            said.title,
            said.author,
            said.published,
            problem,
            known.attempts + 1 if known else 1,
        )


def _entries_taken_in(
    folder: Path,
    feed: Feed,
    read: ReadFeed,
    fetcher: Fetcher,
    holdings: Holdings,
    open_editor: Callable[[], AbstractContextManager[Editor]],
    total: Report,
    advance: Callable[[], None],
) -> Feed:
    due = iter([entry for entry in (*read.entries, *_pending(feed, read)) if _is_due(feed, entry)])
    pages = remembered(folder).pages
    while entries := list(islice(due, ENTRIES_PER_COMMIT)):
        portion = _Portion()
        for entry in entries:
            _visit(portion, feed, entry, fetcher, holdings, pages)
            advance()
        _commit(portion, open_editor, total)
        feed = with_entries(feed, portion.entries)
        with remembering(folder) as state:
            state.feeds[feed.address] = _as_subscribed(feed, state.feeds.get(feed.address))
            state.pages.update(portion.gathered.pages)
    return feed


def _is_due(feed: Feed, entry: Entry) -> bool:
    known = feed.entries.get(entry.key)
    return known is None or known.error is not None or known.digest != entry.digest


def _pending(feed: Feed, read: ReadFeed) -> Iterator[Entry]:
    """Entries that failed and are no longer listed."""
    listed = {entry.key for entry in read.entries}
    for key, known in feed.entries.items():
        if known.error and key not in listed and known.attempts < MOST_ATTEMPTS:
            metadata = Metadata(title=known.title, author=known.author, published=known.published)
            yield Entry(key, known.link, metadata, None, known.digest)


def _visit(
    portion: _Portion,
    feed: Feed,
    entry: Entry,
    fetcher: Fetcher,
    holdings: Holdings,
    pages: Mapping[str, KnownPage],
) -> None:
    """Take one entry's article from its own text or from its page, and note what came of it."""
    known = feed.entries.get(entry.key)
    identity = known.article if known else _identity(feed, entry)
    portion.entries[entry.key] = KnownEntry(identity, entry.digest, entry.link)
    if _was_removed(known, identity, holdings):
        return
    at = entry.link or feed.address
    portion.visited.append((entry, at, known))
    found = portion.gathered.found
    before = len(found)
    try:
        with _foreseen(at):
            if entry.content is not None:
                add(portion.gathered, holdings, as_page(entry, at), at, entry.metadata, identity)
            elif entry.link is not None:
                known_page, said = pages.get(at), entry.metadata
                take(portion.gathered, fetcher, holdings, known_page, at, said, identity, _wanted_page)
            else:
                named = entry.metadata.title or entry.key
                raise ReadError(
                    feed.address, f"its entry {named!r} has no link and no text", "tell its publisher"
                )
    except ReadError as error:
        found.append(error)
    if problems := [one for one in found[before:] if isinstance(one, ReadError)]:
        portion.failed(entry, str(problems[0]), known)


def _commit(
    portion: _Portion, open_editor: Callable[[], AbstractContextManager[Editor]], total: Report
) -> None:
    """Commit what was gathered, add to the report, and note which entries the index did not accept."""
    gathered = portion.gathered
    total.failed += [one for one in gathered.found if isinstance(one, ReadError)]
    total.unchanged += gathered.unchanged
    found = [one for one in gathered.found if not isinstance(one, ReadError)]
    if not found:
        return
    with open_editor() as editor:
        report = editor.put(found)
    total.added += report.added
    total.changed += report.changed
    total.unchanged += report.unchanged
    total.failed += report.failed
    total.encoded += report.encoded
    problems = {one.where: str(one) for one in report.failed}
    for entry, at, known in portion.visited:
        if at in problems:
            portion.failed(entry, problems[at], known)


def _identity(feed: Feed, entry: Entry) -> str:
    """An entry's article is named after its link, one without a link after the feed and its own key."""
    if entry.link is not None:
        return identity_of(entry.link)
    key = re.sub(r"\s+", "-", entry.key)
    return f"{identity_of(feed.address)}#{key}"[:LONGEST_ID]


def _was_removed(known: KnownEntry | None, identity: str, holdings: Holdings) -> bool:
    """Tell whether an editor has withdrawn the article, or erased it."""
    if holdings.withdrawn(identity):
        return True
    return known is not None and known.error is None and holdings.current(identity) is None


def _known(folder: Path, address: str, holdings: Holdings) -> Feed:
    return _of_this_history(remembered(folder).feeds.get(address) or Feed(address, added=False), holdings)


def _of_this_history(feed: Feed, holdings: Holdings) -> Feed:
    """Return the feed; as if never pulled, when the catalog is not the one, or older than, it came into."""
    if feed.chain and holdings.remembers(Watermark(feed.commit, feed.chain)):
        return feed
    return replace(feed, entries={}, validators=None)


def _finished(feed: Feed, fetched: Fetched, read: ReadFeed, total: Report) -> Feed:
    """Return the feed as it was read; one that is not well-formed is read again the next time."""
    if read.problem:
        mend = "tell its publisher; what could be read was taken in"
        total.failed.append(ReadError(feed.address, f"is not well-formed ({read.problem})", mend))
    listed = frozenset(entry.key for entry in read.entries)
    return replace(
        feed,
        title=read.title or feed.title,
        validators=None if read.problem else fetched.validators,
        entries=pruned(feed.entries, listed),
    )


def _note(folder: Path, feed: Feed, holdings: Holdings) -> None:
    mark = holdings.watermark()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with remembering(folder) as state:
        before = state.feeds.get(feed.address)
        done = replace(feed, pulled=now, commit=mark.commit, chain=mark.chain)
        state.feeds[feed.address] = _as_subscribed(done, before)


def _as_subscribed(feed: Feed, now: Feed | None) -> Feed:
    """Return the feed with what another process has meanwhile said of it: its name, or that it goes."""
    return replace(feed, name=now.name, added=now.added) if now else replace(feed, added=False)


def _wanted(media_type: str, address: str) -> None:
    if NO_FEED.match(media_type):
        raise ReadError(address, f"is {media_type}, no feed", "check the address")


def _wanted_page(media_type: str, address: str) -> None:
    if suffix_for(media_type, address).startswith(".jsonl"):
        raise ReadError(
            address, "is a collection, no page", f"take it in with 'civicite index {address}' if it is meant"
        )
