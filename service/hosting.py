"""An index served over HTTP from within a program, for as long as a block lasts.

What ``civicite serve`` does, for notebooks: on this machine only, on a free port.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from service.connections import Connection
from service.http import create_app
from service.server import Server
from service.settings import Settings, load_settings

LOOK_SECONDS = 0.01


@contextmanager
def serving(index: str | Path, *, settings: Settings | None = None) -> Iterator[str]:
    """Serve an index and yield the address; raises CiviciteError when it cannot be served."""
    chosen = (settings or load_settings()).model_copy(update={"index": Path(index), "host": "127.0.0.1"})
    config = uvicorn.Config(create_app(chosen), port=0, log_level="warning", http=Connection)
    server = Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(LOOK_SECONDS)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
