"""Attribution: how much each feature adds to a model's score, compared with a reference row.

For trees these are exact Shapley values with one reference (Lundberg et al. 2020, interventional;
Sundararajan and Najmi 2020, baseline): the score of the reference and the contributions sum to the score.
For a weighted sum they are the weight times the difference. Knows nothing of what the features mean.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import NDArray

from service.ranker import Linear, Model
from service.scores import Floats
from service.trees import MOST_LEAVES, Trees


@dataclass(frozen=True, slots=True)
class Attribution:
    """``base`` is the reference's score; ``contributions`` has shape (rows, features)."""

    base: float
    contributions: Floats


def attribute(model: Model, features: Floats, reference: Floats) -> Attribution:
    """Attribute each row's score, compared with a ``reference`` of shape (features,).

    Raises TypeError for a model that it does not know.
    """
    base = float(model.score(reference[None])[0])
    if isinstance(model, Linear):
        return Attribution(base, (features - reference) * model.weights)
    if isinstance(model, Trees):
        return Attribution(base, _shapley(model, features, reference))
    raise TypeError(f"no attribution is known for {type(model).__name__}")


def middle(model: Model, count: int) -> Floats:
    """Return a reference row of ``count`` features for a model alone: the middle of what it tells apart.

    For trees the median of the thresholds that they test a feature against; 0 where they test none.
    """
    reference = np.zeros(count)
    if isinstance(model, Trees):
        tests = np.isfinite(model.threshold)
        for feature in np.unique(model.feature[tests]).tolist():
            reference[feature] = np.median(model.threshold[tests & (model.feature == feature)])
    return reference


_SHARES = np.array(
    [
        [factorial(before) * factorial(never) / factorial(before + never + 1) for never in range(MOST_LEAVES)]
        for before in range(MOST_LEAVES)
    ]
)
"""The share of orders in which a feature comes after so many others and before so many."""


@dataclass(frozen=True, slots=True)
class _Test:
    feature: int
    threshold: float
    greater: bool


def _shapley(trees: Trees, features: Floats, reference: Floats) -> Floats:
    contributions = np.zeros(features.shape)
    for path, value in _leaves(trees):
        asked = sorted({test.feature for test in path})
        if not asked:  # a tree of one leaf
            continue
        mine = np.stack([_holds(path, feature, features[:, feature]) for feature in asked], axis=1)
        yours = np.array([_holds(path, feature, reference[feature]) for feature in asked])
        # A leaf that neither can reach by some feature says nothing of either.
        reached = (mine | yours).all(axis=1)
        own, others = mine & ~yours, ~mine & yours
        more, less = own.sum(axis=1), others.sum(axis=1)
        shares = own * _SHARES[more - 1, less][:, None] - others * _SHARES[less - 1, more][:, None]
        contributions[:, asked] += np.where(reached[:, None], value * shares, 0.0)
    return contributions


def _holds(path: list[_Test], feature: int, values: Floats | float) -> NDArray[np.bool_]:
    held = np.ones(np.shape(values), bool)
    for test in path:
        if test.feature == feature:
            held &= (np.asarray(values) > test.threshold) == test.greater
    return held


def _leaves(trees: Trees) -> Iterator[tuple[list[_Test], float]]:
    """Yield each leaf's path and value.

    The tests of a tree lie in order from left to right, each with a bit for every leaf that is not in its
    left subtree. Its right subtree ends where that of the nearest test does which it lies to the left of.
    """
    count = len(trees.value)
    tests = zip(
        trees.feature.reshape(-1, count).T.tolist(),
        trees.threshold.reshape(-1, count).T.tolist(),
        trees.mask.reshape(-1, count).T.tolist(),
        trees.value.tolist(),
        strict=True,
    )
    for features, thresholds, masks, values in tests:
        nodes = []
        for feature, threshold, mask in zip(features, thresholds, masks, strict=True):
            left = [leaf for leaf in range(MOST_LEAVES) if not mask >> leaf & 1]
            if left and np.isfinite(threshold):
                nodes.append((feature, threshold, left[0], left[-1] + 1))
        leaves = max([0, *(last for *_, last in nodes)]) + 1
        ends = [
            min([b for *_, a, b in nodes if a <= first and last < b], default=leaves)
            for *_, first, last in nodes
        ]
        for leaf in range(leaves):
            path = [
                _Test(feature, threshold, greater=leaf >= last)
                for (feature, threshold, first, last), end in zip(nodes, ends, strict=True)
                if first <= leaf < end
            ]
            yield path, values[leaf]
