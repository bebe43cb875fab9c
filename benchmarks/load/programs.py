"""The two servers of the load benchmark, each in processes of its own, over the same articles and model."""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from benchmarks.peers.run import OFFLINE, _verb
from benchmarks.peers_setup import PYTHON
from benchmarks.program import CACHE, CIVICITE, ROOT, CommandFailed
from benchmarks.server import PATIENCE, _free_port


@contextmanager
def civicite(index: Path, workers: int, *options: str) -> Iterator[tuple[int, int]]:
    """Serve an index; yields process and port."""
    port = _free_port()
    command = [CIVICITE, "serve", "--index", index, "--port", port, "--workers", workers, *options]
    with _running(command, {}, port, "/readyz") as process:
        yield process, port


@contextmanager
def txtai(corpus: Path) -> Iterator[tuple[int, int]]:
    """Serve txtai's own API over its hybrid index of a corpus, built if need be; yields process and port."""
    folder = CACHE / "load-txtai"
    if not (folder / "index").exists():
        folder.mkdir(parents=True, exist_ok=True)
        _verb("txtai_hybrid", CACHE, "build", corpus, folder)
    config = folder / "api.yml"
    config.write_text(f"path: {folder / 'index'}\nwritable: false\nembeddings:\n", encoding="utf-8")
    port = _free_port()
    command = [PYTHON, "-m", "uvicorn", "txtai.api:app", "--port", port, "--no-access-log"]
    with _running(command, {**OFFLINE, "CONFIG": str(config)}, port, "/count") as process:
        yield process, port


def tree(process: int) -> list[int]:
    """Return a process and those that it started."""
    children = Path(f"/proc/{process}/task/{process}/children")
    found = [int(one) for one in children.read_text().split()] if children.exists() else []
    return [process, *(grand for child in found for grand in tree(child))]


def memory_mib(process: int) -> float:
    """Return what the processes of a server hold in memory, shared pages counted once."""
    total = 0
    for one in tree(process):
        rollup = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="utf-8")
        total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[1])  # type: ignore[index]
    return round(total / 1024, 1)


@contextmanager
def _running(command: list[object], environment: Mapping[str, str], port: int, ready: str) -> Iterator[int]:
    process = subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    begun = time.monotonic()
    try:
        while not _answers(f"http://127.0.0.1:{port}{ready}"):
            if process.poll() is not None or time.monotonic() - begun > PATIENCE:
                raise CommandFailed(f"{command[0]} did not become ready; exit status {process.poll()}")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=PATIENCE) as response:  # noqa: S310 - our own address on loopback
            json.load(response)
            return True
    except OSError:
        return False
