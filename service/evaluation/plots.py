"""The report's plots as SVG: drawn by Vega-Lite without a browser, without a script and without the network.

Colours are the page's own variables, so that one drawing suits a light page, a dark one and paper. Knows
judged questions and nothing of the page. Needs the extra ``report``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import vl_convert

from service.evaluation.calibration import reliability, risk_coverage
from service.evaluation.evaluating import Evaluation
from service.evaluation.judging import DEPTH, Judged

WIDTH, HEIGHT = 340, 240
"""Pixels of the space between the axes."""

CURVE_POINTS = 400

Row = dict[str, Any]

INK, FAINT, RULE = "var(--ink)", "var(--faint)", "var(--rule)"
MAIN, GOOD, BAD, NONE = "var(--main)", "var(--right)", "var(--wrong)", "var(--silent)"

LABELS = {
    "right": "answerable, first sentence right",
    "wrong": "answerable, first sentence wrong",
    "none": "unanswerable",
}

RANKS = ((1, 1), (2, 2), (3, 3), (4, 5), (6, 10), (11, DEPTH))


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing, what it shows in words, and its numbers as a table."""

    title: str
    summary: str
    svg: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def plots_of(evaluation: Evaluation) -> list[Plot]:
    """Draw everything that the questions allow."""
    drawn = [_reliability(evaluation), _risk_coverage(evaluation), _confidences(evaluation)]
    if any(one.gold.relevance for one in evaluation.questions):
        drawn.append(_ranks(evaluation.questions))
    return drawn


def _reliability(evaluation: Evaluation) -> Plot:
    confidence, right = _arrays(evaluation.questions)
    bins = reliability(confidence, right)
    rows: list[Row] = []
    for one in bins:
        low, high = wilson(one.right, one.count)
        rows.append(
            {"confidence": one.confidence, "right": one.right, "low": low, "high": high, "count": one.count}
        )
    x = alt.X("confidence:Q", title="mean confidence of a tenth", scale=alt.Scale(domain=[0, 1]))
    y = alt.Y("right:Q", title="share that is right", scale=alt.Scale(domain=[0, 1]))
    base = _chart(rows)
    ideal = _chart([{"a": 0}, {"a": 1}])
    chart = alt.layer(
        ideal.mark_line(strokeDash=[4, 4], color=FAINT).encode(x=alt.X("a:Q"), y=alt.Y("a:Q")),
        base.mark_rule(color=MAIN, opacity=0.6).encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
        base.mark_line(color=MAIN, opacity=0.4).encode(x=x, y=y),
        base.mark_point(filled=True, size=60, color=MAIN, opacity=1).encode(x=x, y=y),
    )
    error = evaluation["expected calibration error"]
    return Plot(
        "Reliability",
        "Each point is a tenth of the questions, by confidence; an honest confidence lies on the dashed "
        f"line. Bars are 95 % intervals (Wilson). Expected calibration error: {error}.",
        _svg(chart, "Reliability diagram"),
        ("questions", "mean confidence", "share right"),
        tuple((str(one.count), f"{one.confidence:.2f}", f"{one.right:.2f}") for one in bins),
    )


def _risk_coverage(evaluation: Evaluation) -> Plot:
    risks = risk_coverage(*_arrays(evaluation.questions))
    count = len(risks)
    shown = np.unique(np.linspace(0, count - 1, min(count, CURVE_POINTS)).astype(int))
    rows = [{"coverage": (at + 1) / count, "risk": float(risks[at])} for at in shown.tolist()]
    answered = sum(not one.abstained for one in evaluation.questions)
    here = [{"coverage": answered / count, "risk": float(risks[answered - 1])}] if answered else []
    x = alt.X(
        "coverage:Q",
        title="share of questions answered",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%"),
    )
    y = alt.Y("risk:Q", title="share wrong among them", scale=alt.Scale(domain=[0, 1]))
    chart = alt.layer(
        _chart(rows).mark_line(color=MAIN, interpolate="step-before").encode(x=x, y=y),
        _chart(here).mark_point(filled=True, size=90, color=INK, opacity=1).encode(x=x, y=y),
    )
    area = evaluation["area under risk–coverage"]
    at = [round(share * count) for share in (0.1, 0.25, 0.5, 0.75, 1)]
    return Plot(
        "Risk and coverage",
        "How many of the given answers are wrong when only the most confident are given; lower is better. "
        f"The dot is the threshold that was used. Area under the curve: {area}.",
        _svg(chart, "Risk–coverage curve"),
        ("answered", "wrong among them"),
        tuple((f"{one / count:.0%}", f"{risks[one - 1]:.2f}") for one in at if one),
    )


def _confidences(evaluation: Evaluation) -> Plot:
    names = list(LABELS)
    labels = [names.index(_label(one)) for one in evaluation.questions]
    confidence, _ = _arrays(evaluation.questions)
    bins = np.minimum((confidence * 20).astype(int), 19)
    counts = np.zeros((20, len(names)), int)
    np.add.at(counts, (bins, labels), 1)
    rows = [
        {"from": at / 20, "to": (at + 1) / 20, "count": int(counts[at, label]), "label": LABELS[names[label]]}
        for at in range(20)
        for label in range(len(names))
        if counts[at, label]
    ]
    chart = (
        _chart(rows)
        .mark_bar(stroke="var(--paper)", strokeWidth=0.5)
        .encode(
            x=alt.X("from:Q", title="confidence", bin="binned", scale=alt.Scale(domain=[0, 1])),
            x2="to:Q",
            y=alt.Y("count:Q", title="questions"),
            color=alt.Color(
                "label:N",
                title=None,
                sort=list(LABELS.values()),
                scale=alt.Scale(domain=list(LABELS.values()), range=[GOOD, BAD, NONE]),
                legend=alt.Legend(orient="top", columns=1, labelLimit=300),
            ),
        )
    )
    answers_from = min((one.confidence for one in evaluation.questions if not one.abstained), default=None)
    threshold = (
        "" if answers_from is None else f" The least confident answer that was given has {answers_from:.2f}."
    )
    return Plot(
        "Confidence",
        f"How confident the best evidence was, and whether it was right.{threshold}",
        _svg(alt.layer(chart), "Histogram of confidence"),
        ("confidence", *LABELS.values()),
        tuple(
            (f"{at / 20:.2f} to {(at + 1) / 20:.2f}", *(str(number) for number in counts[at].tolist()))
            for at in range(20)
            if counts[at].any()
        ),
    )


def _ranks(questions: Sequence[Judged]) -> Plot:
    found = [one.rank for one in questions if one.gold.relevance]
    names = [str(low) if low == high else f"{low}–{high}" for low, high in RANKS]
    counts = [sum(rank is not None and low <= rank <= high for rank in found) for low, high in RANKS]
    names.append("later")
    counts.append(sum(rank is None for rank in found))
    rows = [{"rank": name, "count": count} for name, count in zip(names, counts, strict=True)]
    base = _chart(rows).encode(
        x=alt.X(
            "rank:N", title="rank of the first expected article", sort=names, axis=alt.Axis(labelAngle=0)
        ),
        y=alt.Y("count:Q", title="questions"),
    )
    chart = alt.layer(
        base.mark_bar(color=MAIN), base.mark_text(dy=-7, color=INK).encode(text=alt.Text("count:Q"))
    )
    return Plot(
        "Ranks",
        f"Where the first expected article stood for {len(found):,} questions.",
        _svg(chart, "Distribution of ranks"),
        ("rank", "questions"),
        tuple((name, f"{count:,}") for name, count in zip(names, counts, strict=True)),
    )


def wilson(share: float, count: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share of ``count`` (Wilson 1927)."""
    z = 1.959964
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return max(0.0, centre - half), min(1.0, centre + half)


def _label(one: Judged) -> str:
    return "none" if not one.gold.answerable else "right" if one.right else "wrong"


def _arrays(questions: Sequence[Judged]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    return (
        np.array([one.confidence for one in questions], np.float64),
        np.array([one.right for one in questions], np.float64),
    )


def _chart(rows: Sequence[Row]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=list(rows)))


def _svg(chart: alt.LayerChart | alt.FacetChart, description: str) -> str:
    whole = chart.properties(width=WIDTH, height=HEIGHT, background="transparent", description=description)
    axis = {
        "labelColor": INK,
        "titleColor": INK,
        "domainColor": RULE,
        "tickColor": RULE,
        "gridColor": RULE,
        "gridOpacity": 0.5,
        "labelFlush": False,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    }
    whole = whole.configure(font="sans-serif", view={"stroke": None}, axis=axis).configure_legend(
        labelColor=INK, labelFontSize=12
    )
    return str(vl_convert.vegalite_to_svg(whole.to_dict()))
