"""Places where an index may have to live: where not all can be written, or read, or a disk is full."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from commandline import COMMAND, ENVIRONMENT, civicite

ORDINARY = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
"""Begins a command that root runs with nobody's powers but an ordinary user's."""

MOUNTS = ["unshare", "--mount", "--map-root-user"]


@cache
def may_mount() -> bool:
    """Tell whether this machine lets a test mount something for itself alone."""
    if shutil.which("unshare") is None:
        return False
    command = [*MOUNTS, "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def read_only(
    folder: Path, *arguments: str | Path, environment: Mapping[str, str] = ENVIRONMENT
) -> subprocess.CompletedProcess[str]:
    """Run the command while a folder and all within can only be read, as root too."""
    if os.geteuid() != 0:
        with _without_permission(folder):
            return civicite(*arguments, environment=environment)
    script = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'
    return subprocess.run(
        [*MOUNTS, "sh", "-c", script, "sh", str(folder), COMMAND, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        env=environment,
        timeout=120,
        check=False,
    )


def may_forgo() -> bool:
    """Tell whether a test can run a command that must not read everything."""
    return os.geteuid() != 0 or shutil.which(ORDINARY[0]) is not None


def unreadable(path: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command while a file or folder must not be read, by root neither."""
    before = path.stat().st_mode
    path.chmod(0)
    try:
        return subprocess.run(
            [*(ORDINARY if os.geteuid() == 0 else []), COMMAND, *map(str, arguments)],
            capture_output=True,
            encoding="utf-8",
            env=ENVIRONMENT,
            timeout=120,
            check=False,
        )
    finally:
        if path.exists():  # it may have been replaced or deleted
            path.chmod(before)


@contextmanager
def _without_permission(folder: Path) -> Iterator[None]:
    inside = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for path in inside:
        path.chmod(0o555)
    try:
        yield
    finally:
        for path in inside:
            path.chmod(0o755)
