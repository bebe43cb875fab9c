"""Questions and edits at the same time, by several clients and processes: a sample of the load benchmark."""

from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from building import article, put, withdraw
from commandline import served

from benchmarks.editing.cities import City
from benchmarks.editing.ingest import measure_ingest
from benchmarks.editing.load import (
    Asked,
    Edit,
    Load,
    failures,
    prepare,
    run_load,
    texts_of_edited,
    wrong_texts,
)
from benchmarks.server import serve

CORPUS = Path(__file__).parents[1] / "corpus"


def test_no_question_fails_and_no_answer_shows_what_an_article_no_longer_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CIVICITE_RUNTIME", "hashing")
    folder = tmp_path / "index"
    prepare(folder, CORPUS, cities=40)
    with serve(folder) as server:
        load = run_load(server, folder, cities=40, clients=3, seconds=5, edited=True)
    assert failures(load) == 0, load.failed
    assert wrong_texts(load) == []
    over_http = {edit.number < 52 for edit in load.edits}
    assert over_http == {True, False}, "both editors were at work"
    assert texts_of_edited(load) > 0
    assert len(load.asked) > 10


def test_several_servers_of_one_index_answer_from_a_new_article_within_a_second(tmp_path: Path) -> None:
    put(tmp_path, [article("old", "The quay of Ravel was raised in 1987.")])
    with ExitStack() as stack:
        clients = [
            stack.enter_context(httpx.Client(base_url=stack.enter_context(served(tmp_path)), timeout=30))
            for _ in range(3)
        ]
        put(tmp_path, [article("new", "The lighthouse of Ravel keeps 77 lamps.")])
        assert [commits_of(client) for client in clients] == [{"new"}] * 3
        withdraw(tmp_path, "new")
        assert [commits_of(client) for client in clients] == [{"old"}] * 3


def commits_of(client: httpx.Client) -> set[str]:
    """The article that is quoted first, by the first answer: no waiting, so whatever time it takes."""
    question = {"question": "How many lamps does the lighthouse of Ravel keep?", "min_confidence": 0}
    answer = client.post("/v1/ask", json=question).json()
    return {answer["citations"][0]["article_id"]}


CITY = City(7, 1)
ADDED = Edit(7, 1, begun=10.0, done=11.0)
REMOVED = Edit(7, None, begun=20.0, done=21.0)


@pytest.mark.parametrize(
    ("begun", "done", "state", "justified"),
    [
        (8.0, 9.0, 1, False),  # shown before it was sent
        (8.0, 10.5, 1, True),
        (12.0, 13.0, 1, True),
        (12.0, 13.0, 0, False),  # another state of it
        (20.5, 22.0, 1, True),
        (21.5, 22.0, 1, False),  # shown after its removal was reported
    ],
)
def test_the_load_benchmark_judges_a_text_by_the_moments_of_the_edits(
    begun: float, done: float, state: int, justified: bool
) -> None:
    shown = (CITY.id, City(7, state).fact)
    load = Load([REMOVED, ADDED], [Asked(begun, done, 200, (shown, ("elsewhere", "?")))])
    assert wrong_texts(load) == ([] if justified else [shown])
    assert texts_of_edited(load) == 1


def test_made_up_cities_differ_in_name_and_their_states_in_one_sentence() -> None:
    cities = [City(number) for number in (0, 1, 14, 15, 199_999)]
    assert len({city.name for city in cities}) == len(cities)
    assert City(5, 0).text.replace(City(5, 0).fact, "") == City(5, 3).text.replace(City(5, 3).fact, "")
    assert all(city.fact in city.submitted().article.text for city in cities)


def test_an_ingest_is_weighed_by_memory_and_by_parts_of_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CIVICITE_RUNTIME", "hashing")
    found = measure_ingest(CORPUS, tmp_path)
    assert found["articles"] == 15
    parts = ("catalog MiB", "FAISS MiB", "Tantivy MiB")
    assert 0 < sum(float(str(found[name])) for name in parts) <= float(str(found["index MiB"])) + 0.02
    assert found["own MiB, greatest"]
