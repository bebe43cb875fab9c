"""Where everything lies inside an index folder; no other module joins paths below it.

catalog.sqlite        the only truth (with SQLite's -wal and -shm beside it while in use)
last-commit.json      a mark outside the catalog, so that lost commits are noticed
lock                  held by the one process that writes
vectors/G.faiss       passage vectors of generation G: a projection, rebuilt when lost
vectors/G.json        its watermark and checksum
terms/G/              Tantivy's folder of generation G: a projection, rebuilt when lost
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one index folder."""

    root: Path

    @property
    def catalog(self) -> Path:
        """The SQLite file that is the only truth."""
        return self.root / "catalog.sqlite"

    @property
    def mark(self) -> Path:
        """The mark that remembers the last commit."""
        return self.root / "last-commit.json"

    @property
    def lock(self) -> Path:
        """The file that the one writer locks."""
        return self.root / "lock"

    def vectors(self, generation: int) -> Path:
        """The FAISS snapshot of a generation."""
        return self.root / "vectors" / f"{generation}.faiss"

    def vectors_seal(self, generation: int) -> Path:
        """The watermark and checksum of that snapshot."""
        return self.root / "vectors" / f"{generation}.json"

    def terms(self, generation: int) -> Path:
        """Tantivy's folder of a generation."""
        return self.root / "terms" / str(generation)
