"""Every example in the specification fits its schema, and is what a running application answers."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from building import ENCODER
from commandline import ENVIRONMENT, served
from examples import ARTICLE, SAID, answers
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from indexer import Editor, articles, find
from service.problems import PROBLEMS
from service.specification import examples

ROOT = Path(__file__).parents[1]
HERE = "urn:specification"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("examples") / "index"
    with Editor(place, lambda: ENCODER) as editor:
        editor.put(one for source in find([ROOT / "corpus"]) for one in articles(source))
    return place


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[httpx.Client]:
    variables = {"CIVICITE_WAIT_SECONDS": "0.1", "CIVICITE_MIN_CONFIDENCE": "0"}
    with (
        served(folder, environment={**ENVIRONMENT, **variables}) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def described(client: httpx.Client) -> dict[str, Any]:
    return dict(client.get("/openapi.json").json())


def operations(described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, found in described["paths"].items():
        for method, operation in found.items():
            yield f"{method.upper()} {path}", operation


def shown_in(content: dict[str, Any], described: dict[str, Any]) -> list[Any]:
    """Return the examples of a media type: its own, else those of its schema."""
    if "example" in content:
        return [content["example"]]
    if "examples" in content:
        return [one["value"] for one in content["examples"].values()]
    return list(resolved(content["schema"], described).get("examples", []))


def resolved(schema: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return dict(described["components"]["schemas"][name]) if name else schema


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def misfits(example: Any, schema: dict[str, Any], described: dict[str, Any]) -> list[str]:
    resource = DRAFT202012.create_resource(described)
    placed = {**schema, "$id": "urn:one"}
    if "$ref" in schema:
        placed = {"$ref": f"{HERE}{schema['$ref']}"}
    registry: Registry[Any] = Registry().with_resource(HERE, resource)
    validator = Draft202012Validator(placed, registry=registry)
    return [error.message for error in validator.iter_errors(example)]


def test_every_reference_of_the_specification_leads_to_something(described: dict[str, Any]) -> None:
    found = set(references(described))
    assert len(found) > 30
    for reference in found:
        place: Any = described
        assert reference.startswith("#/")
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def test_every_request_and_response_has_examples_and_each_fits_its_schema(described: dict[str, Any]) -> None:
    seen = 0
    for name, operation in operations(described):
        contents = [("request", kind, one) for kind, one in body_of(operation).items()]
        for status, response in operation["responses"].items():
            contents += [(status, kind, one) for kind, one in response.get("content", {}).items()]
            assert response["headers"]
        for where, kind, content in contents:
            given = shown_in(content, described)
            if kind != "multipart/form-data":
                assert given, f"{name} {where} {kind} has no example"
            for example in given:
                seen += 1
                assert misfits(example, content["schema"], described) == [], f"{name} {where} {kind}"
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path":
                [example, *_] = parameter["schema"].get("examples") or [parameter["example"]]
                assert misfits(example, parameter["schema"], described) == []
    assert seen > 300


def body_of(operation: dict[str, Any]) -> dict[str, Any]:
    return dict(operation.get("requestBody", {}).get("content", {}))


def headers_of(operation: dict[str, Any]) -> set[str]:
    return {one["name"] for one in operation.get("parameters", []) if one["in"] == "header"}


def test_what_may_be_asked_or_changed_under_a_condition_says_so(described: dict[str, Any]) -> None:
    found = {name: headers_of(operation) for name, operation in operations(described)}
    article = "/v1/articles/{article_id}"
    for name in (f"PUT {article}", f"DELETE {article}"):
        assert found.pop(name) == {"If-Match", "If-None-Match"}
    conditional = {name for name, headers in found.items() if headers == {"If-None-Match"}}
    reads = {f"GET {article}", "GET /v1/articles", "GET /v1/facets", "GET /v1/status"}
    assert conditional == {*reads, "POST /v1/ask", "POST /v1/search", "GET /", "GET /llms.txt"}


def test_every_answer_that_has_a_tag_says_so(described: dict[str, Any]) -> None:
    tagged = {
        (name, status)
        for name, operation in operations(described)
        for status, response in operation["responses"].items()
        if "ETag" in response["headers"]
    }
    put = {("PUT /v1/articles/{article_id}", "200"), ("PUT /v1/articles/{article_id}", "201")}
    read = {(name, "200") for name, operation in operations(described) if "304" in operation["responses"]}
    again = {(name, "304") for name, _ in read}
    assert tagged == {*put, ("POST /v1/articles", "200"), *read, *again}


def test_an_example_that_does_not_fit_would_be_found(described: dict[str, Any]) -> None:
    schema = {"$ref": "#/components/schemas/Facets"}
    assert misfits({"facets": {"city": {"Seoul": "many"}}, "articles": 1}, schema, described)
    assert misfits({"facets": {}, "articles": 1}, schema, described) == []


def test_the_application_answers_as_its_examples_show(client: httpx.Client) -> None:
    recorded, given = examples(), dict(answers(client))
    assert set(given) == set(recorded)
    for key, shown in given.items():
        assert differing_in_shape(recorded[key], shown) == [], key


FREE = {"facets", "timing_ms"}
"""Mappings whose names depend on the articles, or on what took time."""


def differing_in_shape(one: Any, another: Any, where: str = "") -> list[str]:
    """Name the places at which two values have other fields or other types; null stands for any."""
    if one is None or another is None:
        return []
    if isinstance(one, dict) and isinstance(another, dict):
        if where.rpartition(".")[2] in FREE:
            return []
        odd = [f"{where}.{name}" for name in sorted(set(one) ^ set(another))]
        both = [name for name in one if name in another]
        return odd + [
            at for name in both for at in differing_in_shape(one[name], another[name], f"{where}.{name}")
        ]
    if isinstance(one, list) and isinstance(another, list):
        listed = zip(one, another, strict=False)
        return [at for pair in listed for at in differing_in_shape(*pair, f"{where}[]")]
    numbers = isinstance(one, int | float) and isinstance(another, int | float)
    return [] if numbers or type(one) is type(another) else [where]


def problem_examples(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for _, operation in operations(described):
        for response in operation["responses"].values():
            content = response.get("content", {}).get("application/problem+json", {})
            found |= {kind: one["value"] for kind, one in content.get("examples", {}).items()}
    return found


def test_problems_come_as_their_examples_show(
    client: httpx.Client, folder: Path, described: dict[str, Any]
) -> None:
    wanted = problem_examples(described)
    place = "/v1/articles/incheon-role-model-city"
    assert client.put("/v1/articles/gone", json=ARTICLE).status_code == 201
    assert client.delete("/v1/articles/gone", params={"erase": True}).status_code == 204
    provoked = {
        "malformed-body": client.post("/v1/ask", content=b'{"question": "\xff"}', headers=JSON),
        "foreign-origin": client.put(place, json=ARTICLE, headers={"Origin": "https://evil.example"}),
        "article-not-found": client.get("/v1/articles/nowhere"),
        "article-erased": client.get("/v1/articles/gone"),
        "changed-meanwhile": client.put(place, json=ARTICLE, headers={"If-Match": "never"}),
        "exists-already": client.put(place, json=ARTICLE, headers={"If-None-Match": "*"}),
        "body-too-large": client.post("/v1/ask", content=b"[" + b" " * 1_000_000),
        "span-not-there": client.get(place, params={"start": 10**6}),
        "unknown-host": client.get("/v1/status", headers={"Host": "evil.example"}),
        "invalid-request": client.post("/v1/ask", json={"question": "q", "top_k": 1001}),
    }
    with Editor(folder, lambda: ENCODER):
        provoked["index-locked"] = client.put(place, json=ARTICLE)
    with other_client(folder, REQUIRE_KEYS="true", REQUESTS_PER_MINUTE="2") as strict:
        provoked["key-required"] = strict.get("/v1/status")
        provoked["key-unknown"] = strict.get("/v1/status", headers={"Authorization": "Bearer none"})
        provoked["too-many-requests"] = strict.get("/v1/status")
    with other_client(folder, FEEDBACK_BYTES="0") as full:
        provoked["feedback-full"] = full.post("/v1/feedback", json=SAID)
    for kind, response in provoked.items():
        assert response.headers["content-type"] == "application/problem+json"
        document = response.json()
        assert differing_in_shape(wanted[kind], document) == [], kind
        for name in ("type", "title", "status"):
            assert document[name] == wanted[kind][name]
        assert misfits(document, {"$ref": "#/components/schemas/ProblemDocument"}, described) == []
    # What takes a damaged index, another model, a crowd or a bug is provoked elsewhere.
    others = {"scope-missing", "index-damaged", "index-unusable", "internal-error", "index-empty"}
    others |= {"model-changed", "overloaded", "too-slow", "body-too-slow", "shutting-down"}
    assert set(provoked) | others == set(wanted)
    assert set(wanted) == set(PROBLEMS) - {"not-found", "method-not-allowed", "http-error"}


JSON = {"Content-Type": "application/json"}


@contextlib.contextmanager
def other_client(folder: Path, **settings: str) -> Iterator[httpx.Client]:
    variables = {f"CIVICITE_{name}": value for name, value in settings.items()}
    with (
        served(folder, environment={**ENVIRONMENT, **variables}) as address,
        httpx.Client(base_url=address) as client,
    ):
        yield client
