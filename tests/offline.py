"""Every door of civicite, used once: a program of its own, so that it can run where there is no network.

``python tests/offline.py COMMAND CORPUS FOLDER`` prints "done" when every door gave what it should.
"""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

QUESTION = "How many cities were Role Model Cities in February 2020?"
LAMPS = "Ljubljana dims its zoological lamps after midnight."
JSON = {"Content-Type": "application/json", "Accept": "application/json"}
ASK = {"name": "ask", "arguments": {"question": QUESTION}}
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": ASK}
CLIENT = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
HELLO = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": CLIENT}
READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}


class Program:
    """The command line over one index."""

    def __init__(self, command: str, index: Path) -> None:
        self._command, self._index = command, str(index)

    def started(self, *arguments: str) -> list[str]:
        return [self._command, *arguments, "--index", self._index]

    def run(self, *arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            self.started(*arguments), check=True, stdout=subprocess.PIPE, text=True, input=stdin
        )
        return done.stdout

    @contextmanager
    def served(self, workers: int) -> Iterator[str]:
        options = ["serve", "--port", "0", "--workers", str(workers)]
        with subprocess.Popen(self.started(*options), stderr=subprocess.PIPE, text=True) as server:
            assert server.stderr is not None
            try:
                log = []
                for line in server.stderr:
                    log.append(line)
                    if found := re.search(r"running on (http://\S+?:\d+)", line):
                        yield found[1]
                        break
                else:
                    raise AssertionError(f"the server did not start: {''.join(log)}")
            finally:
                server.terminate()
                server.communicate()
        assert server.returncode == 0


def send(address: str, body: object = None, method: str | None = None, **headers: str) -> str:
    """Send a request, of JSON unless the body is bytes already, and return what comes."""
    content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(address, content, {**JSON, **named}, method=method)  # noqa: S310
    with urllib.request.urlopen(request) as response:  # noqa: S310
        return str(response.read().decode())


def use_commands(program: Program, corpus: str, folder: Path) -> None:
    """Index, ask, search, evaluate and look after the index from the command line."""
    program.run("index", corpus)
    answer = program.run("ask", QUESTION, "--json")
    assert json.loads(answer)["citations"]
    assert program.run("search", QUESTION)
    program.run("verify-answer", "-", stdin=answer)
    questions = folder / "questions.jsonl"
    expected = {"_id": "one", "text": QUESTION, "article": "incheon-role-model-city"}
    questions.write_text(json.dumps(expected), encoding="utf-8")
    assert json.loads(program.run("evaluate", "--questions", str(questions), "--json"))
    program.run("feed", "list")
    program.run("verify")


def use_http(server: str) -> None:
    """Ask, change, verify and report over HTTP, whole and streamed."""
    answer = json.loads(send(f"{server}/v1/ask", {"question": QUESTION}))
    assert answer["citations"]
    assert "event: answer" in send(f"{server}/v1/ask", {"question": QUESTION}, Accept="text/event-stream")
    assert json.loads(send(f"{server}/v1/search", {"question": QUESTION}))["hits"]
    assert json.loads(send(f"{server}/v1/verify", answer))["verified"]
    put = send(f"{server}/v1/articles/lamps", {"text": LAMPS}, "PUT")
    assert json.loads(put)["outcome"] == "added"
    assert json.loads(upload(server, "owls.md", "Owls are counted in May."))["added"] == ["owls"]
    for path in ("/", "/page.js", "/llms.txt", "/openapi.json", "/v1/articles", "/v1/facets", "/v1/status"):
        assert send(f"{server}{path}")
    send(f"{server}/v1/feedback", {"question": QUESTION, "verdict": "right"})
    send(f"{server}/v1/articles/owls?erase=true", method="DELETE")


def upload(server: str, name: str, content: str) -> str:
    """Send a file as a form does."""
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = f"{head}{content}\r\n--x--\r\n".encode()
    return send(f"{server}/v1/articles", body, Content_Type="multipart/form-data; boundary=x")


def use_chat(server: str) -> None:
    """Ask as clients of OpenAI do, whole and streamed."""
    chat = {"model": "civicite", "messages": [{"role": "user", "content": QUESTION}]}
    place = f"{server}/v1/chat/completions"
    assert json.loads(send(place, chat))["choices"][0]["message"]["annotations"]
    assert "[DONE]" in send(place, {**chat, "stream": True})


def use_tools(program: Program, server: str) -> None:
    """Ask as agents do, of the server and over standard input."""
    reply = json.loads(send(f"{server}/mcp", CALL, Accept="application/json, text/event-stream"))
    assert reply["result"]["structuredContent"]["quotations"]
    with subprocess.Popen(
        program.started("mcp"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as tools:
        assert tools.stdin is not None
        assert tools.stdout is not None
        for message in (HELLO, READY, CALL):
            print(json.dumps(message), file=tools.stdin, flush=True)
        replies = [json.loads(tools.stdout.readline()) for _ in range(2)]
    assert replies[1]["result"]["structuredContent"]["quotations"]


def main(command: str, corpus: str, folder: Path) -> None:
    """Use every door."""
    program = Program(command, folder / "index")
    use_commands(program, corpus, folder)
    with program.served(1) as server:
        use_http(server)
        use_chat(server)
        if find_spec("mcp") is not None:
            use_tools(program, server)
    with program.served(2) as server:
        assert json.loads(send(f"{server}/v1/ask", {"question": QUESTION}))["citations"]
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
