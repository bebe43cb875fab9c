"""Boosted trees evaluated in NumPy, all rows, trees and nodes at once.

After QuickScorer (Lucchese et al. 2015): every inner node whose test fails rules out the leaves of its
left subtree, and the leftmost leaf that is left is where the row falls. The trees are trained elsewhere.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.scores import Floats

MOST_LEAVES = 8
"""Leaves of a tree, one bit each; a table of all their combinations is kept."""


@dataclass(frozen=True, slots=True)
class Trees:
    """``feature``, ``threshold`` and ``mask`` have shape (nodes * trees,), ``value`` (trees, leaves).

    A row fails a node's test when its feature is greater than the threshold; ``mask`` has a bit for each
    leaf that is still possible then, the leftmost leaf being the lowest bit.
    """

    feature: NDArray[np.int64]
    threshold: Floats
    mask: NDArray[np.uint8]
    value: Floats
    leftmost: NDArray[np.int64]

    def score(self, features: Floats) -> Floats:
        """Return the sum of the leaves that each row falls into, float64 of shape (rows,)."""
        # Rows lie last: each step then goes over neighbouring memory.
        fails = np.ascontiguousarray(features.T)[self.feature] > self.threshold[:, None]
        masks = (fails.view(np.uint8) - np.uint8(1)) | self.mask[:, None]  # all bits where the test holds
        left = np.bitwise_and.reduce(masks.reshape(-1, len(self.value), len(features)), axis=0)
        places = self.leftmost[left]
        places += (np.arange(len(self.value)) * self.value.shape[1])[:, None]
        total: Floats = self.value.ravel()[places].sum(axis=0)
        return total

    @classmethod
    def from_json(cls, trees: list[dict[str, Any]]) -> "Trees":
        """Read trees as lists of nodes from the root: ``[feature, threshold, left, right]`` or ``[value]``.

        Raises ValueError for a tree with more leaves than there are bits.
        """
        flat = [_flattened(tree["nodes"]) for tree in trees]
        nodes = max([1, *(len(tests) for tests, _ in flat)])
        leaves = max(len(values) for _, values in flat)
        if leaves > MOST_LEAVES:
            raise ValueError(f"a tree has {leaves} leaves, {MOST_LEAVES} are possible")
        feature, mask = np.zeros((len(flat), nodes), np.int64), np.zeros((len(flat), nodes), np.uint8)
        threshold, value = np.full((len(flat), nodes), np.inf), np.zeros((len(flat), leaves))
        for at, (tests, values) in enumerate(flat):
            value[at, : len(values)] = values
            for node, test in enumerate(tests):
                feature[at, node], threshold[at, node], mask[at, node] = test
        combinations = np.arange(2**MOST_LEAVES)
        leftmost = np.log2(np.maximum(combinations & -combinations, 1)).astype(np.int64)
        return cls(feature.T.ravel(), threshold.T.ravel(), mask.T.ravel(), value, leftmost)


def _flattened(nodes: list[list[float]]) -> tuple[list[tuple[int, float, int]], list[float]]:
    """Number the leaves from left to right; returns each test with its mask, and the leaves' values."""
    tests: list[tuple[int, float, int]] = []
    values: list[float] = []

    def walk(place: int) -> None:
        node = nodes[place]
        if len(node) == 1:
            values.append(node[0])
            return
        first = len(values)
        walk(int(node[2]))
        ruled_out = sum(1 << leaf for leaf in range(first, len(values)))
        tests.append((int(node[0]), node[1], (2**MOST_LEAVES - 1) & ~ruled_out))
        walk(int(node[3]))

    walk(0)
    return tests, values
