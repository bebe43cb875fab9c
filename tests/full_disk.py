"""Run by ``test_places.py`` in a process of its own: index articles while files cannot grow, then again.

Arguments: a folder to work in, ``limit`` or ``disk``, and bytes: the largest file that may be written, or
what a small file system has left. Prints one JSON object for each number of bytes.
"""

import contextlib
import io
import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from building import ENCODER, article, contents, put

from indexer import Index, check
from service.cli import run

BEFORE = [article(f"town-{n}", f"Town number {n} has {n} bridges.", "Towns", city="Town") for n in range(12)]
NEW = 270
"""More than one commit takes in."""


def sources(collection: Path) -> Path:
    with collection.open("w") as file:
        for n in range(NEW):
            words = " ".join(f"word{n * k}" for k in range(30))
            text = f"Village {n} keeps {n} goats. It has {words}."
            file.write(json.dumps({"_id": f"new-{n:03}", "title": "", "text": text}) + "\n")
    return collection


@contextlib.contextmanager
def limited(folder: Path, size: int) -> Iterator[None]:
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


@contextlib.contextmanager
def filled(folder: Path, size: int) -> Iterator[None]:
    """The file system of the folder, a tmpfs, with so many bytes left."""
    stuffing = folder.parent / "stuffing"
    stuffing.write_bytes(bytes(shutil.disk_usage(folder).free - size))
    try:
        yield
    finally:
        stuffing.unlink()


def index(source: Path, folder: Path) -> tuple[int, str]:
    printed, complained = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(complained):
        status = run(["index", str(source), "--index", str(folder)])
    return status, complained.getvalue()


def main(work: Path, kind: str, *sizes: str) -> None:
    squeezed = limited if kind == "limit" else filled
    if kind == "disk":
        work = work / "disk"
        work.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", work], check=True)
    source = sources(work / "source.jsonl")
    put(work / "sound", BEFORE)
    put(work / "fresh", BEFORE)
    assert index(source, work / "fresh") == (0, "")
    wanted = contents(work / "fresh")
    for size in map(int, sizes):
        folder = Path(shutil.copytree(work / "sound", work / "index"))
        with squeezed(folder, size):
            status, complained = index(source, folder)
            readable = kind == "limit" or listed(folder)
        damage = [str(one) for one in check(folder) if one.kind == "damage"]
        now = listed(folder)
        again = index(source, folder)
        result = {
            "bytes": size,
            "status": status,
            "complained": complained,
            "readable": bool(readable),
            "damage": damage,
            "kept": {one.id for one in BEFORE} <= set(now),
            "whole commits": (len(now) - len(BEFORE)) in (0, 256, NEW),
            "new": len(now) - len(BEFORE),
            "again": again,
            "complete": contents(folder) == wanted,
            "sound": not [one for one in check(folder) if one.kind == "damage"],
        }
        sys.stdout.write(json.dumps(result) + "\n")
        shutil.rmtree(folder)


def listed(folder: Path) -> list[str]:
    with Index.open(folder).view() as view:
        assert len(view.nearest(ENCODER.question("Which town has bridges?"), 3)) >= 3
        return [identity for identity, _, _ in view.articles(limit=1000)]


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
