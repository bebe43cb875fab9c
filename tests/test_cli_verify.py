"""``civicite verify``: damage is named, staleness is none, and only ``--repair`` changes anything."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from building import article, put, withdraw

from indexer import Editor
from indexer.encoders.hashing import HashingEncoder
from indexer.repairing import repair
from service.cli import run

Verify = Callable[..., list[dict[str, str]]]
Damage = Callable[[Path], object]

ARTICLES = [
    article(f"town-{n}", f"Town number {n} has {n} bridges. Its mayor cycles to work.", "Towns", city="Town")
    for n in range(12)
]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verify") / "index"
    put(folder, ARTICLES)
    withdraw(folder, "town-3")
    # What came since lies in no file of its own while it is little: written out, nothing is stale.
    repair(folder)
    return folder


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "index"))


@pytest.fixture
def verify(folder: Path, capsys: pytest.CaptureFixture[str]) -> Verify:
    def command(*options: str, status: int) -> list[dict[str, str]]:
        assert run(["verify", "--index", str(folder), "--json", *options]) == status
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return command


def flip(path: Path, at: float = 0.5) -> None:
    content = bytearray(path.read_bytes())
    content[int(at * (len(content) - 1))] ^= 0x01
    path.write_bytes(content)


def change(statement: str) -> Damage:
    def damage(folder: Path) -> None:
        connection = sqlite3.connect(folder / "catalog.sqlite")
        connection.execute(statement)
        connection.commit()
        connection.close()

    return damage


def overwrite(name: str, content: bytes) -> Damage:
    return lambda folder: (folder / name).write_bytes(content)


def test_a_sound_index_has_no_findings(
    verify: Verify, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(status=0) == []
    assert run(["verify", "--index", str(folder)]) == 0
    assert capsys.readouterr().out == "damaged 0, stale 0\n"


def test_a_word_of_any_length_is_no_damage(folder: Path, verify: Verify) -> None:
    put(folder, [article("noise", f"The port has 3 cranes. {'x' * 66_000} is noise.")])
    assert [one for one in verify(status=0) if one["kind"] == "damage"] == []
    assert verify("--repair", status=0) == []


@pytest.mark.parametrize(
    ("damage", "where"),
    [
        (change("UPDATE revisions SET text = text || '!' WHERE key = 5"), "article 'town-4' revision 1"),
        (change("UPDATE revisions SET text = 'x' WHERE key = 4"), "article 'town-3' revision 1"),
        (change("UPDATE revisions SET text = CAST(x'ff' AS TEXT) WHERE key = 5"), "'town-4' revision 1"),
        (change("UPDATE passages SET vector = zeroblob(length(vector)) WHERE key = 2"), "article 'town-1'"),
        (change("UPDATE passages SET stop = stop + 1 WHERE key = 2"), "article 'town-1'"),
        (change("UPDATE passages SET article = 1 WHERE key = 2"), "article 'town-0'"),
        (change("UPDATE parts SET spans = zeroblob(length(spans)) WHERE passage = 2"), "article 'town-1'"),
        (change("UPDATE parts SET terms = 7 WHERE passage = 2"), "article 'town-1'"),
        (change("UPDATE parts SET context = 'Villages' WHERE passage = 2"), "article 'town-1'"),
        (change("DELETE FROM parts WHERE passage = 2"), "article 'town-1'"),
        (change("UPDATE passages SET to_commit = 2 WHERE key = 2"), "article 'town-1'"),
        (change("UPDATE descriptions SET published_from = '1999-01-01' WHERE key = 2"), "article 'town-1'"),
        (change("UPDATE descriptions SET metadata = '{' WHERE key = 2"), "article 'town-1'"),
        (change("UPDATE facets SET folded = 'x' WHERE description = 2"), "article 'town-1'"),
        (change("UPDATE frequencies SET passages = passages + 1 WHERE term = 1"), "generation 1"),
        (change("UPDATE generations SET terms = terms - 1"), "generation 1"),
        (change("UPDATE generations SET recipe = '{'"), "catalog.sqlite"),
        (change("DELETE FROM commits WHERE id = 1"), "commits"),
        (change("DELETE FROM commits WHERE id = 2"), "last-commit.json"),
        (change("UPDATE commits SET chain = 'x' WHERE id = 2"), "last-commit.json"),
        (lambda folder: flip(folder / "last-commit.json"), "last-commit.json"),
        (overwrite("last-commit.json", b"{"), "last-commit.json"),
        (overwrite("catalog.sqlite", b"SQLite format 3\0" + bytes(5000)), "catalog.sqlite"),
        (overwrite("catalog.sqlite", b"no database at all"), "catalog.sqlite"),
        (lambda folder: flip(folder / "vectors" / "1.faiss", 0.0), "1.faiss"),
        (lambda folder: flip(folder / "vectors" / "1.faiss", 0.01), "1.faiss"),
        (lambda folder: flip(folder / "vectors" / "1.faiss"), "1.faiss"),
        (lambda folder: flip(folder / "vectors" / "1.faiss", 1.0), "1.faiss"),
        (lambda folder: flip(folder / "vectors" / "1.json"), "1.faiss"),
        (overwrite("vectors/1.json", b"{}"), "1.faiss"),
        (overwrite("vectors/1.faiss", b""), "1.faiss"),
        (lambda folder: (folder / "vectors" / "1.faiss").unlink(), "1.faiss"),
        (lambda folder: flip(next((folder / "terms" / "1").glob("*.idx"))), "terms/1"),
        (lambda folder: flip(next((folder / "terms" / "1").glob("*.store")), 0.0), "terms/1"),
        (lambda folder: next((folder / "terms" / "1").glob("*.term")).unlink(), "terms/1"),
        (lambda folder: (folder / "terms" / "1" / "meta.json").unlink(), "terms/1"),
        (overwrite("terms/1/meta.json", b"{"), "terms/1"),
    ],
)
def test_damage_is_named_and_the_status_is_1(
    damage: Damage, where: str, folder: Path, verify: Verify
) -> None:
    damage(folder)
    findings = verify(status=1)
    assert any(where in one["where"] for one in findings if one["kind"] == "damage"), findings
    assert all(one["problem"] and one["mend"] for one in findings)
    # Who reads this has just run it.
    assert not any("run 'civicite verify'" in one["problem"] + one["mend"] for one in findings)


@pytest.mark.parametrize(
    "forget",
    [
        lambda folder: shutil.rmtree(folder / "terms"),
        lambda folder: shutil.rmtree(folder / "vectors"),
        lambda folder: (folder / "vectors" / "1.json").unlink(),
        lambda folder: (folder / "last-commit.json").unlink(),
        lambda folder: (folder / "vectors" / ".1.faiss.4711.part").write_bytes(b"half"),
    ],
)
def test_what_a_kill_leaves_behind_is_stale_at_most(forget: Damage, folder: Path, verify: Verify) -> None:
    forget(folder)
    assert {one["kind"] for one in verify(status=0)} <= {"stale"}


def test_projections_of_an_earlier_commit_are_stale(folder: Path, verify: Verify, tmp_path: Path) -> None:
    for name in ("vectors", "terms"):
        shutil.copytree(folder / name, tmp_path / "before" / name)
    put(folder, [article("town-99", "Town number 99 has a lighthouse.", "Towns")])
    withdraw(folder, "town-5")
    for name in ("vectors", "terms"):
        shutil.rmtree(folder / name)
        shutil.copytree(tmp_path / "before" / name, folder / name)
    problems = {(one["kind"], one["problem"]) for one in verify(status=0)}
    assert problems == {("stale", "is 2 commits behind")}


def test_a_vector_file_that_a_kill_left_without_its_seal_is_stale(
    folder: Path, verify: Verify, tmp_path: Path
) -> None:
    old = (folder / "vectors" / "1.json").read_bytes()
    put(folder, [article("town-99", "Town number 99 has a lighthouse.", "Towns")])
    repair(folder)
    assert (folder / "vectors" / "1.json").read_bytes() != old
    (folder / "vectors" / "1.json").write_bytes(old)
    assert [one["problem"] for one in verify(status=0)] == ["is newer than its seal"]


def test_a_mark_behind_the_catalog_is_stale(folder: Path, verify: Verify) -> None:
    before = (folder / "last-commit.json").read_bytes()
    withdraw(folder, "town-5")
    (folder / "last-commit.json").write_bytes(before)
    findings = [one for one in verify(status=0) if "last-commit.json" in one["where"]]
    assert [(one["kind"], one["problem"]) for one in findings] == [("stale", "is behind the catalog")]


def test_verify_never_repairs(folder: Path, verify: Verify) -> None:
    flip(folder / "vectors" / "1.faiss")
    flip(next((folder / "terms" / "1").glob("*.idx")))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert verify(status=1) == verify(status=1) != []
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: flip(folder / "vectors" / "1.faiss"),
        lambda folder: flip(folder / "vectors" / "1.json"),
        lambda folder: flip(next((folder / "terms" / "1").glob("*.idx"))),
        overwrite("terms/1/meta.json", b"{"),
        overwrite("last-commit.json", b"{"),
        lambda folder: shutil.rmtree(folder / "vectors"),
    ],
)
def test_repair_rebuilds_projections_and_the_mark(damage: Damage, folder: Path, verify: Verify) -> None:
    damage(folder)
    assert verify("--repair", status=0) == []


def test_repair_accepts_the_catalog_of_a_restored_backup(
    folder: Path, verify: Verify, tmp_path: Path
) -> None:
    shutil.copy(folder / "catalog.sqlite", tmp_path / "backup.sqlite")
    put(folder, [article("town-99", "Town number 99 has a lighthouse.", "Towns")])
    shutil.copy(tmp_path / "backup.sqlite", folder / "catalog.sqlite")
    named = {Path(one["where"]).name for one in verify(status=1) if one["kind"] == "damage"}
    assert named == {"last-commit.json", "1"}
    assert run(["status", "--index", str(folder)]) == 1
    assert verify("--repair", status=0) == []
    assert run(["status", "--index", str(folder)]) == 0


def files(folder: Path) -> dict[Path, tuple[bytes, int]]:
    return {
        path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize(
    "command",
    [
        ["ask", "How many bridges?"],
        ["status"],
        ["log"],
        ["serve", "--port", "0"],
        ["index", "ARTICLES"],
        ["index", "ARTICLES", "--dry-run"],
        ["remove", "town-4"],
        ["backup", "COPY"],
    ],
)
def test_a_catalog_that_is_gone_is_called_so_by_every_command_and_nothing_is_changed(
    command: list[str],
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CIVICITE_RUNTIME", "hashing")
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "quay.txt").write_text("The quay was raised in 1987.", encoding="utf-8")
    (folder / "catalog.sqlite").unlink()
    before = files(folder)
    places = {"ARTICLES": str(tmp_path / "articles"), "COPY": str(tmp_path / "copy")}
    assert run([*(places.get(one, one) for one in command), "--index", str(folder)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "catalog.sqlite: is gone" in said
    assert "restore a backup, or accept what is left with 'civicite verify --repair'" in said
    assert files(folder) == before


@pytest.mark.parametrize("mark", [None, b"{"])
def test_a_catalog_that_is_gone_is_damage_and_one_repair_accepts_that(
    mark: bytes | None, folder: Path, verify: Verify
) -> None:
    (folder / "catalog.sqlite").unlink()
    if mark is not None:
        (folder / "last-commit.json").write_bytes(mark)
    assert [Path(one["where"]).name for one in verify(status=1)] == ["catalog.sqlite"]
    assert verify("--repair", status=0) == []
    assert put(folder, ARTICLES).added == [one.id for one in ARTICLES]
    assert [one for one in verify(status=0) if one["kind"] == "damage"] == []


def test_a_catalog_that_is_gone_comes_back_from_a_backup_which_says_what_it_cannot_know(
    folder: Path, verify: Verify, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = str(tmp_path / "copy")
    assert run(["backup", copy, "--index", str(folder)]) == 0
    (folder / "catalog.sqlite").unlink()
    assert run(["restore", copy, "--index", str(folder)]) == 0
    assert "what it had erased after this backup was made" in capsys.readouterr().err
    assert verify(status=0) == []


def test_repair_does_not_hide_damage_of_the_catalog(folder: Path, verify: Verify) -> None:
    change("UPDATE revisions SET text = text || '!' WHERE key = 5")(folder)
    assert [one["where"] for one in verify("--repair", status=1)] == ["article 'town-4' revision 1"]


def test_repair_is_refused_while_another_process_writes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Editor(folder, HashingEncoder):
        assert run(["verify", "--repair", "--index", str(folder)]) == 1
    assert "has been writing to this index since" in capsys.readouterr().err
