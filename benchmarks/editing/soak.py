"""A served index that is edited and asked without a pause until its memory has shown where it levels off.

Every edit brings a text that was never there, and questions are about all cities: whatever the server
keeps of texts, terms and passages fills up to its bound. Its own memory is told apart from mapped files.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.editing.load import Edit, Load, failures, prepare, run_load, wrong_texts
from benchmarks.memory import parts_mib, size_mib
from benchmarks.server import Server, serve

STRETCH = 20.0
"""Seconds between two looks at the memory."""


def measure_soak(corpus: Path, cities: int, clients: int, edits: int, cache: Path) -> dict[str, object]:
    """Edit until so many edits were made; return a row for every stretch."""
    with TemporaryDirectory(dir=cache) as place:
        folder = Path(place) / "index"
        prepare(folder, corpus, cities)
        with serve(folder) as server:
            rows, noted = [_row(server, folder, {"edits": 0, "questions": 0})], list[Edit]()
            while len(noted) < edits:
                load = run_load(server, folder, cities, clients, STRETCH, edited=True, state=len(noted))
                noted += load.edits
                counts = {
                    "edits": len(noted),
                    "questions": rows[-1]["questions"] + len(load.asked),
                    "failures": failures(load),
                    # What an editor left of the stretch before is known from its notes of then.
                    "wrong texts": len(wrong_texts(Load(noted, load.asked))),
                }
                rows.append(_row(server, folder, counts))
                print(json.dumps(rows[-1]), flush=True)
    return {"cities": cities, "clients": clients, "rows": rows}


def _row(server: Server, folder: Path, counts: dict[str, Any]) -> dict[str, Any]:
    sizes = {f"server {name} MiB": mib for name, mib in parts_mib(server.process).items()}
    return {**counts, **sizes, "index MiB": size_mib(folder)}
