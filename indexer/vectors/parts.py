"""One part of a vector index: some thousand passages in FAISS, with their keys. Never changed, only replaced.

Vectors lie in it as float16, which is how the catalog has them: nothing is lost, and half the memory is
read for a search. Knows FAISS; that parts make up an index is known to ``flat.py``.
"""

import functools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from indexer.encoder import Vectors
from indexer.vectors import Keys

_HEAD = np.dtype("<i8")


@functools.cache
def faiss() -> Any:
    """FAISS, imported at first use: it costs a fifth of a second, which printing a status should not pay."""
    import faiss

    return faiss


@dataclass(frozen=True, slots=True)
class Part:
    """``keys`` ascend, one a row of ``index``; ``alive`` says which rows have not gone, None for all."""

    keys: Keys
    index: Any
    alive: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, keys: Keys, vectors: Vectors) -> "Part":
        """Make a part of distinct keys and their vectors, float32 of shape (keys, dimension)."""
        order = np.argsort(keys)
        index = _empty(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors[order]))
        return cls(keys[order], index)

    @classmethod
    def joined(cls, parts: Sequence["Part"]) -> "Part":
        """Make one part of what has not gone from some."""
        keys = np.concatenate([part.keys[part._chosen] for part in parts])
        codes = np.concatenate([part._codes()[part._chosen] for part in parts])
        order, index = np.argsort(keys), _empty(parts[0].index.d)
        index.add_sa_codes(codes[order])
        return cls(keys[order], index)

    def __len__(self) -> int:
        """Return how many of its passages have not gone."""
        return len(self.keys) if self.alive is None else int(self.alive.sum())

    @property
    def dead(self) -> int:
        """How many of its passages have gone: each makes a search deeper."""
        return len(self.keys) - len(self)

    def rows(self) -> tuple[Keys, Vectors]:
        """Return the keys that have not gone, and their vectors."""
        return self.keys[self._chosen], self.index.reconstruct_n(0, len(self.keys))[self._chosen]

    def without(self, gone: Keys) -> "Part":
        """Return the part without some keys; itself when it has none of them."""
        rows = self._rows_of(gone)
        if not len(rows):
            return self
        alive = np.ones(len(self.keys), bool) if self.alive is None else self.alive.copy()
        alive[rows] = False
        return replace(self, alive=alive)

    def packed(self) -> "Part":
        """Return the same passages without the room that those take which have gone."""
        return self if self.alive is None else Part.joined([self])

    def nearest(self, question: Vectors, count: int, allowed: Keys | None) -> tuple[Vectors, Keys]:
        """Return scores and keys of the ``count`` nearest passages, best first."""
        parameters = None
        if allowed is not None:
            bits = np.zeros(len(self.keys), bool)
            bits[self._rows_of(allowed)] = True
            # The selector keeps no copy of the bits: both must live until the search is done.
            packed = np.packbits(bits, bitorder="little")
            parameters = faiss().SearchParameters(sel=faiss().IDSelectorBitmap(packed))
        # One thread a search, which OpenMP wants to be told in each thread: requests run beside each other,
        # and a second thread's start costs more than it saves on a flat index of laptop size.
        faiss().omp_set_num_threads(1)
        depth = min(count + self.dead, len(self.keys))
        scores, rows = self.index.search(question[None, :], depth, params=parameters)
        there = rows[0] >= 0
        if self.alive is not None:
            there &= self.alive[rows[0]]
        return scores[0][there][:count], self.keys[rows[0][there][:count]]

    def written(self) -> Iterator[bytes]:
        """Yield how many rows and bytes there are, the keys, and what FAISS makes of the vectors."""
        whole = self.packed()
        content = faiss().serialize_index(whole.index)
        yield np.array([len(whole.keys), len(content)], _HEAD).tobytes()
        yield whole.keys.astype(_HEAD).tobytes()
        yield content.data

    @property
    def _chosen(self) -> "slice | NDArray[np.bool_]":
        return slice(None) if self.alive is None else self.alive

    def _codes(self) -> NDArray[np.uint8]:
        """Return the vectors as FAISS has them: they are moved without being computed again."""
        codes: NDArray[np.uint8] = faiss().vector_to_array(self.index.codes)
        return codes.reshape(len(self.keys), -1)

    def _rows_of(self, keys: Keys) -> NDArray[np.int64]:
        places = np.searchsorted(self.keys, keys)
        places[places == len(self.keys)] = 0
        found: NDArray[np.int64] = places[self.keys[places] == keys]
        return found


def _empty(dimension: int) -> Any:
    library = faiss()
    kind = library.ScalarQuantizer.QT_fp16
    return library.IndexScalarQuantizer(dimension, kind, library.METRIC_INNER_PRODUCT)


def read_parts(file: BinaryIO) -> Iterator[Part]:
    """Read parts until the file ends; raises ValueError or RuntimeError for what nobody wrote so.

    FAISS believes what it reads: what is answered from must have been compared with its checksum before.
    """
    while head := file.read(2 * _HEAD.itemsize):
        rows, size = np.frombuffer(head, _HEAD).tolist()
        keys = np.frombuffer(_read(file, rows * _HEAD.itemsize), _HEAD)
        index = faiss().deserialize_index(np.frombuffer(_read(file, size), np.uint8))
        if index.ntotal != rows:
            raise ValueError("a part has another number of keys than of vectors")
        yield Part(keys, index)


def _read(file: BinaryIO, size: int) -> bytes:
    """Read so many bytes; ValueError where it has fewer: a damaged number may be of any size."""
    here = file.tell()
    there = file.seek(0, os.SEEK_END) - here
    if not 0 <= size <= there:
        raise ValueError("a part is not as long as it says")
    file.seek(here)
    return file.read(size)
