"""The seam to a vector index: which passages lie nearest to a question.

An engine proposes candidates and nothing more. Passages are scored afterwards on the vectors that the
catalog holds, so two engines that propose the same candidates give the same answer to the bit.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.encoder import Vectors
from indexer.marks import Watermark

Keys = NDArray[np.int64]
"""Passage keys of the catalog."""


class VectorIndex(Protocol):
    """Nearest passages by inner product of unit vectors, which is their cosine."""

    @property
    def watermark(self) -> Watermark:
        """The commit up to which this index has everything."""

    def __len__(self) -> int:
        """Return how many passages it holds."""

    def search(self, question: Vectors, count: int, allowed: Keys | None = None) -> Keys:
        """Return keys of the ``count`` nearest passages, best first, and of those that tie with the last.

        ``question`` is float32 of shape (dimension,). Where ``allowed`` is given, only its keys are
        candidates, decided during the search: ``count`` are found when ``count`` exist.
        """

    def apply(self, mark: Watermark, keys: Keys, vectors: Vectors, gone: Keys) -> None:
        """Add and remove passages and move to a newer watermark."""
