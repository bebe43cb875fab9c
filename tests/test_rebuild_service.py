"""Rebuilding as a user meets it: commands in processes of their own, beside a service that answers on."""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from building import ENCODER
from commandline import ENVIRONMENT, civicite, served

from indexer import Editor, articles, find

CORPUS = Path(__file__).parents[1] / "corpus"
QUESTION = "Which cities won the Lee Kuan Yew World City Prize?"
MINILM = {**ENVIRONMENT, "CIVICITE_RUNTIME": "openvino"}


@pytest.fixture(scope="module")
def hashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hashed") / "index"
    with Editor(folder, lambda: ENCODER) as editor:
        editor.put(one for source in find([CORPUS])[:5] for one in articles(source))
    return folder


@pytest.fixture(scope="module")
def rebuilt(hashed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(hashed, tmp_path_factory.mktemp("rebuilt") / "index"))
    assert civicite("rebuild", "--index", folder, environment=MINILM).returncode == 0
    return folder


@pytest.fixture
def folder(hashed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(hashed, tmp_path / "index"))


@contextmanager
def asked_all_the_while(client: httpx.Client) -> Iterator[list[int]]:
    """Ask again and again while something else happens; yields the statuses."""
    statuses: list[int] = []
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            response = client.post("/v1/ask", json={"question": QUESTION, "min_confidence": 0})
            statuses.append(response.status_code)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield statuses
    finally:
        ended.set()
        asking.join()


def sources(client: httpx.Client) -> set[str]:
    answer = client.post("/v1/ask", json={"question": QUESTION, "min_confidence": 0, "top_k": 50}).json()
    return {one["article_id"] for one in [*answer["passages"], *answer["citations"]]}


def test_a_service_goes_on_while_the_index_is_rebuilt_with_another_model_and_back(folder: Path) -> None:
    with served(folder) as address, httpx.Client(base_url=address, timeout=60) as client:
        gone = next(iter(sources(client)))
        with asked_all_the_while(client) as statuses:
            rebuilt = civicite("rebuild", "--index", folder, "--json", environment=MINILM)
            ready = client.get("/readyz").json()
        assert json.loads(rebuilt.stdout)["switched"] is True
        assert set(statuses) == {200}
        # It answers with its own model, from the generation that its vectors belong to, and says so.
        assert (ready["superseded"], ready["generation"], ready["active_generation"]) == (True, 1, 2)
        assert (ready["model"], ready["active_model"]) == ("hashing", "all-MiniLM-L6-v2")
        assert client.delete(f"/v1/articles/{gone}").status_code == 204
        assert gone not in sources(client)
        refused = client.put("/v1/articles/new", json={"text": "Another city won the prize in 2024."})
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:civicite:problem:model-changed")
        kept = civicite("compact", "--index", folder, "--json", environment=MINILM)
        assert json.loads(kept.stdout)["kept_for_readers"] == [1]
        with asked_all_the_while(client) as statuses:
            assert civicite("rebuild", "--to", "1", "--index", folder).returncode == 0
        assert set(statuses) == {200}
        assert client.get("/readyz").json()["superseded"] is False
        assert client.put("/v1/articles/new", json={"text": "A city won the prize."}).status_code == 201
        assert "new" in sources(client)


def test_another_model_than_the_active_generations_is_refused_with_the_mend(rebuilt: Path) -> None:
    for arguments in (["ask", QUESTION], ["index", str(CORPUS)], ["serve"]):
        refused = civicite(*arguments, "--index", rebuilt)
        assert refused.returncode == 1
        assert "'civicite rebuild'" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
    assert civicite("ask", QUESTION, "--index", rebuilt, environment=MINILM).returncode == 0


def test_generations_are_listed_as_a_table_and_as_json(folder: Path) -> None:
    assert civicite("rebuild", "--index", folder).stdout.startswith("generation 1 answered already: ")
    table = civicite("generations", "--index", folder).stdout.splitlines()
    assert table[0].split()[:3] == ["generation", "state", "pinned"]
    assert table[1].split()[:4] == ["1", "active", "no", "hashing"]
    listed = json.loads(civicite("generations", "--pin", "1", "--index", folder, "--json").stdout)
    assert [(one["generation"], one["state"], one["pinned"]) for one in listed] == [(1, "active", True)]


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["rebuild", "--to", "9"], 1, "generation 9: there is none; see 'civicite generations'"),
        (["rebuild", "--to", "0"], 2, "Invalid value for '--to'"),
        (["generations", "--pin", "9"], 1, "generation 9: there is none"),
        (["compact", "--history-before", "soon"], 2, "'soon' is not a day or an instant"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(
    arguments: list[str], status: int, message: str, folder: Path
) -> None:
    refused = civicite(*arguments, "--index", folder)
    assert (refused.returncode, len(refused.stderr.splitlines())) == (status, 1)
    assert message in refused.stderr


@pytest.mark.parametrize("command", ["rebuild", "generations", "compact"])
def test_a_folder_without_an_index_is_named_and_stays_without(command: str, tmp_path: Path) -> None:
    refused = civicite(command, "--index", tmp_path / "nowhere")
    assert refused.returncode == 1
    assert "there is no index here" in refused.stderr
    assert not (tmp_path / "nowhere").exists()


def test_compacting_reports_bytes_before_and_after(rebuilt: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(rebuilt, tmp_path / "index"))
    planned = civicite("compact", "--dry-run", "--index", folder).stdout
    assert planned.startswith("would drop generations: 1; passages of history: 0")
    done = civicite("compact", "--history-before", "2100-01-01", "--index", folder).stdout.splitlines()
    assert done[0].startswith("dropped generations: 1")
    assert done[1] == "history begins at commit 2"
    assert " bytes before, " in done[2]
