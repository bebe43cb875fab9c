"""FAISS, exact: parts of some thousand vectors that are all compared with the question.

Adding and removing replaces parts and changes none, so that a copy costs nothing and a search goes on
undisturbed in what it began with. The file carries no truth: a seal beside it holds its watermark and
SHA-256, and whatever is missing, torn, altered or of another history is rebuilt from the catalog. FAISS
itself would load a flipped byte without a word, accept duplicate ids and NaN, and pad results with -1;
all of that is caught here and in ``parts.py``.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from indexer.durable import replacing, write_atomically
from indexer.encoder import Vectors
from indexer.errors import IndexDamaged
from indexer.marks import EMPTY, Watermark
from indexer.vectors import Keys
from indexer.vectors.parts import Part, read_parts

TIES_MOST = 100
"""So many passages that tie with the last one wanted come along."""

LAYOUT = "parts-1"
"""Names how the file is written; a file that is written otherwise is built anew."""

DEAD_MOST = 256
"""A part in which more passages have gone is packed."""

PART_MOST = 16384
"""Passages of one part: what a change copies at most, and what a file is read and written by."""


class FlatVectors:
    """An exact FAISS index in memory; :meth:`save` and :meth:`load` move it to and from its file."""

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._parts: tuple[Part, ...] = ()
        self._watermark = EMPTY

    @property
    def watermark(self) -> Watermark:
        """The commit up to which this index has everything."""
        return self._watermark

    def __len__(self) -> int:
        """Return how many passages it holds."""
        return sum(len(part) for part in self._parts)

    def copy(self) -> "FlatVectors":
        """Return an index that can be changed while searches go on in this one."""
        copied = FlatVectors(self._dimension)
        copied._parts, copied._watermark = self._parts, self._watermark
        return copied

    def search(self, question: Vectors, count: int, allowed: Keys | None = None) -> Keys:
        """Return keys of the nearest passages, best first, and those that tie with the last."""
        if count < 1 or not self._parts or (allowed is not None and len(allowed) == 0):
            return np.empty(0, np.int64)
        # FAISS returns equal scores in the order of insertion: a cut between them would depend on history.
        found = [part.nearest(question, count + TIES_MOST, allowed) for part in self._parts]
        scores, keys = (np.concatenate(columns) for columns in zip(*found, strict=True))
        best = np.lexsort((keys, -scores))[: count + TIES_MOST]
        wanted: Keys = keys[best[scores[best] >= scores[best[:count]][-1]]] if len(best) else keys
        return wanted

    def apply(self, mark: Watermark, keys: Keys, vectors: Vectors, gone: Keys) -> None:
        """Add and remove passages and move to a newer watermark; a key that is there is replaced."""
        if not np.isfinite(vectors).all():
            raise IndexDamaged("a passage vector is not finite; run 'civicite verify'")
        stale = np.union1d(keys, gone)
        kept = [part for part in (part.without(stale) for part in self._parts) if len(part)]
        self._parts = (*_packed(kept, 1 + len(stale) // DEAD_MOST), *_divided(keys, vectors))
        self._merge()
        self._watermark = mark

    @classmethod
    def read(cls, file: BinaryIO, dimension: int) -> "FlatVectors":
        """Read what :meth:`write` wrote; raises ValueError or RuntimeError for anything else."""
        found = cls(dimension)
        noted = file.read(8)
        found._parts = tuple(read_parts(file))
        if any(part.index.d != dimension for part in found._parts):
            raise ValueError("it has another dimension")
        if len(noted) != 8 or int.from_bytes(noted, "little") != len(found):
            raise ValueError("it has another number of passages than it says")
        return found

    def written(self) -> Iterator[bytes]:
        """Yield what a file of it holds: how many passages there are, then all parts."""
        yield len(self).to_bytes(8, "little")
        for part in self._parts:
            yield from part.written()

    def portions(self) -> Iterator[tuple[Keys, Vectors]]:
        """Yield keys and their vectors, float32 of shape (keys, dimension), some thousands at a time."""
        for part in self._parts:
            yield part.rows()

    def save(self, path: Path, seal: Path) -> None:
        """Replace the file, without a seal for a moment: a crash leaves the old one, a new one, or none."""
        digest = hashlib.sha256()
        with replacing(path) as file:
            for some in self.written():
                file.write(some)
                digest.update(some)
            # Not a seal that does not fit: a file without one is written anew by the next edit.
            seal.unlink(missing_ok=True)
        facts = {
            "layout": LAYOUT,
            "commit": self._watermark.commit,
            "chain": self._watermark.chain,
            "passages": len(self),
            "sha256": digest.hexdigest(),
        }
        write_atomically(seal, json.dumps(facts).encode())

    @staticmethod
    def sealed(path: Path, seal: Path) -> tuple[Watermark, int]:
        """Return watermark and number of passages as a file's seal names them, EMPTY and 0 without one."""
        try:
            if path.is_file():
                mark, passages, _ = _read_seal(seal)
                return mark, passages
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return EMPTY, 0

    @classmethod
    def load(cls, path: Path, seal: Path, dimension: int) -> "FlatVectors | str":
        """Read the file back, or say in a few words why it cannot be used."""
        try:
            if not path.is_file() or not seal.is_file():
                return "missing"
            mark, _, sha256 = _read_seal(seal)
        except (OSError, ValueError, KeyError, TypeError):
            return "its seal is not readable"
        try:
            file = path.open("rb")
        except OSError as error:
            return f"it cannot be opened ({error.strerror})"
        with file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                return "its checksum differs"
            file.seek(0)
            try:
                loaded = cls.read(file, dimension)
            except ValueError as error:
                return str(error)
        loaded._watermark = mark
        return loaded

    def _merge(self) -> None:
        """Join the last parts while they are small: each vector is copied a few times, and parts stay few."""
        parts = list(self._parts)
        while len(parts) > 1 and len(parts[-2]) <= 2 * len(parts[-1]):
            if len(parts[-2]) + len(parts[-1]) > PART_MOST:
                break
            parts[-2:] = [Part.joined(parts[-2:])]
        self._parts = tuple(parts)


def _packed(parts: list[Part], most: int) -> list[Part]:
    """Pack the parts with the most gaps, so many at a time: the cost shall follow what was changed."""
    gaps = sorted(range(len(parts)), key=lambda place: -parts[place].dead)[:most]
    return [
        part.packed() if place in gaps and part.dead > DEAD_MOST else part for place, part in enumerate(parts)
    ]


def _divided(keys: Keys, vectors: Vectors) -> list[Part]:
    starts = range(0, len(keys), PART_MOST)
    return [Part.of(keys[at : at + PART_MOST], vectors[at : at + PART_MOST]) for at in starts]


def _read_seal(seal: Path) -> tuple[Watermark, int, str]:
    facts = json.loads(seal.read_bytes())
    if facts["layout"] != LAYOUT:
        raise ValueError("it seals a file that is written otherwise")
    mark = Watermark(int(facts["commit"]), str(facts["chain"]))
    return mark, int(facts["passages"]), str(facts["sha256"])
