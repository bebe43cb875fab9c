"""Tantivy's files against the checksums in them, which Tantivy itself never compares when it opens a folder.

Knows how Tantivy lays out its files as far as that needs it: ``meta.json`` names the segments in use, and
every file of a segment ends in a footer with its CRC-32. Files are never changed once written.
"""

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_MAGIC = 1337
_SUFFIXES = ("fast", "fieldnorm", "idx", "pos", "store", "term")
_CHUNK = 1 << 20
_TRIES = 5

Known = set[tuple[str, int, int, int]]
"""Files that were compared before: name, inode, size and time."""


def torn(folder: Path, known: Known | None = None) -> str | None:
    """Return what is wrong with the files in use, None when they are what was written.

    ``known`` spares comparing a file again that is the one it was, and is added to. Raises OSError where it
    cannot be seen which files there are.
    """
    for _ in range(_TRIES):
        meta = _meta(folder)
        if meta is None:
            return "its meta.json is missing" if any(folder.glob("*.idx")) else None
        problem = _torn(folder, meta, known)
        # A writer may have merged segments away meanwhile; then look again.
        if problem is None or _meta(folder) == meta:
            break
    return problem


def _meta(folder: Path) -> bytes | None:
    path = folder / "meta.json"
    return path.read_bytes() if path.is_file() else None


def _torn(folder: Path, meta: bytes, known: Known | None) -> str | None:
    try:
        names = [name for segment in json.loads(meta)["segments"] for name in files_of(segment)]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "its meta.json is not readable"
    for name in names:
        if not _is_whole(folder / name, known):
            return f"its file {name} is missing or not what was written"
    if known is not None:
        _forget_others(known, folder, set(names))
    return None


def _forget_others(known: Known, folder: Path, names: set[str]) -> None:
    """Forget files of this folder that are in use no more: every edit leaves some behind."""
    for place, *facts in tuple(known):
        path = Path(place)
        if path.parent == folder and path.name not in names:
            known.discard((place, *facts))


def files_of(segment: dict[str, Any]) -> Iterator[str]:
    """Name the files of a segment as meta.json describes it."""
    stem, deletes = segment["segment_id"].replace("-", ""), segment["deletes"]
    yield from (f"{stem}.{suffix}" for suffix in _SUFFIXES)
    if deletes:
        yield f"{stem}.{deletes['opstamp']}.del"


def _is_whole(path: Path, known: Known | None) -> bool:
    try:
        facts = path.stat()
        identity = (str(path), facts.st_ino, facts.st_size, facts.st_mtime_ns)
        if known is None:
            return _has_its_checksum(path, facts.st_size)
        if identity not in known and _has_its_checksum(path, facts.st_size):
            known.add(identity)
        return identity in known
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _has_its_checksum(path: Path, size: int) -> bool:
    """Compare a file with its footer: JSON with the CRC-32, its length, a magic number."""
    with path.open("rb") as file:
        file.seek(max(0, size - 8))
        tail = file.read(8)
        length, magic = int.from_bytes(tail[:4], "little"), int.from_bytes(tail[4:], "little")
        if magic != _MAGIC or length + 8 > size:
            return False
        file.seek(size - 8 - length)
        noted = json.loads(file.read(length))["crc"]
        file.seek(0)
        remaining, crc = size - 8 - length, 0
        while remaining and (chunk := file.read(min(_CHUNK, remaining))):
            crc, remaining = zlib.crc32(chunk, crc), remaining - len(chunk)
        return bool(crc == noted)
