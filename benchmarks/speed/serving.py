"""One question at a time: in process through ``Assistant``, and over HTTP from a served index."""

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import cycle, islice
from pathlib import Path

from benchmarks.collection import Question
from benchmarks.memory import resident_mib
from benchmarks.program import CIVICITE, ROOT, CommandFailed, run
from benchmarks.timing import summarise

QUESTIONS, WARM_UP, PATIENCE = 1000, 50, 60.0


def measure_in_process(index: Path, questions: Path, folder: Path) -> dict[str, object]:
    """Return the milliseconds of ``ask`` and of ``search`` for 100 articles, over 1,000 questions."""
    output = folder / "ask-worker.json"
    worker = [sys.executable, "-m", "benchmarks.speed.ask_worker"]
    run([*worker, index, questions, str(QUESTIONS)], output)
    found = json.loads(output.read_text(encoding="utf-8"))
    for name in ("ask ms", "search ms"):
        found[name] = asdict(summarise(found[name]))
    return dict(found)


def measure_served(index: Path, questions: tuple[Question, ...]) -> dict[str, object]:
    """Serve an index, ask 1,000 questions over one connection, and look at the server's memory."""
    texts = list(islice(cycle(one.text for one in questions), QUESTIONS))
    with _served(index) as (process, connection, ready):
        for text in texts[:WARM_UP]:
            _asked(connection, text)
        before = resident_mib(process)
        milliseconds = [_asked(connection, text) for text in texts]
        return {
            "ready seconds": ready,
            "ask ms": asdict(summarise(milliseconds)),
            "resident MiB after warm-up": before,
            "resident MiB after asking": resident_mib(process),
        }


@contextmanager
def _served(index: Path) -> Iterator[tuple[int, http.client.HTTPConnection, float]]:
    """Yield a server's process id, a connection, and the seconds until it said that it was ready."""
    port = _free_port()
    begun = time.perf_counter()
    server = subprocess.Popen(
        [str(CIVICITE), "serve", "--index", str(index), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    )
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        while not _ready(connection):
            if server.poll() is not None or time.perf_counter() - begun > PATIENCE:
                raise CommandFailed(
                    f"civicite serve did not become ready; its exit status is {server.poll()}"
                )
            time.sleep(0.02)
        yield server.pid, connection, time.perf_counter() - begun
    finally:
        connection.close()
        server.terminate()
        server.wait()


def _ready(connection: http.client.HTTPConnection) -> bool:
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        response.read()
    except OSError:
        connection.close()
        return False
    return response.status == 200


def _asked(connection: http.client.HTTPConnection, text: str) -> float:
    body = json.dumps({"question": text})
    begun = time.perf_counter()
    connection.request("POST", "/v1/ask", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    if response.status != 200:
        raise CommandFailed(f"POST /v1/ask answered {response.status}: {answer[:200]!r}")
    return (time.perf_counter() - begun) * 1000


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
