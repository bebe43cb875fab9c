"""``python -m benchmarks FOLDER… [--peers] [--only quality|speed|peers] [--titles rest:8]``: all tables.

The one place that wires measurements to files: runs, per-question values and indexes go below
``build/benchmarks``, results as JSON to ``--out``, tables in Markdown to standard output.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import machine, tables
from benchmarks.collection import Collection, CollectionError, read_collection, sample
from benchmarks.parts import Part, read_part
from benchmarks.peers.run import OURS, PEERS, compare, measure_ours, measure_peer
from benchmarks.program import CACHE, ROOT, CommandFailed, remembered_index
from benchmarks.quality import measure_collection, summarise
from benchmarks.report import write
from indexer import InputError
from service.evaluation.ranking import Values


class Kind(StrEnum):
    """What can be measured alone."""

    QUALITY = "quality"
    SPEED = "speed"
    PEERS = "peers"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured, on how many questions for the peers, and where results go."""

    kinds: frozenset[Kind]
    peer_questions: int | None
    out: Path


def benchmarks(
    folders: Annotated[list[Path], typer.Argument(help="Collections in BEIR's layout.")],
    peers: Annotated[bool, typer.Option("--peers", help="Also run the peers in .venv-peers.")] = False,
    only: Annotated[Kind | None, typer.Option(help="Measure this alone.")] = None,
    titles: Annotated[
        list[str] | None, typer.Option(help="Also report [NAME=]first:N or rest:N of the titles.")
    ] = None,
    paragraphs: Annotated[
        list[str] | None, typer.Option(help="Also report [NAME=]first:N or rest:N of the paragraphs.")
    ] = None,
    peer_questions: Annotated[
        int | None, typer.Option(min=1, help="Put only so many questions to the peers, evenly spaced.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = ROOT / "benchmarks" / "results",
) -> None:
    """Measure civicite on collections in BEIR's layout; the first one is also measured for speed."""
    plan = Plan(_kinds(only, peers), peer_questions, out)
    try:
        parts = [read_part(text, "titles") for text in titles or ()]
        parts += [read_part(text, "paragraphs") for text in paragraphs or ()]
        _measure([read_collection(folder.resolve()) for folder in folders], parts, plan)
    except (CollectionError, CommandFailed, InputError, ValueError) as error:
        typer.echo(f"benchmarks: {error}", err=True)
        raise typer.Exit(1) from error


def _kinds(only: Kind | None, peers: bool) -> frozenset[Kind]:
    if only is not None:
        return frozenset({only})
    return frozenset({Kind.QUALITY, Kind.SPEED} | ({Kind.PEERS} if peers else set()))


def _measure(collections: list[Collection], parts: list[Part], plan: Plan) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    if Kind.SPEED in plan.kinds:
        _speed(collections[0], plan.out)
    for collection in collections:
        if Kind.QUALITY in plan.kinds:
            _quality(collection, parts, plan.out)
        if Kind.PEERS in plan.kinds:
            _peers(collection, parts, plan)


def _quality(collection: Collection, parts: list[Part], out: Path) -> None:
    measured = measure_collection(collection, CACHE)
    _keep_values(collection, "civicite", measured.values)
    summary = summarise(collection, measured, parts)
    results = {"collection": collection.name, "split": collection.split, "parts": summary}
    write(out, f"quality-{collection.name}", results)
    tables.show_quality(collection, summary)


def _peers(collection: Collection, parts: list[Part], plan: Plan) -> None:
    asked = sample(collection, plan.peer_questions) if plan.peer_questions else collection
    ours = measure_ours(asked, CACHE)
    found = {name: measure_peer(module, asked, CACHE) for name, module in PEERS.items()}
    for name, peer in found.items():
        _keep_values(collection, PEERS[name], peer.values)
    compared = compare(collection, ours.values, found, parts)
    timings = {name: peer.timings for name, peer in {OURS: ours, **found}.items()}
    results = {
        "collection": collection.name,
        "split": collection.split,
        "questions": len(asked.judged),
        "parts": compared,
        "timings": timings,
    }
    write(plan.out, f"peers-{collection.name}", results)
    tables.show_peers(collection, compared, timings)


def _speed(collection: Collection, out: Path) -> None:
    # Timing modules are imported here: they are no part of a run for quality alone.
    from benchmarks.collection import plain_corpus, write_questions
    from benchmarks.speed.encoding import measure_encoding
    from benchmarks.speed.indexing import measure_indexing
    from benchmarks.speed.serving import measure_in_process, measure_served
    from benchmarks.speed.startup import measure_imports, measure_startup

    small = remembered_index("corpus", ROOT / "corpus")
    large = remembered_index(collection.name, plain_corpus(collection, CACHE))
    questions = write_questions(collection.questions, CACHE / "speed-questions.jsonl")
    steps: dict[str, Callable[[], object]] = {
        "start-up": lambda: measure_startup(small),
        "imports": lambda: measure_imports(small),
        "in process": lambda: measure_in_process(large, questions, CACHE),
        "served": lambda: measure_served(large, collection.questions),
        "encoding": lambda: measure_encoding(collection, CACHE),
        "indexing": lambda: measure_indexing(collection, CACHE),
    }
    results: dict[str, object] = {"collection": collection.name}
    for name, step in steps.items():
        results[name] = step()
        results["load_after"] = machine.load()
        write(out, "speed", results)  # after every step: a run that is stopped keeps what it has
    tables.show_speed(results)


def _keep_values(collection: Collection, system: str, values: Values) -> None:
    path = CACHE / f"values-{collection.name}-{system}.json"
    path.write_text(json.dumps(values), encoding="utf-8")


if __name__ == "__main__":
    typer.run(benchmarks)
