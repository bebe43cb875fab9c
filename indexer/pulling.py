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
from indexer.editor import Editor
from indexer.errors import CiviciteError, ReadError
from indexer.feeds import Entry, ReadFeed, as_page, read_feed
from indexer.fetching import Fetched, Fetcher
from indexer.gathering import Gathered, add, take
from indexer.holdings import Holdings
from indexer.marks import Watermark
from indexer.sources import LONGEST_ID
from indexer.subscriptions import Feed, KnownEntry, KnownPage, pruned, remembered, remembering, with_entries
from indexer.taking import Report
from indexer.webpages import suffix_for

ENTRIES_PER_COMMIT = 32
"""A kill loses at most so many visits."""
MOST_ATTEMPTS = 10
"""Pulls in which an entry is tried that its feed no longer lists; one that is listed is always tried."""
OpenEditor = Callable[[], AbstractContextManager[Editor]]
"""Gives an editor each time something is to be committed."""
NO_FEED = re.compile(r"(?:audio|font|image|video)/|application/(?:pdf|zip|msword|vnd\.openxml)")


def pull_feed(
    folder: Path,
    address: str,
    fetcher: Fetcher,
    open_editor: OpenEditor,
    advance: Callable[[], None] = lambda: None,
) -> Report:
    """Pull the feed at an address in its normal form; what failed is in the report and tried again next time.

    An article that was withdrawn stays withdrawn, whatever the feed says. Raises what is wrong with the index
    and not with the feed.
    """
    with Holdings(folder) as holdings:
        return _Pull(folder, address, fetcher, holdings, open_editor, advance).run()


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


class _Pull:
    """A pull under way; ``holdings`` are open around it."""

    def __init__(
        self,
        folder: Path,
        address: str,
        fetcher: Fetcher,
        holdings: Holdings,
        open_editor: OpenEditor,
        advance: Callable[[], None],
    ) -> None:
        self._folder, self._address, self._fetcher, self._holdings = folder, address, fetcher, holdings
        self._open_editor, self._advance = open_editor, advance
        self._report = Report()
        self._feed = self._known()

    def run(self) -> Report:
        """Fetch, take in, note."""
        is_pending = any(entry.error for entry in self._feed.entries.values())
        validators = None if is_pending else self._feed.validators
        problem = None
        try:
            with _foreseen(self._address):
                fetched = self._fetcher.fetch(self._address, validators, _wanted)
                if fetched is not None:
                    read = read_feed(fetched)
                    self._take_in(read)
                    problem = self._finish(fetched, read)
        except ReadError as error:
            self._report.failed.append(error)
            # As it is noted by now: entries may have been taken in before the failure.
            self._note(replace(self._known(), error=str(error)))
        else:
            self._note(replace(self._feed, error=problem))
        return self._report

    def _known(self) -> Feed:
        """Return the feed; as if never pulled when the catalog is another one than it came into, or older."""
        feed = remembered(self._folder).feeds.get(self._address) or Feed(self._address, added=False)
        if feed.chain and self._holdings.remembers(Watermark(feed.commit, feed.chain)):
            return feed
        return replace(feed, entries={}, validators=None)

    def _take_in(self, read: ReadFeed) -> None:
        """Visit the entries that are due, and commit and note them portion by portion."""
        due = iter([one for one in (*read.entries, *_pending(self._feed, read)) if _is_due(self._feed, one)])
        pages = remembered(self._folder).pages
        while entries := list(islice(due, ENTRIES_PER_COMMIT)):
            portion = _Portion()
            for entry in entries:
                self._visit(portion, entry, pages)
                self._advance()
            self._commit(portion)
            self._feed = with_entries(self._feed, portion.entries)
            with remembering(self._folder) as state:
                state.feeds[self._address] = _as_subscribed(self._feed, state.feeds.get(self._address))
                state.pages.update(portion.gathered.pages)

    def _visit(self, portion: _Portion, entry: Entry, pages: Mapping[str, KnownPage]) -> None:
        """Take one entry's article from its own text or from its page, and note what came of it."""
        known, holdings = self._feed.entries.get(entry.key), self._holdings
        identity = known.article if known else _identity(self._feed, entry)
        portion.entries[entry.key] = KnownEntry(identity, entry.digest, entry.link)
        if _was_removed(known, identity, holdings):
            return
        at = entry.link or self._address
        portion.visited.append((entry, at, known))
        found = portion.gathered.found
        before = len(found)
        try:
            with _foreseen(at):
                if entry.content is not None:
                    add(portion.gathered, holdings, as_page(entry, at), at, entry.metadata, identity)
                elif entry.link is not None:
                    page, said = pages.get(at), entry.metadata
                    take(portion.gathered, self._fetcher, holdings, page, at, said, identity, _wanted_page)
                else:
                    named = entry.metadata.title or entry.key
                    raise ReadError(
                        self._address, f"its entry {named!r} has no link and no text", "tell its publisher"
                    )
        except ReadError as error:
            found.append(error)
        if problems := [one for one in found[before:] if isinstance(one, ReadError)]:
            portion.failed(entry, str(problems[0]), known)

    def _commit(self, portion: _Portion) -> None:
        """Commit what was gathered, and note which entries the index did not accept."""
        gathered, total = portion.gathered, self._report
        total.failed += [one for one in gathered.found if isinstance(one, ReadError)]
        total.unchanged += gathered.unchanged
        found = [one for one in gathered.found if not isinstance(one, ReadError)]
        if not found:
            return
        with self._open_editor() as editor:
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

    def _finish(self, fetched: Fetched, read: ReadFeed) -> str | None:
        """Keep the feed as it was read; one that is not well-formed, which is returned, is read again."""
        error = None
        if read.problem:
            mend = "tell its publisher; what could be read was taken in"
            error = ReadError(self._address, f"is not well-formed ({read.problem})", mend)
            self._report.failed.append(error)
        self._feed = replace(
            self._feed,
            title=read.title or self._feed.title,
            validators=None if read.problem else fetched.validators,
            entries=pruned(self._feed.entries, frozenset(entry.key for entry in read.entries)),
        )
        return str(error) if error else None

    def _note(self, feed: Feed) -> None:
        mark = self._holdings.watermark()
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with remembering(self._folder) as state:
            done = replace(feed, pulled=now, commit=mark.commit, chain=mark.chain)
            state.feeds[self._address] = _as_subscribed(done, state.feeds.get(self._address))


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
