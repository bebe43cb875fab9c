"""What makes a folder a backup: a list of its files with their digests, sealed with one of its own."""

import datetime
import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from indexer.durable import write_atomically
from indexer.errors import IndexDamaged, InputError
from indexer.layout import Layout
from indexer.marks import Watermark

FORMAT = "civicite backup 1"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A backup: of which commit, made when, by what; ``files`` are names with SHA-256, ``size`` is bytes."""

    format: str
    civicite: str
    made: str
    commit: int
    chain: str
    size: int
    files: dict[str, str]


def describe(layout: Layout, mark: Watermark, files: list[Path]) -> Manifest:
    """Return the manifest of a backup's files as they are on disk."""
    return Manifest(
        format=FORMAT,
        civicite=version("civicite"),
        made=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        commit=mark.commit,
        chain=mark.chain,
        size=sum(path.stat().st_size for path in files),
        files={path.relative_to(layout.root).as_posix(): file_digest(path) for path in files},
    )


def write_manifest(layout: Layout, manifest: Manifest) -> None:
    """Write the manifest with its seal: the SHA-256 of all of it."""
    facts = asdict(manifest)
    write_atomically(layout.manifest, json.dumps({**facts, "seal": _seal(facts)}, indent=1).encode())


def is_backup(folder: Path) -> bool:
    """Tell whether a folder says of itself that it is a backup, whole or damaged."""
    try:
        return str(json.loads(Layout(folder).manifest.read_bytes())["format"]).startswith("civicite backup")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def read_manifest(layout: Layout) -> Manifest:
    """Read the manifest of a backup.

    Raises InputError when there is none or a newer civicite wrote it, IndexDamaged when it is not what was
    written.
    """
    path = layout.manifest
    if not path.is_file():
        raise InputError(str(layout.root), "it is no backup", "give a folder that 'civicite backup' made")
    try:
        facts = json.loads(path.read_bytes())
        seal = facts.pop("seal")
        if seal != _seal(facts):
            raise ValueError("its seal does not fit")
        if facts["format"] != FORMAT:
            raise InputError(str(path), f"it is a {facts['format']!r}", "upgrade civicite")
        return Manifest(**facts)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(path) from error


def damaged(path: Path) -> IndexDamaged:
    """Return the error for a file of a backup."""
    return IndexDamaged(f"{path}: is not what was backed up; use another backup")


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file as it is on disk."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _seal(facts: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
