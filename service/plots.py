"""Charts that can be pointed at in a notebook and are still there where no program runs.

Every chart is a :class:`Picture`: Vega-Lite for JupyterLab and a PNG for whatever shows only pictures, such
as a code host. Drawn from the data frames of ``service/frames.py``. Needs the ``explore`` extra; nothing is
loaded from the network. Colours are Okabe and Ito's, which colour-blind readers can tell apart.
"""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

VEGA_LITE = "5.20"
"""The Vega-Lite of JupyterLab: both looks are drawn by the same grammar."""

MIME = "application/vnd.vegalite.v5+json"
SCALE = 1.5
"""Pixels of the PNG for one of the chart's."""

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#8C8C8C"
COLOURS = (
    BLUE,
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    ORANGE,
    "#F0E442",
    "#5D3A9B",
    "#999933",
    "#000000",
)
SHAPES = tuple("circle square triangle-up diamond cross triangle-down triangle-right triangle-left".split())

DASHES = ([1, 0], [5, 4], [2, 2], [8, 3, 2, 3])


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart with a sentence that says what it shows, for those who cannot see it."""

    chart: alt.TopLevelMixin
    says: str

    @property
    def specification(self) -> dict[str, Any]:
        """The chart as Vega-Lite, with its data."""
        written: dict[str, Any] = json.loads(self.chart.to_json())
        written["$schema"] = "https://vega.github.io/schema/vega-lite/v5.json"
        return {**written, "description": self.says}

    def png(self) -> bytes:
        """Draw it."""
        drawn: bytes = vl_convert.vegalite_to_png(self.specification, VEGA_LITE, scale=SCALE)
        return drawn

    def svg(self) -> str:
        """Draw it as SVG."""
        drawn: str = vl_convert.vegalite_to_svg(self.specification, VEGA_LITE)
        return drawn

    def save(self, file: str | Path) -> None:
        """Write a ``.png`` or ``.svg`` file."""
        place = Path(file)
        if place.suffix == ".svg":
            place.write_text(self.svg(), encoding="utf-8")
        else:
            place.write_bytes(self.png())

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        png = base64.b64encode(self.png()).decode()
        return {MIME: self.specification, "image/png": png, "text/plain": self.says}


def map_of(
    frame: pd.DataFrame,
    *,
    colour: str = "group",
    tooltip: tuple[str, ...] = ("title", "excerpt"),
    label: str | None = None,
    says: str = "A map of passages",
) -> Picture:
    """Draw points at ``x`` and ``y``, coloured and shaped by a column; ``label`` writes a column beside them.

    Axes have no unit and are left out: what counts is what lies beside what.
    """
    groups = [str(one) for one in frame[colour].value_counts().index]
    place = {
        name: channel(f"{name}:Q", axis=None, scale=alt.Scale(padding=14, nice=False))
        for name, channel in (("x", alt.X), ("y", alt.Y))
    }
    points = (
        _chart(frame)
        .mark_point(filled=True, size=75, opacity=0.8)
        .encode(
            **place,
            color=alt.Color(f"{colour}:N", scale=_colours(groups), title=None),
            shape=alt.Shape(f"{colour}:N", scale=_shapes(groups), title=None),
            tooltip=[*tooltip],
        )
    )
    layers: list[alt.Chart] = [points]
    if label is not None:
        texts = _chart(frame[frame[label].notna()]).mark_text(align="left", dx=7, fontSize=10)
        layers.append(texts.encode(**place, text=f"{label}:N", tooltip=[*tooltip]))
    chart = alt.layer(*layers).properties(width=560, height=400)
    return Picture(_dressed(chart), f"{says}: {len(frame)} points in {len(groups)} groups")


def bars(
    frame: pd.DataFrame, value: str, label: str, *, colour: str | None = None, title: str | None = None
) -> Picture:
    """Draw a bar for each row, in the order of the frame."""
    order = list(dict.fromkeys(frame[label].astype(str)))
    encoding: dict[str, Any] = {
        "x": alt.X(f"{value}:Q", title=title or _words(value), axis=_ticks(frame[value])),
        "y": alt.Y(f"{label}:N", sort=order, title=None, axis=alt.Axis(labelLimit=400)),
        "tooltip": [label, value],
    }
    if colour is not None:
        groups = list(dict.fromkeys(frame[colour].astype(str)))
        encoding["color"] = alt.Color(f"{colour}:N", scale=_colours(groups), title=_words(colour))
    chart = _chart(frame).mark_bar(color=BLUE, height=13).encode(**encoding)
    chart = chart.properties(width=330, height=alt.Step(19))
    return Picture(_dressed(chart), f"{len(frame)} bars: {_words(value)} by {_words(label)}")


def contributions(frame: pd.DataFrame, *, most: int = 10) -> Picture:
    """Draw the features that add most to a score, or take most off; a frame of ``frames.features``."""
    shown = frame.head(most)
    shown = shown.assign(sign=(shown["contribution"] >= 0).map({True: "for", False: "against"}))
    order, groups = list(shown["feature"]), ["for", "against"]
    chart = (
        _chart(shown)
        .mark_bar(height=13)
        .encode(
            x=alt.X("contribution:Q", title="added to the score (log-odds)", axis=alt.Axis(tickCount=6)),
            y=alt.Y("feature:N", sort=order, title=None, axis=alt.Axis(labelLimit=240, labelPadding=6)),
            color=alt.Color("sign:N", scale=alt.Scale(domain=groups, range=[BLUE, ORANGE]), title=None),
            tooltip=["feature", "value", "contribution"],
        )
    )
    chart = chart.properties(width=380, height=alt.Step(19))
    return Picture(_dressed(chart), f"What the {len(shown)} weightiest features add to a score")


def timeline(frame: pd.DataFrame, by: str, *, tooltip: tuple[str, ...] = ("title", "published")) -> Picture:
    """Draw when articles were published, one row for each value of a column.

    A dot stands for a day, a line for the month or the year of which the day is not known. Articles without
    a date are left out.
    """
    dated = frame[frame["first_day"].notna()].copy()
    order = list(dated.groupby(by)["first_day"].min().sort_values(kind="stable").index)
    dated["middle"] = _middle(dated["first_day"], dated["last_day"])
    base = _chart(dated).encode(y=alt.Y(f"{by}:N", sort=order, title=None), tooltip=[*tooltip])
    spans = base.mark_rule(strokeWidth=5, opacity=0.45, color=BLUE).encode(
        x=alt.X("first_day:T", title=None, scale=alt.Scale(nice="year"), axis=_YEARS), x2="last_day:T"
    )
    dots = base.mark_point(filled=True, size=45, color=BLUE, opacity=0.9).encode(x="middle:T")
    chart = alt.layer(spans, dots).properties(width=440, height=alt.Step(18))
    return Picture(_dressed(chart), f"{len(dated)} dates of publication by {_words(by)}, {len(order)} rows")


def coverage(frame: pd.DataFrame, *, split: str | None = None) -> Picture:
    """Draw for each theme of ``frames.heard`` how near the nearest passage is and whether it was answered.

    ``split`` is a column that parts the themes into two groups by colour instead.
    """
    order = list(frame.sort_values("cosine", ascending=False, kind="stable")["theme"])
    column = split or "answered"
    shown = frame.assign(answered=frame["reason"].isna().map({True: "answered", False: "no answer"}))
    groups = sorted(dict.fromkeys(shown[column].astype(str)))
    axis = alt.Y("theme:N", sort=order, title=None, axis=alt.Axis(labelLimit=400))
    base = _chart(shown).encode(y=axis, tooltip=["theme", "cosine", "confidence", "title"])
    stems = base.mark_bar(color=GREY, opacity=0.4, height=2).encode(x="cosine:Q")
    dots = base.mark_point(filled=True, size=80, opacity=1).encode(
        x=alt.X(
            "cosine:Q", title="cosine of the nearest passage", scale=alt.Scale(domainMin=0), axis=_TENTHS
        ),
        color=alt.Color(f"{column}:N", scale=_colours(groups), title=None),
        shape=alt.Shape(f"{column}:N", scale=_shapes(groups), title=None),
    )
    chart = alt.layer(stems, dots).properties(width=360, height=alt.Step(19))
    return Picture(_dressed(chart), f"How near the nearest passage comes to each of {len(frame)} themes")


def ranks(frame: pd.DataFrame, *, item: str = "passage", best: int = 8) -> Picture:
    """Draw how several rankings order the same things.

    Columns are ``item``, ``ranking``, ``rank`` and ``marked``. Those are drawn that are among the ``best`` of
    any ranking; where one of them comes later it is drawn below the line. Marked ones stand out.
    """
    order, below = list(dict.fromkeys(frame["ranking"])), best + 1
    near = frame[frame[item].isin(frame.loc[frame["rank"] <= best, item])]
    near = near.assign(place=near["rank"].clip(upper=below))
    color = alt.condition("datum.marked", alt.value(ORANGE), alt.value(GREY))
    axis = alt.Axis(
        values=list(range(1, below + 1)), labelExpr=f"datum.value > {best} ? 'later' : datum.value"
    )
    scale = alt.Scale(reverse=True, domain=[0.5, below + 0.4], nice=False)
    base = _chart(near).encode(
        x=alt.X("ranking:N", sort=order, title=None, axis=alt.Axis(labelAngle=0, orient="top")),
        y=alt.Y("place:Q", title="rank", scale=scale, axis=axis),
        detail=f"{item}:N",
        color=color,
        tooltip=[item, "ranking", "rank"],
    )
    edge = alt.Chart(pd.DataFrame({"place": [best + 0.5]})).mark_rule(color=GREY, strokeDash=[3, 3])
    last = near[(near["ranking"] == order[-1]) & (near["rank"] <= best)]
    names = _chart(last).mark_text(align="left", dx=9, fontSize=10)
    chart = alt.layer(
        edge.encode(y=alt.Y("place:Q", scale=scale)),
        base.mark_line(opacity=0.6),
        base.mark_point(filled=True, size=60, opacity=1),
        names.encode(x=alt.X("ranking:N", sort=order), y="place:Q", text=f"{item}:N", color=color),
    ).properties(width=380, height=260, view=alt.ViewBackground(strokeOpacity=0))
    return Picture(_dressed(chart), f"The best {best} by {', '.join(order)}")


def reliability(frame: pd.DataFrame) -> Picture:
    """Draw confidence against the share that is right: an honest confidence lies on the dashed line.

    A frame of ``service.evaluation.frames.reliability_points``.
    """
    scale = alt.Scale(domain=[0, 1])
    x = alt.X("confidence:Q", title="mean confidence", scale=scale, axis=_TENTHS)
    y = alt.Y("right:Q", title="share that is right", scale=scale, axis=_TENTHS)
    ideal = alt.Chart(pd.DataFrame({"confidence": [0, 1], "right": [0, 1]}))
    base = _chart(frame).encode(x=x, y=y, tooltip=["confidence", "right", "questions"])
    chart = alt.layer(
        ideal.mark_line(strokeDash=[4, 4], color=GREY).encode(x=x, y=y),
        base.mark_line(color=BLUE, opacity=0.4),
        base.mark_point(filled=True, size=70, color=BLUE, opacity=1),
    ).properties(width=260, height=260)
    return Picture(_dressed(chart), f"Reliability: {len(frame)} bins of confidence, share right in each")


def risk_coverage(frame: pd.DataFrame) -> Picture:
    """Draw the share of wrong answers when only the most confident ones are given.

    A frame of ``service.evaluation.frames.risk_coverage_points``.
    """
    groups = list(dict.fromkeys(frame["answers"]))
    chart = (
        _chart(frame)
        .mark_line(interpolate="step-after")
        .encode(
            x=alt.X("coverage:Q", title="share of questions that are answered", axis=_TENTHS),
            y=alt.Y("risk:Q", title="share of wrong answers", axis=_TENTHS),
            color=alt.Color("answers:N", scale=_colours(groups), title=None),
            strokeDash=alt.StrokeDash("answers:N", scale=_dashes(groups), title=None),
            tooltip=["answers", "coverage", "risk"],
        )
    )
    chart = chart.properties(width=360, height=220)
    return Picture(_dressed(chart), f"Risk by coverage of {', '.join(groups)}")


def intervals(
    frame: pd.DataFrame, *, value: str = "difference", label: str = "measure", title: str | None = None
) -> Picture:
    """Draw a value with its interval, columns ``low`` and ``high``, for each row; zero is marked."""
    known = frame[frame[value].notna()]
    y = alt.Y(f"{label}:N", sort=list(known[label]), title=None, axis=alt.Axis(labelLimit=320))
    x = alt.X(f"{value}:Q", title=title or _words(value), axis=alt.Axis(tickCount=6))
    base = _chart(known).encode(y=y, tooltip=[label, value, "low", "high"])
    chart = alt.layer(
        alt.Chart(pd.DataFrame({value: [0.0]})).mark_rule(color=GREY, strokeDash=[4, 4]).encode(x=x),
        base.mark_rule(color=BLUE, strokeWidth=2).encode(x=alt.X("low:Q"), x2="high:Q"),
        base.mark_point(filled=True, size=70, color=BLUE, opacity=1).encode(x=x),
    ).properties(width=340, height=alt.Step(21))
    return Picture(_dressed(chart), f"{_words(value)} of {len(known)} measures with 95 % intervals")


def grid(frame: pd.DataFrame, across: str, down: str, value: str, *, title: str | None = None) -> Picture:
    """Draw a number for each pair of a row and a column: the darker, the greater."""
    columns, rows = list(dict.fromkeys(frame[across])), list(dict.fromkeys(frame[down]))
    base = _chart(frame).encode(
        x=alt.X(f"{across}:N", sort=columns, title=None, axis=alt.Axis(labelAngle=0, orient="top")),
        y=alt.Y(f"{down}:N", sort=rows, title=None, axis=alt.Axis(labelLimit=380)),
        tooltip=[down, across, value],
    )
    scale = alt.Scale(scheme="blues")
    boxes = base.mark_rect().encode(color=alt.Color(f"{value}:Q", scale=scale, title=title or _words(value)))
    middle = float((frame[value].min() + frame[value].max()) / 2)
    texts = base.mark_text(fontSize=10).encode(
        text=alt.Text(f"{value}:Q", format=".2f"),
        color=alt.condition(f"datum['{value}'] > {middle}", alt.value("white"), alt.value("black")),
    )
    chart = alt.layer(boxes, texts).properties(width=alt.Step(105), height=alt.Step(22))
    return Picture(_dressed(chart), f"{_words(value)} of {len(rows)} by {len(columns)}")


def _chart(frame: pd.DataFrame) -> alt.Chart:
    # Rounded, so that the last digits of a processor's arithmetic are not part of a picture.
    return alt.Chart(frame.round(4))


def _dressed(chart: Any) -> alt.TopLevelMixin:
    dressed: alt.TopLevelMixin = (
        chart.configure_view(strokeOpacity=0.15)
        .configure(background="white", padding=8)
        .configure_axis(grid=False, labelFontSize=11, titleFontSize=11)
        .configure_legend(labelFontSize=11, titleFontSize=11, labelLimit=300, symbolSize=90)
    )
    return dressed


_YEARS = alt.Axis(format="%Y", tickCount="year", labelOverlap=True)
_TENTHS = alt.Axis(format=".1f", tickCount=6, labelOverlap=True)


def _ticks(values: pd.Series) -> alt.Axis:
    """Whole numbers have ticks at whole numbers."""
    if not pd.api.types.is_integer_dtype(values):
        return alt.Axis(tickCount=6, labelOverlap=True)
    step = max(1, round(int(values.max()) / 6))
    return alt.Axis(values=list(range(0, int(values.max()) + 1, step)), format="d")


def _colours(groups: list[str]) -> alt.Scale:
    return alt.Scale(domain=groups, range=[COLOURS[at % len(COLOURS)] for at in range(len(groups))])


def _dashes(groups: list[str]) -> alt.Scale:
    return alt.Scale(domain=groups, range=[DASHES[at % len(DASHES)] for at in range(len(groups))])


def _shapes(groups: list[str]) -> alt.Scale:
    return alt.Scale(domain=groups, range=[SHAPES[at % len(SHAPES)] for at in range(len(groups))])


def _words(name: str) -> str:
    return name.replace("_", " ")


def _middle(first: pd.Series, last: pd.Series) -> pd.Series:
    start, end = pd.to_datetime(first), pd.to_datetime(last)
    return (start + (end - start) / 2).dt.strftime("%Y-%m-%d")
