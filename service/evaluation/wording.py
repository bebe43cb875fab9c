"""An evaluation as lines of plain text: measures by group, outcomes, and the worst cases.

Knows how figures are written for people. Texts from articles and files are made harmless for a terminal.
"""

from collections.abc import Iterator, Sequence

from service.evaluation.comparing import Comparison, Difference
from service.evaluation.evaluating import Evaluation
from service.evaluation.judging import Judged
from service.evaluation.measures import Measured
from service.plain import cut_after, one_line

WORST_SHOWN = 10
"""Mistakes that are listed; a report and JSON hold all of them."""

SHOWN = 160
"""Characters shown of a quotation."""


def evaluation_lines(evaluation: Evaluation) -> Iterator[str]:
    """Yield the measures, the outcomes and the worst cases."""
    state = evaluation.index
    yield (
        f"{len(evaluation.questions):,} questions, commit {state.commit}, "
        f"model {one_line(state.model)}, ranker {one_line(state.ranker)}; 95 % intervals in brackets"
    )
    group = None
    for measured in evaluation.measures:
        if measured.group != group:
            group = measured.group
            yield ""
            yield group.capitalize()
        yield _measured_line(measured)
    yield ""
    yield "Outcomes: " + ", ".join(f"{name} {count}" for name, count in evaluation.outcomes().items())
    worst = evaluation.worst()
    if worst:
        yield ""
        yield f"Worst first ({min(len(worst), WORST_SHOWN)} of {len(worst)})"
        for one in worst[:WORST_SHOWN]:
            yield from _case_lines(one)


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """Yield the paired differences and the questions whose outcome changed, what became worse first."""
    yield ""
    yield f"Compared over {comparison.shared:,} questions: before, after, difference [95 %]"
    for one in comparison.differences:
        if one.difference is not None:
            yield f"  {one.name:38} {difference_in_words(one)}"
    left_out = len(comparison.only_before), len(comparison.only_after)
    if any(left_out):
        yield f"Left out: {left_out[0]} asked only before, {left_out[1]} only after"
    for change in comparison.changes:
        sign = "+" if change.improved else "-"
        text = cut_after(one_line(change.after.gold.text), SHOWN)
        yield f"{sign} {change.after.id} {change.before.outcome} → {change.after.outcome}: {text}"


def difference_in_words(one: Difference) -> str:
    """Return both values, the difference with its interval, and whether it is one."""
    return (
        f"{one.before:.3f} {one.after:.3f} {one.difference:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
        f"  {one.verdict}"
    )


def expected_of(one: Judged) -> Sequence[str]:
    """Return what was expected of a question, one text for each thing."""
    gold = one.gold
    if not gold.answerable:
        return ("no answer",)
    wanted = [" or ".join(f"“{one_line(text)}”" for text in entry) for entry in gold.quotes]
    if not wanted and gold.answers:
        wanted = [" or ".join(map(one_line, gold.answers))]
    return (*wanted, *(["in " + " or ".join(map(one_line, gold.articles))] if gold.articles else []))


def _measured_line(measured: Measured) -> str:
    of = f"  ({measured.questions:,} questions)"
    note = "" if measured.better == "higher" else ", less is better"
    return f"  {measured.name:38} {measured!s:22}{of}{note}"


def _case_lines(one: Judged) -> Iterator[str]:
    yield f"  {one.id} {one.outcome}, confidence {one.confidence:.2f}: {one_line(one.gold.text)}"
    if one.sentences:
        first = one.sentences[0]
        place = f"{first.article_id}@{first.revision} {first.start}–{first.end}"
        said = "would have said" if one.abstained else "said"
        yield f"    {said}: “{cut_after(one_line(first.text), SHOWN)}” ({one_line(place)})"
    yield f"    expected: {cut_after('; '.join(expected_of(one)), 2 * SHOWN)}"
