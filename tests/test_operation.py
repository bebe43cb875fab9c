"""Running a server: workers, shutdown, readiness, metrics and logs, each by really doing it."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from building import article, put
from commandline import COMMAND, ENVIRONMENT

TEXT = "The quay of Ravel was raised in 1987. The lighthouse of Ravel keeps 77 lamps."
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else 0
QUESTION = "When was the quay of Ravel raised?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path / "index", [article("ravel", TEXT)])
    return tmp_path / "index"


@contextmanager
def serving(
    folder: Path, *options: str, **variables: str
) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """Serve; yields the process, its address, and its log, which goes on growing."""
    process = subprocess.Popen(
        [COMMAND, "serve", "--index", str(folder), "--port", "0", *options],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env={**ENVIRONMENT, **variables},
    )
    assert process.stderr is not None
    log: list[str] = []
    reader = threading.Thread(target=log.extend, args=(process.stderr,), daemon=True)
    try:
        for line in process.stderr:
            log.append(line)
            if found := re.search(r"running on (http://127.0.0.1:\d+)", line):
                break
        else:
            raise AssertionError("".join(log))
        reader.start()
        yield process, found[1], log
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(60)
        if reader.is_alive():
            reader.join(30)
        process.stderr.close()


def until_in(log: list[str], told: str, times: int) -> None:
    """Wait until so many lines of a log tell something."""
    end = time.monotonic() + 60
    while sum(told in line for line in log) < times:
        assert time.monotonic() < end, log
        time.sleep(0.02)


@pytest.mark.parametrize("workers", [1, 2])
def test_requests_under_way_are_answered_after_a_sigterm_and_the_program_ends_with_0(
    folder: Path, workers: int
) -> None:
    body = json.dumps({"question": QUESTION, "min_confidence": 0})
    with serving(folder, "--workers", str(workers)) as (process, address, log), httpx.Client() as client:
        host = httpx.URL(address)

        def slowly() -> Iterator[bytes]:
            yield body[:10].encode()
            arrived.release()
            assert told.wait(30)
            until_in(log, "Shutting down", workers)  # the rest of the body arrives after that
            yield body[10:].encode()

        arrived, told = threading.Semaphore(0), threading.Event()
        answers: list[httpx.Response] = []

        def ask() -> None:
            answers.append(httpx.post(f"{address}/v1/ask", content=slowly(), headers=JSON, timeout=60))

        asking = [threading.Thread(target=ask) for _ in range(6)]
        for one in asking:
            one.start()
        for _ in asking:
            assert arrived.acquire(timeout=30)
        while metric(client, address, "civicite_requests_under_way") < len(asking) + 1:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        told.set()
        for one in asking:
            one.join(60)
        assert [one.status_code for one in answers] == [200] * len(asking)
        assert all("1987" in one.json()["answer"] for one in answers)
        assert process.wait(60) == 0
        with pytest.raises(httpx.TransportError):
            client.get(f"http://{host.host}:{host.port}/readyz")


JSON = {"Content-Type": "application/json"}


def metric(client: httpx.Client, address: str, name: str) -> float:
    shown = client.get(f"{address}/metrics").text
    return sum(float(line.split()[-1]) for line in shown.splitlines() if line.startswith(name))


def test_several_workers_see_every_commit_and_show_the_sum_of_their_counts(folder: Path) -> None:
    with serving(folder, "--workers", "2") as (process, address, _):
        for _ in range(20):
            assert httpx.post(f"{address}/v1/ask", json={"question": QUESTION}).status_code == 200
        put(folder, [article("new", "The ferry of Ravel sails at noon.")])
        for _ in range(10):  # each by a connection of its own, whichever worker takes it
            answer = httpx.post(
                f"{address}/v1/search", json={"question": "When does the ferry of Ravel sail?"}
            )
            assert "new" in {hit["article_id"] for hit in answer.json()["hits"]}
            assert httpx.get(f"{address}/readyz").json()["commit"] == 2
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) >= 2
        # What a worker has that begins just now.
        variables = Path(f"/proc/{children[-1]}/environ").read_text().split("\0")
        shared = dict(one.partition("=")[::2] for one in variables)["PROMETHEUS_MULTIPROC_DIR"]
        (Path(shared) / "counter_4000000.db").touch()
        with httpx.Client() as client:
            assert metric(client, address, 'civicite_requests_total{method="POST",route="/v1/ask"') == 20
            assert metric(client, address, "civicite_index_commit ") == 2
            answered = metric(client, address, "civicite_answers_total")
            assert answered + metric(client, address, "civicite_abstentions_total") == 20


def workers_of(process: int) -> set[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return {int(one) for one in children if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()}


def test_requests_of_a_killed_worker_are_under_way_no_more(folder: Path) -> None:
    with serving(folder, "--workers", "2") as (process, address, log), contextlib.ExitStack() as open_ones:
        url = httpx.URL(address)
        for _ in range(6):
            raw = open_ones.enter_context(socket.create_connection((url.host, url.port), timeout=60))
            raw.sendall(b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")

        def under_way() -> float:
            with httpx.Client() as client:
                return metric(client, address, "civicite_requests_under_way")

        end = time.monotonic() + 60
        while under_way() < 7:
            assert time.monotonic() < end, log
            time.sleep(0.02)
        first = workers_of(process.pid)
        for one in first:
            os.kill(one, signal.SIGKILL)
        end = time.monotonic() + 60
        while len(now := workers_of(process.pid)) < 2 or now & first or under_way() != 1:
            assert time.monotonic() < end, log
            time.sleep(0.1)


def test_an_edit_is_what_changed_articles_an_upload_too(folder: Path) -> None:
    lamps, quay = {"text": "A lamp of Ravel."}, {"file": ("quay.txt", b"The quay is long.")}
    with serving(folder) as (_, address, _), httpx.Client(base_url=address) as client:
        for _ in range(3):
            assert client.put("/v1/articles/lamps", json=lamps).status_code < 300
            assert client.post("/v1/articles", files=quay).status_code == 200
        client.put("/v1/articles/lamps", json={"text": "Another lamp of Ravel."})
        client.delete("/v1/articles/lamps")
        client.delete("/v1/articles/lamps")
        found = {
            method: metric(client, address, f'civicite_edits_total{{method="{method}"')
            for method in ("PUT", "POST", "DELETE")
        }
    assert found == {"PUT": 2, "POST": 1, "DELETE": 1}


def cores_of(process: int, thread: int) -> set[int]:
    return os.sched_getaffinity(thread) if Path(f"/proc/{process}/task/{thread}").exists() else set()


def threads_of(process: int) -> list[int]:
    return [int(one.name) for one in Path(f"/proc/{process}/task").iterdir()]


def kept(address: str, process: int) -> set[int]:
    """Ask, edit and ask again; return the core that the process keeps to."""
    assert httpx.post(f"{address}/v1/ask", json={"question": QUESTION}).status_code == 200
    assert (
        httpx.put(f"{address}/v1/articles/new", json={"text": "The ferry sails at noon."}).status_code < 300
    )
    assert httpx.post(f"{address}/v1/ask", json={"question": QUESTION}).status_code == 200
    return cores_of(process, process)


@pytest.mark.skipif(CORES < 1, reason="the system has no affinities")
def test_a_pinned_server_keeps_its_requests_to_a_core_and_its_model_to_none(folder: Path) -> None:
    everywhere = os.sched_getaffinity(0)
    with serving(folder, "--pin") as (process, address, _):
        before = set(threads_of(process.pid))
        assert kept(address, process.pid) == {min(everywhere)}
        bound = {thread: cores_of(process.pid, thread) for thread in threads_of(process.pid)}
        requests = [cores for thread, cores in bound.items() if thread not in before]
        assert requests
        assert {min(everywhere)} in requests
        assert everywhere in [cores for thread, cores in bound.items() if thread in before]


@pytest.mark.skipif(CORES < 2, reason="there is one core")
def test_pinned_workers_keep_to_different_cores_also_after_one_was_replaced(folder: Path) -> None:
    with serving(folder, "--pin", "--workers", "2") as (process, address, log):

        def workers() -> list[int]:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            command = {int(one): Path(f"/proc/{one}/cmdline").read_bytes() for one in children}
            return [one for one, line in command.items() if b"spawn_main" in line]

        first = workers()
        assert len(first) == 2
        cores = [cores_of(one, one) for one in first]
        assert sorted(map(len, cores)) == [1, 1]
        assert cores[0] != cores[1]
        os.kill(first[0], signal.SIGKILL)
        end = time.monotonic() + 60
        while len(now := workers()) < 2 or first[0] in now or len(cores_of(now[-1], now[-1])) > 1:
            assert time.monotonic() < end, log
            time.sleep(0.1)
        assert sorted(map(list, (cores_of(one, one) for one in now))) == sorted(map(list, cores))
        assert httpx.post(f"{address}/v1/ask", json={"question": QUESTION}).status_code == 200


def test_metrics_name_routes_and_never_what_was_asked(folder: Path) -> None:
    with serving(folder) as (_, address, _), httpx.Client(base_url=address) as client:
        client.put("/v1/articles/secret-id", json={"text": "A lamp."})
        client.get("/v1/articles/secret-id")
        client.get("/secret/path")
        client.request("SECRET", "/v1/articles/secret-id")
        client.post("/v1/ask", json={"question": "What is the secret of Zurich?", "min_confidence": 1})
        shown = client.get("/metrics").text
    assert "secret" not in shown.lower()
    assert 'route="/v1/articles/{article_id}",status="200"' in shown
    assert 'civicite_abstentions_total{reason="' in shown
    assert 'civicite_edits_total{method="PUT"} 1.0' in shown
    assert 'route="(none)",status="404"' in shown


def test_a_log_line_is_one_object_without_the_question(folder: Path) -> None:
    forged = 'id\r\n{"level": "forged"}'
    with serving(folder, CIVICITE_LOG_FORMAT="json") as (process, address, log):
        found = httpx.post(
            f"{address}/v1/ask", json={"question": "a\n{\u2028secret"}, headers={"X-Request-ID": "mine-1"}
        )
        assert found.headers["X-Request-ID"] == "mine-1"
        other = httpx.get(f"{address}/a%0Asecret", headers={"X-Request-ID": "x" * 129})
        assert re.fullmatch("[0-9a-f]{32}", other.headers["X-Request-ID"])
        httpx.get(f"{address}/v1/articles/{quote(forged, safe='')}")
        process.terminate()
        process.wait(60)
    entries = [json.loads(line) for line in log]
    asked = [entry for entry in entries if entry.get("request_id") == "mine-1"]
    assert [(one["route"], one["status"], one["level"]) for one in asked] == [("/v1/ask", 200, "info")]
    assert "forged" not in [entry["level"] for entry in entries]
    assert "/v1/articles/{article_id}" in [entry.get("route") for entry in entries]
    assert "secret" not in "".join(log)


def test_a_question_is_logged_when_that_was_asked_for_and_stays_on_its_line(folder: Path) -> None:
    asked = "Where\r\nERROR: forged \x1b[31m\u2028line"
    for form in ("human", "json"):
        variables = {"CIVICITE_LOG_FORMAT": form, "CIVICITE_LOG_QUESTIONS": "true"}
        with serving(folder, **variables) as (process, address, log):
            httpx.post(f"{address}/v1/search", json={"question": asked})
            process.terminate()
            process.wait(60)
        [line] = [line for line in log if "forged" in line]
        assert "\x1b" not in line
        assert len(line.splitlines()) == 1
        if form == "json":
            assert json.loads(line)["question"] == asked


@pytest.mark.parametrize("tool", ["ask", "search"])
def test_an_agents_question_is_logged_only_when_that_was_asked_for(folder: Path, tool: str) -> None:
    told = {"name": tool, "arguments": {"question": "Where is the secret?"}}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": told}
    spoken = {"Accept": "application/json, text/event-stream"}
    for wanted in ("true", "false"):
        variables = {"CIVICITE_LOG_FORMAT": "json", "CIVICITE_LOG_QUESTIONS": wanted}
        with serving(folder, **variables) as (process, address, log):
            httpx.post(f"{address}/mcp", json=call, headers=spoken, timeout=30)
            process.terminate()
            process.wait(60)
        [entry] = [one for line in log if (one := json.loads(line)).get("method") == "POST"]
        assert (entry["route"], entry["commit"]) == ("/mcp", 1)
        assert entry.get("question") == ("Where is the secret?" if wanted == "true" else None)
        assert ("secret" in "".join(log)) == (wanted == "true")


def test_a_server_is_alive_but_not_ready_while_its_index_is_gone(folder: Path) -> None:
    with serving(folder) as (_, address, _):
        assert httpx.get(f"{address}/readyz").json()["status"] == "ready"
        folder.rename(folder.with_name("elsewhere"))
        assert httpx.get(f"{address}/healthz").status_code == 200
        gone = httpx.get(f"{address}/readyz")
        assert gone.status_code == 503
        assert gone.headers["Content-Type"] == "application/problem+json"


def test_a_worker_that_cannot_start_ends_the_program_with_words(tmp_path: Path) -> None:
    done = subprocess.run(
        [COMMAND, "serve", "--index", str(tmp_path / "nothing"), "--port", "0", "--workers", "2"],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "nothing has been indexed yet" in done.stderr or "no index" in done.stderr


def test_a_thread_that_still_works_holds_the_end_of_the_program_up_only_for_a_moment() -> None:
    lines = (
        "import os, signal, threading, time",
        "from service import workers",
        "workers._end_with_zero()",
        "threading.Thread(target=time.sleep, args=[600]).start()",
        "os.kill(os.getpid(), signal.SIGTERM)",
        "time.sleep(600)",
    )
    assert subprocess.run([sys.executable, "-c", "\n".join(lines)], timeout=60, check=False).returncode == 0
