import json
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.attribution import attribute, middle
from service.confidence import CONFIDENCE_FEATURES
from service.evidence import SENTENCE_FEATURES
from service.features import PASSAGE_FEATURES
from service.ranker import FIXED, Ranker
from service.scores import Floats
from service.trees import Trees

FEATURES = 3


@st.composite
def trees(draw: st.DrawFn) -> list[dict[str, Any]]:
    def grown(leaves: int) -> list[list[float]]:
        nodes: list[list[float]] = []

        def grow(count: int) -> int:
            at = len(nodes)
            nodes.append([float(draw(st.integers(-4, 4)))])
            if count > 1:
                left = draw(st.integers(1, count - 1))
                test = [draw(st.integers(0, FEATURES - 1)), draw(st.integers(-2, 2)) + 0.5]
                nodes[at] = [*test, grow(left), grow(count - left)]
            return at

        grow(leaves)
        return nodes

    return [{"nodes": grown(draw(st.integers(1, 8)))} for _ in range(draw(st.integers(1, 3)))]


rows = st.lists(st.integers(-3, 3), min_size=FEATURES, max_size=FEATURES)


@given(trees(), rows, rows)
def test_contributions_to_trees_are_the_mean_over_all_orders_of_exchanging_features(
    written: list[dict[str, Any]], mine: list[int], reference: list[int]
) -> None:
    model = Trees.from_json(json.loads(json.dumps(written)))
    expected = np.zeros(FEATURES)
    orders = list(permutations(range(FEATURES)))
    for order in orders:
        row = np.array(reference, float)
        for feature in order:
            before = model.score(row[None])[0]
            row[feature] = mine[feature]
            expected[feature] += (model.score(row[None])[0] - before) / len(orders)
    found = attribute(model, np.array([mine], float), np.array(reference, float))
    np.testing.assert_allclose(found.contributions[0], expected, atol=1e-9)


@pytest.mark.parametrize("ranker", [Ranker.load(), FIXED], ids=["learned", "fixed"])
@pytest.mark.parametrize("name", ["passages", "sentences", "confidence"])
def test_base_and_contributions_sum_to_the_score(ranker: Ranker, name: str) -> None:
    names = {"passages": PASSAGE_FEATURES, "sentences": SENTENCE_FEATURES, "confidence": CONFIDENCE_FEATURES}
    model, count = getattr(ranker, name), len(names[name])
    features: Floats = np.random.default_rng(1).normal(0.4, 0.5, (9, count))
    for reference in (np.median(features, axis=0), middle(model, count)):
        found = attribute(model, features, reference)
        np.testing.assert_allclose(found.base + found.contributions.sum(axis=1), model.score(features))


def test_a_model_that_is_not_known_is_refused() -> None:
    class Constant:
        def score(self, features: Floats) -> Floats:
            return np.zeros(len(features))

    with pytest.raises(TypeError, match="Constant"):
        attribute(Constant(), np.zeros((1, 2)), np.zeros(2))
