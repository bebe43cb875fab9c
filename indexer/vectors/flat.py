"""FAISS, exact: an IndexFlatIP whose ids are passage keys, kept in a file that is replaced whole.

The file carries no truth: a seal beside it holds its watermark and SHA-256, and whatever is missing,
torn, altered or of another history is rebuilt from the catalog. FAISS itself would load a flipped byte
without a word, accept duplicate ids and NaN, and pad results with -1; all of that is caught here.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from indexer.catalog import EMPTY, Watermark, write_atomically
from indexer.encoder import Vectors
from indexer.errors import IndexDamaged
from indexer.vectors import Keys

TIES_MOST = 100
"""So many passages that tie with the last one wanted come along."""


class FlatVectors:
    """An exact FAISS index in memory; :meth:`save` and :meth:`load` move it to and from its file."""

    def __init__(self, dimension: int) -> None:
        # FAISS is imported at first use: it costs a fifth of a second, which a command that only
        # prints the status of an index should not pay.
        import faiss

        self._faiss: Any = faiss  # its SWIG classes are typed more narrowly than they work
        # One thread a search: requests run beside each other, and a second thread's start costs more
        # than it saves on a flat index of laptop size.
        faiss.omp_set_num_threads(1)
        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
        self._watermark = EMPTY

    @property
    def watermark(self) -> Watermark:
        """The commit up to which this index has everything."""
        return self._watermark

    def __len__(self) -> int:
        """Return how many passages it holds."""
        return int(self._index.ntotal)

    def search(self, question: Vectors, count: int, allowed: Keys | None = None) -> Keys:
        """Return keys of the nearest passages, best first, and those that tie with the last."""
        count = min(count, len(self))
        if count == 0 or (allowed is not None and len(allowed) == 0):
            return np.empty(0, np.int64)
        parameters = None
        if allowed is not None:
            selector = self._faiss.IDSelectorBatch(np.ascontiguousarray(allowed, np.int64))
            parameters = self._faiss.SearchParameters(sel=selector)
        # Equal scores come in the order of insertion: a cut between them would depend on history.
        depth = min(count + TIES_MOST, len(self))
        scores, found = self._index.search(question[None, :], depth, params=parameters)
        keys: Keys = found[0]
        wanted: Keys = keys[(scores[0] >= scores[0, count - 1]) & (keys >= 0)]
        return wanted

    def apply(self, mark: Watermark, keys: Keys, vectors: Vectors, gone: Keys) -> None:
        """Add and remove passages and move to a newer watermark; a key that is there is replaced."""
        if not np.isfinite(vectors).all():
            raise IndexDamaged("a passage vector is not finite; run 'civicite verify'")
        stale = np.union1d(keys, gone)
        if len(stale) and len(self):
            self._index.remove_ids(self._faiss.IDSelectorBatch(stale))
        if len(keys):
            self._index.add_with_ids(np.ascontiguousarray(vectors), np.ascontiguousarray(keys))
        self._watermark = mark

    def save(self, path: Path, seal: Path) -> None:
        """Replace the file, then its seal: a crash between the two leaves a seal that does not fit."""
        content = self._faiss.serialize_index(self._index).tobytes()
        write_atomically(path, content)
        facts = {
            "commit": self._watermark.commit,
            "chain": self._watermark.chain,
            "passages": len(self),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        write_atomically(seal, json.dumps(facts).encode())

    @staticmethod
    def sealed(path: Path, seal: Path) -> Watermark:
        """Return the watermark that the seal of a file names, EMPTY when there is none to trust."""
        try:
            facts = json.loads(seal.read_bytes())
            return Watermark(int(facts["commit"]), str(facts["chain"])) if path.is_file() else EMPTY
        except (OSError, ValueError, KeyError, TypeError):
            return EMPTY

    @classmethod
    def load(cls, path: Path, seal: Path, dimension: int) -> "FlatVectors | str":
        """Read the file back, or say in a few words why it cannot be used."""
        if not path.is_file() or not seal.is_file():
            return "missing"
        try:
            facts = json.loads(seal.read_bytes())
            mark, sha256 = Watermark(int(facts["commit"]), str(facts["chain"])), str(facts["sha256"])
        except (ValueError, KeyError, TypeError):
            return "its seal is not readable"
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            return "its checksum differs"
        loaded = cls(dimension)
        loaded._index = loaded._faiss.deserialize_index(np.frombuffer(content, np.uint8))
        loaded._watermark = mark
        return loaded if loaded._index.d == dimension else "it has another dimension"
