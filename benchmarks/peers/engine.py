"""What every peer does: build an index and save it, then load it and answer questions one by one.

``python -m benchmarks.peers.NAME build CORPUS.jsonl FOLDER`` and
``python -m benchmarks.peers.NAME search FOLDER QUESTIONS.jsonl RUN``; one JSON line of timings each.
An article is given to a peer as its title, a space and its text, as BEIR does (Thakur et al. 2021).
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from benchmarks.memory import resident_mib

DEPTH = 100
WARM_UP = 20

Hits = Sequence[tuple[str, float]]
"""Article ids and scores, best first."""


class Peer(Protocol):
    """A search program that can be built, saved, loaded and asked."""

    def build(self, articles: Sequence[tuple[str, str]], folder: Path) -> None:
        """Index (id, text) pairs and save the index to a folder."""

    def open(self, folder: Path) -> Callable[[str, int], Hits]:
        """Load a saved index; return a function from a question and a count to hits."""


def main(name: str, peer: Peer, arguments: Sequence[str]) -> None:
    """Do one verb and print its timings as one JSON line."""
    verb, *paths = arguments
    timings = (_build if verb == "build" else _search)(peer, *map(Path, paths))
    print(json.dumps({"peer": name, **timings}))


def _build(peer: Peer, corpus: Path, folder: Path) -> dict[str, object]:
    articles = [
        (record["_id"], " ".join(filter(None, (record.get("title"), record["text"]))))
        for record in _records(corpus)
    ]
    begun = time.perf_counter()
    peer.build(articles, folder)
    return {"articles": len(articles), "seconds": time.perf_counter() - begun}


def _search(peer: Peer, folder: Path, questions: Path, run: Path) -> dict[str, object]:
    begun = time.perf_counter()
    search = peer.open(folder)
    opened = time.perf_counter() - begun
    asked = [(record["_id"], record["text"]) for record in _records(questions)]
    for _, text in asked[:WARM_UP]:
        search(text, DEPTH)
    milliseconds, lines = [], []
    for identity, text in asked:
        begun = time.perf_counter()
        hits = search(text, DEPTH)
        milliseconds.append((time.perf_counter() - begun) * 1000)
        lines += [f"{identity} Q0 {hit} {rank} {score:.6f} peer" for rank, (hit, score) in enumerate(hits, 1)]
    run.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return {"open seconds": opened, "search ms": milliseconds, "resident MiB": resident_mib()}


def _records(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def arguments() -> list[str]:
    """Return the command line's arguments."""
    return sys.argv[1:]
