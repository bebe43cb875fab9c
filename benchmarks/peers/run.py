"""Runs the peers on a collection and compares their rankings with civicite's, question by question."""

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import program
from benchmarks.collection import Collection, Question, plain_corpus, write_questions
from benchmarks.memory import size_mib
from benchmarks.parts import Part
from benchmarks.peers_setup import PYTHON
from benchmarks.ranking import read_run
from benchmarks.timing import summarise
from service.evaluation.intervals import mean_interval, paired_difference
from service.evaluation.ranking import Values, measure

PEERS = {
    "sentence-transformers + FAISS": "dense",
    "txtai hybrid": "txtai_hybrid",
    "Haystack, BM25 + embeddings": "haystack_hybrid",
    "LlamaIndex + FAISS": "llamaindex_faiss",
}
OURS = "civicite"
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
}
STARTS = 3


@dataclass(frozen=True, slots=True)
class PeerMeasured:
    """A peer's per-question values and its timings as JSON values."""

    values: Values
    timings: dict[str, object]


def measure_peer(module: str, collection: Collection, folder: Path) -> PeerMeasured:
    """Build a peer's index from nothing, put the judged questions to it one by one, and value its ranking."""
    index = folder / f"{collection.name}-{module}"
    index.mkdir(exist_ok=True)
    corpus = plain_corpus(collection, folder)
    built, whole = _verb(module, folder, "build", corpus, index)
    seconds = {"index seconds, whole process": whole, "index seconds": built["seconds"]}
    return _asked(module, collection, index, folder, seconds)


def _asked(
    module: str, collection: Collection, index: Path, folder: Path, seconds: Mapping[str, object]
) -> PeerMeasured:
    queries = write_questions(collection.judged, folder / f"{collection.name}-peer-queries.jsonl")
    run_file = folder / f"{collection.name}-{module}.run"
    asked, _ = _verb(module, folder, "search", index, queries, run_file)
    timings: dict[str, object] = {
        **seconds,
        "index MiB": size_mib(index),
        "one question, whole process, seconds": _starts(module, collection.judged[:1], index, folder),
        "open seconds": asked["open seconds"],
        "search ms": asdict(summarise(asked["search ms"])),
        "resident MiB": asked["resident MiB"],
    }
    return PeerMeasured(measure(read_run(run_file), collection.judgements), timings)


def measure_ours(collection: Collection, folder: Path) -> PeerMeasured:
    """Measure civicite as the peers are measured: an index from nothing, the questions one by one."""
    index = folder / f"{collection.name}-{OURS}"
    shutil.rmtree(index, ignore_errors=True)
    whole = program.index(plain_corpus(collection, folder), index)
    return _asked(OURS, collection, index, folder, {"index seconds, whole process": whole})


def compare(
    collection: Collection, ours: Values, peers: Mapping[str, PeerMeasured], parts: list[Part]
) -> dict[str, object]:
    """Return part to peer to measure: both means on the same questions, and their paired difference."""
    clusters = {one.id: one.paragraph for one in collection.questions if one.paragraph}
    kept = {"all": frozenset(collection.judgements)}
    kept |= {
        str(part): part.of(collection.questions) for part in parts if part.name in (None, collection.name)
    }
    return {
        name: {peer: _compared(ours, found.values, ids, clusters) for peer, found in peers.items()}
        for name, ids in kept.items()
        if any(key in ids for key in collection.judgements)
    }


def _compared(
    ours: Values, theirs: Values, ids: frozenset[str], clusters: Mapping[str, str]
) -> dict[str, dict[str, object]]:
    compared: dict[str, dict[str, object]] = {}
    for name, values in theirs.items():
        peer = {key: value for key, value in values.items() if key in ids}
        same = {key: ours[name][key] for key in peer}
        compared[name] = {
            "civicite": asdict(mean_interval(same, clusters)),
            "peer": asdict(mean_interval(peer, clusters)),
            "civicite minus peer": asdict(paired_difference(same, peer, clusters)),
        }
    return compared


def _starts(module: str, question: tuple[Question, ...], index: Path, folder: Path) -> float:
    """Median seconds of whole processes that load an index and answer one question."""
    single = write_questions(question, folder / "single.jsonl")
    return median(
        _verb(module, folder, "search", index, single, folder / "single.run")[1] for _ in range(STARTS)
    )


def _verb(module: str, folder: Path, verb: str, *paths: Path) -> tuple[dict[str, Any], float]:
    output = folder / f"{module}-{verb}.json"
    python = Path(sys.executable) if module == OURS else PYTHON
    seconds = program.run([python, "-m", f"benchmarks.peers.{module}", verb, *paths], output, OFFLINE)
    return json.loads(output.read_text(encoding="utf-8").splitlines()[-1]), seconds
