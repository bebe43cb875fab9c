"""Addresses that an editor gives become articles; what is unchanged is neither sent nor read again.

Fetches before anybody opens the index for writing, so that a slow server never holds its lock.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from indexer.addresses import normal_address
from indexer.article import Metadata
from indexer.errors import IndexDamaged, ReadError
from indexer.fetching import Fetched, Fetcher, Wanted
from indexer.holdings import Holdings
from indexer.sources import Found
from indexer.subscriptions import KnownPage, remembered, remembering
from indexer.webpages import page_articles, steady, suffix_for

MOST_RECOGNISED = 100
"""Articles of one address; a larger collection is fetched again each time."""


@dataclass(slots=True)
class Gathered:
    """What came from addresses: articles and errors, ids of what is unchanged, and how to know it again."""

    found: list[Found | ReadError] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    pages: dict[str, KnownPage] = field(default_factory=dict)


def gather(
    folder: Path, addresses: Iterable[str], fetcher: Fetcher, advance: Callable[[], None] = lambda: None
) -> Gathered:
    """Fetch each address once; what cannot be fetched or read comes as an error that names it."""
    gathered, known, met = Gathered(), _known(folder), set[str]()
    with Holdings(folder) as holdings:
        for given in dict.fromkeys(addresses):
            try:
                address = normal_address(given)
                if address not in met:
                    met.add(address)
                    take(gathered, fetcher, holdings, known.get(address), address)
            except ReadError as error:
                gathered.found.append(error)
            advance()
    return gathered


def remember_pages(folder: Path, gathered: Gathered) -> None:
    """Note how to recognise what was gathered; to be called when it is committed."""
    if not gathered.pages:
        return
    try:
        with remembering(folder) as state:
            for address, page in gathered.pages.items():
                state.pages.pop(address, None)
                state.pages[address] = page
    except IndexDamaged:
        return  # 'civicite feed' and 'civicite verify' name the damage; a page is then fetched anew each time


def take(
    gathered: Gathered,
    fetcher: Fetcher,
    holdings: Holdings,
    known: KnownPage | None,
    address: str,
    metadata: Metadata | None = None,
    identity: str | None = None,
    wanted: Wanted = suffix_for,
) -> None:
    """Fetch an address and add what came of it; raises ReadError when nothing did.

    ``metadata`` and ``identity`` are as for :func:`indexer.webpages.page_articles`.
    """
    if known is not None and not _holds(holdings, known, identity):
        known = None
    fetched = fetcher.fetch(address, known.validators if known else None, wanted)
    if fetched is None:
        gathered.unchanged += known.articles if known else ()
        return
    add(gathered, holdings, fetched, address, metadata, identity)


def add(
    gathered: Gathered,
    holdings: Holdings,
    fetched: Fetched,
    address: str,
    metadata: Metadata | None = None,
    identity: str | None = None,
) -> None:
    """Add the articles of what was fetched."""
    read = [
        one if isinstance(one, ReadError) else _steady(one, holdings)
        for one in page_articles(fetched, address, metadata, identity)
    ]
    gathered.found += read
    articles = {one.article.id: one.article.sha256 for one in read if isinstance(one, Found)}
    if fetched.validators and len(articles) == len(read) <= MOST_RECOGNISED:
        gathered.pages[address] = KnownPage(fetched.validators, articles)


def _steady(found: Found, holdings: Holdings) -> Found:
    return replace(found, article=steady(found.article, holdings.current(found.article.id)))


def _holds(holdings: Holdings, known: KnownPage, identity: str | None) -> bool:
    """Tell whether the catalog still holds what the page gave, under the id that is wanted now."""
    expected = identity is None or set(known.articles) == {identity}
    current = {name: holdings.current(name) for name in known.articles}
    return expected and all(one and one.sha256 == known.articles[name] for name, one in current.items())


def _known(folder: Path) -> Mapping[str, KnownPage]:
    try:
        return remembered(folder).pages
    except IndexDamaged:
        return {}
