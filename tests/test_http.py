"""The HTTP interface, over a real socket: questions, articles, facets, citations."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from building import ENCODER
from commandline import served

from indexer import Editor, articles, find

CORPUS = Path(__file__).parents[1] / "corpus"
QUESTION = "How many cities were Role Model Cities in February 2020?"
LAMPS = {
    "title": "Quiet lamps",
    "text": "Ljubljana dims its street lamps after midnight.\nIt saves a third of the power.",
    "metadata": {"city": ["Ljubljana"], "published": "2023-11"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("http") / "index"
    with Editor(place, lambda: ENCODER) as editor:
        editor.put(one for source in find([CORPUS]) for one in articles(source))
    return place


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[httpx.Client]:
    with served(folder) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


def ask(client: httpx.Client, question: str = QUESTION, **fields: object) -> dict[str, object]:
    response = client.post("/v1/ask", json={"question": question, "min_confidence": 0, **fields})
    assert response.status_code == 200, response.text
    return dict(response.json())


def cited(answer: dict[str, object]) -> list[dict[str, object]]:
    citations = answer["citations"]
    assert isinstance(citations, list)
    return citations


def test_an_answer_has_the_promised_fields(client: httpx.Client) -> None:
    answer = ask(client, top_k=3)
    assert {
        "question", "answer", "abstained", "reason", "confidence", "sentences", "citations", "conflicts",
        "passages", "index", "timing_ms",
    } <= set(answer)  # fmt: skip
    assert {
        "id", "article_id", "revision", "sha256", "title", "publisher", "url", "published", "start", "end",
        "quote", "prefix", "suffix", "link", "score",
    } <= set(cited(answer)[0])  # fmt: skip
    assert len(list(answer["passages"])) == 3  # type: ignore[call-overload]
    assert set(answer["index"]) == {"commit", "generation", "model", "recipe", "ranker", "as_of"}  # type: ignore[call-overload]


def test_the_threshold_of_a_request_decides_between_answer_and_abstention(client: httpx.Client) -> None:
    assert ask(client, min_confidence=0)["abstained"] is False
    abstention = ask(client, min_confidence=1)
    assert (abstention["answer"], abstention["abstained"]) == (None, True)
    assert abstention["reason"]
    assert abstention["passages"]


def test_a_quote_can_be_read_by_its_revision_and_span(client: httpx.Client) -> None:
    for one in cited(ask(client)):
        wanted = {"revision": one["revision"], "start": one["start"], "end": one["end"]}
        article = client.get(f"/v1/articles/{one['article_id']}", params=wanted).json()  # type: ignore[arg-type]
        assert article["text"] == one["quote"]
        assert article["sha256"] == one["sha256"]


def test_citations_of_an_answer_are_verified_as_they_are(client: httpx.Client) -> None:
    citations = cited(ask(client))
    result = client.post("/v1/verify", json={"citations": citations}).json()
    assert result["verified"] is True
    assert [one["verified"] for one in result["results"]] == [True] * len(citations)


@pytest.mark.parametrize("field", ["text", "answer"])
def test_a_false_quotation_beside_true_citations_is_not_verified(field: str, client: httpx.Client) -> None:
    citation = cited(ask(client))[0]
    for false in ("Nobody ever said so.", citation["quote"]):
        body = {"citations": [citation], field: f"It says “{false}”"}
        result = client.post("/v1/verify", json=body).json()
        assert result["verified"] is (false == citation["quote"])
    result = client.post("/v1/verify", json={"text": f"“{citation['quote']}”", "answer": "“Said by nobody.”"})
    assert result.json()["verified"] is False


def test_an_answer_is_verified_as_each_door_gives_it(client: httpx.Client) -> None:
    said = {"messages": [{"role": "user", "content": QUESTION}], "civicite": {"min_confidence": 0}}
    chat = client.post("/v1/chat/completions", json={"model": "civicite", **said}).json()["civicite"]
    assert chat["understood"]
    for answer in (chat, {"question_id": "q1", **ask(client)}):
        assert client.post("/v1/verify", json=answer).json()["verified"] is True
        false = {**answer, "citations": [{**cited(answer)[0], "quote": "Nobody said so."}]}
        assert client.post("/v1/verify", json=false).json()["verified"] is False


@pytest.mark.parametrize("body", [{}, {"citations": []}, {"text": "Said."}, {"answer": "", "citations": []}])
def test_a_request_to_verify_that_quotes_nothing_is_refused(
    body: dict[str, object], client: httpx.Client
) -> None:
    response = client.post("/v1/verify", json=body)
    assert response.status_code == 422
    assert "there is no quotation" in response.json()["detail"]


def test_more_than_is_verified_at_a_time_is_refused(client: httpx.Client) -> None:
    long, copy = "a b " * 4_999, {"article_id": "x", "revision": 1, "start": 0, "end": 1}
    listed = {"quote": "a b c", "also_in": [copy] * 91}
    for told, citations in (
        ("quoted characters", [{"quote": long}] * 11),
        ("copies of quotations", [listed] * 11),
    ):
        for body in (
            {"citations": citations},
            {"answer": {"citations": citations}},
        ):
            response = client.post("/v1/verify", json=body)
            assert response.status_code == 422
            assert told in response.json()["detail"]
    marked = f"“{'a b ' * 4_000}” " * 13
    assert client.post("/v1/verify", json={"answer": marked}).status_code == 422
    for field in ("answer", "text"):
        assert client.post("/v1/verify", json={field: "a" * 1_000_001}).status_code == 422
    assert client.post("/v1/verify", json={"text": f"“a b c” {'a' * 4_000_000}"}).status_code == 413


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"quote": "Something else."}, "Nothing in the articles is like it"),
        ({"sha256": "0" * 64}, "another SHA-256"),
        ({"start": 0, "end": 10**6}, "is not in it"),
        ({"end": 0}, "is not in it"),
        ({"prefix": "never "}, "prefix or suffix"),
        ({"revision": 7}, "revision 7 does not have it, revision 1 does"),
        ({"article_id": "nowhere"}, "not in 'nowhere'"),
    ],
)
def test_a_citation_that_was_altered_is_not_verified_and_says_why(
    changed: dict[str, object], problem: str, client: httpx.Client
) -> None:
    citation = cited(ask(client))[0]
    result = client.post("/v1/verify", json={"citations": [citation, {**citation, **changed}]}).json()
    assert result["verified"] is False
    assert [one["verified"] for one in result["results"]] == [True, False]
    assert problem in result["results"][1]["problem"]


def test_search_gives_passages_that_pass_the_filters(client: httpx.Client) -> None:
    filters = {"city": ["incheon"], "Country": "Republic of Korea", "published": {"from": "2020-01-01"}}
    body = {"question": "disasters", "top_k": 100, "filters": filters}
    found = client.post("/v1/search", json=body).json()
    assert set(found) == {"question", "hits", "index", "timing_ms", "message"}
    listed = {one["article_id"]: one for one in client.get("/v1/articles").json()["articles"]}
    hits = [listed[hit["article_id"]] for hit in found["hits"]]
    assert hits
    assert all("Incheon" in one["facets"]["city"] and one["published"] >= "2020" for one in hits)


def test_values_under_two_spellings_of_one_facet_are_all_wanted(client: httpx.Client) -> None:
    filters = {"City": ["Copenhagen"], "city": "incheon"}
    body = {"question": "water", "top_k": 100, "filters": filters}
    found = {hit["article_id"] for hit in client.post("/v1/search", json=body).json()["hits"]}
    assert {"incheon-role-model-city", "room-for-rain-in-the-city"} <= found
    assert "ahmedabad-heat-action-plan" not in found


def test_articles_are_listed_page_by_page_each_once(client: httpx.Client) -> None:
    ids: list[str] = []
    after = ""
    while after is not None:
        page = client.get("/v1/articles", params={"after": after, "limit": 4}).json()
        assert len(page["articles"]) <= 4
        ids += [one["article_id"] for one in page["articles"]]
        after = page["next"]
    assert ids == sorted(path.stem for path in CORPUS.glob("*.md") if path.name != "README.md")


def test_facets_count_articles(client: httpx.Client) -> None:
    facets = client.get("/v1/facets").json()["facets"]
    listed = client.get("/v1/articles").json()["articles"]
    for value, count in facets["city"].items():
        assert count == sum(value in one["facets"].get("city", []) for one in listed)
    assert list(facets) == sorted(facets)


def test_an_article_that_was_put_is_quoted_at_once_and_never_after_it_was_deleted(
    client: httpx.Client,
) -> None:
    question = "When does Ljubljana dim its street lamps?"
    put = client.put("/v1/articles/lamps/quiet", json=LAMPS)
    assert (put.status_code, put.json()["outcome"], put.json()["revision"]) == (201, "added", 1)
    assert cited(ask(client, question))[0]["article_id"] == "lamps/quiet"
    again = client.put("/v1/articles/lamps/quiet", json=LAMPS)
    assert (again.status_code, again.json()["outcome"]) == (200, "unchanged")
    changed = client.put(
        "/v1/articles/lamps/quiet", json={**LAMPS, "text": "Ljubljana dims its lamps at ten."}
    )
    assert (changed.status_code, changed.json()["outcome"], changed.json()["revision"]) == (200, "changed", 2)
    assert "at ten" in str(cited(ask(client, question))[0]["quote"])
    assert client.delete("/v1/articles/lamps/quiet").status_code == 204
    assert "lamps/quiet" not in json.dumps(ask(client, question))
    assert client.get("/v1/articles/lamps/quiet").status_code == 404
    old = client.get("/v1/articles/lamps/quiet", params={"revision": 1}).json()
    assert (old["withdrawn"], [one["current"] for one in old["revisions"]]) == (True, [False, False])


def test_a_citation_of_the_past_resolves_and_says_what_became_of_it(client: httpx.Client) -> None:
    question = "When does Ljubljana dim its street lamps?"
    place = "/v1/articles/lamps/past"
    client.put(place, json=LAMPS)
    first = cited(ask(client, question))[0]
    client.put(place, json={**LAMPS, "text": "Ljubljana dims its lamps at ten."})
    commit = client.get("/v1/commits", params={"limit": 1}).json()["commits"][0]["commit"]
    then = ask(client, question, as_of=commit - 1)
    assert then["index"]["commit"] == commit - 1  # type: ignore[index]
    assert cited(then)[0] == {**first, "superseded_by": 2}
    client.delete(place)
    then = ask(client, question, as_of=commit - 1)
    assert cited(then)[0] == {**first, "superseded_by": 2, "withdrawn": True}
    result = client.post("/v1/verify", json={"citations": cited(then)}).json()
    assert result["verified"] is True
    assert (result["results"][0]["withdrawn"], result["results"][0]["superseded_by"]) == (True, 2)
    found = client.post("/v1/search", json={"question": question, "as_of": commit, "top_k": 1}).json()
    assert (found["hits"][0]["article_id"], found["hits"][0]["revision"]) == ("lamps/past", 2)
    assert found["index"]["as_of"] <= client.get("/v1/commits").json()["commits"][0]["at"]


def test_commits_are_listed_page_by_page_the_newest_first(client: httpx.Client) -> None:
    client.put("/v1/articles/listed", json={"text": "A lamp."})
    client.put("/v1/articles/listed", json={"text": "Two lamps."})
    client.delete("/v1/articles/listed")
    commits: list[dict[str, object]] = []
    before = None
    while True:
        query = {"limit": 2} if before is None else {"limit": 2, "before": before}
        page = client.get("/v1/commits", params=query).json()
        commits += page["commits"]
        before = page["next"]
        if before is None:
            break
    assert [one["commit"] for one in commits] == list(range(len(commits), 0, -1))
    assert [one["articles"] for one in commits[:3]] == [
        [{"article_id": "listed", "outcome": "withdrawn", "before": 2, "after": None}],
        [{"article_id": "listed", "outcome": "changed", "before": 1, "after": 2}],
        [{"article_id": "listed", "outcome": "added", "before": None, "after": 1}],
    ]


def test_any_text_comes_back_as_valid_utf8(client: httpx.Client) -> None:
    text = "Control \u0007, zero \u0000, bidi \u202e, plane \U0001f6b2, Hangul \uc11c\uc6b8, line \u2028 end."
    assert client.put("/v1/articles/odd", json={"text": text}).status_code == 201
    try:
        shown = client.get("/v1/articles/odd").content.decode("utf-8")
        assert "\U0001f6b2" in json.loads(shown)["text"]
        json.loads(client.post("/v1/search", json={"question": "Hangul"}).content.decode("utf-8"))
    finally:
        client.delete("/v1/articles/odd")


def test_many_readers_and_a_writer_do_not_disturb_each_other(client: httpx.Client) -> None:
    def read(number: int) -> int:
        return client.post("/v1/ask", json={"question": f"What happened in city {number}?"}).status_code

    def write(number: int) -> int:
        return client.put(f"/v1/articles/busy/{number}", json={"text": f"Depot {number} opened."}).status_code

    with ThreadPoolExecutor(8) as pool:
        reads = [pool.submit(read, number) for number in range(40)]
        writes = [pool.submit(write, number) for number in range(6)]
        assert {one.result() for one in reads} == {200}
        assert {one.result() for one in writes} == {201}
    for number in range(6):
        assert client.delete(f"/v1/articles/busy/{number}").status_code == 204


def test_health_readiness_and_description_are_there(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json()["status"] == "ready"
    described = client.get("/openapi.json").json()
    assert {
        "/v1/ask", "/v1/search", "/v1/articles", "/v1/articles/{article_id}", "/v1/verify", "/v1/facets",
        "/v1/commits", "/healthz", "/readyz",
    } <= set(described["paths"])  # fmt: skip
    assert described["components"]["schemas"]["AskRequest"]["examples"]


def test_the_examples_of_the_description_are_answered(client: httpx.Client) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    for example in schemas["AskRequest"]["examples"]:
        ask(client, **example)
    for example in schemas["ArticleBody"]["examples"]:
        assert client.put("/v1/articles/example", json=example).status_code == 201
        client.delete("/v1/articles/example")
