"""Memory of a process and bytes of a folder. Standard library only: the peers' environment uses it too."""

import os
import re
from pathlib import Path


def resident_mib(process: int | None = None) -> float | None:
    """Return the resident set of a process in MiB, this one by default; None where /proc is missing."""
    return parts_mib(process).get("resident")


def parts_mib(process: int | None = None) -> dict[str, float]:
    """Return the resident set of a process, and what of it is its ``own`` and what of ``files``, in MiB.

    What is mapped of files belongs to the system's cache and is given back when anyone needs room. Empty
    where /proc is missing.
    """
    status = Path(f"/proc/{process or os.getpid()}/status")
    if not status.exists():
        return {}
    said = dict(re.findall(r"(VmRSS|RssAnon|RssFile):\s*(\d+) kB", status.read_text(encoding="utf-8")))
    names = {"resident": "VmRSS", "own": "RssAnon", "files": "RssFile"}
    return {name: round(int(said[of]) / 1024, 1) for name, of in names.items() if of in said}


def size_mib(folder: Path) -> float:
    """Return the bytes of all files below a folder in MiB."""
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20, 2)
