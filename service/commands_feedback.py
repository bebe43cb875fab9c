"""The commands ``feedback export`` and ``feedback delete``."""

from typing import Annotated

import typer

from service.groups import group
from service.options import IndexOption, settings_with
from service.output import write, write_json

app = group("feedback", "What people said of answers.")


@app.command()
def export(index: IndexOption = None) -> None:
    """Write the judgements that say what is right as JSON Lines, questions for an evaluation."""
    from service.feedback import as_questions, forget_erased, read_feedback
    from service.store import store_of

    folder = settings_with(index).index
    forget_erased(folder)
    for question in as_questions(read_feedback(store_of(folder))):
        write_json(question)
    write([])


@app.command()
def delete(
    up_to: Annotated[
        int, typer.Option("--up-to", min=1, metavar="NUMBER", help="The last judgement that goes.")
    ],
    index: IndexOption = None,
) -> None:
    """Delete what was said up to a number, for good; the numbers are those of GET /v1/feedback."""
    from service.feedback import delete_feedback
    from service.store import store_of

    count = delete_feedback(store_of(settings_with(index).index), up_to)
    write([f"deleted {count} judgement{'' if count == 1 else 's'}"])
