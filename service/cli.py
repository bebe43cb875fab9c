"""The command line: its commands, and how whatever goes wrong becomes one line and an exit status.

Imports nothing heavy: each command imports what it needs when it runs, so that ``ask`` starts quickly.
"""

import sys
from typing import Annotated

import typer

from service.commands_articles import articles
from service.commands_ask import ask, search
from service.commands_backup import backup, restore
from service.commands_config import config
from service.commands_evaluate import evaluate
from service.commands_feed import app as feed_app
from service.commands_feedback import app as feedback_app
from service.commands_history import diff, log
from service.commands_index import index, remove, status, verify
from service.commands_key import app as key_app
from service.commands_mcp import mcp
from service.commands_rebuild import compact, generations, rebuild
from service.commands_serve import serve
from service.commands_verify import verify_answer
from service.commands_watch import watch
from service.groups import show_help
from service.output import complain, use_utf8, write

app = typer.Typer(
    name="civicite",
    help="Answers questions about cities with quotations that are verified against their source.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        write([f"civicite {installed('civicite')}"])
    else:
        show_help(context)


OPTION_OF_FIELD = {
    "as_of": "--as-of",
    "published_from": "--published-from",
    "published_to": "--published-to",
}
"""How somebody at the command line gave what a request gives by this name."""

LOOKING_AFTER = (
    articles,
    status,
    remove,
    verify,
    log,
    diff,
    evaluate,
    rebuild,
    generations,
    compact,
    backup,
    restore,
)
for command in (index, watch, ask, search, verify_answer, serve, mcp, config, *LOOKING_AFTER):
    app.command(command.__name__.replace("_", "-"))(command)
app.add_typer(feed_app)
app.add_typer(key_app)
app.add_typer(feedback_app)


def main() -> None:
    """Run the command line and exit with its status."""
    use_utf8()
    sys.exit(run(sys.argv[1:]))


def _named(error: OSError) -> str:
    if error.filename is None:
        return str(error)
    return f"{error.filename}: {error.strerror}; check the path, its permissions and the free space"


def run(arguments: list[str]) -> int:
    """Run one command and return its exit status: 0, 1 when it failed, 2 when it was called wrongly."""
    try:
        returned = app(arguments, prog_name="civicite", standalone_mode=False)
    except typer.BadParameter as error:
        complain(f"civicite: {error.format_message()}")
        return error.exit_code
    except typer.TyperException as error:
        # What was typed wrongly belongs to a command, which is the one to read about.
        context: typer.Context | None = getattr(error, "ctx", None)
        command = context.command_path if context else "civicite"
        message = error.format_message()
        see = " See" if message.endswith("?") else "; see"
        complain(f"civicite: {message.rstrip('.')}{see} '{command} --help'")
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except OSError as error:
        complain(f"civicite: {_named(error)}")
        return 1
    except Exception as error:
        # Only now: the errors live in a package that takes long to import.
        from indexer import CiviciteError, InputError

        if not isinstance(error, CiviciteError):
            raise
        if isinstance(error, InputError) and error.where in OPTION_OF_FIELD:
            complain(f"civicite: {OPTION_OF_FIELD[error.where]}: {error.problem}; {error.mend}")
        else:
            complain(f"civicite: {error}")
        return 1
    return int(returned or 0)
