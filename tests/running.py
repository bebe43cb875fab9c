"""An application served from this very process, so that a test can reach what stands behind it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from service.connections import Connection
from service.server import Server


@contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """Serve on a free port of this machine and yield the address."""
    server = Server(uvicorn.Config(app, port=0, log_level="warning", http=Connection))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=30)
