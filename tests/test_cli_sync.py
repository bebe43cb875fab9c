"""``civicite index --sync`` and ``--dry-run``: what is withdrawn, what is kept, what is refused."""

import errno
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from indexer import Index
from service.cli import run

Command = Callable[..., dict[str, object]]

TEXTS = {
    "bridge.md": "The bridge was closed for repairs in May.",
    "market.md": "The market hall opens at six in the morning.",
    "ferry.md": "The ferry crosses the bay every hour.",
    "park/trees.md": "Volunteers planted ninety lime trees in the park.",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in TEXTS.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(text)
    return tmp_path / "in"


@pytest.fixture
def take_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setenv("CIVICITE_RUNTIME", "hashing")

    def command(*arguments: object, status: int = 0) -> dict[str, object]:
        index = ["--index", str(tmp_path / "index")]
        assert run(["index", *map(str, arguments), *index, "--json"]) == status
        out, err = capsys.readouterr()
        return json.loads(out) if out else {"refusal": err}

    return command


def current(tmp_path: Path) -> set[str]:
    with Index.open(tmp_path / "index").view() as view:
        return {identity for identity, _, _ in view.articles()}


def withdrawn(report: dict[str, object]) -> list[str]:
    articles = report["articles"]
    assert isinstance(articles, dict)
    return list(articles["withdrawn"])


def test_without_sync_nothing_is_withdrawn(folder: Path, tmp_path: Path, take_in: Command) -> None:
    take_in(folder)
    (folder / "bridge.md").unlink()
    assert take_in(folder)["withdrawn"] == 0
    assert "bridge" in current(tmp_path)


def test_sync_withdraws_what_is_gone_and_takes_in_what_is_new(
    folder: Path, tmp_path: Path, take_in: Command
) -> None:
    take_in(folder)
    (folder / "bridge.md").unlink()
    (folder / "tower.md").write_text("The tower is ninety metres high.")
    report = take_in(folder, "--sync")
    assert (report["added"], report["unchanged"], withdrawn(report)) == (1, 3, ["bridge"])
    assert current(tmp_path) == {"market", "ferry", "park/trees", "tower"}


def test_sync_heals_an_article_whose_path_is_no_text_any_more(
    folder: Path, tmp_path: Path, take_in: Command
) -> None:
    take_in(folder)
    with closing(sqlite3.connect(tmp_path / "index" / "catalog.sqlite")) as connection, connection:
        connection.execute("UPDATE descriptions SET path = CAST(x'41ff' AS TEXT) WHERE path = 'ferry.md'")
    report = take_in(folder, "--sync")
    assert (report["changed"], report["withdrawn"]) == (1, 0)
    assert "ferry" in current(tmp_path)


def test_sync_keeps_articles_that_came_from_another_path(
    folder: Path, tmp_path: Path, take_in: Command
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "zoo.md").write_text("The zoo has two red pandas.")
    take_in(folder)
    take_in(other)
    (folder / "bridge.md").unlink()
    assert withdrawn(take_in(folder, "--sync")) == ["bridge"]
    assert "zoo" in current(tmp_path)


def test_sync_keeps_the_article_of_a_file_that_cannot_be_read(
    folder: Path, tmp_path: Path, take_in: Command
) -> None:
    take_in(folder)
    (folder / "bridge.md").write_text("")
    (folder / "ferry.md").unlink()
    report = take_in(folder, "--sync", status=1)
    assert (withdrawn(report), report["failed"]) == (["ferry"], 1)
    assert "bridge" in current(tmp_path)


def test_sync_keeps_every_article_of_a_collection_with_a_bad_record(tmp_path: Path, take_in: Command) -> None:
    file = tmp_path / "in" / "records.jsonl"
    file.parent.mkdir()
    records = [json.dumps({"_id": f"r{n}", "title": "", "text": f"Record number {n}."}) for n in range(4)]
    file.write_text("\n".join(records))
    take_in(file.parent)
    file.write_text("\n".join([*records[:2], "not json"]))
    assert take_in(file.parent, "--sync", status=1)["withdrawn"] == 0
    file.write_text("\n".join(records[:3]))
    assert withdrawn(take_in(file.parent, "--sync")) == ["r3"]
    assert current(tmp_path) == {"r0", "r1", "r2"}


def test_a_renamed_file_with_an_id_of_its_own_is_no_loss(
    folder: Path, tmp_path: Path, take_in: Command
) -> None:
    (folder / "bridge.md").write_text("---\nid: the-bridge\n---\nThe bridge was closed.")
    take_in(folder)
    (folder / "bridge.md").rename(folder / "park" / "crossing.md")
    assert take_in(folder, "--sync")["withdrawn"] == 0
    assert "the-bridge" in current(tmp_path)


@pytest.mark.parametrize("lost", [3, 4])
def test_a_loss_of_more_than_half_is_refused_and_nothing_is_changed_until_it_is_confirmed(
    lost: int, folder: Path, tmp_path: Path, take_in: Command
) -> None:
    take_in(folder)
    for name in list(TEXTS)[:lost]:
        (folder / name).unlink()
    (folder / "tower.md").write_text("The tower is ninety metres high.")
    refusal = str(take_in(folder, "--sync", status=1)["refusal"])
    assert f"{lost} of its 4 articles are gone" in refusal
    assert "--yes" in refusal
    assert current(tmp_path) == {"bridge", "market", "ferry", "park/trees"}
    assert take_in(folder, "--sync", "--yes")["withdrawn"] == lost
    assert len(current(tmp_path)) == 5 - lost


def test_a_loss_of_half_is_no_refusal(folder: Path, tmp_path: Path, take_in: Command) -> None:
    take_in(folder)
    for name in ("bridge.md", "market.md"):
        (folder / name).unlink()
    assert take_in(folder, "--sync")["withdrawn"] == 2


def test_an_empty_path_is_refused_until_it_is_confirmed(
    folder: Path, tmp_path: Path, take_in: Command
) -> None:
    take_in(folder)
    for name in TEXTS:
        (folder / name).unlink()
    assert "there is nothing to take in here" in str(take_in(folder, "--sync", status=1)["refusal"])
    assert len(current(tmp_path)) == 4
    assert take_in(folder, "--sync", "--yes")["withdrawn"] == 4
    assert current(tmp_path) == set()


def test_one_of_two_paths_being_empty_is_refused_too(folder: Path, tmp_path: Path, take_in: Command) -> None:
    (tmp_path / "empty").mkdir()
    assert "empty: there is nothing" in str(
        take_in(folder, tmp_path / "empty", "--sync", status=1)["refusal"]
    )
    assert take_in(folder)["added"] == 4


def test_a_dry_run_says_what_would_be_done_and_leaves_no_index_behind(
    folder: Path, tmp_path: Path, take_in: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    report = take_in(folder, "--dry-run")
    assert (report["added"], report["dry_run"]) == (4, True)
    assert not (tmp_path / "index").exists()
    assert run(["index", str(folder), "--index", str(tmp_path / "index"), "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "added bridge",
        "added ferry",
        "added market",
        "added park/trees",
        "added 4, changed 0, unchanged 0, withdrawn 0, failed 0",
    ]


def test_a_dry_run_of_a_sync_shows_the_loss_and_changes_nothing_and_needs_no_model(
    folder: Path, tmp_path: Path, take_in: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(folder)
    before = {path: path.read_bytes() for path in (tmp_path / "index").rglob("*") if path.is_file()}
    for name in list(TEXTS)[:3]:
        (folder / name).unlink()
    (folder / "park" / "trees.md").write_text("Volunteers planted a hundred lime trees in the park.")
    monkeypatch.setenv("CIVICITE_RUNTIME", "openvino")
    monkeypatch.setenv("CIVICITE_MODEL", "/no/such/model")
    report = take_in(folder, "--sync", "--dry-run")
    assert (report["changed"], withdrawn(report)) == (1, ["bridge", "ferry", "market"])
    after = {path: path.read_bytes() for path in (tmp_path / "index").rglob("*") if path.is_file()}
    assert after == before


def test_what_lies_in_a_folder_that_cannot_be_read_is_named_and_kept(
    folder: Path, tmp_path: Path, take_in: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(folder)
    scan = os.scandir

    def scandir(path: str) -> Any:
        if str(path).endswith("park"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    report = take_in(folder, "--sync", status=1)
    assert (report["withdrawn"], report["failed"]) == (0, 1)
    assert str(folder / "park") in str(report["failures"])
    assert "park/trees" in current(tmp_path)
