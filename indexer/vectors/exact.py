"""The reference: every vector compared with the question in NumPy. Engines are tested against it."""

import numpy as np

from indexer.encoder import Vectors
from indexer.marks import EMPTY, Watermark
from indexer.vectors import Keys


class ExactVectors:
    """Holds all vectors in memory, float32 of shape (passages, dimension)."""

    def __init__(self, dimension: int) -> None:
        self._watermark = EMPTY
        self._keys = np.empty(0, np.int64)
        self._vectors = np.empty((0, dimension), np.float32)

    @property
    def watermark(self) -> Watermark:
        """The commit up to which this index has everything."""
        return self._watermark

    def __len__(self) -> int:
        """Return how many passages it holds."""
        return len(self._keys)

    def copy(self) -> "ExactVectors":
        """Return an index that can be changed while searches go on in this one."""
        copied = ExactVectors(self._vectors.shape[1])
        copied._watermark, copied._keys, copied._vectors = self._watermark, self._keys, self._vectors
        return copied

    def search(self, question: Vectors, count: int, allowed: Keys | None = None) -> Keys:
        """Return keys of the nearest passages, best first, and those that tie with the last."""
        chosen = slice(None) if allowed is None else np.isin(self._keys, allowed)
        keys, scores = self._keys[chosen], self._vectors[chosen] @ question
        best = np.lexsort((keys, -scores))
        cut = scores[best[count - 1]] if len(best) >= count else -np.inf
        return keys[best[scores[best] >= cut]]

    def apply(self, mark: Watermark, keys: Keys, vectors: Vectors, gone: Keys) -> None:
        """Add and remove passages and move to a newer watermark."""
        kept = ~np.isin(self._keys, gone)
        self._keys = np.concatenate([self._keys[kept], keys])
        self._vectors = np.concatenate([self._vectors[kept], vectors])
        self._watermark = mark
