"""``civicite watch``: a real folder, the system's own notices, a real index; and the command as a process."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from building import ENCODER
from commandline import COMMAND, ENVIRONMENT, civicite, served

from indexer import Editor, Index, IndexLocked, Report
from service.watching import FolderWatch

PATIENCE = 60.0
"""Seconds after which a test fails that waits for something to happen; it goes on as soon as it does."""


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


class Watched:
    """A folder that is followed by a thread of this process."""

    def __init__(self, folder: Path, index: Path, *, yes: bool = False) -> None:
        self.folder, self.index = folder, index
        self.reports: list[Report] = []
        self.complaints: list[str] = []
        self.stop, ready = threading.Event(), threading.Event()
        follow = FolderWatch(
            folder,
            lambda: Editor(index, lambda: ENCODER, wait=PATIENCE),
            self.reports.append,
            ready.set,
            self.complaints.append,
            yes,
        )
        self.thread = threading.Thread(target=follow.run, args=(self.stop,), daemon=True)
        self.thread.start()
        assert ready.wait(PATIENCE)

    def texts(self) -> dict[str, str]:
        with Index.open(self.index).view() as view:
            return {identity: view.article(identity).text for identity, _, _ in view.articles()}

    def done(self, what: str) -> list[str]:
        return [identity for report in self.reports for identity in getattr(report, what)]

    def close(self) -> None:
        self.stop.set()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("bridge", "market", "ferry"):
        (folder / f"{name}.md").write_text(f"The {name} was opened in May.")
    return folder


@pytest.fixture
def watched(folder: Path, tmp_path: Path) -> Iterator[Watched]:
    with contextlib.closing(Watched(folder, tmp_path / "index")) as following:
        yield following


def test_what_lies_there_is_taken_in_first(watched: Watched) -> None:
    assert set(watched.texts()) == {"bridge", "market", "ferry"}
    assert watched.complaints == []


def test_a_file_that_comes_or_changes_is_taken_in_and_one_that_goes_is_withdrawn(watched: Watched) -> None:
    (watched.folder / "tower.md").write_text("The tower is ninety metres high.")
    wait_until(lambda: "tower" in watched.texts())
    (watched.folder / "tower.md").write_text("The tower is eighty metres high.")
    wait_until(lambda: "eighty" in watched.texts()["tower"])
    (watched.folder / "tower.md").unlink()
    wait_until(lambda: "tower" not in watched.texts())
    assert set(watched.texts()) == {"bridge", "market", "ferry"}


def test_a_folder_that_is_moved_in_is_taken_in_and_out_again_withdrawn(
    watched: Watched, tmp_path: Path
) -> None:
    (tmp_path / "park").mkdir()
    (tmp_path / "park" / "trees.md").write_text("Volunteers planted ninety lime trees.")
    shutil.move(tmp_path / "park", watched.folder / "park")
    wait_until(lambda: "park/trees" in watched.texts())
    shutil.move(watched.folder / "park", tmp_path / "park")
    wait_until(lambda: "park/trees" not in watched.texts())


def test_a_file_that_is_still_growing_is_in_the_end_taken_in_whole(watched: Watched) -> None:
    with (watched.folder / "report.md").open("w") as file:
        for number in range(12):
            file.write(f"Line {number} of the report is here.\n\n")
            file.flush()
            time.sleep(0.03)
    wait_until(lambda: "Line 11" in watched.texts().get("report", ""))


def test_a_file_is_not_read_before_it_stands_still_from_one_look_to_the_next(
    folder: Path, tmp_path: Path
) -> None:
    index, reports, stop = tmp_path / "index", list[Report](), threading.Event()
    follow = FolderWatch(folder, lambda: Editor(index, lambda: ENCODER), reports.append, lambda: None, print)
    file = folder / "report.md"
    for number in range(3):
        with file.open("a") as opened:
            opened.write(f"Line {number} of the report is here.\n\n")
        follow.look({file} if number != 1 else set(), stop)
        assert not any("report" in report.added for report in reports)
    follow.look(set(), stop)
    assert "report" in reports[-1].added


def test_a_file_that_is_saved_by_renaming_another_one_stays_the_same_article(watched: Watched) -> None:
    for number in range(3):
        draft = watched.folder / ".bridge.md.swp"
        draft.write_text(f"The bridge was opened in {number + 2000}.")
        (watched.folder / "bridge.md").rename(watched.folder / "bridge.md~")
        draft.rename(watched.folder / "bridge.md")
        wait_until(lambda number=number: str(number + 2000) in watched.texts()["bridge"])  # type: ignore[misc]
    assert watched.done("withdrawn") == []
    assert set(watched.texts()) == {"bridge", "market", "ferry"}


def test_a_renamed_file_with_an_id_of_its_own_keeps_its_article_and_costs_no_encoding(
    watched: Watched,
) -> None:
    (watched.folder / "tower.md").write_text("---\nid: the-tower\n---\nThe tower is high.")
    wait_until(lambda: "the-tower" in watched.texts())
    (watched.folder / "sub").mkdir()
    (watched.folder / "tower.md").rename(watched.folder / "sub" / "high.md")
    wait_until(lambda: "the-tower" in watched.done("changed"))
    (watched.folder / "mark.md").write_text("Whatever comes after.")
    wait_until(lambda: "mark" in watched.texts())
    assert watched.done("withdrawn") == []
    with Index.open(watched.index).view() as view:
        assert view.article("the-tower").revision == 1
    assert [report.encoded for report in watched.reports if "the-tower" in report.changed] == [0]


def test_an_article_whose_file_names_another_id_by_now_is_withdrawn(watched: Watched) -> None:
    (watched.folder / "bridge.md").write_text("---\nid: the-bridge\n---\nThe bridge was opened in May.")
    wait_until(lambda: set(watched.texts()) == {"the-bridge", "market", "ferry"})


def test_files_of_editors_and_unknown_formats_are_passed_over(watched: Watched) -> None:
    for name in (
        ".hidden.md",
        "~$bridge.docx",
        "#bridge.md#",
        "bridge.md~",
        "README.md",
        "picture.png",
        "4913",
    ):
        (watched.folder / name).write_text("Nothing to take in.")
    (watched.folder / ".git").mkdir()
    (watched.folder / ".git" / "note.md").write_text("Nothing to take in.")
    (watched.folder / "last.md").write_text("This comes last.")
    wait_until(lambda: "last" in watched.texts())
    assert set(watched.texts()) == {"bridge", "market", "ferry", "last"}
    assert not any(report.failed for report in watched.reports)


def test_a_file_that_cannot_be_read_is_named_and_following_goes_on(watched: Watched) -> None:
    (watched.folder / "bridge.md").write_text("")
    wait_until(lambda: any(report.failed for report in watched.reports))
    (watched.folder / "tower.md").write_text("The tower is ninety metres high.")
    wait_until(lambda: "tower" in watched.texts())
    assert "bridge" in watched.texts()
    assert [error.problem for report in watched.reports for error in report.failed] == ["is empty"]


def test_when_more_than_half_goes_at_once_nothing_is_withdrawn(watched: Watched) -> None:
    for name in ("bridge", "market"):
        (watched.folder / f"{name}.md").unlink()
    wait_until(lambda: bool(watched.complaints))
    assert "2 of its 3 articles are gone" in watched.complaints[0]
    assert set(watched.texts()) == {"bridge", "market", "ferry"}


def test_a_folder_that_goes_and_comes_back_withdraws_nothing_and_is_followed_again(
    watched: Watched, tmp_path: Path
) -> None:
    watched.folder.rename(tmp_path / "away")
    wait_until(lambda: any("is gone" in one for one in watched.complaints))
    (tmp_path / "away").rename(watched.folder)
    (watched.folder / "tower.md").write_text("The tower is ninety metres high.")
    wait_until(lambda: "tower" in watched.texts())
    assert set(watched.texts()) == {"bridge", "market", "ferry", "tower"}


def test_an_empty_folder_in_the_place_of_the_one_that_was_there_withdraws_nothing(
    watched: Watched, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    watched.folder.rename(tmp_path / "away")
    (tmp_path / "empty").rename(watched.folder)
    wait_until(lambda: any("nothing to take in here" in one for one in watched.complaints))
    assert set(watched.texts()) == {"bridge", "market", "ferry"}


def test_what_went_while_nobody_followed_is_withdrawn_at_the_next_start(folder: Path, tmp_path: Path) -> None:
    Watched(folder, tmp_path / "index").close()
    (folder / "bridge.md").unlink()
    with contextlib.closing(Watched(folder, tmp_path / "index")) as again:
        wait_until(lambda: "bridge" not in again.texts())
    assert again.done("added") == []


@pytest.mark.parametrize("given", ["in", "in/park", "in/park/trees.md"])
def test_what_goes_is_withdrawn_by_whichever_path_it_was_given_before(
    given: str, folder: Path, tmp_path: Path
) -> None:
    (folder / "park").mkdir()
    for name in ("trees", "ponds"):
        (folder / "park" / f"{name}.md").write_text(f"---\nid: the-{name}\n---\nThe {name} are old.")
    done = civicite("index", tmp_path / given, "--index", tmp_path / "index")
    assert done.returncode == 0, done.stderr
    with contextlib.closing(Watched(folder / "park", tmp_path / "index")) as watched:
        (folder / "park" / "trees.md").unlink()
        wait_until(lambda: "the-trees" not in watched.texts())
    assert "the-ponds" in watched.texts()
    assert watched.complaints == []


def looked(follow: FolderWatch, times: int = 4) -> None:
    """Let a folder be looked at, whatever goes wrong."""
    for _ in range(times):
        with contextlib.suppress(IndexLocked):
            follow.look(set(), threading.Event())


@pytest.mark.parametrize("is_deleted", [True, False])
def test_a_withdrawal_that_fails_is_tried_again(
    is_deleted: bool, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, reports = tmp_path / "index", list[Report]()
    follow = FolderWatch(folder, lambda: Editor(index, lambda: ENCODER), reports.append, lambda: None, print)
    looked(follow)
    if is_deleted:
        (folder / "bridge.md").unlink()
    else:
        (folder / "bridge.md").write_text("---\nid: the-bridge\n---\nThe bridge was opened in May.")
    withdraw, failures = Editor.withdraw, [IndexLocked("the index is written to")]

    def failing_once(editor: Editor, identities: list[str]) -> Report:
        if failures:
            raise failures.pop()
        return withdraw(editor, identities)

    monkeypatch.setattr(Editor, "withdraw", failing_once)
    follow._rescan = 0.0
    looked(follow)
    assert failures == []
    assert reports[-1].withdrawn == ["bridge"]


def test_articles_that_came_from_elsewhere_are_kept(watched: Watched, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "zoo.md").write_text("The zoo has two red pandas.")
    done = civicite("index", tmp_path / "other", "--index", watched.index)
    assert done.returncode == 0, done.stderr
    (tmp_path / "other" / "zoo.md").unlink()
    (watched.folder / "bridge.md").unlink()
    wait_until(lambda: "bridge" not in watched.texts())
    assert "zoo" in watched.texts()


def test_others_can_write_while_a_folder_is_followed(watched: Watched) -> None:
    with Editor(watched.index, lambda: ENCODER, wait=PATIENCE) as editor:
        (watched.folder / "tower.md").write_text("The tower is ninety metres high.")
        editor.withdraw(["market"])
    wait_until(lambda: "tower" in watched.texts())
    assert "market" not in watched.texts()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_takes_in_what_a_running_service_then_answers_from_and_ends_when_told_to(
    number: signal.Signals, folder: Path, tmp_path: Path
) -> None:
    index = tmp_path / "index"
    process = subprocess.Popen(
        [COMMAND, "watch", str(folder), "--index", str(index), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        assert json.loads(process.stdout.readline())["added"] == 3
        assert process.stderr.readline() == f"watching {folder}\n"
        with served(index) as address:
            (folder / "tower.md").write_text("The tower is ninety metres high.")
            question = {"question": "How high is the tower?", "min_confidence": 0}
            wait_until(
                lambda: "ninety" in str(httpx.post(f"{address}/v1/ask", json=question).json()["answer"])
            )
        os.kill(process.pid, number)
        assert process.wait(PATIENCE) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.communicate()
    assert "damaged 0" in civicite("verify", "--index", index).stdout


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    done = civicite("watch", tmp_path / "nowhere", "--index", tmp_path / "index")
    assert done.returncode != 0
    assert "nowhere" in done.stderr
    assert not (tmp_path / "index").exists()
