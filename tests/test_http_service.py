"""Lists, uploads, feedback, status and conditional requests, at a server that really listens."""

import base64
import json
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from building import article, put
from commandline import ENVIRONMENT, civicite, served
from fpdf import FPDF
from pydantic import BaseModel
from starlette.testclient import TestClient

import service.client
from indexer import Editor
from service import http_tags
from service import representations as shown
from service.client import Client
from service.edits import Answer
from service.feedback import as_questions, forget, note, read_feedback
from service.http import create_app
from service.keys import create_key
from service.serving import Serving
from service.settings import Settings
from service.store import opened, store_of

TOWNS = [
    article("a/dam", "Adam keeps a dam.", "The dam", published="2021-05", publisher="Dam Board", city="Adam"),
    article("b", "Bern keeps bears.", "bears", published="2019", city="Bern"),
    article("c", "Cork keeps corks.", "Corks", published="2021-05-02", publisher="dam board", city="Cork"),
    article("d", "Delhi keeps time."),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("service") / "index"
    for town in TOWNS:
        put(place, [town])
    return place


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[httpx.Client]:
    with served(folder) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


def fits(model: type[BaseModel], response: httpx.Response) -> dict[str, Any]:
    assert response.is_success, response.text
    model.model_validate(response.json(), strict=True)
    return dict(response.json())


def listed(client: httpx.Client, **query: str | list[str]) -> list[str]:
    """All pages of a list, two articles a page."""
    found: list[str] = []
    after = ""
    while True:
        response = client.get("/v1/articles", params={"limit": 2, "after": after, **query})
        page = fits(shown.ArticleList, response)
        found += [str(one["article_id"]) for one in page["articles"]]
        if page["next"] is None:
            return found
        after = str(page["next"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["a/dam", "b", "c", "d"]),
        ({"sort": "-id"}, ["d", "c", "b", "a/dam"]),
        ({"sort": "title"}, ["d", "b", "c", "a/dam"]),
        ({"sort": "published"}, ["d", "b", "a/dam", "c"]),
        ({"sort": "-published"}, ["c", "a/dam", "b", "d"]),
        ({"sort": "-taken_in"}, ["d", "c", "b", "a/dam"]),
        ({"publisher": "Dam Board"}, ["a/dam", "c"]),
        ({"filter": "city=bern"}, ["b"]),
        ({"filter": ["city=Bern", "city=Cork"], "sort": "-title"}, ["c", "b"]),
        ({"published_from": "2020-01-01"}, ["a/dam", "c"]),
        ({"published_to": "2019-12-31"}, ["b"]),
        ({"filter": "city=Paris"}, []),
    ],
)
def test_articles_are_listed_by_filter_and_order_page_by_page(
    query: dict[str, str | list[str]], expected: list[str], client: httpx.Client
) -> None:
    assert listed(client, **query) == expected


def test_a_list_goes_on_behind_an_article_whose_title_and_id_are_as_long_as_can_be(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = "가" * 989
    long = [f"{letter * 512}" for letter in "\U00020000\U00020001\U00020002"]
    titles = [f"나{letters}", f"가{letters}", f"가{letters[1:]}나"]
    for identity, title in zip(long, titles, strict=True):
        body = {"title": title, "text": "Lamps are lit at dusk."}
        assert client.put(f"/v1/articles/{identity}", json=body).status_code == 201
    monkeypatch.setattr(service.client, "PAGE", 1)
    try:
        # Behind the first 200 letters titles are not compared, and ids decide.
        assert listed(client, sort="title")[-3:] == [long[1], long[2], long[0]]
        assert listed(client, sort="-title")[:3] == [long[0], long[2], long[1]]
        with Client(str(client.base_url)) as program:
            found = [one.article_id for one in program.articles(order="title")]
        assert found[-3:] == [long[1], long[2], long[0]]
    finally:
        for identity in long:
            client.delete(f"/v1/articles/{identity}", params={"erase": True})


def test_the_cursor_of_another_order_is_refused(client: httpx.Client) -> None:
    first = client.get("/v1/articles", params={"limit": 1, "sort": "published"}).json()
    foreign = client.get("/v1/articles", params={"sort": "title", "after": first["next"]})
    assert foreign.status_code == 422
    assert "no cursor of this order" in foreign.json()["detail"]


def test_a_page_neither_repeats_nor_hides_when_articles_come_and_go(client: httpx.Client) -> None:
    first = client.get("/v1/articles", params={"limit": 2, "sort": "published"}).json()
    client.put("/v1/articles/new", json={"text": "New keeps news.", "metadata": {"published": "2018"}})
    second = client.get("/v1/articles", params={"sort": "published", "after": first["next"]}).json()
    client.delete("/v1/articles/new")
    assert [one["article_id"] for one in second["articles"]] == ["a/dam", "c"]


def cursor(*values: object) -> str:
    """A cursor as somebody might forge it."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"filter": "city"}, "filter"),
        ({"filter": "=x"}, "filter"),
        ({"filter": "published_after=2020"}, "write it as published_from, which includes its day"),
        ({"sort": "size"}, "sort"),
        ({"sort": "title", "after": "!!"}, "after"),
        ({"sort": "title", "after": "W10"}, "after"),
        ({"sort": "title", "after": "bnVsbA"}, "after"),
        ({"sort": "title", "after": cursor("title", "x")}, "after"),
        ({"sort": "title", "after": cursor("title", 1, "x")}, "after"),
        ({"sort": "title", "after": cursor("title", "x", ["y"])}, "after"),
        ({"sort": "title", "after": cursor("title", "x", "\ud800")}, "after"),
        ({"published_from": "soon"}, "published"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_list_that_cannot_be_made_names_the_parameter(
    query: dict[str, str], field: str, client: httpx.Client
) -> None:
    response = client.get("/v1/articles", params=query)
    assert response.status_code == 422
    assert field in response.json()["detail"]


def uploaded(client: httpx.Client, name: str, content: bytes) -> httpx.Response:
    return client.post("/v1/articles", files={"file": (name, content)})


def pdf(text: str) -> bytes:
    document = FPDF()
    document.add_page()
    document.set_font("Helvetica")
    document.multi_cell(0, text=text)
    return bytes(document.output())


@pytest.mark.parametrize(
    ("name", "content", "identity"),
    [
        ("night trams.md", b"---\ntitle: Trams\n---\nTrams run all night in Basel.", "night-trams"),
        ("owls.md", b"---\nid: basel/owls\n---\nOwls are counted in May.", "basel/owls"),
        ("note.txt", "Öfen werden nachts geheizt.".encode("utf-16"), "note"),
        (
            "page.html",
            b"<html><body><article><p>The harbour was closed in 1999.</p></article></body></html>",
            "page",
        ),
        ("plan.pdf", pdf("The plan was signed in Lima."), "plan"),
        ("../../../etc/passwd.txt", b"A path leads nowhere.", "passwd"),
        ("C:\\secret\\win.txt", b"Nor does this one.", "win"),
        ("many.jsonl", b'{"_id": "j1", "text": "One."}\n', "j1"),
    ],
)
def test_a_file_is_taken_in_by_its_format_under_its_own_id_or_name(
    name: str, content: bytes, identity: str, client: httpx.Client
) -> None:
    result = fits(shown.Uploaded, uploaded(client, name, content))
    assert (result["added"], result["failures"]) == ([identity], [])
    assert client.get(f"/v1/articles/{identity}").json()["text"]
    assert fits(shown.Uploaded, uploaded(client, name, content))["unchanged"] == [identity]
    assert client.delete(f"/v1/articles/{identity}").status_code == 204


def test_what_of_a_file_cannot_be_read_is_named_and_the_rest_taken_in(client: httpx.Client) -> None:
    result = fits(
        shown.Uploaded, uploaded(client, "two.jsonl", b'{"_id": "j2", "text": "Two."}\n{"_id": 3}\n')
    )
    assert result["added"] == ["j2"]
    assert len(result["failures"]) == 1
    assert str(result["failures"]).count("two.jsonl") == 1
    client.delete("/v1/articles/j2")


@pytest.mark.parametrize(
    ("name", "content"),
    [("x.exe", b"MZ"), ("x.pdf", b"no pdf"), ("x.md", b""), ("x.docx", b"PK\x03\x04"), ("", b"x")],
)
def test_a_file_that_holds_no_article_is_refused_and_nothing_is_kept(
    name: str, content: bytes, client: httpx.Client
) -> None:
    before = client.get("/v1/status").json()["commit"]
    response = uploaded(client, name, content)
    assert response.status_code == 422
    assert str(Path("/")) + "tmp" not in response.text
    assert client.get("/v1/status").json()["commit"] == before


def test_what_people_say_is_kept_listed_and_written_out_as_questions(
    folder: Path, client: httpx.Client
) -> None:
    said = {"question": "Who keeps bears?", "verdict": "wrong", "comment": "<b>no</b>", "article_id": "b"}
    state = {"commit": 4, "generation": 1, "model": "m", "recipe": "r", "ranker": "fixed", "as_of": None}
    first = fits(shown.FeedbackNoted, client.post("/v1/feedback", json={**said, "index": state}))
    client.post("/v1/feedback", json={"question": "And who keeps time?", "verdict": "right"})
    page = fits(shown.FeedbackList, client.get("/v1/feedback", params={"limit": 1}))
    assert page["next"] == first["number"]
    found = read_feedback(store_of(folder))
    assert [(one.question, one.verdict, one.article_id) for one in found] == [
        ("Who keeps bears?", "wrong", "b"),
        ("And who keeps time?", "right", None),
    ]
    assert found[0].state == {"commit": 4, "generation": 1, "ranker": "fixed"}
    exported = civicite("feedback", "export", "--index", folder).stdout.splitlines()
    assert (
        [json.loads(line) for line in exported]
        == list(as_questions(found))
        == [{"_id": f"feedback-{first['number']}", "text": "Who keeps bears?", "article": "b"}]
    )


def test_what_was_said_of_an_erased_article_goes_with_it(folder: Path, client: httpx.Client) -> None:
    for identity in ("e1", "e2"):
        client.put(f"/v1/articles/{identity}", json={"text": f"The {identity} is a rare instrument."})
        said = {
            "question": "q",
            "verdict": "wrong",
            "article_id": identity,
            "quote": f"The {identity} is rare",
        }
        client.post("/v1/feedback", json=said)
    client.delete("/v1/articles/e1", params={"erase": True})
    assert civicite("remove", "--erase", "e2", "--index", folder).returncode == 0
    assert not [one for one in read_feedback(store_of(folder)) if one.article_id in ("e1", "e2")]
    content = store_of(folder).read_bytes()
    assert b"The e1 is rare" not in content
    assert b"The e2 is rare" not in content


def test_a_list_by_a_facet_that_no_article_has_says_so(client: httpx.Client) -> None:
    assert (
        "No article has “citty”"
        in client.get("/v1/articles", params={"filter": "citty=Bern"}).json()["message"]
    )
    for known in ("city=Bern", "city=Oslo"):
        assert client.get("/v1/articles", params={"filter": known}).json()["message"] is None


@pytest.mark.parametrize(
    ("address", "methods"),
    [
        ("/v1/articles", "GET, HEAD, POST"),
        ("/v1/articles/b", "DELETE, GET, HEAD, PUT"),
        ("/v1/ask", "POST"),
        ("/readyz", "GET, HEAD"),
    ],
)
def test_a_method_that_an_address_does_not_know_is_told_those_that_it_knows(
    address: str, methods: str, client: httpx.Client
) -> None:
    response = client.patch(address)
    assert (response.status_code, response.headers["allow"]) == (405, methods)


@pytest.mark.parametrize("address", ["/v1/articles?limit=2", "/v1/articles/b", "/v1/facets", "/v1/status"])
def test_head_answers_as_get_does_without_the_body(address: str, client: httpx.Client) -> None:
    whole, head = client.get(address), client.head(address)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "etag"):
        assert head.headers.get(name) == whole.headers.get(name)
    assert client.head("/v1/articles", params={"nonsense": 1}).status_code == 422


DECOMPOSED = [unicodedata.normalize("NFD", identity) for identity in ("café", "한글/서울")]


@pytest.mark.parametrize("identity", DECOMPOSED)
@pytest.mark.parametrize("sent", ["NFC", "NFD"])
def test_what_was_said_of_an_erased_article_goes_however_its_id_is_composed(
    identity: str, sent: Literal["NFC", "NFD"], folder: Path, client: httpx.Client
) -> None:
    place = f"/v1/articles/{identity}"
    assert client.put(place, json={"text": "The bassoon is a rare instrument."}).is_success
    said = {"question": "q", "verdict": "wrong", "article_id": unicodedata.normalize(sent, identity)}
    client.post("/v1/feedback", json={**said, "quote": "The bassoon is rare"})
    assert client.delete(place, params={"erase": True}).status_code == 204
    assert b"The bassoon is rare" not in store_of(folder).read_bytes()


@pytest.mark.parametrize("identity", DECOMPOSED)
def test_an_article_is_withdrawn_however_its_id_is_composed(identity: str, client: httpx.Client) -> None:
    place = f"/v1/articles/{identity}"
    assert client.put(place, json={"text": "The bassoon is a rare instrument."}).is_success
    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404


@pytest.mark.parametrize("identity", DECOMPOSED)
def test_what_was_said_goes_too_where_the_id_was_kept_as_it_was_sent(identity: str, tmp_path: Path) -> None:
    file = tmp_path / "service.sqlite"
    note(file, "q", "wrong", article_id="other", quote="It stays")
    note(file, "q", "wrong", article_id=identity, quote="The bassoon is rare")
    with opened(file) as connection:
        assert connection is not None
        connection.execute("UPDATE feedback SET article_id = ? WHERE number = 2", (identity,))
    forget(file, [unicodedata.normalize("NFC", identity)])
    assert [one.article_id for one in read_feedback(file)] == ["other"]
    assert b"The bassoon is rare" not in file.read_bytes()


@pytest.mark.parametrize(
    "said",
    [
        {"question": "q"},
        {"question": "q", "verdict": "maybe"},
        {"question": "", "verdict": "right"},
        {"question": "q", "verdict": "right", "comment": "x" * 4001},
        {"question": "q", "verdict": "right", "index": {"commit": -1, "generation": 1}},
        {"question": "q", "verdict": "right", "stars": 5},
    ],
)
def test_feedback_that_is_none_is_refused(said: dict[str, object], client: httpx.Client) -> None:
    assert client.post("/v1/feedback", json=said).status_code == 422


def test_feedback_beyond_what_the_settings_allow_is_refused_until_some_is_deleted(tmp_path: Path) -> None:
    place = tmp_path / "index"
    put(place, [article("well", "The old well was opened in 1880.")])
    environment = {**ENVIRONMENT, "CIVICITE_FEEDBACK_BYTES": "60000"}
    body = {"question": "When?", "verdict": "wrong", "comment": "x" * 4000}
    with served(place, environment=environment) as address, httpx.Client(base_url=address) as client:
        kept = 0
        while (response := client.post("/v1/feedback", json=body)).status_code == 201:
            kept += 1
            assert kept < 60000 / 4000
        assert kept > 1
        assert response.status_code == 507
        assert response.json()["type"] == "urn:civicite:problem:feedback-full"
        assert store_of(place).stat().st_size < 2 * 60000
        assert client.post("/v1/ask", json={"question": "When was the well opened?"}).status_code == 200
        done = civicite("feedback", "delete", "--up-to", str(kept - 1), "--index", place)
        assert done.stdout == f"deleted {kept - 1} judgements\n"
        assert [one["number"] for one in client.get("/v1/feedback").json()["feedback"]] == [kept]
        assert client.post("/v1/feedback", json=body).json() == {"number": kept + 1}


def test_only_an_administrator_reads_what_people_said_once_there_are_keys(tmp_path: Path) -> None:
    place = tmp_path / "index"
    put(place, TOWNS[:1])
    admin, _ = create_key(store_of(place), "admin")
    writer, _ = create_key(store_of(place), "write")
    with served(place) as address, httpx.Client(base_url=address) as client:
        body = {"question": "q", "verdict": "right"}
        assert client.post("/v1/feedback", json=body).status_code == 201
        noted = client.post("/v1/feedback", json=body, headers={"Authorization": f"Bearer {writer}"})
        assert noted.status_code == 201
        assert client.get("/v1/feedback").status_code == 401
        assert client.get("/v1/feedback", headers={"Authorization": f"Bearer {writer}"}).status_code == 403
        seen = client.get("/v1/feedback", headers={"Authorization": f"Bearer {admin}"}).json()["feedback"]
        assert [one["key"] for one in seen] == [None, writer.split("_")[1]]


def test_status_counts_what_is_served_and_names_no_path(folder: Path, client: httpx.Client) -> None:
    status = fits(shown.Status, client.get("/v1/status"))
    assert status["articles"] == len(listed(client))
    assert str(folder) not in json.dumps(status)


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v1/facets", shown.Facets),
        ("/v1/articles", shown.ArticleList),
        ("/v1/articles/new?start=1&end=3", shown.ArticleShown),
        ("/v1/status", shown.Status),
    ],
)
def test_what_a_client_has_already_is_not_sent_again_until_it_changes(
    path: str, model: type[BaseModel], client: httpx.Client
) -> None:
    client.put("/v1/articles/new", json={"text": "New keeps nothing.", "metadata": {"city": "Newtown"}})
    first = client.get(path)
    fits(model, first)
    tag = first.headers["etag"]
    assert tag.startswith('W/"')
    again = client.get(path, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    client.put("/v1/articles/new", json={"text": "New keeps news."})
    changed = client.get(path, headers={"If-None-Match": tag})
    client.delete("/v1/articles/new")
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/search"])
def test_the_tag_of_an_answer_is_of_the_question_and_of_the_state_that_answers(
    path: str, client: httpx.Client
) -> None:
    body = {"question": "Who keeps bears?", "min_confidence": 0}
    first = client.post(path, json=body)
    tag = first.headers["etag"]
    assert client.post(path, json=body, headers={"If-None-Match": tag}).status_code == 304
    other = client.post(path, json={**body, "question": "Who keeps time?"}, headers={"If-None-Match": tag})
    assert other.status_code == 200
    client.put("/v1/articles/new", json={"text": "New keeps news."})
    assert client.post(path, json=body, headers={"If-None-Match": tag}).status_code == 200
    client.delete("/v1/articles/new")
    commit = first.json()["index"]["commit"]
    past = client.post(path, json={**body, "as_of": commit}, headers={"If-None-Match": tag})
    assert (past.status_code, past.headers.get("etag")) == (200, None)


def test_an_article_is_replaced_only_if_it_is_still_what_the_client_saw(client: httpx.Client) -> None:
    place = "/v1/articles/guarded"
    body = {"text": "The gate is open."}
    assert client.put(place, json=body, headers={"If-Match": "*"}).status_code == 412
    assert client.put(place, json=body, headers={"If-None-Match": "*"}).status_code == 201
    again = client.put(place, json=body, headers={"If-None-Match": "*"})
    assert (again.status_code, again.json()["type"]) == (412, "urn:civicite:problem:exists-already")
    seen = client.get(place).headers["etag"]
    fits(shown.PutResult, client.put(place, json={"text": "The gate is shut."}, headers={"If-Match": seen}))
    late = client.put(place, json={"text": "The gate is gone."}, headers={"If-Match": seen})
    assert (late.status_code, late.json()["type"]) == (412, "urn:civicite:problem:changed-meanwhile")
    assert client.delete(place, headers={"If-Match": seen}).status_code == 412
    assert client.get(place).json()["text"] == "The gate is shut."
    assert client.delete(place, headers={"If-Match": client.get(place).headers["etag"]}).status_code == 204


GATE = "/v1/articles/gate"


@pytest.fixture
def _gate(client: httpx.Client) -> Iterator[None]:
    """No test leaves the gate to the next one."""
    yield
    client.delete(GATE, params={"erase": True})


@pytest.mark.usefixtures("_gate")
def test_a_change_of_the_description_alone_is_not_overwritten_by_a_client_that_has_not_seen_it(
    client: httpx.Client,
) -> None:
    client.put(GATE, json={"text": "The gate is open.", "metadata": {"city": "Ulm"}})
    seen = client.get(GATE).headers["etag"]
    other = client.put(GATE, json={"text": "The gate is open.", "metadata": {"city": "Bern"}})
    assert other.json()["revision"] == 1
    late = client.put(GATE, json={"text": "The gate is open."}, headers={"If-Match": seen})
    assert (late.status_code, late.json()["type"]) == (412, "urn:civicite:problem:changed-meanwhile")
    assert client.get(GATE).json()["facets"] == {"city": ["Bern"]}


@pytest.mark.usefixtures("_gate")
def test_the_tag_of_another_article_of_the_same_revision_does_not_match(client: httpx.Client) -> None:
    body = {"text": "The gate is open."}
    client.put("/v1/articles/other", json=body)
    client.put(GATE, json=body)
    other = client.get("/v1/articles/other").headers["etag"]
    assert client.put(GATE, json=body, headers={"If-Match": other}).status_code == 412
    client.delete("/v1/articles/other")


@pytest.mark.usefixtures("_gate")
@pytest.mark.parametrize(
    ("condition", "written", "status"),
    [
        ("If-Match", '"x", {tag}', 200),
        ("If-Match", '"a, b",, W/"",{tag} ,"x"', 200),
        ("If-Match", "*", 200),
        ("If-Match", '"x"', 412),
        ("If-Match", '"{tag}"', 412),
        ("If-Match", '"x, {tag}', 412),
        ("If-Match", "", 412),
        ("If-None-Match", '"zzz"', 200),
        ("If-None-Match", "zzz", 200),
        ("If-None-Match", '"zzz", {tag}', 412),
        ("If-None-Match", "*", 412),
    ],
)
def test_a_change_is_made_as_the_list_of_tags_of_its_condition_says(
    condition: str, written: str, status: int, client: httpx.Client
) -> None:
    client.put(GATE, json={"text": "The gate is open."})
    tag = client.get(GATE).headers["etag"]
    headers = {condition: written.replace("{tag}", tag)}
    assert client.put(GATE, json={"text": "The gate is open."}, headers=headers).status_code == status


@pytest.mark.usefixtures("_gate")
def test_a_condition_may_come_in_several_lines(client: httpx.Client) -> None:
    client.put(GATE, json={"text": "The gate is open."})
    lines = [("If-Match", '"x"'), ("If-Match", client.get(GATE).headers["etag"])]
    assert client.put(GATE, json={"text": "The gate is shut."}, headers=lines).status_code == 200


@pytest.mark.usefixtures("_gate")
def test_a_change_tells_the_tag_that_reading_gives_and_that_the_next_change_may_name(
    client: httpx.Client,
) -> None:
    first = client.put(GATE, json={"text": "The gate is painted."}).headers["etag"]
    assert client.get(GATE, headers={"If-None-Match": first}).status_code == 304
    second = client.put(GATE, json={"text": "The gate is green."}, headers={"If-Match": first})
    assert second.status_code == 200
    third = client.post("/v1/articles", files={"file": ("gate.txt", b"The gate is blue.")}).headers["etag"]
    assert client.get(GATE).headers["etag"] == third
    assert client.delete(GATE, headers={"If-Match": second.headers["etag"]}).status_code == 412
    assert client.delete(GATE, headers={"If-Match": third}).status_code == 204


@pytest.mark.parametrize("door", ["put", "upload"])
def test_a_change_never_tells_the_tag_of_the_change_after_it(
    door: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, opened_editor = tmp_path / "index", Serving.editor

    @contextmanager
    def overtaken(serving: Serving, answer: Answer) -> Iterator[Editor]:
        with opened_editor(serving, answer) as editor:
            yield editor
        put(place, [article("gate", "The gate is shut.")])

    put(place, [article("gate", "The gate is gone.")])
    monkeypatch.setattr(Serving, "editor", overtaken)
    app = create_app(Settings(index=place, runtime="hashing"))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        if door == "put":
            told = client.put("/v1/articles/gate", json={"text": "The gate is open."})
        else:
            told = client.post("/v1/articles", files={"file": ("gate.txt", b"The gate is open.")})
        assert told.is_success
        shut = client.get("/v1/articles/gate").json()
        assert shut["text"] == "The gate is shut."
        late = client.delete("/v1/articles/gate", headers={"If-Match": told.headers["etag"]})
        assert late.status_code == 412


@pytest.mark.usefixtures("_gate")
def test_of_many_changes_at_once_that_name_the_same_tag_one_is_made(client: httpx.Client) -> None:
    for round_number in range(3):
        seen = client.put(GATE, json={"text": f"The gate is open in round {round_number}."}).headers["etag"]

        def change(number: int, seen: str = seen) -> int:
            body = {"text": f"The gate is shut by keeper {number}."}
            return client.put(GATE, json=body, headers={"If-Match": seen}).status_code

        with ThreadPoolExecutor(8) as clients:
            assert sorted(clients.map(change, range(8))) == [200, *[412] * 7]


@pytest.mark.usefixtures("_gate")
def test_a_change_of_another_article_is_no_reason_to_refuse_one(client: httpx.Client) -> None:
    seen = client.put(GATE, json={"text": "The gate is open."}).headers["etag"]
    client.put("/v1/articles/other", json={"text": "The door is shut."})
    assert client.put(GATE, json={"text": "The gate is shut."}, headers={"If-Match": seen}).status_code == 200
    client.delete("/v1/articles/other")


@pytest.mark.parametrize(
    ("path", "first", "then"),
    [
        ("/v1/ask", {"MIN_CONFIDENCE": "0"}, {"MIN_CONFIDENCE": "1"}),
        ("/v1/ask", {"TOP_K": "1"}, {"TOP_K": "2"}),
        ("/v1/search", {"TOP_K": "1"}, {"TOP_K": "2"}),
    ],
)
def test_an_answer_that_the_settings_change_is_sent_again(
    path: str, first: dict[str, str], then: dict[str, str], folder: Path
) -> None:
    body = {"question": "Who keeps bears?"}
    with asking(folder, first) as client:
        tag = client.post(path, json=body).headers["etag"]
        assert client.post(path, json=body, headers={"If-None-Match": tag}).status_code == 304
    with asking(folder, then) as client:
        assert client.post(path, json=body, headers={"If-None-Match": tag}).status_code == 200


@contextmanager
def asking(folder: Path, variables: dict[str, str]) -> Iterator[httpx.Client]:
    environment = {**ENVIRONMENT, **{f"CIVICITE_{name}": value for name, value in variables.items()}}
    with served(folder, environment=environment) as address, httpx.Client(base_url=address) as client:
        yield client


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/search"])
def test_an_answer_of_an_index_whose_commits_were_made_anew_is_sent_again(path: str, tmp_path: Path) -> None:
    body = {"question": "Who keeps bears?", "min_confidence": 0}
    tags = []
    for keeper in ("Bern keeps bears.", "Berlin keeps bears."):
        folder = tmp_path / keeper[:6]
        put(folder, [article("keeper", keeper)])
        with asking(folder, {}) as client:
            tags.append(client.post(path, json=body).headers["etag"])
            if len(tags) > 1:
                again = client.post(path, json=body, headers={"If-None-Match": tags[0]})
                assert (again.status_code, again.json()["index"]["commit"]) == (200, 1)
    assert tags[0] != tags[1]


def test_an_answer_of_another_version_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    before = http_tags.question_tag("/v1/ask", {"question": "Who keeps bears?"}, 1)
    monkeypatch.setattr(http_tags, "_VERSION", "9.9")
    assert http_tags.question_tag("/v1/ask", {"question": "Who keeps bears?"}, 1) != before


def test_a_status_that_differs_at_the_same_commit_is_sent_again(client: httpx.Client, folder: Path) -> None:
    tag = client.get("/v1/status").headers["etag"]
    ballast = folder / "ballast"
    ballast.write_bytes(b"0" * 10_000)
    again = client.get("/v1/status", headers={"If-None-Match": tag})
    ballast.unlink()
    assert again.status_code == 200


def test_a_long_answer_is_packed_for_a_client_that_can_unpack_it(client: httpx.Client) -> None:
    client.put("/v1/articles/long", json={"text": "A tree stands in every street. " * 400})
    packed = client.get("/v1/articles/long")
    plain = client.get("/v1/articles/long", headers={"Accept-Encoding": "identity"})
    client.delete("/v1/articles/long")
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()


def test_no_index_is_begun_where_the_one_that_is_served_has_gone(tmp_path: Path) -> None:
    put(tmp_path / "index", TOWNS)
    with served(tmp_path / "index") as address, httpx.Client(base_url=address, timeout=60) as client:
        (tmp_path / "index").rename(tmp_path / "elsewhere")
        response = client.put("/v1/articles/new", json={"text": "The bassoon is a rare instrument."})
        assert (response.status_code, response.json()["type"]) == (503, "urn:civicite:problem:index-empty")
        assert not (tmp_path / "index").exists()
        (tmp_path / "elsewhere").rename(tmp_path / "index")
        assert client.put("/v1/articles/new", json={"text": "The bassoon is rare."}).status_code == 201
        assert client.get("/v1/articles/a/dam").status_code == 200
