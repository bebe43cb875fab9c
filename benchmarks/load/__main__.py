"""``python -m benchmarks.load FOLDER [--soak MINUTES] [--workers N]``: a table, or a long run."""

import json
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks import machine
from benchmarks.collection import plain_corpus, read_collection, write_questions
from benchmarks.load.programs import civicite, memory_mib, txtai
from benchmarks.program import CACHE, ROOT, remembered_index
from benchmarks.report import write

CLIENTS = (1, 8, 64)


def load(
    folder: Annotated[Path, typer.Argument(help="A collection in BEIR's layout.")],
    soak: Annotated[float | None, typer.Option(help="Minutes of searching with 8 clients instead.")] = None,
    requests: Annotated[int, typer.Option(help="A soak goes on until so many were answered.")] = 100_000,
    seconds: Annotated[float, typer.Option(help="Seconds of each measurement.")] = 15,
    workers: Annotated[list[int] | None, typer.Option(help="Worker processes of civicite.")] = None,
    rounds: Annotated[int, typer.Option(help="How often the programs take turns.")] = 2,
    peer: Annotated[bool, typer.Option(help="Measure txtai, too.")] = True,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = ROOT / "benchmarks" / "results",
) -> None:
    """Measure requests a second at 1, 8 and 64 clients, distinct questions, one connection a client."""
    CACHE.mkdir(parents=True, exist_ok=True)
    collection = read_collection(folder.resolve())
    corpus = plain_corpus(collection, CACHE)
    questions = write_questions(collection.questions, CACHE / "load-questions.jsonl")
    index = remembered_index(collection.name, corpus)
    counts = workers or [1, 2]
    if soak is not None:
        for count in counts[:1]:
            write(out, "load-soak", _soaked(index, questions, count, soak, requests))
        return
    programs: dict[str, tuple[str, Any]] = {}
    for count in counts:
        programs[f"civicite search, {count} worker(s)"] = ("search", lambda n=count: civicite(index, n))
        programs[f"civicite search, {count} worker(s), pinned"] = (
            "search",
            lambda n=count: civicite(index, n, "--pin"),
        )
        programs[f"civicite ask, {count} worker(s)"] = ("ask", lambda n=count: civicite(index, n))
    if peer:
        programs["txtai search"] = ("txtai", lambda: txtai(corpus))
    rows: list[dict[str, object]] = []
    for turn in range(rounds):
        names = list(programs) if turn % 2 == 0 else list(programs)[::-1]
        for name in names:
            kind, start = programs[name]
            rows += [
                {"program": name, "turn": turn, **row} for row in _measured(start(), kind, questions, seconds)
            ]
            write(out, "load", {"collection": collection.name, "rows": rows})


def _measured(
    server: AbstractContextManager[tuple[int, int]], kind: str, questions: Path, seconds: float
) -> list[dict[str, object]]:
    rows, first = [], 0
    with server as (process, port):
        for clients in CLIENTS:
            found = _asked(port, kind, questions, clients, seconds, first)
            first = found["next"]
            row = {**_summary(found), "clients": clients, "MiB": memory_mib(process), "load": machine.load()}
            print(json.dumps(row), flush=True)
            rows.append(row)
    return rows


def _soaked(index: Path, questions: Path, workers: int, minutes: float, requests: int) -> dict[str, object]:
    """Search from 8 clients and note memory every twenty seconds, until time and requests are reached."""
    rows: list[dict[str, object]] = []
    first, begun = 0, time.monotonic()
    with civicite(index, workers) as (process, port):
        while time.monotonic() - begun < 60 * minutes or first < requests:
            found = _asked(port, "search", questions, 8, 20.0, first)
            first = found["next"]
            row = {**_summary(found), "requests": first, "MiB": memory_mib(process)}
            row["minutes"] = round((time.monotonic() - begun) / 60, 1)
            print(json.dumps(row), flush=True)
            rows.append(row)
    return {"workers": workers, "rows": rows}


def _asked(port: int, kind: str, questions: Path, clients: int, seconds: float, first: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.load.client", port, kind, questions, clients, seconds, first]
    done = subprocess.run([str(part) for part in command], capture_output=True, check=True, cwd=ROOT)
    return dict(json.loads(done.stdout))


def _summary(found: dict[str, Any]) -> dict[str, object]:
    ordered = sorted(found["milliseconds"])
    if not ordered:
        return {"requests/s": 0.0, "errors": found["errors"]}
    return {
        "requests/s": round(len(ordered) / found["seconds"], 1),
        "p50 ms": round(ordered[len(ordered) // 2], 1),
        "p99 ms": round(ordered[-(-99 * len(ordered) // 100) - 1], 1),
        "errors": sum(found["errors"].values()),
    }


if __name__ == "__main__":
    typer.run(load)
