"""A folder that cannot be written, seen through links: Tantivy wants to place its locks beside what it reads.

Nothing is copied. The links lead to names, so that what a writer elsewhere puts in the place of a file is
seen; its locks are not, so that a file may vanish while it is opened, which its caller must expect.
"""

import os
import shutil
import tempfile
import weakref
from pathlib import Path


class Mirror:
    """A temporary folder of links, deleted when nobody holds the mirror any more."""

    def __init__(self, original: Path) -> None:
        self._original = original.resolve()
        self.place = Path(tempfile.mkdtemp(prefix="civicite-"))
        weakref.finalize(self, shutil.rmtree, self.place, ignore_errors=True)
        self.follow()

    def follow(self) -> None:
        """Link what is new, and unlink what has gone; raises OSError."""
        there = {path.name for path in self._original.iterdir() if path.suffix != ".lock"}
        linked = {path.name for path in self.place.iterdir() if path.is_symlink()}
        for name in linked - there:
            (self.place / name).unlink()
        for name in there - linked:
            (self.place / name).symlink_to(self._original / name)


def is_writable(folder: Path) -> bool:
    """Tell whether files may be made in a folder; a read-only file system says no even to root."""
    return os.access(folder, os.W_OK)
