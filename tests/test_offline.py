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
QUESTION = "How many cities were Role Model Cities in February 2020?"

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


USE = """
import json, re, subprocess, sys, urllib.request
command, corpus, index, question = sys.argv[1:]
def run(*arguments):
    return subprocess.run([command, *arguments], check=True, capture_output=True, text=True).stdout
run("index", corpus, "--index", index)
assert json.loads(run("ask", question, "--index", index, "--json"))["citations"]
for workers in "1", "2":
    options = ["--index", index, "--port", "0", "--workers", workers]
    server = subprocess.Popen([command, "serve", *options], stderr=subprocess.PIPE, text=True)
    for line in server.stderr:
        print(line, end="", file=sys.stderr)
        if found := re.search(r"running on (http://\\S+?:\\d+)", line):
            break
    body = json.dumps({"question": question}).encode()
    request = urllib.request.Request(found[1] + "/v1/ask", body, {"Content-Type": "application/json"})
    assert json.load(urllib.request.urlopen(request))["citations"]
    server.terminate()
    server.communicate()
    assert server.returncode == 0
print("done")
"""


@pytest.mark.skipif(not namespaces(), reason="the kernel forbids network namespaces here")
def test_indexing_asking_and_serving_work_without_any_network_and_try_none(
    tmp_path: Path, encoder: object, encoder_cache: Path
) -> None:
    traced = [] if shutil.which("strace") is None else ["strace", "-f", "-qq", "-o", tmp_path / "trace"]
    traced += ["-e", "trace=connect,sendto,sendmsg"] if traced else []
    use = [sys.executable, "-c", USE, COMMAND, CORPUS, tmp_path / "index", QUESTION]
    environment = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment |= {"HOME": str(tmp_path), "CIVICITE_CACHE_DIR": str(encoder_cache)}
    done = subprocess.run(
        in_namespace(*traced, *use), capture_output=True, text=True, env=environment, timeout=240, check=False
    )
    assert done.stdout.strip() == "done", done.stderr[-2000:]
    if traced:
        assert attempts((tmp_path / "trace").read_text(errors="replace")) == []


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


def test_the_tests_themselves_cannot_leave() -> None:
    import socket

    with socket.socket() as attempt, pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
        attempt.connect(("192.0.2.1", 80))
