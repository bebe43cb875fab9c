"""Folders that are written once, whole, and known to be unharmed.

Knows how a folder appears in one step and how damage is noticed; it must not know what the files mean.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import xxhash

_SEAL = "XXH3SUMS"
_PREFIX = ".new-"
_ABANDONED_AFTER = 3600.0
_BLOCK = 1 << 20


def intact(folder: Path) -> bool:
    """Whether the folder holds exactly the files it was sealed with, byte for byte."""
    try:
        return (folder / _SEAL).read_text() == _sums(folder)
    except (OSError, UnicodeDecodeError):
        return False


def seal(folder: Path, fill: Callable[[Path], None]) -> None:
    """Let ``fill`` write into a temporary folder, and put that in place of ``folder`` in one step.

    When another process has sealed the same folder meanwhile, its work is kept. Raises OSError.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder.parent)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=_PREFIX))
    try:
        fill(draft)
        (draft / _SEAL).write_text(_sums(draft))
        _put(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _put(draft: Path, folder: Path) -> None:
    try:
        draft.rename(folder)
    except OSError:
        if intact(folder):
            return
        shutil.rmtree(folder, ignore_errors=True)
        try:
            draft.rename(folder)
        except OSError:
            if not intact(folder):
                raise


def _sums(folder: Path) -> str:
    lines = []
    for path in sorted(folder.iterdir()):
        if path.name != _SEAL:
            # XXH3 guards against damage, not malice, and reads a blob ten times as fast as SHA-256.
            whole = xxhash.xxh3_128()
            with path.open("rb") as stream:
                while block := stream.read(_BLOCK):
                    whole.update(block)
            lines.append(f"{whole.hexdigest()}  {path.name}\n")
    return "".join(lines)


def _sweep(parent: Path) -> None:
    """Remove what killed processes left behind."""
    for draft in parent.glob(f"{_PREFIX}*"):
        if draft.stat().st_mtime < time.time() - _ABANDONED_AFTER:
            shutil.rmtree(draft, ignore_errors=True)
