"""The command that lists what can be quoted: ``articles``."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from service.options import (
    FilterOption,
    FromOption,
    IndexOption,
    JsonOption,
    ToOption,
    filters_from,
    settings_with,
)
from service.output import complain, is_terminal, write, write_json

if TYPE_CHECKING:
    from service.collection import ArticleSummary

AT_A_TIME = 5000
"""Articles that are read at a time: in any order but that of the ids, each time looks at all of them."""

NOTHING = "there are no such articles"


def articles(
    index: IndexOption = None,
    facets: FilterOption = None,
    published_from: FromOption = None,
    published_to: ToOption = None,
    sort: Annotated[
        Literal["id", "published", "title", "taken_in"], typer.Option(help="What to list them in order of.")
    ] = "id",
    as_json_lines: JsonOption = False,
) -> None:
    """List the current articles. A line each: id, revision, date of publication, title."""
    from dataclasses import asdict

    from indexer import Index
    from service.abstention import unknown_facets
    from service.collection import summaries
    from service.plain import one_line

    filters = filters_from(facets or [], published_from, published_to)
    with closing(Index.open(settings_with(index).index)) as opened:
        found = summaries(opened, filters, sort, AT_A_TIME)
        if as_json_lines:
            listed = _written(found, lambda one: write_json(asdict(one)))
        elif is_terminal(sys.stdout):
            listed = _shown(list(found))
        else:
            listed = _written(found, lambda one: write(["\t".join(_columns(one))]))
        if listed:
            return
        if not as_json_lines:
            complain(NOTHING)
        with opened.view() as view:
            unknown = unknown_facets(view, filters)
        if unknown is not None:
            complain(one_line(unknown))


def _written(found: "Iterable[ArticleSummary]", write_one: "Callable[[ArticleSummary], None]") -> bool:
    """Write each as it comes, and tell whether there was any."""
    any_written = False
    for one in found:
        write_one(one)
        any_written = True
    return any_written


def _shown(found: "list[ArticleSummary]") -> bool:
    """Print a table, unless empty; every text becomes a rich ``Text``, so that brackets stay brackets."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not found:
        return False
    table = Table("id", "revision", "published", "title", box=None, pad_edge=False)
    for column in table.columns[1:3]:
        column.no_wrap = True
    for one in found:
        table.add_row(*map(Text, _columns(one)))
    Console().print(table)
    return True


def _columns(article: "ArticleSummary") -> Iterator[str]:
    from service.plain import one_line

    yield article.article_id
    yield str(article.revision)
    yield article.published or ""
    yield one_line(article.title or "")
