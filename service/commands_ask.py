"""The commands that question an index: ``ask`` and ``search``, one question or a file of them."""

import sys
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.garbage import nothing_collected
from service.options import (
    AfterOption,
    AsOfOption,
    BeforeOption,
    ExplainOption,
    FilterOption,
    FromOption,
    IndexOption,
    JsonOption,
    ToOption,
    TopOption,
    filters_from,
    given_path,
    settings_with,
)
from service.output import complain, is_terminal, write, write_json

if TYPE_CHECKING:
    from indexer import Filters
    from service.answer import Answer
    from service.assistant import Assistant
    from service.settings import Settings


class Format(StrEnum):
    """How a file of questions is answered by ``search``."""

    TREC = "trec"
    JSON = "json"


def ask(
    question: Annotated[str | None, typer.Argument(metavar="QUESTION", show_default=False)] = None,
    questions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="JSON Lines with _id and text; one line of JSON for each.", parser=given_path
        ),
    ] = None,
    index: IndexOption = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER",
            min=0,
            max=1,
            help="Answer only from this confidence on: higher gives fewer answers, of which more are right;"
            " 0 answers always.  [default: the ranker's threshold]",
        ),
    ] = None,
    top_k: TopOption = None,
    facets: FilterOption = None,
    published_from: FromOption = None,
    published_to: ToOption = None,
    published_after: AfterOption = None,
    published_before: BeforeOption = None,
    as_of: AsOfOption = None,
    explain: ExplainOption = False,
    as_json_lines: JsonOption = False,
) -> None:
    """Answer a question with quotations, or say why not."""
    _one_of("--questions", question, questions)
    filters = filters_from(facets or [], published_from, published_to, published_after, published_before)
    settings = settings_with(index, min_confidence=min_confidence, top_k=top_k)
    if questions is not None:
        asking = partial(
            _opened(settings).ask,
            top_k=settings.top_k,
            filters=filters,
            min_confidence=settings.min_confidence,
            explain=explain,
        )
        _ask_many(asking, questions, as_of)
        return
    from service.askable import checked_question

    checked = checked_question(question or "")
    answer = _opened(settings).ask(
        checked,
        top_k=settings.top_k,
        filters=filters,
        min_confidence=settings.min_confidence,
        as_of=as_of,
        explain=explain,
    )
    if as_json_lines:
        write_json(answer.to_dict())
    elif is_terminal(sys.stdout):
        from rich.console import Console

        from service.render import show_answer

        console = Console()
        show_answer(answer, console)
        if answer.explanation is not None:
            from service.render_explained import show_explanation

            show_explanation(answer.explanation, console)
    else:
        from service.plain import answer_lines, explanation_lines

        write(answer_lines(answer))
        if answer.explanation is not None:
            write(explanation_lines(answer.explanation))


def search(
    question: Annotated[str | None, typer.Argument(metavar="QUESTION", show_default=False)] = None,
    queries: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON Lines with _id and text.", parser=given_path)
    ] = None,
    output: Annotated[
        Format | None,
        typer.Option("--format", help="For --queries: a TREC run of articles, or JSON Lines of passages."),
    ] = None,
    index: IndexOption = None,
    top_k: TopOption = None,
    facets: FilterOption = None,
    published_from: FromOption = None,
    published_to: ToOption = None,
    published_after: AfterOption = None,
    published_before: BeforeOption = None,
    as_of: AsOfOption = None,
    explain: ExplainOption = False,
    as_json_lines: JsonOption = False,
) -> None:
    """Show the passages nearest to a question."""
    _one_of("--queries", question, queries)
    filters = filters_from(facets or [], published_from, published_to, published_after, published_before)
    settings = settings_with(index, top_k=top_k)
    if queries is not None:
        if explain:
            raise typer.BadParameter("give one question", param_hint="--explain")
        _search_many(_opened(settings), queries, settings.top_k, filters, output or Format.JSON, as_of)
        return
    if output is Format.TREC:
        raise typer.BadParameter("a TREC run needs --queries", param_hint="--format")
    from service.askable import checked_question
    from service.plain import one_line

    checked = checked_question(question or "")
    result = _opened(settings).search(
        checked, top_k=settings.top_k, filters=filters, as_of=as_of, explain=explain
    )
    if as_json_lines or output is Format.JSON:
        write_json(result.to_dict())
        return
    if is_terminal(sys.stdout):
        from rich.console import Console

        from service.render import show_search

        console = Console()
        show_search(result, console)
        if result.explanation is not None:
            from service.render_explained import show_explanation

            show_explanation(result.explanation, console)
    else:
        from service.plain import explanation_lines, search_lines

        write(search_lines(result))
        if not result.hits:
            complain("nothing found")
        if result.explanation is not None:
            write(explanation_lines(result.explanation))
    if result.message is not None:
        complain(one_line(result.message))


def _one_of(option: str, question: str | None, file: Path | None) -> None:
    if question is None and file is None:
        raise typer.BadParameter(
            f"it is missing; give one, or a file of them with {option}", param_hint="QUESTION"
        )
    if question is not None and file is not None:
        raise typer.BadParameter("give either a question or a file of them", param_hint=option)


def _opened(settings: "Settings") -> "Assistant":
    with nothing_collected():
        from service.assistant import Assistant

        return Assistant.open(settings.index, settings)


def _ask_many(asking: "Callable[..., Answer]", file: Path, as_of: str | None) -> None:
    """Write answers as they come; a line that is refused has one that says so, and makes the status 1."""
    from service.batch import Refused, answered, questions

    refused = 0
    for one in questions(file):
        answer = answered(one, asking, as_of)
        refused += isinstance(answer, Refused)
        write_json({"question_id": one.id, **answer.to_dict()})
    if refused:
        raise typer.Exit(1)


def _search_many(
    assistant: "Assistant", file: Path, top_k: int, filters: "Filters", output: Format, as_of: str | None
) -> None:
    """Write results as they come; a TREC run has no place for errors, so they go to standard error."""
    from service.batch import Refused, answered, questions, trec_lines

    search = assistant.search if output is Format.JSON else assistant.search_articles
    refused = 0
    for one in questions(file):
        found = answered(one, partial(search, top_k=top_k, filters=filters), as_of)
        refused += isinstance(found, Refused)
        if output is Format.JSON:
            write_json({"question_id": one.id, **found.to_dict()})
        elif isinstance(found, Refused):
            complain(f"civicite: {file}: {found.error}")
        else:
            write(["\n".join(trec_lines(str(one.id), found.hits))] if found.hits else [])
    if refused:
        raise typer.Exit(1)
