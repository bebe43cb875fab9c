"""The commands for feeds: ``feed add``, ``feed list``, ``feed remove``, ``feed pull``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.groups import group
from service.options import IndexOption, JsonOption, PrivateOption, settings_with
from service.output import complain, write, write_json

if TYPE_CHECKING:
    from indexer import Feed

app = group("feed", "Take in what feeds (RSS and Atom) bring.")
Named = Annotated[str, typer.Argument(metavar="URL", help="A feed's address, or the name it was given.")]


@app.command("add")
def add_feed(
    address: Annotated[str, typer.Argument(metavar="URL", help="The feed's address.")],
    name: Annotated[str | None, typer.Option(help="A name to call it by.", show_default=False)] = None,
    index: IndexOption = None,
) -> None:
    """Remember a feed; 'feed pull' takes in what it brings."""
    from dataclasses import replace

    from indexer import Feed, InputError, normal_address, remembering

    where = normal_address(address)
    with remembering(settings_with(index).index) as state:
        taken = state.feed(name) if name else None
        if taken is not None and taken.address != where:
            raise InputError(
                f"--name {name}", f"it is the name of {taken.address}", "choose another, or remove that one"
            )
        before = state.feeds.get(where) or Feed(where)
        state.feeds[where] = replace(before, added=True, name=name or before.name)
    write([f"added {where}; take in what it brings with 'civicite feed pull'"])


@app.command("list")
def list_feeds(index: IndexOption = None, as_json_lines: JsonOption = False) -> None:
    """Show the feeds, when they were pulled, and what went wrong."""
    from indexer import remembered

    feeds = [feed for feed in remembered(settings_with(index).index).feeds.values() if feed.added]
    if not feeds and not as_json_lines:
        complain("there are no feeds; 'civicite feed add URL' makes one known")
    for feed in feeds:
        if as_json_lines:
            write_json(_as_dict(feed))
        else:
            write(_described(feed))


@app.command("remove")
def remove_feed(address: Named, index: IndexOption = None) -> None:
    """Forget a feed; the articles that it brought stay."""
    from indexer import remembering

    folder = settings_with(index).index
    where = _feed(folder, address, needed=True)
    with remembering(folder) as state:
        state.feeds.pop(where, None)
    write([f"removed {where}"])


@app.command("pull")
def pull_feeds(
    addresses: Annotated[
        list[str] | None,
        typer.Argument(metavar="[URL...]", help="Feeds, by address or name.  [default: all that were added]"),
    ] = None,
    index: IndexOption = None,
    allow_private_addresses: PrivateOption = None,
    as_json_lines: JsonOption = False,
) -> None:
    """Take in what feeds bring; what fails is named and tried again at the next pull."""
    from functools import cache, partial

    from indexer import pull_feed, remembered
    from service.commands_index import as_dict, encoder_loader, summary
    from service.editing import editing
    from service.intake import chosen_fetcher
    from service.progress import progress

    settings = settings_with(index, allow_private_addresses=allow_private_addresses)
    wanted = [_feed(settings.index, given) for given in addresses or ()]
    if not addresses:
        wanted = [feed.address for feed in remembered(settings.index).feeds.values() if feed.added]
        if not wanted:
            complain("there are no feeds; add one with 'civicite feed add URL'")
    load, fetcher, failed = cache(encoder_loader(settings, complain)), chosen_fetcher(settings), False
    open_editor = partial(editing, settings.index, load, settings.wait_seconds)
    for where in dict.fromkeys(wanted):
        with progress(None, "Entries visited") as shown:
            report = pull_feed(settings.index, where, fetcher, open_editor, shown.advance)
        if as_json_lines:
            write_json(as_dict(report, feed=where))
        else:
            write([f"{where}: {summary(report)}"])
        for failure in report.failed:
            complain(f"failed: {failure}")
        failed = failed or bool(report.failed)
    if failed:
        raise typer.Exit(1)


def _feed(folder: Path, given: str, *, needed: bool = False) -> str:
    """The address of the feed that is meant; raises InputError when there is none."""
    from indexer import InputError, is_address, normal_address, remembered

    where = normal_address(given) if is_address(given) else given
    known = remembered(folder).feed(where)
    if known is None and (needed or not is_address(given)):
        raise InputError(f"feed {given!r}", "there is none", "see 'civicite feed list' for those there are")
    return known.address if known else where


def _as_dict(feed: "Feed") -> dict[str, Any]:
    return {
        "url": feed.address,
        "name": feed.name,
        "title": feed.title,
        "pulled": feed.pulled,
        "error": feed.error,
        "entries": len(feed.entries),
        "failed": [
            {"url": entry.link, "title": entry.title, "attempts": entry.attempts, "error": entry.error}
            for entry in feed.entries.values()
            if entry.error
        ],
    }


def _described(feed: "Feed") -> list[str]:
    named = " ".join(part for part in (feed.name, feed.address) if part)
    failed = [entry for entry in feed.entries.values() if entry.error]
    when = f"pulled {feed.pulled}, {len(feed.entries)} entries" if feed.pulled else "never pulled"
    problems = [feed.error, *(entry.error for entry in failed)]
    return [f"{named}: {when}", *(f"  failed: {problem}" for problem in problems if problem)]
