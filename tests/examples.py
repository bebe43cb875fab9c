"""The answers that the specification shows, asked of a running application.

``python tests/examples.py`` records them anew in service/examples.json, from an index of corpus/.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from service.http_chat import EXAMPLE

ROOT = Path(__file__).parents[1]
QUESTION = "How many school programmes has Incheon held since 2016?"
QUOTE = "since 2016, Incheon has held 55 school programmes"
ARTICLE = {
    "title": "Green roofs in Basel",
    "text": "Basel has required green roofs on new flat buildings since 2002.",
    "metadata": {"city": ["Basel"], "published": "2024-05"},
}
UPLOAD = b"---\nid: quiet-lamps\n---\n# Quiet lamps\n\nLjubljana dims its street lamps after midnight.\n"
SAID = {"question": QUESTION, "verdict": "wrong", "article_id": "incheon-role-model-city"}
LISTED = {"filter": "city=Incheon", "limit": 1}
NO_STREAM = {"Accept": "application/json"}


class Call(NamedTuple):
    """A request to an operation, whose answer is its example."""

    operation: str
    more: dict[str, Any] = {}  # noqa: RUF012 - never changed
    path: str | None = None


def chat(**more: Any) -> dict[str, Any]:
    return {"json": {**EXAMPLE, **more}}


ASKED = {"question": QUESTION, "top_k": 1}
CALLS = [
    Call("POST /v1/ask", {"json": ASKED}),
    Call("POST /v1/ask", {"json": ASKED, "headers": {"Accept": "text/event-stream"}}),
    Call("POST /v1/search", {"json": ASKED}),
    Call("POST /v1/verify", {"json": {"citations": [{"quote": QUOTE}]}}),
    Call("GET /v1/facets"),
    Call("GET /v1/articles", {"params": LISTED}),
    Call(
        "GET /v1/articles/{article_id}",
        {"params": {"start": 0, "end": 200}},
        "/v1/articles/incheon-role-model-city",
    ),
    Call("PUT /v1/articles/{article_id}", {"json": ARTICLE}, "/v1/articles/basel/green-roofs"),
    Call("PUT /v1/articles/{article_id}", {"json": ARTICLE}, "/v1/articles/basel/green-roofs"),
    Call("DELETE /v1/articles/{article_id}", {}, "/v1/articles/basel/green-roofs"),
    Call("POST /v1/articles", {"files": {"file": ("quiet-lamps.md", UPLOAD)}}),
    Call("GET /v1/commits", {"params": {"limit": 1}}),
    Call("POST /v1/feedback", {"json": SAID}),
    Call("GET /v1/feedback"),
    Call("GET /v1/status"),
    Call("POST /v1/chat/completions", chat()),
    Call("POST /v1/chat/completions", chat(stream=True)),
    Call("GET /v1/models"),
    Call("GET /v1/models/{model}", {}, "/v1/models/civicite"),
    Call("GET /healthz"),
    Call("GET /readyz"),
    Call("GET /metrics"),
    Call("GET /", {"headers": NO_STREAM}),
    Call("GET /", {"headers": {"Accept": "text/html"}}),
    Call("GET /llms.txt"),
]


def answers(client: httpx.Client) -> Iterator[tuple[str, Any]]:
    """Yield, for each call, the key of its example and what the application answers."""
    for call in CALLS:
        method, _, template = call.operation.partition(" ")
        response = client.request(method, call.path or template, **call.more)
        assert response.is_success, (call, response.text)
        if response.content:
            kind = response.headers["content-type"].partition(";")[0]
            shown = response.json() if kind == "application/json" else response.text
            yield f"{call.operation} {response.status_code} {kind}", shown


def _shortened(shown: Any) -> Any:
    """Return a text's beginning, and of a mapping by free names its first entries."""
    if isinstance(shown, str):
        return shown if len(shown) <= 200 else f"{shown[:200]}…"
    if isinstance(shown, dict) and "facets" in shown and "articles" in shown and "index" not in shown:
        few = {name: dict(list(values.items())[:2]) for name, values in list(shown["facets"].items())[:3]}
        return {**shown, "facets": few}
    if isinstance(shown, dict) and "commits" in shown:
        first = shown["commits"][0]
        return {**shown, "commits": [{**first, "articles": first["articles"][:2]}]}
    return shown


def _record() -> None:
    from commandline import civicite, served

    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        done = civicite("index", ROOT / "corpus", "--index", index, environment=os.environ)
        assert done.returncode == 0, done.stderr
        with (
            served(index, environment=os.environ) as address,
            httpx.Client(base_url=address, timeout=60) as client,
        ):
            found = {key: _shortened(shown) for key, shown in answers(client)}
    text = json.dumps(found, indent=1, ensure_ascii=False).replace(address, "http://127.0.0.1:8000")
    (ROOT / "service" / "examples.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    _record()
