"""The command ``feedback export``."""

import typer

from service.options import IndexOption, settings_with
from service.output import write, write_json

app = typer.Typer(name="feedback", help="What people said of answers.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    pass


@app.command()
def export(index: IndexOption = None) -> None:
    """Write the judgements that say what is right as JSON Lines, questions for an evaluation."""
    from service.feedback import as_questions, read_feedback
    from service.store import store_of

    for question in as_questions(read_feedback(store_of(settings_with(index).index))):
        write_json(question)
    write([])
