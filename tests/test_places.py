"""Where an index lives may fail it: a full disk, a folder that can only be read, another writer."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from building import ENCODER, article, contents, put, withdraw
from commandline import ENVIRONMENT, civicite
from places import MOUNTS, may_mount, read_only

from indexer import Editor, Found, Index, IndexLocked, check
from indexer.layout import Layout
from indexer.locking import held
from indexer.turns import somebody_waits

TESTS = Path(__file__).parent
TOWNS = [
    article(f"town-{n}", f"Town number {n} has {n} bridges. Its mayor cycles to work.", "Towns", city="Town")
    for n in range(8)
]
needs_mounts = pytest.mark.skipif(not may_mount(), reason="this machine lets nobody mount a file system")
needs_read_only = pytest.mark.skipif(
    os.geteuid() == 0 and not may_mount(), reason="root can write everywhere, and may not mount here"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "index"
    put(place, TOWNS)
    withdraw(place, "town-3")
    return place


@pytest.mark.parametrize(
    ("kind", "sizes"),
    [
        ("limit", [4_096, 100_000, 900_000]),
        pytest.param("disk", [0, 40_000, 1_300_000, 1_900_000], marks=needs_mounts),
    ],
)
def test_a_disk_that_is_full_loses_nothing_and_the_next_run_completes(
    tmp_path: Path, kind: str, sizes: list[int]
) -> None:
    command: list[str | Path] = [sys.executable, TESTS / "full_disk.py", tmp_path, kind, *map(str, sizes)]
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    done = subprocess.run(
        [*(MOUNTS if kind == "disk" else []), *command],
        capture_output=True,
        text=True,
        check=True,
        env={**ENVIRONMENT, "PYTHONPATH": paths},
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["bytes"] for one in results] == sizes
    assert results[0]["status"] == 1
    for one in results:
        assert one["status"] == 0 or one["complained"].count("\n") == 1, one
        assert one["status"] == 0 or "space" in one["complained"], one
        assert one["readable"], one
        assert one["kept"], one
        assert one["damage"] == [], one
        assert one["whole commits"], one
        assert one["again"] == [0, ""], one
        assert one["complete"], one
        assert one["sound"], one


@needs_read_only
def test_an_index_that_can_only_be_read_answers_as_it_always_does(folder: Path) -> None:
    for command in (["search", "How many bridges?", "--json", "-k", "20"], ["status", "--json"]):
        usual, fixed = (
            [json.loads(line) for line in done.stdout.splitlines()]
            for done in (
                civicite(*command, "--index", folder),
                read_only(folder, *command, "--index", folder),
            )
        )
        for one in usual + fixed:
            # A catalog in use has a log and shared memory beside it, which count as its size.
            one.pop("timing_ms", None)
            one.pop("size_bytes", None)
        assert fixed == usual
        assert usual


@needs_read_only
def test_an_index_that_can_only_be_read_is_verified_as_sound(folder: Path) -> None:
    done = read_only(folder, "verify", "--index", folder)
    assert (done.returncode, done.stdout.splitlines()[-1][:9], done.stderr) == (0, "damaged 0", "")


@needs_read_only
def test_what_a_killed_writer_left_in_the_log_is_read_where_nothing_can_be_written(folder: Path) -> None:
    command = "import os, sys; from test_places import write_and_die; write_and_die(sys.argv[1])"
    killed = subprocess.run(
        [sys.executable, "-c", command, str(folder)],
        check=False,
        env={**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])},
    )
    assert killed.returncode == 9
    assert Layout(folder).log.stat().st_size
    done = read_only(folder, "search", "Where is the lighthouse?", "--index", folder, "--json", "-k", "1")
    assert "lighthouse" in done.stdout, done.stderr


def write_and_die(folder: str) -> None:
    with Editor(Path(folder), lambda: ENCODER) as editor:
        editor.put([Found(article("lighthouse", "The lighthouse stands at Piran."), named=True)])
        os._exit(9)


@needs_read_only
@pytest.mark.parametrize(
    "command",
    [["index", "corpus"], ["remove", "town-1"], ["remove", "--erase", "town-1"], ["verify", "--repair"]],
)
def test_writing_where_nothing_can_be_written_says_so_in_one_line(folder: Path, command: list[str]) -> None:
    before = contents(folder)
    done = read_only(folder, *command, "--index", folder)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert str(folder) in done.stderr
    assert "choose a folder that can be written" in done.stderr
    assert contents(folder) == before


@needs_mounts
def test_a_reader_builds_nothing_in_memory_only_because_nothing_can_be_written(folder: Path) -> None:
    script = "import sys; from test_places import in_memory; print(in_memory(sys.argv[1]))"
    shell = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && exec "$2" -c "$3" "$1"'
    done = subprocess.run(
        [*MOUNTS, "sh", "-c", shell, "sh", str(folder), sys.executable, script],
        capture_output=True,
        text=True,
        check=False,
        env={**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])},
    )
    assert done.stdout.splitlines() == ["False 7"], done.stderr


def in_memory(folder: str) -> str:
    index = Index.open(Path(folder))
    with index.view() as view:
        found = view.pool(view.matching(view.statistics(["bridg"]), 20))
    return f"{index._memory is not None} {len(found)}"


@needs_mounts
def test_a_reader_that_cannot_write_follows_what_others_write(folder: Path) -> None:
    script = "import sys; from test_places import follow; follow(sys.argv[1])"
    shell = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && exec "$2" -c "$3" "$1"'
    reader = subprocess.Popen(
        [*MOUNTS, "sh", "-c", shell, "sh", str(folder), sys.executable, script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])},
    )
    assert reader.stdin is not None
    assert reader.stdout is not None
    seen = [reader.stdout.readline()]
    for n in (8, 9):
        put(folder, [article(f"town-{n}", f"Town number {n} has {n} bridges.", "Towns")])
        reader.stdin.write("again\n")
        reader.stdin.flush()
        seen.append(reader.stdout.readline())
    reader.communicate(timeout=60)
    assert seen == ["2 7 False\n", "3 8 False\n", "4 9 False\n"]


def follow(folder: str) -> None:
    """Print commit, passages found and whether anything was built in memory; again for each line read."""
    index = Index.open(Path(folder))
    while True:
        with index.view() as view:
            found = view.pool(view.matching(view.statistics(["bridg"]), 20))
            sys.stdout.write(f"{view.commit} {len(found)} {index._memory is not None}\n")
        sys.stdout.flush()
        if not sys.stdin.readline():
            return


@needs_read_only
def test_links_to_an_index_that_can_only_be_read_do_not_stay_behind(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    scratch = {**ENVIRONMENT, "TMPDIR": str(tmp_path / "scratch")}
    assert read_only(folder, "search", "bridges", "--index", folder, environment=scratch).returncode == 0
    assert list((tmp_path / "scratch").iterdir()) == []


def test_an_index_is_whole_for_whoever_may_read_its_files(folder: Path) -> None:
    modes = {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()}
    assert len(modes) == 1


def test_the_second_writer_is_told_who_writes_and_since_when(folder: Path) -> None:
    with Editor(folder, lambda: ENCODER):
        done = civicite("remove", "town-1", "--index", folder)
        assert done.returncode == 1
        assert f"process {os.getpid()} has been writing to this index since 2" in done.stderr
        assert "--wait SECONDS" in done.stderr
        waited = civicite("remove", "town-1", "--index", folder, "--wait", "0.2")
        assert "(waited 0.2 seconds)" in waited.stderr
    assert civicite("remove", "town-1", "--index", folder).returncode == 0
    assert not Layout(folder).lock_holder.exists()


@pytest.mark.parametrize("note", [None, b"", b"{", b'{"pid": "x"}', b"[]"])
def test_a_lock_whose_holder_left_no_note_is_a_lock_all_the_same(folder: Path, note: bytes | None) -> None:
    with held(Layout(folder)):
        if note is None:
            Layout(folder).lock_holder.unlink()
        else:
            Layout(folder).lock_holder.write_bytes(note)
        with (
            pytest.raises(IndexLocked, match="another process is writing to this index"),
            held(Layout(folder)),
        ):
            pass


def test_a_writer_that_waits_goes_on_when_the_other_one_has_finished(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "lighthouse.txt").write_text("The lighthouse of Piran burns olive oil.")
    outcome = []

    def second() -> None:
        outcome.append(
            civicite("index", tmp_path / "lighthouse.txt", "--index", folder, "--wait", "60").returncode
        )

    with Editor(folder, lambda: ENCODER) as first:
        waiting = threading.Thread(target=second)
        waiting.start()
        while waiting.is_alive() and not somebody_waits(Layout(folder).queue):
            time.sleep(0.01)
        first.withdraw(["town-1"])
    waiting.join()
    assert outcome == [0]
    with Index.open(folder).view() as view:
        assert not view.article("lighthouse").withdrawn
        assert view.article("town-1").withdrawn


def test_a_reader_sees_whole_commits_at_every_moment_of_many_edits(folder: Path) -> None:
    """Two articles are always put, corrected, withdrawn and erased together: a view has both or neither."""
    stop = threading.Event()
    seen, failed = set(), []

    def read() -> None:
        index = Index.open(folder)
        try:
            while not stop.is_set():
                with index.view() as view:
                    there = [one for one in view.articles() if one[0] in ("left", "right")]
                    found = view.pool(view.matching(view.statistics(["twin"]), 10))
                    quoted = {*found.article_ids}
                    assert len(there) in (0, 2)
                    assert quoted == {identity for identity, _, _ in there}
                    assert len({revision for _, revision, _ in there}) <= 1
                    seen.add(len(there))
        except BaseException as error:
            failed.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for one in readers:
        one.start()
    try:
        for n in range(4):
            put(folder, [article(side, f"A twin town, stage {n}.") for side in ("left", "right")])
            put(folder, [article(side, f"A twin town, corrected in {n}.") for side in ("left", "right")])
            with Editor(folder, lambda: ENCODER) as editor:
                (editor.erase if n % 2 else editor.withdraw)(["left", "right"])
    finally:
        stop.set()
        for one in readers:
            one.join()
    assert failed == []
    assert seen == {0, 2}
    assert [one for one in check(folder) if one.kind == "damage"] == []


def test_what_is_left_of_an_interrupted_copy_is_no_part_of_the_index(folder: Path) -> None:
    shutil.copytree(folder, Layout(folder).restoring.root)
    with Editor(folder, lambda: ENCODER) as editor:
        editor.erase(["town-1"])
    assert not Layout(folder).restoring.root.exists()
