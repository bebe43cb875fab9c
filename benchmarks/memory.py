"""Memory of a process and bytes of a folder. Standard library only: the peers' environment uses it too."""

import os
import re
from pathlib import Path


def resident_mib(process: int | None = None) -> float | None:
    """Return the resident set of a process in MiB, this one by default; None where /proc is missing."""
    status = Path(f"/proc/{process or os.getpid()}/status")
    if not status.exists():
        return None
    match = re.search(r"VmRSS:\s*(\d+) kB", status.read_text(encoding="utf-8"))
    return round(int(match[1]) / 1024, 1) if match else None


def size_mib(folder: Path) -> float:
    """Return the bytes of all files below a folder in MiB."""
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20, 2)
