"""Boosted trees evaluated in NumPy: all rows and all trees step down one level at a time.

They are trained elsewhere; here only their numbers are known.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.scores import Floats


@dataclass(frozen=True, slots=True)
class Trees:
    """``feature``, ``threshold``, ``left``, ``right`` and ``value`` have shape (trees, nodes).

    An inner node sends a row left when its feature is at most the threshold. A leaf is a node whose
    children are itself, so that a shallow leaf waits for the deepest one.
    """

    feature: NDArray[np.int32]
    threshold: Floats
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Floats
    depth: int

    def score(self, features: Floats) -> Floats:
        """Return the sum of the leaves that each row falls into, float64 of shape (rows,)."""
        trees = np.arange(len(self.value))[:, None]
        node = np.zeros((len(self.value), len(features)), np.int32)
        rows = np.arange(len(features))[None, :]
        for _ in range(self.depth):
            goes_left = features[rows, self.feature[trees, node]] <= self.threshold[trees, node]
            node = np.where(goes_left, self.left[trees, node], self.right[trees, node])
        total: Floats = self.value[trees, node].sum(axis=0)
        return total

    @classmethod
    def from_json(cls, trees: list[dict[str, Any]]) -> "Trees":
        """Read trees as nested lists per node: ``[feature, threshold, left, right]`` or ``[value]``."""
        width = max(len(tree["nodes"]) for tree in trees)
        shape = (len(trees), width)
        feature, left, right = (np.zeros(shape, np.int32) for _ in range(3))
        threshold, value = np.full(shape, np.inf), np.zeros(shape)
        for t, tree in enumerate(trees):
            for n, node in enumerate(tree["nodes"]):
                if len(node) == 1:
                    left[t, n] = right[t, n] = n
                    value[t, n] = node[0]
                else:
                    feature[t, n], threshold[t, n], left[t, n], right[t, n] = node
        return cls(feature, threshold, left, right, value, max(tree["depth"] for tree in trees))
