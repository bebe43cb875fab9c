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
def progress(files: int) -> Iterator[Progress]:
    """Show how many of the files were read and how much was taken in."""
    if not is_terminal(sys.stderr):
        yield Progress(lambda: None, lambda report: None, complain)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (
        TextColumn("Files read"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[taken]}", markup=False),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=files, taken="")
        yield Progress(
            lambda: bar.advance(task),
            lambda report: bar.update(task, taken=f"{report.encoded} passages encoded"),
            lambda message: console.print(message, markup=False),
        )
