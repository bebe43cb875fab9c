"""The command that serves an index over HTTP."""

from typing import Annotated

import typer

from service.options import IndexOption, settings_with


def serve(
    index: IndexOption = None,
    host: Annotated[
        str | None,
        typer.Option(metavar="HOST", help="Address to listen on.  [default: 127.0.0.1]", show_default=False),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT", min=0, max=65535, help="Port to listen on; 0 takes a free one.  [default: 8000]"
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER", min=1, max=64, help="Processes that share the port and the index.  [default: 1]"
        ),
    ] = None,
    pin: Annotated[
        bool | None,
        typer.Option(
            "--pin/--no-pin",
            help="Keep the Python threads of each process to one core: more questions a second on a machine "
            "that serves nothing else.  [default: no-pin]",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Serve the index over HTTP until interrupted."""
    settings = settings_with(index, host=host, port=port, workers=workers, pin=pin)
    from service.workers import serve_alone, serve_with_workers

    if settings.workers == 1:
        serve_alone(settings)
    else:
        raise typer.Exit(serve_with_workers(settings, settings.workers))
