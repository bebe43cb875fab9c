"""How the HTTP application is run: in this process, or in several that share a socket and an index.

Whoever can connect is answered: the port is open when the model is loaded. On SIGTERM requests that are under
way are finished, within GRACE_SECONDS, edits only if they have begun to commit, and the program ends with 0.
Knows uvicorn, and no request.
"""

import errno
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.supervisors import multiprocess

from service.allocator import use_few_arenas
from service.cores import keep_to_one, usable
from service.garbage import nothing_collected
from service.logs import log_config
from service.server import Server
from service.settings import Settings, as_variables, load_settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from service.collection import LocalCollection
    from service.serving import Serving

GRACE_SECONDS = 30
"""How long requests may take to finish after the program was told to end."""

THREAD_SECONDS = 3.0
"""How long a thread whose request was given up may hold the end of the program up."""

START_SECONDS = 120.0
"""How long a worker may take to load; the first start of all converts the model."""

OWN_ADDRESS = "give a name or an address of this machine with --host, such as 127.0.0.1"

_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"

_LONG = "Where is the harbour that was built after the flood of which the people of the old town still speak?"
"""Longer questions go another way through the model, whose threads begin with the first of them."""


def serve_alone(settings: Settings) -> None:
    """Serve from this process until told to end."""
    _end_with_zero()
    # The model is loaded here, before the port is open, and not at all where the port is taken.
    with _bound(settings):
        app = _application(settings)
    Server(uvicorn.Config(app, **_options(settings))).run()


def application() -> "FastAPI":
    """Return the application of a worker, by the settings that its environment hands on."""
    return _application(load_settings())


def _application(settings: Settings) -> "FastAPI":
    """Return the application; its model loads, mostly outside Python, while its modules are imported."""
    use_few_arenas()
    with nothing_collected(), ThreadPoolExecutor(1) as aside:
        opening = aside.submit(_opened, settings)
        from service.http import create_app

        app = create_app(settings, opening)
    if settings.pin:
        _pin(app.state.serving)
    return app


def _pin(serving: "Serving") -> None:
    """Keep the threads that are started from now on to one core, those of the model's engine not."""
    serving.assistant.encoder.question(_LONG)
    among = os.environ.get(_DIRECTORY)
    keep_to_one(serving.cores or usable(), Path(among) if among else None)


def _opened(settings: Settings) -> "LocalCollection":
    from service.collection import LocalCollection

    return LocalCollection.open(settings=settings)


def serve_with_workers(settings: Settings, workers: int) -> int:
    """Serve from several processes until told to end; returns the exit status."""
    _end_with_zero()
    with _for_children(settings), _bound(settings) as listening:
        options = _options(settings)
        config = uvicorn.Config("service.workers:application", factory=True, workers=workers, **options)
        # Workers that are replaced or added later it makes by this name.
        multiprocess.Process = _Worker  # type: ignore[misc]
        supervisor = _Supervisor(config, [listening])
        supervisor.run()
        return 1 if supervisor.failed else 0


class _Worker(multiprocess.Process):
    """Serves by our server, and not by uvicorn's own."""

    @property
    def server(self) -> uvicorn.Server:
        """The server of this worker."""
        if self._server is None:
            self._server = Server(self.config)
        return self._server


class _Supervisor(multiprocess.Multiprocess):
    """Says that it runs when every worker does; uvicorn's own says so as soon as the port is bound."""

    failed = False
    _known: frozenset[int] = frozenset()

    def init_processes(self) -> None:
        """Start the workers and wait for each."""
        for _ in range(self.processes_num):
            process: multiprocess.Process = _Worker(self.config, self.sockets)
            process.start()
            self.processes.append(process)
        log = multiprocess.logger
        for process in self.processes:
            if not process.wait_until_ready(START_SECONDS, self.should_exit):
                self.failed = True
                self.should_exit.set()
                log.error("a worker did not start; what it said stands above")
                return
        host, port = self.sockets[0].getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        log.info("Uvicorn running on http://%s:%d (%d workers)", shown, port, len(self.processes))

    def keep_subprocess_alive(self) -> None:
        """Replace workers that died; what they had under way is under way no more."""
        before = self._known | self._pids()
        super().keep_subprocess_alive()
        self._known = self._pids()
        for gone in before - self._known:
            from prometheus_client.multiprocess import mark_process_dead

            mark_process_dead(gone)  # type: ignore[no-untyped-call]

    def _pids(self) -> frozenset[int]:
        return frozenset(process.pid for process in self.processes if process.pid is not None)


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "host": settings.host,
        "port": settings.port,
        "http": "service.connections:Connection",
        "ws": "none",  # there is no address for them, and nobody would count their connections
        "log_config": log_config(settings.log_format),
        "access_log": False,  # ours names the route, not the path
        "server_header": False,
        "timeout_graceful_shutdown": GRACE_SECONDS,
        # By itself uvicorn believes whoever comes from this machine, and rates go by the address.
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": list(settings.trusted_proxies),
    }


def _end_with_zero() -> None:
    """End with 0 on SIGTERM: uvicorn raises the signal again when all requests are finished."""

    def end(number: int, frame: FrameType | None) -> None:
        # Python would wait for a thread that still reads a long file, whose client was told long ago.
        last = threading.Timer(THREAD_SECONDS, os._exit, [0])
        last.daemon = True
        last.start()
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)


@contextmanager
def _for_children(settings: Settings) -> Iterator[None]:
    """Hand the settings and a folder for shared counts to new processes, by their environment."""
    before = dict(os.environ)
    counts = tempfile.mkdtemp(prefix="civicite-metrics-")
    os.environ |= {**as_variables(settings), _DIRECTORY: counts}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        shutil.rmtree(counts, ignore_errors=True)


def _address(settings: Settings) -> tuple[Any, ...]:
    """Return what a socket is made of and bound to; raises InputError for a host that has no address."""
    try:
        return socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        from indexer import InputError

        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"--host {settings.host}", f"has no address ({reason})", OWN_ADDRESS) from error


@contextmanager
def _bound(settings: Settings) -> Iterator[socket.socket]:
    """Bind the port without listening: a worker listens when it can answer."""
    family, kind, protocol, _, address = _address(settings)
    with socket.socket(family, kind, protocol) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind(address)
        except OSError as error:
            from indexer import InputError

            elsewhere = error.errno == errno.EADDRNOTAVAIL
            raise InputError(
                f"{settings.host}:{settings.port}",
                f"cannot be listened to ({error.strerror})",
                OWN_ADDRESS if elsewhere else "stop what listens there, or choose another with --port",
            ) from error
        bound.set_inheritable(True)
        yield bound
