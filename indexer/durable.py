"""Files that are there whole or not at all, also after a power failure. Knows nothing of what is in them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from indexer.errors import IndexUnusable


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power failure.

    Raises IndexUnusable when it cannot be written.
    """
    with replacing(path) as file:
        file.write(content)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Lend a file to write and read, which takes the path's place, whole, when it is given back.

    Raises IndexUnusable when it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        make_folder(path.parent)
        with temporary.open("w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise IndexUnusable(
            f"{path}: {error.strerror}; check the folder's permissions and the free space"
        ) from error


def make_folder(folder: Path) -> None:
    """Make a folder and those above it where they are missing, durably: what is in it is lost without it."""
    missing = [folder, *folder.parents][: sum(not one.exists() for one in (folder, *folder.parents))]
    folder.mkdir(parents=True, exist_ok=True)
    for one in reversed(missing):
        with suppress(PermissionError):  # a folder may be written to that may not be read
            sync_folder(one.parent)


def sync_folder(folder: Path) -> None:
    """Make renames within a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
