"""A whole collection from nothing: how fast, with how much memory, and where the bytes of the index lie."""

import re
import sqlite3
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.memory import size_mib
from benchmarks.program import CIVICITE, ROOT, CommandFailed
from indexer import Index

EVERY = 1.0
"""Seconds between two looks at the memory."""


def measure_ingest(corpus: Path, cache: Path) -> dict[str, object]:
    """Index a file or folder by the command, in a process of its own."""
    with TemporaryDirectory(dir=cache) as place:
        folder = Path(place) / "index"
        begun = time.perf_counter()
        process = subprocess.Popen(
            [str(CIVICITE), "index", str(corpus), "--index", str(folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
        )
        looks = []
        while process.poll() is None:
            looks.append(_memory(process.pid))
            time.sleep(EVERY)
        seconds = time.perf_counter() - begun
        if process.returncode not in (0, 1):
            raise CommandFailed(f"civicite index ended with {process.returncode}")
        return {"seconds": seconds, **_contents(folder, seconds), **_peaks(looks), **_parts(folder)}


def _contents(folder: Path, seconds: float) -> dict[str, object]:
    index = Index.open(folder)
    with index.view() as view:
        articles, passages = view.count_articles(), view.generation.passages
    index.close()
    return {
        "articles": articles,
        "passages": passages,
        "articles a second": articles / seconds,
        "passages a second": passages / seconds,
    }


def _peaks(looks: list[dict[str, int]]) -> dict[str, object]:
    """Return the greatest memory, and the memory that is the process's own at each quarter of the time."""
    own = [look["RssAnon"] / 1024 for look in looks if "RssAnon" in look]
    return {
        "VmHWM MiB": max((look["VmHWM"] / 1024 for look in looks if "VmHWM" in look), default=None),
        "own MiB, greatest": max(own, default=None),
        **{f"own MiB at {quarter}/4": own[len(own) * quarter // 4 - 1] for quarter in (1, 2, 3, 4) if own},
    }


def _memory(process: int) -> dict[str, int]:
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return {}
    return {
        name: int(size) for name, size in re.findall(r"^(VmHWM|RssAnon):\s*(\d+) kB", status, re.MULTILINE)
    }


def _parts(folder: Path) -> dict[str, object]:
    parts = {
        "index MiB": size_mib(folder),
        "catalog MiB": round((folder / "catalog.sqlite").stat().st_size / 2**20, 2),
        "FAISS MiB": size_mib(folder / "vectors"),
        "Tantivy MiB": size_mib(folder / "terms"),
    }
    connection = sqlite3.connect(folder / "catalog.sqlite")
    try:
        tables = connection.execute(
            "SELECT name, SUM(pgsize) / 1048576.0 FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 8"
        ).fetchall()
    except sqlite3.OperationalError:  # this build of SQLite was made without dbstat
        tables = []
    finally:
        connection.close()
    return {**parts, "catalog's tables and indexes, MiB": {name: round(mib, 1) for name, mib in tables}}
