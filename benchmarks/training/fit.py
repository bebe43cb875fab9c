"""Fits the three models and writes them as plain numbers.

Passages and sentences: LambdaMART (Burges 2010); the sentences' scores are then calibrated to log-odds
(Platt 1999) on halves that they were not trained on. Confidence: boosted trees on the logistic loss. What is
known to speak for an answer may only raise a score (monotone constraints): that keeps the trees from learning
a collection by heart.
"""

from collections.abc import Callable, Sequence
from typing import Any
from zlib import crc32

import lightgbm
import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.training.gather import Group
from service.ranker import model_from

SEED = 20261122
TREES = {"verbose": -1, "num_threads": 1, "seed": SEED, "deterministic": True, "feature_fraction": 0.7,
         "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 5.0, "min_data_in_leaf": 60}  # fmt: skip
PASSAGE_TREES = {"objective": "lambdarank", "lambdarank_truncation_level": 15, "num_leaves": 8,
                 "learning_rate": 0.1}  # fmt: skip
SENTENCE_TREES = {"objective": "lambdarank", "lambdarank_truncation_level": 10, "num_leaves": 8,
                  "learning_rate": 0.08}  # fmt: skip
PASSAGE_ROUNDS, SENTENCE_ROUNDS = 150, 150

CONFIDENCE_TREES = {"objective": "binary", "num_leaves": 8, "learning_rate": 0.06}
CONFIDENCE_ROUNDS = 100

SPEAKS_FOR = frozenset(
    """agreement coverage cosine evidence evidence_margin kind pairs passage_cosine passage_coverage
    passage_margin predicate subject told told_surely nearness""".split()
)
SPEAKS_AGAINST = frozenset(
    """missing_from_passage missing_names missing_numbers missing_rarest negated_alone negation_alone
    opposites opposites_in_passage unknown""".split()
)
RISING = frozenset(
    """agreement article_cosine article_coverage bm25 bm25_gap bm25_rank bm25_share cosine cosine_gap
    cosine_rank counted coverage coverage_gap kind names nearness numbers pairs passage_gap passage_rank
    passage_score predicate rarest sentence_bm25 sentence_bm25_share sentence_both sentence_cosine
    sentence_cosine_gap sentence_coverage subject told told_surely with_heading with_neighbour""".split()
)


def fit_passages(
    groups: Sequence[Group], weights: dict[str, float], features: tuple[str, ...]
) -> dict[str, Any]:
    """Fit LambdaMART on groups that hold a right passage; ``weights`` are by question id."""
    settings = {**PASSAGE_TREES, "monotone_constraints": _rising(features)}
    return _ranked(groups, weights, features, settings, PASSAGE_ROUNDS)


def fit_sentences(
    groups: Sequence[Group], weights: dict[str, float], features: tuple[str, ...]
) -> dict[str, Any]:
    """Fit LambdaMART and make its scores log-odds; where no candidate is right, nothing teaches to rank.

    The log-odds are those of the questions as they were asked, and not of the reworded ones.
    """
    settings = {**SENTENCE_TREES, "monotone_constraints": _rising(features)}

    def fit(some: Sequence[Group]) -> dict[str, Any]:
        return _ranked(some, weights, features, settings, SENTENCE_ROUNDS)

    asked = [group for group in groups if not group.reworded]
    return calibrated(fit(groups), *_slope_and_intercept(groups, fit, features, asked))


def calibrated(model: dict[str, Any], slope: float, intercept: float) -> dict[str, Any]:
    """Return a model of trees whose score is ``slope * score + intercept``."""
    share = intercept / len(model["trees"])
    trees = [
        {**tree, "nodes": [n if len(n) > 1 else [round(slope * n[0] + share, 6)] for n in tree["nodes"]]}
        for tree in model["trees"]
    ]
    return {**model, "trees": trees}


def _slope_and_intercept(
    groups: Sequence[Group],
    fit: Callable[[Sequence[Group]], dict[str, Any]],
    features: tuple[str, ...],
    scored: Sequence[Group] | None = None,
) -> tuple[float, float]:
    """Fit the logistic curve from scores of one half by a model of the other half to what is right.

    Where ``scored`` is given, the curve is fitted to those, and the models to all ``groups``.
    """
    scores, right = [], []
    for half in (0, 1):
        model = model_from(fit([group for group in groups if _half(group) != half]), features)
        for group in (one for one in scored or groups if _half(one) == half):
            scores.append(model.score(group.features))
            right.append(group.right)
    curve = LogisticRegression(C=np.inf).fit(np.concatenate(scores)[:, None], np.concatenate(right))
    return float(curve.coef_[0, 0]), float(curve.intercept_[0])


def _half(group: Group) -> int:
    return crc32(group.question.group.encode()) % 2


def _ranked(
    groups: Sequence[Group],
    weights: dict[str, float],
    features: tuple[str, ...],
    settings: dict[str, Any],
    rounds: int,
) -> dict[str, Any]:
    useful = [group for group in groups if group.right.any()]
    table = lightgbm.Dataset(
        np.concatenate([group.features for group in useful]),
        np.concatenate([group.right for group in useful]).astype(int),
        group=[len(group.right) for group in useful],
        weight=np.concatenate([np.full(len(g.right), weights.get(g.question.id, 1.0)) for g in useful]),
    )
    model = lightgbm.train({**TREES, **settings}, table, rounds)
    return {"features": list(features), "trees": _trees(model)}


def fit_confidence(
    groups: Sequence[Group], features: tuple[str, ...], natural: Sequence[Group]
) -> dict[str, Any]:
    """Fit boosted trees on the logistic loss: their score is the log-odds that the best sentence is right.

    ``natural`` are those of the groups whose question was asked of a whole collection. The score is
    calibrated (Platt) on them, on halves that the trees were not fitted to.
    """
    signs = [int(name in SPEAKS_FOR) - int(name in SPEAKS_AGAINST) for name in features]
    settings = {**TREES, **CONFIDENCE_TREES, "monotone_constraints": signs}

    def fit(some: Sequence[Group]) -> dict[str, Any]:
        table = lightgbm.Dataset(
            np.concatenate([group.features for group in some]),
            np.concatenate([group.right for group in some]).astype(int),
        )
        return {
            "features": list(features),
            "trees": _trees(lightgbm.train(settings, table, CONFIDENCE_ROUNDS)),
        }

    return calibrated(fit(groups), *_slope_and_intercept(groups, fit, features, natural))


def _rising(features: tuple[str, ...]) -> list[int]:
    return [int(name in RISING) for name in features]


def _trees(model: lightgbm.Booster) -> list[dict[str, Any]]:
    """Flatten trees: an inner node is ``[feature, threshold, left, right]``, a leaf ``[value]``."""
    return [_tree(tree["tree_structure"]) for tree in model.dump_model()["tree_info"]]


def _tree(root: dict[str, Any]) -> dict[str, Any]:
    nodes: list[list[float]] = []

    def add(node: dict[str, Any]) -> tuple[int, int]:
        place = len(nodes)
        nodes.append([])
        if "leaf_value" in node:
            nodes[place] = [round(node["leaf_value"], 6)]
            return place, 0
        left, left_depth = add(node["left_child"])
        right, right_depth = add(node["right_child"])
        nodes[place] = [node["split_feature"], round(node["threshold"], 8), left, right]
        return place, 1 + max(left_depth, right_depth)

    _, depth = add(root)
    return {"nodes": nodes, "depth": depth}
