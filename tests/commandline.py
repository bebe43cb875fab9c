"""The command line and the server as other programs meet them: real processes, real sockets."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("civicite"))
ENVIRONMENT = {**os.environ, "CIVICITE_RUNTIME": "hashing"}


def civicite(
    *arguments: str | Path,
    environment: Mapping[str, str] = ENVIRONMENT,
    cwd: Path | None = None,
    stdin: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; output is read as strict UTF-8."""
    return subprocess.run(
        [COMMAND, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        env=environment,
        cwd=cwd,
        input=stdin,
        timeout=120,
        check=False,
    )


@contextmanager
def served(folder: Path, *options: str, environment: Mapping[str, str] = ENVIRONMENT) -> Iterator[str]:
    """Serve an index on a free port of this machine and yield its address; nothing may go wrong in it."""
    process = subprocess.Popen(
        [COMMAND, "serve", "--index", str(folder), "--port", "0", *options],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    assert process.stderr is not None
    log: list[str] = []
    # What it logs later is read, too: a full pipe would make the server wait for a reader.
    reading = threading.Thread(target=log.extend, args=(process.stderr,), daemon=True)
    try:
        for line in process.stderr:
            log.append(line)
            if found := re.search(r"running on http://[^:]+:(\d+)", line):
                break
        else:
            raise AssertionError(f"the server did not start: {''.join(log)}")
        reading.start()
        yield f"http://127.0.0.1:{found[1]}"
    finally:
        process.terminate()
        process.wait(timeout=30)
        if reading.is_alive():
            reading.join(timeout=30)
        process.stderr.close()
    assert process.returncode == 0, "".join(log)
    assert "Traceback" not in "".join(log), "".join(log)
