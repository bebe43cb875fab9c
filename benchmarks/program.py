"""Runs the ``civicite`` command as a user does, and remembers indexes by the digest of what made them.

Knows the command line's promises and nothing of the index's inside.
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

ROOT = Path(__file__).parent.parent
CACHE = ROOT / "build" / "benchmarks"
CIVICITE = Path(sys.executable).with_name("civicite")


class CommandFailed(Exception):
    """A program that is measured ended with an error; the message has its last words."""


def run(
    command: Sequence[str | Path],
    stdout: Path | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> float:
    """Run a command to its end and return its seconds; its standard output goes to a file, or nowhere.

    Variables in ``environment`` are added to this process's own. Raises CommandFailed.
    """
    with (stdout or Path(os.devnull)).open("wb") as out:
        begun = time.perf_counter()
        done = subprocess.run(
            [str(part) for part in command],
            stdout=out,
            stderr=subprocess.PIPE,
            env={**os.environ, **environment},
            cwd=ROOT,
            check=False,
        )
        seconds = time.perf_counter() - begun
    if done.returncode != 0:
        words = done.stderr.decode(errors="replace").strip().splitlines()[-8:]
        raise CommandFailed(f"{Path(str(command[0])).name} ended with {done.returncode}: " + "\n".join(words))
    return seconds


def index(corpus: Path, folder: Path) -> float:
    """Index a corpus from nothing; returns the seconds of the whole process."""
    return run([CIVICITE, "index", corpus, "--index", folder])


def remembered_index(name: str, corpus: Path) -> Path:
    """Return an index of a corpus, built only if this corpus and this source code have none yet."""
    folder = CACHE / f"{name}-{_digest(corpus)}"
    done = folder / "benchmark-done"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        index(corpus, folder / "index")
        done.touch()
    return folder / "index"


def search(folder: Path, questions: Path, run_file: Path, depth: int = 100) -> float:
    """Write the TREC run of many questions; returns the seconds of the whole process."""
    options: list[str | Path] = ["-k", str(depth), "--format", "trec", "--index", folder]
    return run([CIVICITE, "search", "--queries", questions, *options], run_file)


def ask(
    folder: Path, questions: Path, answers_file: Path, min_confidence: float | None
) -> dict[str, dict[str, Any]]:
    """Return question id to answer object; None leaves the threshold as civicite has it."""
    threshold = [] if min_confidence is None else ["--min-confidence", str(min_confidence)]
    run([CIVICITE, "ask", "--questions", questions, "--json", *threshold, "--index", folder], answers_file)
    lines = answers_file.read_text(encoding="utf-8").splitlines()
    answers = {answer["question_id"]: answer for answer in map(json.loads, lines)}
    for identity, answer in answers.items():
        if "answer" not in answer:
            raise CommandFailed(f"question {identity} was not answered: {json.dumps(answer)[:200]}")
    return answers


def _digest(corpus: Path) -> str:
    digest = hashlib.sha256()
    articles = sorted(corpus.rglob("*.*")) if corpus.is_dir() else [corpus]
    for source in [*articles, *sorted((ROOT / "indexer").rglob("*.py"))]:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]
