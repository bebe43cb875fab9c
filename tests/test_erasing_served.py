"""Erasure over HTTP and on the command line, while services run that have the index open."""

import json
from pathlib import Path

import httpx
import pytest
from building import article, put
from commandline import civicite, served

from service.cli import run

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
        (source / f"{name}.txt").write_text("Xerxes built the quayside in 1911.")
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
    for word in (b"xerxes", b"quayside", b"zamboanga", b"1911"):
        assert holding(Path(folder), word) == []
    capsys.readouterr()
    assert run(["status", "--json", "--index", folder]) == 0
    assert json.loads(capsys.readouterr().out)["articles"] == 0
    assert run(["verify", "--index", folder]) == 0
