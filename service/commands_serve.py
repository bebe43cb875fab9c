"""The command that serves an index over HTTP."""

from copy import deepcopy
from typing import Annotated

import typer

from service.options import IndexOption, settings_with


def serve(
    index: IndexOption = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.  [default: 127.0.0.1]", show_default=False)
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.  [default: 8000]"),
    ] = None,
) -> None:
    """Serve the index over HTTP until interrupted."""
    settings = settings_with(index, host=host, port=port)
    import uvicorn
    from uvicorn.config import LOGGING_CONFIG

    from service.http import create_app

    logging = deepcopy(LOGGING_CONFIG)
    logging["handlers"]["access"]["stream"] = "ext://sys.stderr"
    # The model is loaded here, before the port is open: whoever can connect is answered.
    app = create_app(settings)
    uvicorn.run(app, host=settings.host, port=settings.port, log_config=logging, server_header=False)
