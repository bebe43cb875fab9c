"""Options that several commands share, and how their text becomes values."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.garbage import nothing_collected

if TYPE_CHECKING:
    from indexer import Filters
    from service.settings import Settings


def given_path(text: str) -> Path:
    """Turn what was given as a path into one; every argument and option that names a file or folder does.

    What is empty, such as a variable of a script that was never set, would else name the working directory.
    """
    return Path(given_place(text))


def given_place(text: str) -> str:
    """Return a path or an address as it was given, when it names anything."""
    if not text.strip():
        raise typer.BadParameter("it is empty and names nothing; give a path, . for the folder you are in")
    return text


IndexOption = Annotated[
    Path | None,
    typer.Option("--index", metavar="DIR", help="The index folder.  [default: ./index]", parser=given_path),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON.")]
PrivateOption = Annotated[
    bool | None,
    typer.Option(
        "--allow-private-addresses",
        help="Fetch from this machine and private networks too.",
        show_default=False,
    ),
]
WaitOption = Annotated[
    float,
    typer.Option("--wait", metavar="SECONDS", min=0, help="How long to wait for another writer."),
]
ExplainOption = Annotated[
    bool, typer.Option("--explain", help="Show how each score came about: features, weights, ranks.")
]
TopOption = Annotated[
    int | None,
    typer.Option("-k", "--top-k", metavar="NUMBER", min=1, max=1000, help="How many.  [default: 10]"),
]
FilterOption = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        metavar="NAME=VALUE",
        help="Only articles with this facet, e.g. city=Incheon; repeat it for more values or names.",
    ),
]
FromOption = Annotated[
    str | None,
    typer.Option("--published-from", metavar="DATE", help="Only articles published on this day or later."),
]
ToOption = Annotated[
    str | None,
    typer.Option("--published-to", metavar="DATE", help="Only articles published on this day or earlier."),
]

BeforeOption = Annotated[
    str | None,
    typer.Option("--published-before", metavar="DATE", help="Only articles published before this day."),
]
AfterOption = Annotated[
    str | None,
    typer.Option("--published-after", metavar="DATE", help="Only articles published after this day."),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="DATE",
        help="Only what had been taken in by the end of this day (UTC), an instant or a commit's number.",
    ),
]


def settings_with(index: Path | None, **chosen: object) -> "Settings":
    """Read the settings of the working directory; options that were given prevail."""
    with nothing_collected():
        from service.settings import load_settings

    return load_settings(index=index, **chosen)


def filters_from(
    given: Iterable[str],
    published_from: str | None,
    published_to: str | None,
    published_after: str | None = None,
    published_before: str | None = None,
) -> "Filters":
    """Turn ``name=value`` texts and dates into filters; several values of one name are alternatives."""
    from indexer import Filters

    for within, beyond, name in (
        (published_from, published_after, "--published-after"),
        (published_to, published_before, "--published-before"),
    ):
        if within is not None and beyond is not None:
            raise typer.BadParameter("give one bound, including its day or not", param_hint=name)
    first = published_from if published_after is None else _next_to(published_after, 1, "--published-after")
    last = published_to if published_before is None else _next_to(published_before, -1, "--published-before")
    return Filters.of(_facets_of(given), first, last)


def _facets_of(given: Iterable[str]) -> Iterator[tuple[str, str]]:
    for text in given:
        name, _, value = (part.strip() for part in text.partition("="))
        if not name or not value:
            raise typer.BadParameter(f"{text!r} is not NAME=VALUE, e.g. city=Incheon", param_hint="--filter")
        yield name, value


def _next_to(date: str, step: int, option: str) -> str:
    """Return the day after a day, month or year (step 1), or the one before it (step -1)."""
    import datetime

    from indexer import day_range

    try:
        first, last = day_range(date)
        day = datetime.date.fromisoformat(str(last if step > 0 else first))
        return (day + datetime.timedelta(days=step)).isoformat()
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(
            f"{date!r} is not a date; write it as 2020-02-05", param_hint=option
        ) from error
