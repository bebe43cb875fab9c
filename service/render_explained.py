"""Explanations on a terminal: the top few candidates, each with what pushed it up and down most.

The JSON holds every candidate and every feature. Knows nothing of how the numbers came about.
"""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.explained import ExplainedPassage, ExplainedSentence, Explanation, Scored
from service.plain import cut_after, one_line, pushed

SHOWN = 5
"""Candidates in each table."""

_TEXT = 90


def show_explanation(explanation: Explanation, console: Console) -> None:
    """Print one table for passages, one for sentences, and the confidence's."""
    console.print(_table("Passages: why this order", "passage", explanation.passages))
    if explanation.sentences:
        console.print(_table("Sentences: why these", "sentence", explanation.sentences))
    if explanation.confidence is not None:
        known = explanation.confidence
        head = f"Confidence {known.probability:.2f}, threshold {known.threshold:.2f}"
        told = f"{head}: log-odds {_sum(known.scored)}"
        console.print(Text(told, style="bold"))
        console.print(_moves(known.scored))


def _table(title: str, what: str, candidates: Sequence[ExplainedPassage | ExplainedSentence]) -> Table:
    left = f", {len(candidates) - SHOWN} more in --json" if len(candidates) > SHOWN else ""
    table = Table(title=f"{title}{left}", title_justify="left", title_style="bold")
    for heading in ("", what, "score", "ranks", "pushed up and down most"):
        table.add_column(heading, overflow="fold")
    for at, one in enumerate(candidates[:SHOWN], 1):
        ranks = "\n".join(f"{stage.replace('_', ' ')} {rank}" for stage, rank in one.ranks.items())
        table.add_row(str(at), _place(one), _sum(one.scored), Text(ranks, style="dim"), _moves(one.scored))
    return table


def _place(one: ExplainedPassage | ExplainedSentence) -> Text:
    text = Text(f"{one_line(one.article_id)}@{one.revision} {one.start}–{one.end}", style="dim")
    if isinstance(one, ExplainedSentence):
        text.append(
            f"\n{cut_after(one_line(one.text), _TEXT)}", style="not dim green" if one.chosen else "not dim"
        )
    return text


def _sum(scored: Scored) -> str:
    return f"{scored.score:+.2f}\n(base {scored.base:+.2f})"


def _moves(scored: Scored) -> Text:
    text = Text()
    for name, value, change in pushed(scored):
        said = f"{change:+.2f} {name}" + (f" {value:.2f}" if value is not None else " (set by hand)")
        text.append(f"{said}\n", style="green" if change > 0 else "red")
    text.rstrip()
    return text
