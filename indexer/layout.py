"""Where everything lies inside an index folder; no other module joins paths below it.

catalog.sqlite        the only truth (with SQLite's -wal and -shm beside it while in use)
catalog.seal          a digest of every page of the catalog as it was last folded
last-commit.json      a mark outside the catalog, so that lost commits are noticed
lock                  held by the one process that writes
sources.json          feeds that were added, and how to recognise what was fetched from addresses
sources.lock          held for the moment in which that file is changed
lock.json             which process that is, and since when
queue                 held by the one that waits for the lock, so that writers take turns
vectors/G.faiss       passage vectors of generation G: a projection, rebuilt when lost
vectors/G.json        its watermark and checksum
terms/G/              Tantivy's folder of generation G: a projection, rebuilt when lost
restoring/            a backup while it is being checked, before it becomes this index
backup.json           in a backup only: what its files are, and their digests
upkeep.lock           held by the one process that builds a generation or compacts the index
readers/G             locked by the readers that answer from generation G and no other
"""

from collections.abc import Iterator
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
    def log(self) -> Path:
        """SQLite's write-ahead log of the catalog, there while it is in use or after a kill."""
        return self.root / "catalog.sqlite-wal"

    @property
    def seal(self) -> Path:
        """The digests of the catalog's pages."""
        return self.root / "catalog.seal"

    @property
    def mark(self) -> Path:
        """The mark that remembers the last commit."""
        return self.root / "last-commit.json"

    @property
    def lock(self) -> Path:
        """The file that the one writer locks."""
        return self.root / "lock"

    @property
    def sources(self) -> Path:
        """The feeds, and what is remembered of addresses."""
        return self.root / "sources.json"

    @property
    def sources_lock(self) -> Path:
        """The file that whoever changes those locks."""
        return self.root / "sources.lock"

    @property
    def queue(self) -> Path:
        """The file that a writer locks while it waits for the lock."""
        return self.root / "queue"

    @property
    def lock_holder(self) -> Path:
        """A note of who holds the lock."""
        return self.root / "lock.json"

    @property
    def manifest(self) -> Path:
        """What makes an index folder a backup."""
        return self.root / "backup.json"

    @property
    def restoring(self) -> "Layout":
        """An index folder within, where a backup is prepared before it takes the place of this index."""
        return Layout(self.root / "restoring")

    @property
    def projections(self) -> tuple[Path, Path]:
        """The folders of all generations' projections."""
        return self.root / "vectors", self.root / "terms"

    @property
    def upkeep_lock(self) -> Path:
        """The file that is locked by whoever builds a generation or compacts the index."""
        return self.root / "upkeep.lock"

    def vectors(self, generation: int) -> Path:
        """The FAISS snapshot of a generation."""
        return self.root / "vectors" / f"{generation}.faiss"

    def vectors_seal(self, generation: int) -> Path:
        """The watermark and checksum of that snapshot."""
        return self.root / "vectors" / f"{generation}.json"

    def terms(self, generation: int) -> Path:
        """Tantivy's folder of a generation."""
        return self.root / "terms" / str(generation)

    def beside(self, generation: int) -> Iterator[Path]:
        """List projections of all other generations, and what a writer that was killed left half done."""
        kept = {self.vectors(generation), self.vectors_seal(generation), self.terms(generation)}
        for folder in self.projections:
            yield from (path for path in folder.glob("*") if path not in kept)
        yield from self._drafts()
        if self.restoring.root.exists():
            yield self.restoring.root

    def lease(self, generation: int) -> Path:
        """The file that readers of one generation lock."""
        return self.root / "readers" / str(generation)

    def projected(self) -> set[int]:
        """Return the numbers of the generations that have files here."""
        names = [path.stem for path in (self.root / "vectors").glob("*")]
        names += [path.name for path in (self.root / "terms").glob("*")]
        return {int(name) for name in names if name.isdecimal()}

    def leftovers(self) -> list[Path]:
        """Return the files that writers were killed over: drafts that were to replace a file."""
        return [*self._drafts(), *(self.root / "vectors").glob(".*.part")]

    def sources_drafts(self) -> list[Path]:
        """Return the drafts of ``sources.json``: left to whoever holds its lock, which is no writer's."""
        return list(self.root.glob(f".{self.sources.name}.*.part"))

    def vectors_drafts(self, generation: int) -> list[Path]:
        """Return the drafts of a generation's vector file and of its seal."""
        names = (path.name for path in (self.vectors(generation), self.vectors_seal(generation)))
        return [path for name in names for path in (self.root / "vectors").glob(f".{name}.*.part")]

    def strangers(self) -> list[str]:
        """List what lies in the folder and is nothing of an index; what is hidden is nobody's collection."""
        own = (self.seal, self.mark, self.lock, self.sources, self.sources_lock, self.queue, self.lock_holder)
        folders = (self.restoring.root, *self.projections, self.lease(0).parent)
        known = {path.name for path in (*own, *folders, self.manifest, self.upkeep_lock)}
        known.add("lost+found")  # of a volume that holds nothing else yet
        beside = (".", self.catalog.name)  # SQLite's files go by the catalog's name
        try:
            names = [path.name for path in self.root.iterdir()]
        except OSError:  # whoever writes there is told
            return []
        return sorted(name for name in names if name not in known and not name.startswith(beside))

    def _drafts(self) -> set[Path]:
        return set(self.root.glob(".*.part")) - set(self.sources_drafts())

    def size(self) -> int:
        """Return the bytes of all files in the folder."""
        return sum(path.stat().st_size for path in self.root.rglob("*") if path.is_file())
