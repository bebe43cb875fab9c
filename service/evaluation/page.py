"""The report: one HTML page that holds everything it shows, for reading and for printing.

No script and nothing from the network; its own policy forbids both. Needs the extra ``report``.
"""

from importlib.util import find_spec
from pathlib import Path

from indexer import InputError
from service.evaluation.comparing import Comparison
from service.evaluation.evaluating import Evaluation
from service.evaluation.judging import OUTCOMES, Judged, Quoted
from service.evaluation.keeping import write_text
from service.evaluation.wording import expected_of

CASES_SHOWN = 100
"""Mistakes that are listed; the saved values hold all."""

NEEDED = ("altair", "jinja2", "vl_convert")


def check_installed() -> None:
    """Raise InputError when what draws the report is not installed."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise InputError(
            "--report",
            f"{', '.join(missing)} is not installed",
            "install it with: pip install 'civicite[report]'",
        )


def write_report(evaluation: Evaluation, file: str | Path, comparison: Comparison | None = None) -> None:
    """Write the page; raises InputError when that cannot be done."""
    check_installed()
    write_text(file, page(evaluation, comparison))


def page(evaluation: Evaluation, comparison: Comparison | None = None) -> str:
    """Return the page; a comparison becomes a section of it."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from service.evaluation.plots import plots_of

    environment = Environment(
        loader=PackageLoader("service.evaluation", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(place=place_of, safe_link=safe_link, expected=expected_of)
    worst = evaluation.worst()
    return environment.get_template("page.html").render(
        evaluation=evaluation,
        comparison=comparison,
        groups=_groups(evaluation),
        outcomes=evaluation.outcomes(),
        meanings=OUTCOMES,
        kinds=evaluation.kinds(),
        plots=plots_of(evaluation),
        worst=worst[:CASES_SHOWN],
        mistakes=len(worst),
        slowest=_milliseconds(evaluation.questions),
    )


def place_of(one: Quoted) -> str:
    """Return article, revision and offsets."""
    return f"{one.article_id}@{one.revision} {one.start}–{one.end}"


def safe_link(link: str | None) -> str | None:
    """Return an address of the web, and nothing else: an article's may be anything."""
    return link if link and link.startswith(("https://", "http://")) else None


def _groups(evaluation: Evaluation) -> dict[str, list[object]]:
    groups: dict[str, list[object]] = {}
    for one in evaluation.measures:
        groups.setdefault(one.group, []).append(one)
    return groups


def _milliseconds(questions: tuple[Judged, ...]) -> tuple[float, float]:
    """Return median and 95th percentile of an answer's time."""
    ordered = sorted(one.milliseconds for one in questions)
    return ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, 95 * len(ordered) // 100)]
