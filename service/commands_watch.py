"""The command that follows a folder."""

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.options import IndexOption, JsonOption, given_path, settings_with
from service.output import complain, write, write_json

if TYPE_CHECKING:
    from indexer import Report


def _folder(text: str) -> Path:
    folder = given_path(text)
    if not folder.is_dir():
        raise typer.BadParameter(f"{text!r} is no folder; give one that is there")
    return folder


def watch(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder to follow.", parser=_folder)],
    index: IndexOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Withdraw even if more than half is gone.")] = False,
    as_json_lines: JsonOption = False,
) -> None:
    """Follow a folder until interrupted. What changes is taken in, what goes is withdrawn."""
    from service.commands_index import as_dict, changes, encoder_loader
    from service.editing import editing
    from service.watching import FolderWatch

    settings = settings_with(index)
    # Loaded before the index is locked, and once.
    encoder = encoder_loader(settings, complain)()

    def tell(report: "Report") -> None:
        done = report.added or report.changed or report.withdrawn or report.failed
        if done and as_json_lines:
            write_json(as_dict(report))
        else:
            write(changes(report))
        for failure in report.failed:
            complain(f"failed: {failure}")

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    FolderWatch(
        folder,
        lambda: editing(settings.index, lambda: encoder, settings.wait_seconds),
        tell,
        lambda: complain(f"watching {folder}"),
        complain,
        yes,
    ).run(stop)
