"""Evaluations and comparisons as pandas data frames. Needs the ``explore`` extra.

Computes nothing that an evaluation does not say already, but for the points of its two curves.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from service.evaluation.calibration import reliability, risk_coverage
from service.evaluation.comparing import Comparison
from service.evaluation.evaluating import Evaluation


def measures(evaluation: Evaluation) -> pd.DataFrame:
    """One row a measure: value, 95 % interval, the questions that it is about, which way is better."""
    return pd.DataFrame(
        [
            (one.group, one.name, one.value, one.low, one.high, one.questions, one.better)
            for one in evaluation.measures
        ],
        columns=["group", "measure", "value", "low", "high", "questions", "better"],
    )


def judged(evaluation: Evaluation) -> pd.DataFrame:
    """One row a question: what became of it, and the first sentence of its answer."""
    columns = ["id", "question", "kind", "outcome", "confidence", "rank", "sentence", "expected"]
    rows = [
        (
            one.id,
            one.gold.text,
            one.gold.kind,
            one.outcome,
            one.confidence,
            one.rank,
            one.sentences[0].text if one.sentences else None,
            (one.gold.quotes[0][0] if one.gold.quotes else (*one.gold.answers, None)[0]),
        )
        for one in evaluation.questions
    ]
    return pd.DataFrame(rows, columns=columns).astype({"rank": "Int64"})


def worst(evaluation: Evaluation) -> pd.DataFrame:
    """The rows of :func:`judged` that are mistakes, the worst first."""
    order = [one.id for one in evaluation.worst()]
    return judged(evaluation).set_index("id").loc[order].reset_index()


def compared(comparison: Comparison) -> pd.DataFrame:
    """One row a measure: before, after, their paired difference with its 95 % interval, a verdict."""
    return pd.DataFrame(
        [
            (one.group, one.name, one.before, one.after, one.difference, one.low, one.high, one.verdict)
            for one in comparison.differences
        ],
        columns=["group", "measure", "before", "after", "difference", "low", "high", "verdict"],
    )


def changed(comparison: Comparison) -> pd.DataFrame:
    """One row a question whose outcome is another, what became worse first."""
    rows = [
        (one.after.id, one.after.gold.text, one.before.outcome, one.after.outcome)
        for one in comparison.changes
    ]
    return pd.DataFrame(rows, columns=["id", "question", "before", "after"])


def reliability_points(evaluation: Evaluation, bins: int = 10) -> pd.DataFrame:
    """One row for each of some bins of equally many answers: mean confidence, share that is right."""
    found = reliability(*_arrays(evaluation), bins=bins)
    rows = [(one.confidence, one.right, one.count) for one in found]
    return pd.DataFrame(rows, columns=["confidence", "right", "questions"])


def risk_coverage_points(evaluations: Mapping[str, Evaluation]) -> pd.DataFrame:
    """One row for each number of answers given, the most confident first: coverage, and share wrong."""
    parts = []
    for name, evaluation in evaluations.items():
        risks = risk_coverage(*_arrays(evaluation))
        coverage = np.arange(1, len(risks) + 1) / len(risks)
        parts.append(pd.DataFrame({"answers": name, "coverage": coverage, "risk": risks}))
    return pd.concat(parts, ignore_index=True)


def _arrays(evaluation: Evaluation) -> tuple[list[float], list[bool]]:
    questions = evaluation.questions
    return [one.confidence for one in questions], [one.right for one in questions]
