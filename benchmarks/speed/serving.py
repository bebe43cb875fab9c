"""One question at a time: in process through ``Assistant``, and over HTTP from a served index."""

import json
import sys
import time
from dataclasses import asdict
from itertools import cycle, islice
from pathlib import Path

from benchmarks.collection import Question
from benchmarks.memory import resident_mib
from benchmarks.program import run
from benchmarks.server import Client, serve
from benchmarks.timing import summarise

QUESTIONS, WARM_UP = 1000, 50


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
    with serve(index) as server, server.connected() as client:
        for text in texts[:WARM_UP]:
            _milliseconds(client, text)
        before = resident_mib(server.process)
        milliseconds = [_milliseconds(client, text) for text in texts]
        return {
            "ready seconds": server.ready,
            "ask ms": asdict(summarise(milliseconds)),
            "resident MiB after warm-up": before,
            "resident MiB after asking": resident_mib(server.process),
        }


def _milliseconds(client: Client, text: str) -> float:
    begun = time.perf_counter()
    client.ask(text)
    return (time.perf_counter() - begun) * 1000
