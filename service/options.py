"""Options that several commands share, and how their text becomes values."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from indexer import Filters
    from service.settings import Settings

IndexOption = Annotated[
    Path | None, typer.Option("--index", metavar="DIR", help="The index folder.  [default: ./index]")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON.")]
TopOption = Annotated[
    int | None, typer.Option("-k", "--top-k", min=1, max=1000, help="How many.  [default: 10]")
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


def settings_with(index: Path | None, **chosen: object) -> "Settings":
    """Read the settings of the working directory; options that were given prevail."""
    from service.settings import load_settings

    return load_settings(chosen={"index": index, **chosen})


def filters_from(given: Iterable[str], published_from: str | None, published_to: str | None) -> "Filters":
    """Turn ``name=value`` texts and dates into filters; several values of one name are alternatives."""
    from indexer import Filters, facet_name

    facets: dict[str, list[str]] = {}
    for text in given:
        name, _, value = (part.strip() for part in text.partition("="))
        if not name or not value:
            raise typer.BadParameter(f"{text!r} is not NAME=VALUE, e.g. city=Incheon", param_hint="--filter")
        facets.setdefault(facet_name(name), []).append(value)
    chosen = tuple(sorted((name, tuple(values)) for name, values in facets.items()))
    return Filters(chosen, published_from, published_to)
