"""The commands that look back: ``log`` and ``diff``."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.options import IndexOption, JsonOption, given_path, settings_with
from service.output import complain, write, write_json

if TYPE_CHECKING:
    from indexer import Change, Commit
    from service.settings import Settings

ARTICLES_SHOWN = 20
"""Articles that are listed of one commit; JSON lists all."""

_MOMENT = "A commit's number, a date (its end, UTC) or an instant."


def log(
    index: IndexOption = None,
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=1000, help="How many.")] = 10,
    before: Annotated[
        int | None, typer.Option(metavar="COMMIT", help="Only commits before this one: the next page.")
    ] = None,
    as_json_lines: JsonOption = False,
) -> None:
    """List what was added, changed, withdrawn when. The newest commit comes first."""
    from indexer import list_commits

    for commit in list_commits(settings_with(index).index, count, before):
        if as_json_lines:
            write_json(commit.to_dict())
        else:
            write(_lines(commit))


def diff(
    first: Annotated[str, typer.Argument(metavar="C1", help=_MOMENT)],
    second: Annotated[str, typer.Argument(metavar="C2", help=_MOMENT)],
    index: IndexOption = None,
    questions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="JSON Lines with _id and text: show which answers differ.", parser=given_path
        ),
    ] = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Answer only from this confidence on; 0 answers always."),
    ] = None,
    as_json_lines: JsonOption = False,
) -> None:
    """Show what differs between two commits. Articles or, with questions, answers."""
    settings = settings_with(index, min_confidence=min_confidence)
    if questions is None:
        _articles(settings.index, first, second, as_json_lines=as_json_lines)
    else:
        _answers(settings, first, second, questions, as_json_lines=as_json_lines)


def _lines(commit: "Commit") -> list[str]:
    counts = commit.note or (f"added {commit.added}, changed {commit.changed}, withdrawn {commit.withdrawn}")
    shown = [f"  {_in_words(change)}" for change in commit.articles[:ARTICLES_SHOWN]]
    rest = len(commit.articles) - len(shown)
    return [
        f"commit {commit.commit}  {commit.at}  {counts}",
        *shown,
        *([f"  … and {rest} more"] * bool(rest)),
    ]


def _in_words(change: "Change") -> str:
    if change.before and change.after and change.before != change.after:
        return f"{change.outcome} {change.article_id}@{change.before} → {change.after}"
    return f"{change.outcome} {change.article_id}@{change.after or change.before}"


def _articles(folder: Path, first: str, second: str, *, as_json_lines: bool) -> None:
    from indexer import difference

    found = difference(folder, first, second)
    if as_json_lines:
        write_json(asdict(found))
        return
    write(_in_words(change) for change in found.articles)
    counts = Counter[str](change.outcome for change in found.articles)
    names = ("added", "changed", "described", "withdrawn")
    listed = ", ".join(f"{name} {counts[name]}" for name in names)
    write([f"commit {found.before} to {found.after}: {listed}"])


def _answers(settings: "Settings", first: str, second: str, file: Path, *, as_json_lines: bool) -> None:
    """Write comparisons as they come; in JSON a line that is no question has one of its own that says so."""
    from functools import partial

    from indexer import commits_at
    from service.assistant import Assistant
    from service.batch import Refused, questions
    from service.changes import STATUSES, compare, comparison_lines

    commits = commits_at(settings.index, first, second)
    statuses: Counter[str] = Counter()
    refused = 0
    with Assistant.open(settings.index, settings) as assistant:
        ask = partial(assistant.ask, min_confidence=settings.min_confidence)
        for one in questions(file):
            if isinstance(one, Refused):
                refused += 1
                if as_json_lines:
                    write_json(one.to_dict())
                else:
                    complain(f"civicite: {file}: {one.error}")
                continue
            comparison = compare(one.id, one.text, ask, commits)
            statuses[comparison.status] += 1
            if as_json_lines:
                write_json(comparison.to_dict())
            else:
                write(comparison_lines(comparison))
    if not as_json_lines:
        listed = ", ".join(f"{status} {statuses[status]}" for status in STATUSES)
        write([f"commit {commits[0]} to {commits[1]}: {listed}"])
    if refused:
        raise typer.Exit(1)
