"""Backup and restore: whole or not at all, checked in full, and followed by whoever has the index open."""

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from building import ENCODER, article, contents, put, withdraw

from indexer import (
    Article,
    ArticleErased,
    Editor,
    Index,
    IndexDamaged,
    IndexLocked,
    InputError,
    backup,
    check,
    restore,
)
from indexer.layout import Layout
from indexer.locking import held
from indexer.manifest import file_digest, read_manifest, write_manifest
from indexer.subscriptions import Feed, remembered, remembering
from indexer.upkeep import upkeep
from service.cli import run

ROOT = Path(__file__).parents[1]
TOWNS = [
    article(f"town-{n}", f"Town number {n} has {n} bridges. Its mayor cycles to work.", "Towns", city="Town")
    for n in range(6)
]
LIGHTHOUSE = article("lighthouse", "The lighthouse of Piran burns olive oil.")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "index"
    put(place, TOWNS)
    withdraw(place, "town-3")
    return place


def damage_of(folder: Path) -> list[str]:
    return [str(one) for one in check(folder) if one.kind == "damage"]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_backup_is_itself_an_index_with_the_same_content(folder: Path, tmp_path: Path) -> None:
    manifest = backup(folder, tmp_path / "copy")
    assert contents(tmp_path / "copy") == contents(folder)
    assert damage_of(tmp_path / "copy") == []
    assert manifest.commit == 2
    assert names(tmp_path / "copy") == {"catalog.sqlite", "last-commit.json", "backup.json"}
    assert names(tmp_path) == {"index", "copy"}


def test_feeds_are_part_of_a_backup_and_come_back_with_it(folder: Path, tmp_path: Path) -> None:
    with remembering(folder) as state:
        state.feeds["https://towns.example/feed"] = Feed("https://towns.example/feed", name="towns")
    backup(folder, tmp_path / "copy")
    Layout(folder).sources.unlink()
    restore(tmp_path / "copy", folder, replace=True)
    assert remembered(folder).feed("towns") is not None


def test_a_backup_beside_a_writer_holds_whole_commits(folder: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    written: list[list[Article]] = []

    def write() -> None:
        while not stop.is_set():
            pair = [article(f"{name}-{len(written)}", f"{name} {len(written)} is new.") for name in "ab"]
            put(folder, pair)
            written.append(pair)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for n in range(3):
            backup(folder, tmp_path / f"copy-{n}")
    finally:
        stop.set()
        writer.join()
    assert written
    for n in range(3):
        with Index.open(tmp_path / f"copy-{n}").view() as view:
            pairs = {identity for identity, _, _ in view.articles() if not identity.startswith("town")}
            assert {name.replace("a", "b") for name in pairs if name[0] == "a"} == {
                name for name in pairs if name[0] == "b"
            }
            assert view.commit == 2 + len(pairs) / 2


def test_a_restored_index_is_the_one_that_was_backed_up(folder: Path, tmp_path: Path) -> None:
    backup(folder, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "again")
    assert contents(tmp_path / "again") == contents(folder)
    assert list(check(tmp_path / "again")) == []
    put(tmp_path / "again", [LIGHTHOUSE])
    assert damage_of(tmp_path / "again") == []


def test_an_index_that_is_there_is_replaced_only_when_confirmed(folder: Path, tmp_path: Path) -> None:
    backup(folder, tmp_path / "copy")
    put(folder, [LIGHTHOUSE])
    before = contents(folder)
    with pytest.raises(InputError, match="there is an index here; confirm with --yes"):
        restore(tmp_path / "copy", folder)
    assert contents(folder) == before
    restore(tmp_path / "copy", folder, replace=True)
    assert contents(folder) == contents(tmp_path / "copy")
    assert list(check(folder)) == []


def test_a_reader_that_is_open_follows_a_restore_and_what_is_written_after_it(
    folder: Path, tmp_path: Path
) -> None:
    backup(folder, tmp_path / "copy")
    put(folder, [LIGHTHOUSE])
    index = Index.open(folder)
    with index.view() as view:
        assert view.pool(view.matching(view.statistics(["lighthous"]), 5)).article_ids == ("lighthouse",)
    restore(tmp_path / "copy", folder, replace=True)
    with index.view() as view:
        assert view.commit == 2
        assert not len(view.matching(view.statistics(["lighthous"]), 5))
    # The same commit number and the same passage keys as the lighthouse had, of another history.
    put(folder, [article("harbour", "The harbour of Koper unloads cars.")])
    with index.view() as view:
        assert view.commit == 3
        found = view.pool(view.nearest(ENCODER.question("What does the harbour unload?"), 1))
        assert found.article_ids == ("harbour",)


def test_a_reader_that_is_open_follows_when_a_catalog_beyond_reading_is_replaced(
    folder: Path, tmp_path: Path
) -> None:
    backup(folder, tmp_path / "copy")
    index = Index.open(folder)
    with index.view() as view:
        assert view.commit == 2
    wrecked = Layout(folder).catalog
    wrecked.write_bytes(b"no database at all" * 1000)
    with pytest.raises(IndexDamaged):
        Index.open(folder)
    assert restore(tmp_path / "copy", folder, replace=True).erased is None
    assert list(check(folder)) == []
    put(folder, [LIGHTHOUSE])
    with index.view() as view:
        assert view.article("lighthouse").text == LIGHTHOUSE.text


def test_whoever_restores_over_an_index_beyond_reading_is_told_that_its_erasures_are_unknown(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup(folder, tmp_path / "copy")
    arguments = ["restore", str(tmp_path / "copy"), "--index"]
    assert run([*arguments, str(tmp_path / "new")]) == 0
    assert run([*arguments, str(folder), "--yes"]) == 0
    assert "erase" not in capsys.readouterr().err
    Layout(folder).catalog.write_bytes(b"no database at all" * 1000)
    assert run([*arguments, str(folder), "--yes"]) == 0
    assert "what it had erased after this backup was made may be there again" in capsys.readouterr().err


def test_what_was_erased_after_the_backup_stays_erased(folder: Path, tmp_path: Path) -> None:
    put(folder, [LIGHTHOUSE])
    backup(folder, tmp_path / "copy")
    with Editor(folder, lambda: ENCODER) as editor:
        editor.erase(["lighthouse"])
    assert restore(tmp_path / "copy", folder, replace=True).erased == ("lighthouse",)
    with Index.open(folder).view() as view, pytest.raises(ArticleErased):
        view.article("lighthouse")
    assert not any(b"Piran" in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert damage_of(folder) == []


def test_an_article_taken_in_again_after_its_erasure_is_restored(folder: Path, tmp_path: Path) -> None:
    put(folder, [LIGHTHOUSE])
    with Editor(folder, lambda: ENCODER) as editor:
        editor.erase(["lighthouse"])
    put(folder, [LIGHTHOUSE])
    backup(folder, tmp_path / "copy")
    assert restore(tmp_path / "copy", folder, replace=True).erased == ()
    with Index.open(folder).view() as view:
        assert view.article("lighthouse").revision == 2


def test_an_earlier_backup_is_replaced_and_anything_else_is_left_alone(folder: Path, tmp_path: Path) -> None:
    backup(folder, tmp_path / "copy")
    put(folder, [LIGHTHOUSE])
    assert backup(folder, tmp_path / "copy").commit == 3
    assert contents(tmp_path / "copy") == contents(folder)
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mine.txt").write_text("Dear mayor")
    (tmp_path / "file").write_text("Dear mayor")
    for place in ("letters", "file"):
        with pytest.raises(InputError, match="it is there and is no backup"):
            backup(folder, tmp_path / place)
    put(tmp_path / "other", TOWNS)
    with pytest.raises(InputError, match="it is there and is no backup"):
        backup(folder, tmp_path / "other")
    for inside in (folder, folder / "copy"):
        with pytest.raises(InputError, match="it lies in the index itself"):
            backup(folder, inside)
    (tmp_path / "empty").mkdir()
    backup(folder, tmp_path / "empty")
    assert (tmp_path / "letters" / "mine.txt").read_text() == (tmp_path / "file").read_text() == "Dear mayor"


@pytest.mark.parametrize("what", ["old", "part"])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_folder_of_somebodys_own_is_never_touched_whatever_its_name(
    folder: Path, tmp_path: Path, what: str, is_there: bool
) -> None:
    backup(folder, tmp_path / "whole")
    if is_there:
        backup(folder, tmp_path / "copy")
    letters = []
    for name in (f".copy.{what}", f".copy.civicite-{what}"):
        (tmp_path / name).mkdir()
        letters.append(tmp_path / name / "mine.txt")
        letters[-1].write_text("Dear mayor")
    with pytest.raises(InputError, match=rf"civicite-{what}: it is in the way and is no backup"):
        backup(folder, tmp_path / "copy")
    shutil.copytree(tmp_path / "copy" if is_there else tmp_path / "whole", tmp_path / "again")
    for source in ("copy", "again"):
        if is_there or source == "again":
            restore(tmp_path / source, folder, replace=True)
    letters[1].rename(tmp_path / "mine.txt")
    backup(folder, tmp_path / "copy")
    assert letters[0].read_text() == (tmp_path / "mine.txt").read_text() == "Dear mayor"


def test_a_place_that_is_refused_is_left_as_it_was_found(folder: Path, tmp_path: Path) -> None:
    backup(folder, tmp_path / ".letters.civicite-old")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mine.txt").write_text("Dear mayor")
    with pytest.raises(InputError, match="it is there and is no backup"):
        backup(folder, tmp_path / "letters")
    with pytest.raises(InputError, match="it is no backup"):
        restore(tmp_path / "letters", folder, replace=True)
    assert contents(tmp_path / ".letters.civicite-old") == contents(folder)
    assert names(tmp_path / "letters") == {"mine.txt"}


def test_a_backup_of_an_older_civicite_is_only_restored_and_never_changed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup(folder, tmp_path / "copy")
    layout = Layout(tmp_path / "copy")
    with closing(sqlite3.connect(layout.catalog)) as connection:
        for statement in (
            "ALTER TABLE generations DROP COLUMN complete",
            "ALTER TABLE generations DROP COLUMN pinned",
            "DROP TABLE horizon",
            "ALTER TABLE commits DROP COLUMN note",
            "DROP TABLE lost_revisions",
            "DROP TABLE lost_descriptions",
            "DROP TABLE lost_passages",
            "PRAGMA user_version = 4",
        ):
            connection.execute(statement)
        connection.commit()
    manifest = read_manifest(layout)
    manifest.files["catalog.sqlite"] = file_digest(layout.catalog)
    write_manifest(layout, manifest)
    for command in ("status", "verify"):
        run([command, "--index", str(tmp_path / "copy")])
        assert f"restore it first with 'civicite restore {tmp_path / 'copy'}'" in "".join(capsys.readouterr())
    restore(tmp_path / "copy", tmp_path / "again")
    assert contents(tmp_path / "again") == contents(folder)


def test_a_damaged_index_is_not_backed_up(folder: Path, tmp_path: Path) -> None:
    connection = sqlite3.connect(Layout(folder).catalog)
    connection.execute("UPDATE revisions SET text = text || '!' WHERE key = 2")
    connection.commit()
    connection.close()
    with pytest.raises(IndexDamaged, match=r"the index is not sound: article 'town-1' revision 1"):
        backup(folder, tmp_path / "copy")
    assert names(tmp_path) == {"index"}


@pytest.mark.parametrize("name", ["catalog.sqlite", "last-commit.json", "backup.json"])
@pytest.mark.parametrize("at", [0.0, 0.3, 0.8, 1.0])
def test_a_backup_with_a_flipped_byte_is_refused_and_the_file_named(
    folder: Path, tmp_path: Path, name: str, at: float
) -> None:
    backup(folder, tmp_path / "copy")
    before = contents(folder)
    content = bytearray((tmp_path / "copy" / name).read_bytes())
    content[int(at * (len(content) - 1))] ^= 0x01
    (tmp_path / "copy" / name).write_bytes(content)
    with pytest.raises(IndexDamaged, match=rf"copy/{name}: is not what was backed up"):
        restore(tmp_path / "copy", folder, replace=True)
    assert contents(folder) == before
    assert "restoring" not in names(folder)


@pytest.mark.parametrize("name", ["catalog.sqlite", "last-commit.json", "backup.json"])
def test_a_backup_that_lacks_a_file_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    backup(folder, tmp_path / "copy")
    (tmp_path / "copy" / name).unlink()
    with pytest.raises((IndexDamaged, InputError), match="copy"):
        restore(tmp_path / "copy", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_backup_that_names_files_elsewhere_is_refused(folder: Path, tmp_path: Path) -> None:
    backup(folder, tmp_path / "copy")
    (tmp_path / "mine.txt").write_text("Dear mayor")
    layout = Layout(tmp_path / "copy")
    manifest = read_manifest(layout)
    manifest.files["../mine.txt"] = file_digest(tmp_path / "mine.txt")
    write_manifest(layout, manifest)
    with pytest.raises(IndexDamaged, match=r"mine\.txt"):
        restore(tmp_path / "copy", tmp_path / "again")


def test_nothing_is_restored_among_the_files_of_somebody(folder: Path, tmp_path: Path) -> None:
    backup(folder, tmp_path / "copy")
    place = tmp_path / "place"
    place.mkdir()
    (place / "notes.txt").touch()
    with pytest.raises(InputError, match=r"it holds other files \(notes\.txt\) and no index"):
        restore(tmp_path / "copy", place)
    assert names(place) == {"notes.txt"}


def test_nothing_is_restored_while_another_process_writes(folder: Path, tmp_path: Path) -> None:
    backup(folder, tmp_path / "copy")
    with held(Layout(folder)), pytest.raises(IndexLocked, match=r"process \d+ has been writing"):
        restore(tmp_path / "copy", folder, replace=True)


def test_nothing_is_restored_while_another_process_rebuilds(folder: Path, tmp_path: Path) -> None:
    backup(folder, tmp_path / "copy")
    with upkeep(Layout(folder)), pytest.raises(IndexLocked, match="rebuilding or compacting"):
        restore(tmp_path / "copy", folder, replace=True)
    assert restore(tmp_path / "copy", folder, replace=True).erased == ()


def test_two_backups_to_one_place_do_not_mix(folder: Path, tmp_path: Path) -> None:
    with held(Layout(tmp_path / ".copy.civicite-part")), pytest.raises(IndexLocked):
        backup(folder, tmp_path / "copy")
    backup(folder, tmp_path / "copy")
    assert names(tmp_path) == {"index", "copy"}


KILLED = """
import os, sys
from pathlib import Path
import indexer.backups, indexer.catalog
from indexer import backup, restore

place, index, copy = sys.argv[1:]
owner, name, after = {
    "copying": (indexer.backups, "copy_catalog", True),
    "checking": (indexer.backups, "_check", False),
    "manifest": (indexer.backups, "write_manifest", False),
    "appearing": (indexer.backups, "_appear", False),
    "renamed away": (Path, "replace", True),
    "appeared": (indexer.backups, "sync_folder", False),
    "copied": (indexer.backups, "_copy", True),
    "rebuilt": (indexer.backups, "repair", True),
    "no mark": (indexer.backups, "replace_catalog", False),
    "replaced": (indexer.backups, "replace_catalog", True),
    "not marked": (indexer.backups, "write_mark", False),
}[place]
real = getattr(owner, name)
def killed(*arguments, **named):
    if place == "renamed away" and not str(arguments[1]).endswith("-old"):
        return real(*arguments, **named)
    if place == "appeared":
        real(*arguments, **named)
    if after:
        real(*arguments, **named)
    os._exit(9)
setattr(owner, name, killed)
if place in ("copied", "rebuilt", "no mark", "replaced", "not marked"):
    restore(Path(copy), Path(index), replace=True)
else:
    backup(Path(index), Path(copy))
"""


def killed(moment: str, folder: Path, copy: Path) -> None:
    command = [sys.executable, "-c", KILLED, moment, str(folder), str(copy)]
    assert subprocess.run(command, check=False, cwd=ROOT).returncode == 9


@pytest.mark.parametrize(
    "moment", ["copying", "checking", "manifest", "appearing", "renamed away", "appeared"]
)
def test_a_backup_that_is_killed_leaves_the_earlier_one_or_the_new_one(
    folder: Path, tmp_path: Path, moment: str
) -> None:
    backup(folder, tmp_path / "copy")
    put(folder, [LIGHTHOUSE])
    killed(moment, folder, tmp_path / "copy")
    restored = restore(tmp_path / "copy", tmp_path / "again").manifest
    assert restored.commit == (3 if moment == "appeared" else 2)
    assert backup(folder, tmp_path / "copy").commit == 3
    assert names(tmp_path) == {"index", "copy", "again"}


@pytest.mark.parametrize("moment", ["copied", "rebuilt", "no mark", "replaced", "not marked"])
def test_a_restore_that_is_killed_leaves_the_old_index_or_the_new_one(
    folder: Path, tmp_path: Path, moment: str
) -> None:
    backup(folder, tmp_path / "copy")
    put(folder, [LIGHTHOUSE])
    old, new = contents(folder), contents(tmp_path / "copy")
    reader = Index.open(folder)
    killed(moment, folder, tmp_path / "copy")
    assert contents(folder) == (new if moment in ("replaced", "not marked") else old)
    with reader.view() as view:
        assert view.commit == (2 if moment in ("replaced", "not marked") else 3)
        assert "town-1" in view.pool(view.matching(view.statistics(["bridg"]), 10)).article_ids
    put(folder, [article("harbour", "The harbour of Koper unloads cars.")])
    assert damage_of(folder) == []
    restore(tmp_path / "copy", folder, replace=True)
    assert contents(folder) == new
    assert list(check(folder)) == []


def test_the_commands_say_what_they_did_and_refuse_in_one_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy, again = str(tmp_path / "copy"), str(tmp_path / "again")
    assert run(["backup", copy, "--index", str(folder)]) == 0
    assert capsys.readouterr().out.startswith("backed up commit 2 of ")
    assert run(["restore", copy, "--index", again, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["commit"] == 2
    assert run(["restore", copy, "--index", again]) == 1
    assert run(["restore", str(tmp_path), "--index", again, "--yes"]) == 1
    assert run(["backup", copy, "--index", str(tmp_path / "nowhere")]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert [line.split("; ")[0].rsplit(": ", 1)[1] for line in errors] == [
        "there is an index here",
        "it is no backup",
        "there is no index here",
    ]


def test_a_backup_killed_at_any_time_leaves_a_whole_one_or_none(folder: Path, tmp_path: Path) -> None:
    copy, part = tmp_path / "copy", tmp_path / ".copy.civicite-part"
    is_whole: set[bool] = set()
    # The last rounds are there for a machine so busy that no kill before them came in the midst of a backup.
    for delay in (0.0, 0.05, 0.1, 0.2, None, *[0.0] * 20):
        if len(is_whole) == 2:
            break
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(copy, ignore_errors=True)
        awaited = copy if delay is None else part
        process = subprocess.Popen(
            [sys.executable, "-c", "import sys; from service.cli import run; run(sys.argv[1:])",
             "backup", str(copy), "--index", str(folder)],
            cwd=ROOT, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 20
        while not awaited.exists() and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(delay or 0)
        process.send_signal(signal.SIGKILL)
        process.wait()
        is_whole.add(copy.exists())
        if copy.exists():
            assert restore(copy, tmp_path / "again").manifest.commit == 2
            shutil.rmtree(tmp_path / "again")
    assert is_whole == {True, False}
    backup(folder, copy)
    assert names(tmp_path) == {"index", "copy"}
