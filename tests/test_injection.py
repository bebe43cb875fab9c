"""What a stranger may send: none of it is run, leads elsewhere, or comes back as anything but text."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from building import article, put
from commandline import ENVIRONMENT, served
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HOSTILE = [
    "'; DROP TABLE revisions; --",
    '" OR 1=1 --',
    "a AND (b",
    'title:secret^9 +must -not "phrase"~3 [a TO z] /re.*gex/ *',
    "NEAR(a b, 3) OR a* NOT b",
    "{{7*7}} ${7*7} #{7*7} <%= 7*7 %>",
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "../../../../etc/passwd",
    "http://169.254.169.254/latest/meta-data/",
    "\x1b[31mred\x1b[0m\r\nHTTP/1.1 200 OK\r\n\r\n",
    "a\x00b",
    "‮gnp.exe",
    "\ud7ff\ue000\uffff",
    "%s%n%x {0.__class__}",
    "🏙" * 500,
]
DEEP = 20_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("injection") / "index"
    put(place, [article("well", "The old well was opened in 1880.", "The well", city="Ulm")])
    return place


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[httpx.Client]:
    with (
        served(folder, environment=ENVIRONMENT) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        yield client


TELLING = ("Traceback", "/tmp", "site-packages", "sqlite", ".py")  # noqa: S108 - no file is made
"""What only the machine can have said."""


def unharmed(client: httpx.Client, response: httpx.Response) -> None:
    """No answer is a 5xx or tells of the machine, and the collection is what it was."""
    assert response.status_code < 500, response.text
    for told in TELLING:
        assert told not in response.text
    assert response.headers["content-type"].split(";")[0] in ("application/json", "application/problem+json")
    assert [one["article_id"] for one in client.get("/v1/articles").json()["articles"]] == ["well"]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("path", ["/v1/ask", "/v1/search"])
def test_a_question_is_only_ever_a_question(path: str, text: str, client: httpx.Client) -> None:
    unharmed(client, client.post(path, json={"question": text, "min_confidence": 0}))
    unharmed(client, client.post(path, json={"question": "well", "filters": {"city": [text]}}))
    unharmed(client, client.post(path, json={"question": "well", "filters": {text: ["Ulm"]}}))
    unharmed(client, client.post(path, json={"question": "well", "as_of": text[:40]}))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_parameter_is_only_ever_a_value(text: str, client: httpx.Client) -> None:
    for name in ("after", "sort", "filter", "publisher", "published_from"):
        unharmed(client, client.get("/v1/articles", params={name: text}))
    unharmed(client, client.post("/v1/verify", json={"text": f"It says “{text} {text} {text}”."}))


@pytest.mark.parametrize(
    "path",
    [
        "/v1/articles/../../etc/passwd",
        "/v1/articles/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/..%2f..%2fetc/passwd",
        "//etc/passwd",
    ],
)
def test_a_path_leads_to_no_file(path: str, client: httpx.Client) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert "root:" not in response.text


def test_what_an_article_holds_comes_back_as_text_and_as_nothing_else(tmp_path: Path) -> None:
    place = tmp_path / "index"
    text = (
        "The plan <script>alert(1)</script> was signed in 1999. [bold]No[/bold] markup & no \x1b[31m colour."
    )
    put(place, [article("plan", text, "<img src=x onerror=alert(1)>")])
    with served(place) as address, httpx.Client(base_url=address) as client:
        answer = client.post("/v1/ask", json={"question": "When was the plan signed?", "min_confidence": 0})
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "<script>alert(1)</script>" in answer.json()["citations"][0]["quote"]


NO_REQUESTS = [
    b"",
    b"\xff\xfe\x00",
    b'{"question": "\xc3\x28"}',
    b'{"question": "\\ud800"}',
    b'{"question": NaN}',
    b'{"question": "well", "top_k": 1e400}',
    b'{"question": "well", "top_k": ' + b"9" * 5000 + b"}",
    b'{"question": "well", "min_confidence": NaN}',
    b'{"question": "well", "question": 7}',
    b'{"question": "a\\u0000b"}',
    b'{"question": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    b'{"filters": ' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
    b"[" * 500_000,
    json.dumps({"question": "well", "filters": {f"f{n}": ["x"] for n in range(1000)}}).encode(),
]
TAKING_JSON = [
    ("POST", "/v1/ask"),
    ("POST", "/v1/search"),
    ("POST", "/v1/verify"),
    ("POST", "/v1/feedback"),
    ("POST", "/v1/chat/completions"),
    ("PUT", "/v1/articles/new"),
]


@pytest.mark.parametrize("body", NO_REQUESTS)
@pytest.mark.parametrize(("method", "path"), TAKING_JSON)
def test_a_body_that_is_no_request_is_refused_quietly(
    method: str, path: str, body: bytes, client: httpx.Client
) -> None:
    headers = {"Content-Type": "application/json"}
    unharmed(client, client.request(method, path, content=body, headers=headers))


def test_every_address_that_takes_json_is_tried(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()["paths"]
    taking = {
        (method.upper(), path.replace("{article_id}", "new"))
        for path, operations in described.items()
        for method, operation in operations.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }
    assert taking == set(TAKING_JSON)


@pytest.mark.parametrize("body", NO_REQUESTS)
def test_a_body_that_is_no_message_is_refused_quietly_at_the_door_for_agents(
    body: bytes, client: httpx.Client
) -> None:
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    response = client.post("/mcp", content=body, headers=headers)
    assert 400 <= response.status_code < 500, response.text
    assert "Traceback" not in response.text
    assert client.post("/v1/ask", json={"question": "well"}).status_code == 200


FIELDS = ["question", "top_k", "filters", "min_confidence", "as_of", "citations", "answer", "verdict"]
# A field that is refused is named in the answer, so that these words would be the request's own.
KEYS = st.text(max_size=12).filter(lambda name: not any(told in f".{name}." for told in TELLING))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(
    path=st.sampled_from(["/v1/ask", "/v1/search", "/v1/verify", "/v1/feedback"]),
    body=st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(FIELDS, ANYTHING),
    ),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_is_answered_without_a_5xx(client: httpx.Client, path: str, body: dict[str, object]) -> None:
    content = json.dumps(body, allow_nan=True).encode()
    unharmed(client, client.post(path, content=content, headers={"Content-Type": "application/json"}))


HALF = "\ud800"
ANSWERS = [
    {"citations": [{"quote": "one two three", "article_id": HALF}]},
    {"citations": [{"quote": f"one two three {HALF}"}]},
    {"citations": [{"quote": "one two three", "url": HALF}]},
    {
        "citations": [
            {"quote": "well", "also_in": [{"article_id": HALF, "revision": 1, "start": 0, "end": 1}]}
        ]
    },
    {"quotes": [f"one two three {HALF}"]},
    {"quotations": [{"exact": "one two three", "prefix": HALF}]},
    {"answer": f"It says “one two three {HALF}”."},
    {"text": f"It says “one two three” {HALF}."},
    {"answer": f"One. {HALF}", "sentences": [], "citations": ["One."]},
    {"answer": {"citations": [{"quote": "one two three", "sha256": HALF}]}},
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_halves_of_characters_within_an_answer_are_refused(
    answer: dict[str, object], client: httpx.Client
) -> None:
    content = json.dumps({"answer": answer}).encode()
    response = client.post("/v1/verify", content=content, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["type"]) == (422, "urn:civicite:problem:invalid-request")
    assert "half of a surrogate pair" in response.json()["detail"]
    unharmed(client, response)


NAMES = [
    "citations", "quotes", "answer", "text", "sentences", "quote", "exact", "article_id", "revision",
    "sha256", "start", "end", "prefix", "suffix", "url", "title", "also_in",
]  # fmt: skip
TEXTS = st.text(max_size=30) | st.sampled_from(
    [HALF, f"“one two {HALF} three”", "“The old well”", "well", ""]
)
NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@given(answer=st.dictionaries(st.sampled_from(NAMES), NESTED, min_size=1, max_size=4))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_answer_within_a_request_to_verify_is_answered_without_a_5xx(
    client: httpx.Client, answer: dict[str, object]
) -> None:
    content = json.dumps({"answer": answer}).encode()
    unharmed(client, client.post("/v1/verify", content=content, headers={"Content-Type": "application/json"}))


def test_what_does_not_fit_within_an_answer_does_not_come_back(client: httpx.Client) -> None:
    for value in ("secret" * 1000, ["secret"], {"secret": 1}):
        answer = {"citations": [{"quote": "one two three", "start": value}]}
        response = client.post("/v1/verify", json={"answer": answer})
        assert response.status_code == 422
        assert "start" in response.json()["detail"]
        assert "secret" not in response.text


@given(body=st.binary(max_size=200))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_answered_without_a_5xx(client: httpx.Client, body: bytes) -> None:
    unharmed(client, client.post("/v1/ask", content=body, headers={"Content-Type": "application/json"}))


@pytest.mark.parametrize("form", ["human", "json"])
def test_no_line_of_the_log_can_be_forged(form: str, tmp_path: Path) -> None:
    import subprocess

    from commandline import COMMAND

    place = tmp_path / "index"
    put(place, [article("well", "The old well was opened in 1880.")])
    log = tmp_path / "log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [COMMAND, "serve", "--index", place, "--port", "0"],
            stderr=stream,
            stdout=stream,
            env={**ENVIRONMENT, "CIVICITE_LOG_FORMAT": form},
        )
        try:
            address = ""
            while not address:
                found = [word for word in log.read_text().split() if word.startswith("http://")]
                address = found[0] if found else ""
                assert process.poll() is None
            with httpx.Client(base_url=address) as client:
                client.get("/v1/articles/x%0aINFO:%20forged%20line%0d%0a%1b[31m")
                client.get("/nowhere", headers={"X-Request-Id": "a\tb"})
        finally:
            process.terminate()
            process.wait(30)
    written = log.read_text()
    assert [written.count(route) for route in ("/v1/articles/{article_id}", "(none)")] == [1, 1]
    for sent in ("forged", "\x1b", "a\tb"):
        assert sent not in written
    for line in written.splitlines():
        assert json.loads(line)["level"] if form == "json" else re.match("[A-Z]+: ", line)
