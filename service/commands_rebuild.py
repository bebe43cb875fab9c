"""The commands for generations: ``rebuild``, ``generations``, ``compact``."""

import datetime
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands_index import encoder_loader
from service.options import IndexOption, JsonOption, settings_with
from service.output import complain, is_terminal, write, write_json

if TYPE_CHECKING:
    from indexer import Compacted, GenerationState, Rebuilt


def rebuild(
    index: IndexOption = None,
    to: Annotated[
        int | None,
        typer.Option("--to", metavar="N", min=1, help="Return to generation N, brought up to date first."),
    ] = None,
    as_json_lines: JsonOption = False,
) -> None:
    """Build all passages anew, then switch to them. Those of before answer meanwhile."""
    from indexer import rebuild as build

    settings = settings_with(index)
    with _progress() as (step, notice):
        report = build(settings.index, encoder_loader(settings, notice), step, to=to)
    facts = {
        "generation": report.generation,
        "switched": report.switched,
        "model": report.recipe.model,
        "recipe": report.recipe.name,
        "encoded_passages": report.encoded,
        "passages": report.passages,
    }
    if as_json_lines:
        write_json(facts)
        return
    answers = "answers now" if report.switched else "answered already"
    write(
        [
            f"generation {report.generation} {answers}: {report.passages} passages by {report.recipe.model} "
            f"(recipe {report.recipe.name}), {report.encoded} of them encoded in this run"
        ]
    )


def generations(
    index: IndexOption = None,
    pin: Annotated[
        int | None, typer.Option("--pin", metavar="N", help="Keep generation N when compacting.")
    ] = None,
    unpin: Annotated[
        int | None, typer.Option("--unpin", metavar="N", help="No longer keep generation N when compacting.")
    ] = None,
    as_json_lines: JsonOption = False,
) -> None:
    """List the generations of passages. Which one answers, which are kept, which is half built."""
    from indexer import pin_generation, survey_generations

    folder = settings_with(index).index
    for number, pinned in ((pin, True), (unpin, False)):
        if number is not None:
            pin_generation(folder, number, pinned=pinned)
    listed = [_facts(one) for one in survey_generations(folder)]
    if as_json_lines:
        write_json(listed)
    else:
        write(_table(listed))


def compact(
    index: IndexOption = None,
    history_before: Annotated[
        str | None,
        typer.Option(
            "--history-before",
            metavar="DATE",
            help="Give up answering as of earlier than this day or instant (UTC); citations still resolve.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be dropped, and do nothing.")
    ] = False,
    as_json_lines: JsonOption = False,
) -> None:
    """Drop what nobody needs any more. Generations, history and words; pinned generations stay."""
    from indexer import compact as drop

    instant = _instant(history_before) if history_before is not None else None
    done = drop(settings_with(index).index, history_before=instant, dry_run=dry_run)
    if as_json_lines:
        write_json(_as_dict(done, dry_run=dry_run))
    else:
        write(_in_words(done, dry_run=dry_run))


def _facts(one: "GenerationState") -> dict[str, Any]:
    return {
        "generation": one.generation.id,
        "state": one.state,
        "pinned": one.pinned,
        "model": one.generation.recipe.model,
        "recipe": one.generation.recipe.name,
        "passages": one.generation.passages,
        "complete_to_commit": one.complete,
        "commits_behind": one.behind,
    }


def _table(listed: list[dict[str, Any]]) -> Iterator[str]:
    if not listed:
        yield "none: nothing has been indexed yet"
        return
    rows = [[name.replace("_", " ") for name in listed[0]]]
    rows += [["-" if value is None else _shown(value) for value in one.values()] for one in listed]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip()


def _shown(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _instant(text: str) -> datetime.datetime:
    try:
        instant = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is not a day or an instant; write it as 2026-02-05 or 2026-02-05T14:30",
            param_hint="--history-before",
        ) from error
    return instant if instant.tzinfo else instant.replace(tzinfo=datetime.UTC)


def _as_dict(done: "Compacted", *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "dropped_generations": list(done.generations),
        "kept_for_readers": list(done.leased),
        "dropped_passages_of_history": done.passages,
        "dropped_terms": done.terms,
        "history_from_commit": done.history_from,
        "bytes_before": done.before,
        "bytes_after": done.after,
        "log_folded": done.folded,
    }


def _in_words(done: "Compacted", *, dry_run: bool) -> Iterator[str]:
    verb = "would drop" if dry_run else "dropped"
    numbers = ", ".join(map(str, done.generations)) or "none"
    yield f"{verb} generations: {numbers}; passages of history: {done.passages}; words: {done.terms}"
    for number in done.leased:
        yield f"kept generation {number}: a running reader answers from it; start it again with the new model"
    if done.history_from is not None:
        yield f"history begins at commit {done.history_from}"
    if done.after is None:
        yield f"{done.before} bytes now"
        return
    yield f"{done.before} bytes before, {done.after} after"
    if not done.folded:
        yield "a reader still needs the log; it shrinks with a later commit"


@contextmanager
def _progress() -> "Iterator[tuple[Callable[[Rebuilt], None], Callable[[str], None]]]":
    """Show on a terminal how many articles were compared and how many passages encoded."""
    if not is_terminal(sys.stderr):
        yield lambda rebuilt: None, complain
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("Articles"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[encoded]} passages encoded"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None, encoded=0)
        yield (
            lambda rebuilt: bar.update(
                task, completed=rebuilt.checked, total=rebuilt.articles, encoded=rebuilt.encoded
            ),
            lambda message: console.print(message, markup=False),
        )
