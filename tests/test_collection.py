"""A folder and a server are asked with the same methods and give the same values."""

import datetime
import json
import math
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from building import ENCODER, article, put, withdraw
from commandline import ENVIRONMENT, served

import service
from indexer import (
    ArticleErased,
    ArticleNotFound,
    Editor,
    Filters,
    InputError,
)
from service import client as client_module
from service.answer import Answer, Citation, SearchResult
from service.client import Client
from service.client_errors import ServerBusy, ServiceError
from service.collection import Collection, LocalCollection, PassagesFound, SentenceTold
from service.keys import create_key
from service.settings import Settings
from service.store import store_of
from service.verdicts import AlsoStated, Claim

WELL = "The old well was opened in 1880. It is nine metres deep."
ARTICLES = [
    article("well", WELL, "The well", city="Oldtown", published="2020-02", publisher="Town Board"),
    article("a/b c?d", "The mill burned down in 1911.", "The mill", city="Milltown"),
    article("gone", "The tower fell in 1702."),
    article("erased", "The bridge was sold."),
]
OLDTOWN = Filters(facets=(("city", ("oldtown",)),))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("collection") / "index"
    put(place, ARTICLES)
    put(place, [article("well", f"{WELL} A roof was added.", "The well", city="Oldtown")])
    withdraw(place, "gone")
    with Editor(place, lambda: ENCODER) as editor:
        editor.erase(["erased"])
    put(place, [article(f"many/{number:03}", f"Lamp {number} was lit.") for number in range(120)])
    return place


@pytest.fixture(scope="module", params=["folder", "server"])
def collection(request: pytest.FixtureRequest, folder: Path) -> Iterator[Collection]:
    if request.param == "folder":
        with LocalCollection.open(folder, Settings(runtime="hashing")) as local:
            yield local
    else:
        with served(folder) as address, Client(address) as client:
            yield client


@pytest.fixture(scope="module")
def local(folder: Path) -> Iterator[LocalCollection]:
    with LocalCollection.open(folder, Settings(runtime="hashing")) as local:
        yield local


def ask(collection: Collection) -> Answer:
    return collection.ask("When was the old well opened?", min_confidence=0, filters=OLDTOWN, top_k=3)


def test_an_answer_is_the_same_value(collection: Collection, local: LocalCollection) -> None:
    answer = ask(collection)
    assert answer.citations[0].article_id == "well"
    assert replace(answer, timing_ms={}) == replace(ask(local), timing_ms={})
    assert collection.ask("Anything at all?", min_confidence=1).abstained


def test_a_search_is_the_same_value(collection: Collection, local: LocalCollection) -> None:
    found = collection.search("the mill", top_k=2)
    assert len(found.hits) == 2
    assert replace(found, timing_ms={}) == replace(local.search("the mill", top_k=2), timing_ms={})


def test_a_streamed_answer_begins_with_passages_and_ends_with_the_answer(collection: Collection) -> None:
    first, *told, last = collection.stream("When was the old well opened?", min_confidence=0, top_k=3)
    assert isinstance(first, PassagesFound)
    assert isinstance(last, Answer)
    assert first.passages == last.passages
    assert [one.sentence for one in told if isinstance(one, SentenceTold)] == list(last.sentences)
    assert [one.citations[0] for one in told if isinstance(one, SentenceTold)] == list(last.citations)


def test_the_past_is_asked_by_commit_date_and_instant(collection: Collection) -> None:
    question = "When was the old well opened?"
    assert collection.ask(question, as_of=1, min_confidence=0).citations[0].superseded_by == 2
    now = datetime.datetime.now(datetime.UTC)
    for moment in (now.date(), now, now.isoformat()):
        assert collection.search(question, as_of=moment).index.as_of


def test_a_quote_is_read_where_its_citation_says(collection: Collection, local: LocalCollection) -> None:
    cited = ask(collection).citations[0]
    read = collection.article(cited.article_id, cited.revision, start=cited.start, end=cited.end)
    assert read.text == cited.quote
    assert read.sha256 == cited.sha256
    assert collection.article("well") == local.article("well")
    assert collection.article("a/b c?d").text == "The mill burned down in 1911."
    assert collection.article("well", 1).superseded_by == 2
    assert collection.article("gone", 1).withdrawn


@pytest.mark.parametrize(
    ("identity", "revision", "error"),
    [
        ("nowhere", None, ArticleNotFound),
        (".", None, ArticleNotFound),
        ("..", None, ArticleNotFound),
        ("a/../well", None, ArticleNotFound),
        ("gone", None, ArticleNotFound),
        ("well", 9, ArticleNotFound),
        ("erased", None, ArticleErased),
    ],
)
def test_an_article_that_is_not_there_is_the_same_error(
    identity: str, revision: int | None, error: type[Exception], collection: Collection
) -> None:
    with pytest.raises(error) as raised:
        collection.article(identity, revision)
    assert type(raised.value) is error


def test_what_cannot_be_asked_is_an_input_error(collection: Collection) -> None:
    for act in (
        lambda: collection.ask(""),
        lambda: collection.search("q", top_k=0),
        lambda: collection.search("q", as_of=99),
        lambda: list(collection.stream("q", as_of="soon")),
        lambda: collection.article("well", start=5, end=10**6),
        lambda: collection.verify([Claim("")]),
    ):
        with pytest.raises(InputError) as raised:
            act()
        assert type(raised.value) is InputError


@pytest.mark.parametrize("least", [math.nan, math.inf, -math.inf, 1.1, -0.1])
def test_a_threshold_that_is_no_confidence_is_the_same_error(least: float, collection: Collection) -> None:
    for act in (collection.ask, lambda *args, **more: list(collection.stream(*args, **more))):
        with pytest.raises(InputError, match=rf"^min_confidence: {least} is out of range; use 0 to 1$"):
            act("When was the well opened?", min_confidence=least)


def test_half_of_a_character_is_the_same_error_wherever_it_is_given(collection: Collection) -> None:
    half = "\ud800"
    acts: list[tuple[str, Callable[[], object]]] = [
        ("question", lambda: collection.ask(f"q{half}")),
        ("question", lambda: collection.search(f"q{half}")),
        ("as_of", lambda: collection.search("q", as_of=f"2020{half}")),
        ("quote", lambda: collection.verify([Claim(f"well {half}")])),
        ("article_id", lambda: collection.verify([Claim("well", half)])),
        ("also_in", lambda: collection.verify([Claim("well", also_in=(AlsoStated(half, 1, 0, 4),))])),
        ("title", lambda: collection.verify([Claim("well", title=half)])),
    ]
    for where, act in acts:
        with pytest.raises(InputError) as raised:
            act()
        assert raised.value.where == where
        str(raised.value).encode()


@pytest.mark.parametrize("identity", ["\ud800", "x" * 600, "x" * 20_000, "x" * 70_000, "a: b; c"])
def test_an_id_that_no_article_can_have_is_not_found(identity: str, collection: Collection) -> None:
    with pytest.raises(ArticleNotFound) as raised:
        collection.article(identity)
    assert len(str(raised.value).encode()) < 500


def test_an_article_is_read_by_an_id_that_an_address_would_resolve(tmp_path: Path) -> None:
    identities = [".", "..", "../a", "a/../b", "a/."]
    put(tmp_path, [article(one, f"The lamp {number} is lit.") for number, one in enumerate(identities)])
    with served(tmp_path) as address, Client(address) as client:
        assert [client.article(one).article_id for one in identities] == identities


def test_a_span_that_is_not_in_the_text_is_the_same_error(
    collection: Collection, local: LocalCollection
) -> None:
    for start, end in ((9, 5), (10**6, None), (0, 10**6)):
        with pytest.raises(InputError) as expected:
            local.article("well", start=start, end=end)
        with pytest.raises(InputError) as raised:
            collection.article("well", start=start, end=end)
        told = raised.value
        assert (told.where, told.problem, told.mend) == (
            expected.value.where,
            expected.value.problem,
            expected.value.mend,
        )


def test_articles_facets_commits_and_status_are_the_same(
    collection: Collection, local: LocalCollection
) -> None:
    listed = list(collection.articles())
    assert len(listed) == 122
    assert listed == list(local.articles())
    assert [one.article_id for one in collection.articles(OLDTOWN)] == ["well"]
    assert [one.article_id for one in collection.articles(order="title")][-2:] == ["a/b c?d", "well"]
    assert list(collection.articles(order="-id")) == listed[::-1]
    assert collection.facets()["city"] == {"Milltown": 1, "Oldtown": 1}
    assert collection.log() == local.log()
    assert collection.log(2, before=3) == local.log(2, before=3)
    assert collection.status() == local.status()
    assert local.log(2, before=2**80) == local.log(2)


def test_an_order_that_there_is_not_is_refused_with_those_that_there_are(collection: Collection) -> None:
    with pytest.raises(InputError, match="order: there is none called 'foo'; use id, -id, published"):
        list(collection.articles(order="foo"))  # type: ignore[arg-type]


def test_quotations_are_classed_the_same(collection: Collection, local: LocalCollection) -> None:
    cited = ask(collection).citations[0]
    claims: list[Claim | Citation] = [
        cited,
        Claim("The old well was opened in 1881.", "well"),
        Claim("Nothing of the kind was said."),
    ]
    verdicts = collection.verify(claims)
    assert [one.status for one in verdicts] == ["verified", "altered", "not_found"]
    assert verdicts[1].differences
    assert verdicts == local.verify(claims)
    assert collection.verify([]) == []


def test_more_quotations_than_a_service_takes_at_a_time_are_classed_all_the_same(
    collection: Collection, local: LocalCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.client_requests.MOST_CLAIMS", 2)
    monkeypatch.setattr("service.client_requests.MOST_QUOTED", 40)
    claims = [Claim(f"Nothing of the kind {number}") for number in range(7)] + [Claim("The old well")]
    assert collection.verify(claims) == local.verify(claims)


def test_connect_takes_a_folder_or_an_address(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVICITE_RUNTIME", "hashing")
    with service.connect(folder) as local:
        assert isinstance(local, LocalCollection)
    with service.connect("http://127.0.0.1:9") as client:
        assert isinstance(client, Client)


def test_an_answer_comes_back_from_its_json_and_fields_to_come_are_passed_over(
    local: LocalCollection,
) -> None:
    answer = ask(local)
    written = json.loads(json.dumps(answer.to_dict()))
    assert Answer.from_dict({**written, "mood": "good"}) == answer
    found = local.search("the mill")
    assert SearchResult.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    del written["confidence"]
    with pytest.raises(InputError, match="confidence"):
        Answer.from_dict(written)


class _Busy(BaseHTTPRequestHandler):
    refusals = 0

    def do_GET(self) -> None:
        type(self).refusals -= 1
        busy = self.refusals >= 0
        content = b'{"type": "urn:civicite:problem:overloaded", "status": 503, "detail": "come again"}'
        content = content if busy else b'{"facets": {"city": {"Oldtown": 1}}, "articles": 1}'
        self.send_response(503 if busy else 200)
        self.send_header("Content-Type", "application/problem+json" if busy else "application/json")
        self.send_header("Content-Length", str(len(content)))
        if busy:
            self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def busy() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Busy)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_busy_server_is_asked_again_after_the_time_that_it_says(busy: str) -> None:
    with Client(busy) as client:
        _Busy.refusals = client_module.ATTEMPTS - 1
        assert client.facets() == {"city": {"Oldtown": 1}}
        _Busy.refusals = client_module.ATTEMPTS
        with pytest.raises(ServerBusy, match="come again"):
            client.facets()
        assert _Busy.refusals == 0


def test_a_server_that_cannot_be_reached_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "LONGEST_WAIT", 0.0)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with Client(address) as client, pytest.raises(ServiceError, match="cannot be reached"):
        client.status()


@pytest.mark.parametrize("address", ["ftp://host", "host:8000", "http://host:port", ""])
def test_an_address_that_is_none_is_an_input_error(address: str) -> None:
    with pytest.raises(InputError):
        Client(address)


@pytest.mark.parametrize("key", ["", " \n", "secret\nsecret", "secret secret", "sécret"])
def test_a_key_that_none_can_be_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(InputError, match=r"^key: ") as raised:
        Client("http://127.0.0.1:9", key=key)
    assert "cret" not in str(raised.value)


def test_a_key_that_is_wanted_is_sent(folder: Path) -> None:
    key, _ = create_key(store_of(folder), "read")
    wanted = {**ENVIRONMENT, "CIVICITE_REQUIRE_KEYS": "true"}
    with served(folder, environment=wanted) as address:
        with Client(address) as stranger, pytest.raises(ServiceError) as raised:
            stranger.status()
        assert (raised.value.status, raised.value.kind) == (401, "key-required")
        for written in (key, f" {key}\r\n"):
            with Client(address, key=written) as known:
                assert known.status().articles == 122
