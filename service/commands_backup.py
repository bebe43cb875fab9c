"""The commands that make a backup of an index and an index of a backup."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.options import IndexOption, JsonOption, WaitOption, given_path, settings_with
from service.output import complain, write, write_json

if TYPE_CHECKING:
    from indexer import Manifest


def backup(
    place: Annotated[
        Path,
        typer.Argument(metavar="DEST", help="The folder to make, or an earlier backup.", parser=given_path),
    ],
    index: IndexOption = None,
    as_json_lines: JsonOption = False,
) -> None:
    """Write a checked copy of the index, also while it is in use."""
    from indexer import backup as write_backup
    from service.progress import stages

    folder = settings_with(index).index
    with stages() as stage:
        manifest = write_backup(folder, place, stage)
    _report("backed up", manifest, place, as_json_lines=as_json_lines)


def restore(
    source: Annotated[
        Path, typer.Argument(metavar="SRC", help="A folder that 'civicite backup' made.", parser=given_path)
    ],
    index: IndexOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Replace the index that is there.")] = False,
    wait: WaitOption = 0,
    as_json_lines: JsonOption = False,
) -> None:
    """Make the index from a backup, which is checked first."""
    from indexer import restore as read_backup
    from service.progress import stages

    folder = settings_with(index).index
    with stages() as stage:
        restored = read_backup(source, folder, replace=yes, wait=wait, stage=stage)
    _report("restored", restored.manifest, folder, as_json_lines=as_json_lines)
    if restored.erased is None:
        complain(
            "the index that was replaced cannot be read: what it had erased after this backup was made may"
            " be there again; erase it once more with 'civicite remove --erase ID'"
        )
    for identity in restored.erased or ():
        complain(f"{identity}: erased again, as it was after this backup was made")


def _report(done: str, manifest: "Manifest", place: Path, *, as_json_lines: bool) -> None:
    if as_json_lines:
        facts: dict[str, Any] = asdict(manifest)
        write_json({"place": str(place), **facts})
    else:
        write([f"{done} commit {manifest.commit} of {manifest.made}, {manifest.size} bytes: {place}"])
