"""Every error over HTTP is a problem document of RFC 9457 that gives nothing of the machine away."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from building import ENCODER, article, put
from commandline import ENVIRONMENT, served

from indexer import Editor

ARTICLE = article("well", "The old well was opened in 1880.", "The well")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("problems") / "index"
    put(place, [ARTICLE])
    return place


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[httpx.Client]:
    environment = {**ENVIRONMENT, "CIVICITE_WAIT_SECONDS": "0.1"}
    with (
        served(folder, environment=environment) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        yield client


def problem(response: httpx.Response, status: int, kind: str) -> dict[str, object]:
    """Check the shape, and return the document."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document = dict(response.json())
    assert {"type", "title", "status", "detail"} <= set(document) <= {
        "type", "title", "status", "detail", "errors", "request_id",
    }  # fmt: skip
    assert (document["type"], document["status"]) == (f"urn:civicite:problem:{kind}", status)
    assert document["title"]
    assert document["detail"]
    assert not re.search(r"Traceback|/tmp/|/home/|site-packages|\.py\b|sqlite", response.text)
    return document


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "question"),
        ({"question": ""}, "question"),
        ({"question": " \n"}, "question"),
        ({"question": "x" * 2001}, "question"),
        ({"question": 7}, "question"),
        ({"question": None}, "question"),
        ({"question": "q", "top_k": 0}, "top_k"),
        ({"question": "q", "top_k": 1001}, "top_k"),
        ({"question": "q", "top_k": "10"}, "top_k"),
        ({"question": "q", "top_k": 1.5}, "top_k"),
        ({"question": "q", "top_k": True}, "top_k"),
        ({"question": "q", "min_confidence": 1.1}, "min_confidence"),
        ({"question": "q", "min_confidence": "high"}, "min_confidence"),
        ({"question": "q", "limit": 3}, "limit"),
        ({"question": "q", "filters": ["city"]}, "filters"),
        ({"question": "q", "filters": {"city": 3}}, "filters.city"),
        ({"question": "q", "filters": {"city": []}}, "filters.city"),
        ({"question": "q", "filters": {"city": [""]}}, "filters.city"),
        ({"question": "q", "filters": {"published": "2020"}}, "filters.published"),
        ({"question": "q", "filters": {"published": {"since": "2020"}}}, "filters.published.since"),
        (["question"], "body"),
        ("question", "body"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/ask", "/v1/search"])
def test_an_invalid_request_names_the_field(
    path: str, body: object, field: str, client: httpx.Client
) -> None:
    document = problem(client.post(path, json=body), 422, "invalid-request")
    errors = document["errors"]
    assert isinstance(errors, list)
    assert any(str(error["field"]).startswith(field) for error in errors), errors


TEXT_OR_LIST = "Input should be a valid list or a valid string"


@pytest.mark.parametrize(
    ("path", "body", "errors"),
    [
        ("search", {"filters": {"city": 3}}, {"filters.city": TEXT_OR_LIST}),
        ("search", {"filters": {"city": [""]}}, {"filters.city.0": "at least 1 character"}),
        ("search", {"filters": {"city": ["a", 2]}}, {"filters.city.1": "a valid string"}),
        (
            "search",
            {"filters": {"list[constrained-str]": 3}},
            {"filters.list[constrained-str]": TEXT_OR_LIST},
        ),
        ("ask", {"as_of": 1.5}, {"as_of": "a valid string or a valid integer"}),
        ("ask", {"as_of": -1}, {"as_of": "greater than or equal to 0"}),
        ("ask", {"as_of": "soon"}, {"as_of": "; write it as 2020-02-05, 2020-02-05T14:00:00Z or 17"}),
        (
            "ask",
            {"filters": {"published": {"to": "2020-13"}}},
            {"filters.published.to": "'2020-13' is not a date"},
        ),
        ("ask", {"filters": {"city": "a\nb"}}, {"filters.city": "is not text; use printable"}),
        ("verify", {"answer": 3}, {"answer": "a valid string or a valid object"}),
        ("verify", {"citations": [{}]}, {"citations.0.quote": "Field required"}),
        ("verify", {"answer": {"citations": [3]}}, {"answer: citations 1": "it is neither a text nor"}),
        ("verify", {"text": "nothing"}, {"citations": "there is no quotation; give"}),
    ],
)
def test_errors_name_each_field_as_it_was_sent_and_no_type_that_it_was_tried_as(
    path: str, body: dict[str, object], errors: dict[str, str], client: httpx.Client
) -> None:
    asked = {} if path == "verify" else {"question": "q"}
    document = problem(client.post(f"/v1/{path}", json={**asked, **body}), 422, "invalid-request")
    listed = document["errors"]
    assert isinstance(listed, list)
    found = {one["field"]: one["problem"] for one in listed}
    assert list(found) == list(errors)
    assert all(expected in found[field] for field, expected in errors.items()), found


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("published_from=x", "published_from"),
        ("published_to=x", "published_to"),
        ("filter=city", "filter"),
        (f"filter=city={'x' * 201}", "filter"),
        ("sort=title&after=x", "after"),
        ("sort=x", "sort"),
    ],
)
def test_errors_name_the_parameter_of_a_list(query: str, field: str, client: httpx.Client) -> None:
    document = problem(client.get(f"/v1/articles?{query}"), 422, "invalid-request")
    assert [one["field"] for one in list(document["errors"])] == [field]  # type: ignore[call-overload]
    assert str(document["detail"]).startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("GET", f"/v1/articles/{'x' * 5000}", {}),
        ("GET", f"/v1/articles?filter={'x' * 5000}", {}),
        ("GET", f"/v1/articles?{'x' * 5000}=1", {}),
        ("PUT", f"/v1/articles/{'x' * 5000}", {"json": {"text": "t"}}),
        ("DELETE", f"/v1/articles/{'x' * 5000}", {}),
        ("POST", "/v1/articles", {"files": {"file": (f"{'x' * 3000}.md", b"text")}}),
        ("POST", "/v1/articles", {"files": {"file": (f"{'x' * 3000}.xyz", b"text")}}),
        ("POST", "/v1/ask", {"json": {"question": "q", "x" * 5000: 1}}),
        ("POST", "/v1/ask", {"content": f'{{"{"x" * 5000}": 1, "{"x" * 5000}": 1}}'}),
    ],
)
def test_of_a_long_value_a_problem_repeats_no_more_than_its_beginning(
    method: str, path: str, more: dict[str, object], client: httpx.Client
) -> None:
    headers = {"content-type": "application/json"} if "content" in more else {}
    response = client.request(method, path, headers=headers, **more)  # type: ignore[arg-type]
    assert response.status_code in (404, 422)
    assert "x" * 100 in response.text
    assert "x" * 201 not in response.text


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=b"])
def test_a_form_that_is_none_is_not_called_json(kind: str, client: httpx.Client) -> None:
    response = client.post("/v1/articles", content=b"no form", headers={"content-type": kind})
    assert "no form" in str(problem(response, 400, "malformed-body")["detail"])


def test_a_field_in_the_place_of_a_file_is_told_to_be_one(client: httpx.Client) -> None:
    response = client.post("/v1/articles", data={"file": "# New"})
    detail = str(problem(response, 422, "invalid-request")["detail"])
    assert detail == "file: it is no file; send it as a part of the form that has a file's name"


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/search"])
def test_a_request_may_ask_for_as_many_passages_as_the_settings_may(path: str, client: httpx.Client) -> None:
    assert client.post(path, json={"question": "The well", "top_k": 1000}).status_code == 200


@pytest.mark.parametrize("day", ["soon", "2020-02-30", "2020-13", ""])
def test_a_day_that_is_none_is_an_invalid_request(day: str, client: httpx.Client) -> None:
    body = {"question": "q", "filters": {"published": {"from": day}}}
    document = problem(client.post("/v1/search", json=body), 422, "invalid-request")
    assert "is not a date" in str(document["detail"])


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("published_from", "filters.published.from"),
        ("published_to", "filters.published.to"),
        ("published_after", "filters.published.from, which includes its day"),
        ("Published-Before", "filters.published.to, which includes its day"),
        ("Published", "filters.published.from or filters.published.to"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/ask", "/v1/search"])
def test_a_bound_beside_the_facets_is_refused_with_the_place_where_it_belongs(
    path: str, name: str, mend: str, client: httpx.Client
) -> None:
    body = {"question": "q", "filters": {name: "2020"}}
    document = problem(client.post(path, json=body), 422, "invalid-request")
    assert str(document["detail"]).endswith(f" is no facet; write it as {mend}")


@pytest.mark.parametrize("as_of", ["soon", "2020-02-30", "2020-05", 99, "99"])
@pytest.mark.parametrize("path", ["/v1/ask", "/v1/search"])
def test_a_moment_that_cannot_be_viewed_is_an_invalid_request(
    path: str, as_of: object, client: httpx.Client
) -> None:
    response = client.post(path, json={"question": "q", "as_of": as_of})
    assert str(problem(response, 422, "invalid-request")["detail"]).startswith("as_of: ")


@pytest.mark.parametrize("as_of", [True, 1.5, "", [], "2" * 41])
def test_a_moment_of_another_type_names_its_field(as_of: object, client: httpx.Client) -> None:
    document = problem(client.post("/v1/ask", json={"question": "q", "as_of": as_of}), 422, "invalid-request")
    assert any(str(one["field"]).startswith("as_of") for one in list(document["errors"]))  # type: ignore[call-overload]


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"before": -1}, {"after": 1}])
def test_a_page_of_commits_that_is_none_is_an_invalid_request(
    query: dict[str, int], client: httpx.Client
) -> None:
    problem(client.get("/v1/commits", params=query), 422, "invalid-request")


@pytest.mark.parametrize(
    ("content", "status", "kind"),
    [
        (b"{", 400, "malformed-body"),
        (b'{"question": ', 400, "malformed-body"),
        (b"not json", 400, "malformed-body"),
        (b"", 422, "invalid-request"),
        (b'{"question": "\\ud800"}', 422, "invalid-request"),
        (b'{"\\ud800": 1, "question": "q"}', 422, "invalid-request"),
        (b'{"question": "q", "min_confidence": NaN}', 422, "invalid-request"),
        (b'{"question": "q", "top_k": 1e999}', 422, "invalid-request"),
        (b'{"question": "\xff"}', 400, "malformed-body"),
        (b"[" * 100_000, 400, "malformed-body"),
    ],
)
def test_a_body_that_is_no_valid_json_is_a_problem(
    content: bytes, status: int, kind: str, client: httpx.Client
) -> None:
    headers = {"content-type": "application/json"}
    problem(client.post("/v1/ask", content=content, headers=headers), status, kind)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", None])
def test_a_body_that_is_not_called_json_is_refused_with_the_header_that_it_lacks(
    kind: str | None, client: httpx.Client
) -> None:
    headers = {"content-type": kind} if kind is not None else {}
    response = client.post("/v1/ask", content=b'{"question": "q"}', headers=headers)
    detail = str(problem(response, 422, "invalid-request")["detail"])
    assert detail.endswith("; send it as JSON with the header content-type: application/json")


def test_a_body_without_end_is_refused(client: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"question": "'
        for _ in range(60):
            yield b"x" * 1_000_000

    headers = {"content-type": "application/json"}
    response = client.post("/v1/ask", content=endless(), headers=headers)
    problem(response, 413, "body-too-large")


@pytest.mark.parametrize("path", ["/v1", "/v2/ask", "/v1/ask/", "/docs", "/v1/articles/", "/index.html"])
def test_an_unknown_address_is_not_found(path: str, client: httpx.Client) -> None:
    response = client.get(path)
    assert response.json()["type"] in {
        "urn:civicite:problem:not-found",
        "urn:civicite:problem:article-not-found",
    }
    problem(response, 404, str(response.json()["type"]).rpartition(":")[2])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/facets"),
        ("GET", "/v1/status"),
        ("GET", "/v1/articles"),
        ("GET", "/v1/articles/well"),
        ("GET", "/v1/commits"),
        ("GET", "/v1/feedback"),
        ("POST", "/v1/search"),
        ("POST", "/v1/ask"),
        ("POST", "/v1/verify"),
        ("POST", "/v1/feedback"),
        ("PUT", "/v1/articles/well"),
        ("DELETE", "/v1/articles/well"),
    ],
)
def test_a_parameter_that_is_not_declared_is_refused_by_name(
    method: str, path: str, client: httpx.Client
) -> None:
    bodies: dict[str, dict[str, object]] = {
        "/v1/verify": {"text": "“a b c”"},
        "/v1/feedback": {"question": "q", "verdict": "right"},
        "/v1/articles/well": {"text": "Something."},
    }
    body = bodies.get(path, {"question": "q"}) if method in ("POST", "PUT") else None
    response = client.request(method, path, params={"nonsense": 1}, json=body)
    assert problem(response, 422, "invalid-request")["errors"] == [
        {"field": "nonsense", "problem": "Extra inputs are not permitted"}
    ]


def test_a_field_beside_the_file_of_an_upload_is_refused_by_name(client: httpx.Client) -> None:
    file = {"file": ("new.md", b"# New\n\nSomething.")}
    for told in ({"data": {"city": "Ulm"}}, {"params": {"city": "Ulm"}}):
        response = client.post("/v1/articles", files=file, **told)  # type: ignore[arg-type]
        assert problem(response, 422, "invalid-request")["errors"] == [
            {"field": "city", "problem": "Extra inputs are not permitted"}
        ]


REPEATED = "it is given more than once; give it once"


def test_a_second_file_of_an_upload_is_refused_rather_than_one_of_them_dropped(client: httpx.Client) -> None:
    files = [("file", (f"{name}.md", b"# New\n\nSomething.")) for name in ("one", "two")]
    response = client.post("/v1/articles", files=files)
    assert problem(response, 422, "invalid-request")["errors"] == [{"field": "file", "problem": REPEATED}]
    assert [one["article_id"] for one in client.get("/v1/articles").json()["articles"]] == ["well"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/articles", "limit=1&limit=2"),
        ("/v1/articles/well", "start=0&start=1"),
        ("/v1/commits", "limit=1&filter=a&limit=2"),
    ],
)
def test_a_parameter_that_is_given_twice_is_refused_by_name(
    path: str, query: str, client: httpx.Client
) -> None:
    document = problem(client.get(f"{path}?{query}"), 422, "invalid-request")
    assert document["errors"] == [{"field": query.partition("=")[0], "problem": REPEATED}]


def test_a_filter_of_a_list_may_be_given_twice(client: httpx.Client) -> None:
    assert client.get("/v1/articles?filter=a=b&filter=a=c").status_code == 200


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/search"])
def test_a_key_that_a_body_holds_twice_is_refused_by_name(path: str, client: httpx.Client) -> None:
    for content, name in (
        ('{"question": "q", "question": "r"}', "question"),
        ('{"question": "q", "filters": {"city": "Seoul", "city": "Busan"}}', "city"),
    ):
        response = client.post(path, content=content, headers={"content-type": "application/json"})
        document = problem(response, 422, "invalid-request")
        assert document["errors"] == [{"field": name, "problem": REPEATED}]


def test_a_parameter_that_is_not_declared_is_refused_as_openai_does_at_its_addresses(
    client: httpx.Client,
) -> None:
    response = client.get("/v1/models", params={"nonsense": 1})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "nonsense")


def test_an_unknown_method_names_those_that_are_known(client: httpx.Client) -> None:
    response = client.get("/v1/ask")
    problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_article_that_is_not_there_is_not_found(method: str, client: httpx.Client) -> None:
    problem(client.request(method, "/v1/articles/no/such"), 404, "article-not-found")


def test_a_revision_that_is_not_there_is_not_found(client: httpx.Client) -> None:
    problem(client.get("/v1/articles/well?revision=9"), 404, "article-not-found")


@pytest.mark.parametrize("span", ["start=5&end=4", "start=10000", "end=10000"])
def test_a_span_outside_the_text_is_a_problem(span: str, client: httpx.Client) -> None:
    problem(client.get(f"/v1/articles/well?{span}"), 416, "span-not-there")


@pytest.mark.parametrize(
    "query", ["revision=one", "revision=-1", "start=-1", "colour=red", f"revision={10**30}"]
)
def test_an_invalid_query_of_an_article_names_the_parameter(query: str, client: httpx.Client) -> None:
    document = problem(client.get(f"/v1/articles/well?{query}"), 422, "invalid-request")
    assert query.split("=")[0] in str(document["detail"])


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "before=x"])
def test_an_invalid_query_of_the_list_names_the_parameter(query: str, client: httpx.Client) -> None:
    document = problem(client.get(f"/v1/articles?{query}"), 422, "invalid-request")
    assert query.split("=")[0] in str(document["detail"])


@pytest.mark.parametrize(
    ("identity", "body"),
    [
        ("new", {}),
        ("new", {"text": ""}),
        ("new", {"text": " \n "}),
        ("new", {"text": "t", "author": "x"}),
        ("new", {"text": "t", "metadata": {"nested": {"a": 1}}}),
        ("new", {"text": "t", "metadata": {"published": "soon"}}),
        ("white%20space", {"text": "t"}),
        ("control%07", {"text": "t"}),
        ("a%0Aline", {"text": "t"}),
        ("x" * 513, {"text": "t"}),
    ],
)
def test_an_article_that_cannot_be_taken_in_is_an_invalid_request(
    identity: str, body: dict[str, object], client: httpx.Client
) -> None:
    problem(client.put(f"/v1/articles/{identity}", json=body), 422, "invalid-request")
    assert [one["article_id"] for one in client.get("/v1/articles").json()["articles"]] == ["well"]


def test_a_writer_that_finds_another_one_is_told_when_to_come_back(
    client: httpx.Client, folder: Path
) -> None:
    with Editor(folder, lambda: ENCODER):
        response = client.put("/v1/articles/new", json={"text": "t"})
        problem(response, 503, "index-locked")
        assert int(response.headers["retry-after"]) > 0
        problem(client.delete("/v1/articles/well"), 503, "index-locked")
        assert client.post("/v1/ask", json={"question": "q"}).status_code == 200


def test_damage_is_a_problem_that_names_no_file(tmp_path: Path) -> None:
    import sqlite3

    place = tmp_path / "index"
    put(place, [ARTICLE])
    with served(place) as address, httpx.Client(base_url=address) as client:
        connection = sqlite3.connect(place / "catalog.sqlite")
        connection.execute("UPDATE revisions SET text = 'altered'")
        connection.commit()
        connection.close()
        body = {"question": "When was the well opened?", "min_confidence": 0}
        problem(client.post("/v1/ask", json=body), 500, "index-damaged")
        problem(client.get("/v1/articles/well"), 500, "index-damaged")
        assert client.get("/readyz").json()["damaged"] == ["well"]
        assert "damaged and left out" in client.post("/v1/ask", json=body).json()["message"]
