"""Groups of commands, such as ``feed add`` and ``feed list``: named alone, a group shows its help."""

import typer

from service.output import write


def group(name: str, help_text: str) -> typer.Typer:
    """Return a group without commands; they are added to it."""
    app = typer.Typer(name=name, help=help_text, add_completion=False, rich_markup_mode=None)
    app.callback(invoke_without_command=True)(show_help)
    return app


def show_help(context: typer.Context) -> None:
    """Show the help of a group, or of the program, that is called without a command."""
    if context.invoked_subcommand is None:
        write([context.get_help()])
