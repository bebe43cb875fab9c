"""Nothing leaves the machine: civicite runs whole in a network namespace in which there is no way out.

strace notes what the processes try, so that an attempt that fails and is swallowed is seen as well.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CORPUS = Path(__file__).parents[1] / "corpus"
COMMAND = Path(sys.executable).with_name("civicite")
DOORS = Path(__file__).with_name("offline.py")
TRACED: list[str | Path] = ["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o"]

_SCRIPT = """
set -e
ip link set lo up 2>/dev/null || "$0" -c 'import fcntl, socket, struct
s = socket.socket(); fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 0x49))'
exec "$@"
"""


def in_namespace(*command: str | Path) -> list[str]:
    return ["unshare", "-rn", "sh", "-c", _SCRIPT.replace("$0", sys.executable), "sh", *map(str, command)]


def namespaces() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(in_namespace("true"), capture_output=True, check=False).returncode == 0


def can_trace() -> bool:
    if shutil.which("strace") is None:
        return False
    return subprocess.run([*TRACED, os.devnull, "true"], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory, encoder: object, encoder_cache: Path) -> str | None:
    """What every door of civicite tried where there is no way out; None where nothing tells it."""
    if not namespaces():
        pytest.skip("the kernel forbids network namespaces here, or unshare is missing")
    folder = tmp_path_factory.mktemp("offline")
    noted = folder / "trace" if can_trace() else None
    traced = [] if noted is None else [*TRACED, noted]
    environment = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment |= {"HOME": str(folder), "CIVICITE_CACHE_DIR": str(encoder_cache)}
    use: list[str | Path] = [sys.executable, DOORS, COMMAND, CORPUS, folder]
    done = subprocess.run(
        in_namespace(*traced, *use), capture_output=True, text=True, env=environment, timeout=240, check=False
    )
    assert done.stdout.strip() == "done", done.stderr[-2000:]
    return None if noted is None else noted.read_text(errors="replace")


def test_every_door_works_without_any_network(trace: str | None) -> None:
    assert trace is None or "connect(" in trace


def test_no_door_tries_to_leave_the_machine(trace: str | None) -> None:
    if trace is None:
        pytest.skip("strace is missing or may not trace here, and nothing else tells what is tried")
    assert attempts(trace) == []


def attempts(trace: str) -> list[str]:
    """Lines of a trace in which something is sent to another machine, or to a name server."""
    return [
        line
        for line in trace.splitlines()
        if re.search(r"sa_family=AF_INET6?\b", line)
        and not re.search(r'inet_addr\("127\.\d+\.\d+\.\d+"\)|inet_pton\(AF_INET6, "::1"', line)
    ]


def test_an_attempt_to_leave_is_seen(tmp_path: Path) -> None:
    seen = 'connect(3, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.1")}, 16) = -1'
    fine = 'connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = 0'
    assert attempts(f"{seen}\n{fine}\n") == [seen]


def test_an_attempt_of_a_child_that_swallows_its_failure_is_seen(tmp_path: Path) -> None:
    if not (namespaces() and can_trace()):
        pytest.skip("strace or unshare is missing, or may not be used here")
    leave = 'import socket; socket.socket().connect_ex(("192.0.2.1", 80))'
    child = ["sh", "-c", '"$0" -c "$1"; true', sys.executable, leave]
    subprocess.run(in_namespace(*TRACED, tmp_path / "trace", *child), check=True, timeout=60)
    [seen] = attempts((tmp_path / "trace").read_text())
    assert "192.0.2.1" in seen


def test_the_tests_themselves_cannot_leave() -> None:
    import socket

    with socket.socket() as attempt, pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
        attempt.connect(("192.0.2.1", 80))
    with socket.socket(type=socket.SOCK_DGRAM) as attempt, pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
        attempt.sendto(b"", ("192.0.2.1", 53))
    for name in ("civicite.example", b"civicite.example"):
        with pytest.raises(RuntimeError, match=r"civicite\.example"):
            socket.getaddrinfo(name, 80)
