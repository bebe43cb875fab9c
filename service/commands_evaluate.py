"""The command that measures answers to questions whose answers are known: ``evaluate``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.options import IndexOption, JsonOption, given_path, settings_with
from service.output import complain, write, write_json

if TYPE_CHECKING:
    from service.evaluation import Comparison, Evaluation


def evaluate(
    questions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="JSON Lines with _id, text and what is expected: article, quote, answers or unanswerable.",
            parser=given_path,
        ),
    ] = None,
    qrels: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="BEIR's table of relevant articles, besides.", parser=given_path),
    ] = None,
    part: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only the questions whose part this is.")
    ] = None,
    kept: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Take an evaluation that was saved; ask nothing.",
            parser=given_path,
        ),
    ] = None,
    index: IndexOption = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Answer only from this confidence on; 0 answers always."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Save the values of every question as JSON.", parser=given_path),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Compare with an evaluation that was saved before.", parser=given_path
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a report with plots as one HTML page.", parser=given_path),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure answers on your own questions. Retrieval, evidence, abstention and calibration."""
    if (questions is None) == (kept is None):
        raise typer.BadParameter("give either --questions or --from", param_hint="--questions")
    _refuse_without_questions(kept, qrels=qrels, part=part, min_confidence=min_confidence, index=index)
    from service.evaluation import compare as compared
    from service.evaluation import read_evaluation, write_evaluation
    from service.evaluation.keeping import check_writable

    for file in filter(None, (save, report)):
        check_writable(file)
    if report is not None:
        # Asked for before the questions are put, which may take long.
        from service.evaluation.page import check_installed

        check_installed()
    earlier = read_evaluation(compare) if compare is not None else None
    if questions is not None:
        found, problems = _evaluated(questions, qrels, part, index, min_confidence)
    else:
        found, problems = read_evaluation(kept or Path()), ()
    comparison = compared(earlier, found) if earlier is not None else None
    if save is not None:
        write_evaluation(found, save)
    if report is not None:
        from service.evaluation.page import write_report

        write_report(found, report, comparison)
    _show(found, comparison, as_json=as_json)
    for problem in problems:
        complain(f"civicite: {problem}")
    if problems:
        raise typer.Exit(1)


def _refuse_without_questions(kept: Path | None, **given: object) -> None:
    if kept is not None:
        for name, value in given.items():
            if value is not None:
                option = f"--{name.replace('_', '-')}"
                raise typer.BadParameter("it goes with --questions, not with --from", param_hint=option)


def _evaluated(
    file: Path, qrels: Path | None, part: str | None, index: Path | None, min_confidence: float | None
) -> "tuple[Evaluation, tuple[str, ...]]":
    from service.assistant import Assistant
    from service.evaluation import evaluate, read_gold
    from service.progress import counted

    gold = read_gold(file, qrels, part)
    settings = settings_with(index, min_confidence=min_confidence)
    with (
        Assistant.open(settings.index, settings) as assistant,
        counted(len(gold.questions), "Questions asked") as advance,
    ):
        found = evaluate(
            assistant,
            gold.questions,
            min_confidence=settings.min_confidence,
            source=file.name,
            advance=advance,
        )
    return found, gold.problems


def _show(found: "Evaluation", comparison: "Comparison | None", *, as_json: bool) -> None:
    if as_json:
        from service.evaluation.keeping import to_dict

        compared = {} if comparison is None else {"comparison": comparison.to_dict()}
        write_json({**to_dict(found), **compared})
        return
    from service.evaluation.wording import comparison_lines, evaluation_lines

    write(evaluation_lines(found))
    if comparison is not None:
        write(comparison_lines(comparison))
