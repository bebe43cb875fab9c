"""A progress bar on standard error while articles are taken in, for people who look; else nothing."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from indexer import Report
from service.output import complain, is_terminal


@dataclass(frozen=True, slots=True)
class Progress:
    """``advance``: a file was read. ``step``: something was done. ``notice``: slow work begins."""

    advance: Callable[[], None]
    step: Callable[[Report], None]
    notice: Callable[[str], None]


@contextmanager
def stages() -> Iterator[Callable[[str], None]]:
    """Yield what is to be called with the name of each stage as it begins."""
    if not is_terminal(sys.stderr):
        yield lambda stage: None
        return
    from rich.console import Console

    with Console(stderr=True).status("") as shown:
        yield lambda stage: shown.update(f"{stage} …")


@contextmanager
def progress(files: int | None, what: str = "Files read") -> Iterator[Progress]:
    """Show how many of the files were read and how much was taken in; None: how many is not known."""
    if not is_terminal(sys.stderr):
        yield Progress(lambda: None, lambda report: None, complain)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[taken]}", markup=False),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=files, taken="")
        yield Progress(
            lambda: bar.advance(task),
            lambda report: bar.update(task, taken=_taken(report)),
            lambda message: console.print(message, markup=False),
        )


def _taken(report: Report) -> str:
    articles = len(report.added) + len(report.changed) + len(report.unchanged)
    return f"{articles:,} articles read, {report.encoded:,} passages encoded"


@contextmanager
def counted(total: int, what: str) -> Iterator[Callable[[], None]]:
    """Yield what is to be called after each of ``total`` things."""
    if not is_terminal(sys.stderr):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
