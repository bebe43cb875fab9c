"""Erasure over HTTP and on the command line, while services run that have the index open."""

import json
from pathlib import Path

import httpx
import pytest
from building import ENCODER, article, put
from commandline import civicite, served

from indexer import Editor, Index
from service.cli import run
from service.feedback import forget_erased, note, read_feedback
from service.store import store_of

LAMPS = {
    "title": "Quiet lamps",
    "text": "Ljubljana dims its zoological lamps after midnight. It saves a third of the power.",
    "metadata": {"city": ["Ljubljana"]},
}
TOWNS = [article(f"town-{n}", f"Town number {n} has {n} bridges.", "Towns") for n in range(4)]


def holding(folder: Path, word: bytes) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and word in path.read_bytes().lower()]


def test_an_erased_article_is_gone_from_every_service_and_every_file(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    put(folder, TOWNS)
    with (
        served(folder) as one,
        served(folder) as two,
        httpx.Client(base_url=one, timeout=30) as here,
        httpx.Client(base_url=two, timeout=30) as there,
    ):
        assert here.put("/v1/articles/lamps/quiet", json=LAMPS).status_code == 201
        question = {"question": "What does Ljubljana dim?", "min_confidence": 0}
        cited = [client.post("/v1/ask", json=question).json()["citations"] for client in (here, there)]
        assert {one["article_id"] for citations in cited for one in citations} == {"lamps/quiet"}
        assert here.delete("/v1/articles/lamps/quiet?erase=true").status_code == 204
        for client in (here, there):
            assert "ljubljana dims" not in client.post("/v1/ask", json=question).text.lower()
            for query in ("", "?revision=1"):
                gone = client.get(f"/v1/articles/lamps/quiet{query}")
                assert (gone.status_code, gone.json()["type"]) == (410, "urn:civicite:problem:article-erased")
            checked = client.post("/v1/verify", json={"citations": cited[0]}).json()
            assert {one["problem"] for one in checked["results"]} == {"it was erased"}
        assert holding(folder, b"zoological") == []
        assert here.delete("/v1/articles/lamps/quiet?erase=true").status_code == 204
        assert here.delete("/v1/articles/lamps/quiet").status_code == 410
        assert here.delete("/v1/articles/never/there?erase=true").status_code == 404
        assert here.delete("/v1/articles/town-1?erase=perhaps").status_code == 422
        assert here.put("/v1/articles/lamps/quiet", json=LAMPS).json()["revision"] == 2
    assert holding(folder, b"zoological")


def test_the_command_erases_paths_and_all_and_names_copies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, source = str(tmp_path / "index"), tmp_path / "from-zamboanga"
    source.mkdir()
    for name in ("one", "other"):
        (source / f"{name}.txt").write_text("Xerxes built the quayside of 19114207385 bricks.")
    (source / "third.txt").write_text("Town number 3 has 3 bridges.")
    assert civicite("index", source, "--index", folder).returncode == 0
    assert holding(Path(folder), b"zamboanga")
    assert run(["remove", "--erase", "one", "--index", folder]) == 0
    printed = capsys.readouterr()
    assert printed.out == "erased 1\n"
    assert printed.err == "one: the same text is also that of other\n"
    assert holding(Path(folder), b"xerxes")
    assert run(["remove", "other", "--index", folder]) == 0
    assert run(["remove", "--erase", "other", "third", "--index", folder]) == 0
    for word in (b"xerxes", b"quayside", b"zamboanga", b"19114207385"):
        assert holding(Path(folder), word) == []
    capsys.readouterr()
    assert run(["status", "--json", "--index", folder]) == 0
    assert json.loads(capsys.readouterr().out)["articles"] == 0
    assert run(["verify", "--index", folder]) == 0


def test_what_was_said_of_an_article_goes_whoever_finishes_its_erasure(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    put(folder, TOWNS)
    for identity in ("town-1", "town-2", None):
        note(store_of(folder), "How many bridges?", "wrong", article_id=identity)
    with Editor(folder, lambda: ENCODER) as editor:
        editor.erase(["town-1"])  # as by a command that was killed before it came to what was said
    put(folder, [article("town-9", "Town number 9 has none.", "Towns")])
    assert run(["feedback", "export", "--index", str(folder)]) == 0
    assert [one.article_id for one in read_feedback(store_of(folder))] == ["town-2", None]


def test_what_was_said_of_an_article_goes_although_a_reader_holds_the_erasure_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.catalog.TIMEOUT", 0.2)
    put(tmp_path / "index", TOWNS)
    note(store_of(tmp_path / "index"), "How many bridges?", "wrong", article_id="town-1")
    with Index.open(tmp_path / "index").view():
        assert run(["remove", "--erase", "town-1", "--index", str(tmp_path / "index")]) != 0
    assert read_feedback(store_of(tmp_path / "index")) == []


def test_what_is_said_of_an_article_that_was_taken_in_again_stays(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    put(folder, TOWNS)
    with Editor(folder, lambda: ENCODER) as editor:
        editor.erase(["town-1"])
    put(folder, TOWNS)
    note(store_of(folder), "How many bridges?", "wrong", article_id="town-1")
    forget_erased(folder)
    assert len(read_feedback(store_of(folder))) == 1
