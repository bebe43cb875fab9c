"""A program that works on an index and is killed: one line of JSON on standard input is one life.

Everything is imported once; each life is a fork, which lasts until its operations are done or it is
killed: ``{"operations": [...], "folder": ..., "source": ..., "kill": ["event", n]}``,
or ``["delay", seconds]`` or null. At the n-th event, a call of or return from a function, it kills itself.
After a delay its parent kills it, in the middle of SQLite, FAISS or Tantivy too. The answer is one line:
whether it was killed, how many operations were done, and what they took in events and seconds. A life
with ``"put": {id: text}`` takes these in and ends without a word before its step ``"stop"``.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import faiss  # noqa: F401 - imported before the fork, so that a life is short
from building import ENCODER, article

import indexer.catalog
import indexer.committing
import indexer.editor
import indexer.folding
import indexer.projections
from indexer import Article, Editor, Found, compact, repair
from indexer.projections import Projections
from service.intake import Reading, take_in

State = dict[str, tuple[str, str | None]]
"""The articles that there should be: text and title by id."""

Operation = Callable[[Path, Path], None]
"""Works on an index folder, with articles' files in a source folder."""


def make_everything_frequent() -> None:
    """Let little things do what large ones do: many commits, vector files and folds of the log."""
    indexer.editor.ARTICLES_PER_COMMIT = 2
    indexer.projections.TAIL_LEAST = indexer.projections.TAIL_MOST = 2
    indexer.catalog.LOG_MOST = 100_000


def text_of(number: int) -> tuple[str, str]:
    return f"Town number {number} has {number} bridges. Its mayor cycles to work.", "Towns"


ADDED: State = {f"new-{n}": text_of(100 + n) for n in range(6)}
CHANGED: State = {f"town-{n}": (f"Town number {n} has a lighthouse now.", "Towns") for n in (1, 2, 3)}
DESCRIBED: State = {f"town-{n}": (text_of(n)[0], None) for n in (4, 5)}
SWAPPED: State = {"town-6": text_of(7), "town-7": text_of(6)}
REMOVED = ("town-8", "town-9", "town-10")
ERASED = ("town-11", "town-12")
SYNCED: State = {
    "file-0": (f"Towns\n\n{text_of(50)[0]}", "Towns"),
    "file-1": ("Towns\n\nThe harbour of town 51 froze.", "Towns"),
    "file-9": (f"Towns\n\n{text_of(59)[0]}", "Towns"),
}
UNSYNCED: State = {f"file-{n}": (f"Towns\n\n{text_of(50 + n)[0]}", "Towns") for n in range(4)}
START: State = {**{f"town-{n}": text_of(n) for n in range(24)}, **UNSYNCED}


def _articles(state: State) -> Iterator[Article]:
    return (article(identity, *known) for identity, known in state.items())


def _put(folder: Path, articles: Iterable[Article]) -> None:
    with Editor(folder, lambda: ENCODER) as editor:
        editor.put(Found(one, named=True) for one in articles)


def _put_one_by_one(folder: Path, state: State) -> None:
    for one in _articles(state):
        _put(folder, [one])


def _withdraw(folder: Path) -> None:
    with Editor(folder, lambda: ENCODER) as editor:
        editor.withdraw([identity for identity in REMOVED if _is_there(editor, identity)])


def _is_there(editor: Editor, identity: str) -> bool:
    return editor._current(identity) is not None


def _erase(folder: Path) -> None:
    with Editor(folder, lambda: ENCODER) as editor:
        editor.erase(ERASED)


def _compact(folder: Path) -> None:
    compact(folder)


def _sync(folder: Path, source: Path) -> None:
    with Editor(folder, lambda: ENCODER) as editor:
        take_in(editor, Reading([source]), lambda report: None, sync=True, yes=True)


OPERATIONS: dict[str, tuple[Operation, State, tuple[str, ...]]] = {
    # What is done, the articles that are there after it, and those that are not.
    "add": (lambda folder, _: _put(folder, _articles(ADDED)), ADDED, ()),
    "change": (lambda folder, _: _put(folder, _articles(CHANGED)), CHANGED, ()),
    "describe": (lambda folder, _: _put(folder, _articles(DESCRIBED)), DESCRIBED, ()),
    "swap": (lambda folder, _: _put(folder, _articles(SWAPPED)), SWAPPED, ()),
    "remove": (lambda folder, _: _withdraw(folder), {}, REMOVED),
    "sync": (_sync, SYNCED, ("file-2", "file-3")),
    "trickle": (lambda folder, _: _put_one_by_one(folder, {**ADDED, **CHANGED}), {**ADDED, **CHANGED}, ()),
    "repair": (lambda folder, _: repair(folder), {}, ()),
    "erase": (lambda folder, _: _erase(folder), {}, ERASED),
    "compact": (lambda folder, _: _compact(folder), {}, ()),
}
"""To be continued with whatever else writes to an index."""


def after(state: State, operation: str) -> State:
    """The articles that there are once an operation is done."""
    _, put, gone = OPERATIONS[operation]
    return {identity: known for identity, known in {**state, **put}.items() if identity not in gone}


def write_source(source: Path, state: State) -> None:
    """Make the source folder's files those of a state."""
    source.mkdir(exist_ok=True)
    for path in source.iterdir():
        path.unlink()
    for identity, (text, title) in state.items():
        if identity.startswith("file-"):
            # A reader puts a title that the text lacks before it.
            body = text.removeprefix(f"{title}\n\n")
            (source / f"{identity}.md").write_text(f"---\ntitle: {title}\n---\n{body}\n")


def _stop_before(step: str) -> None:
    def stop(*arguments: object, **named: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    places: dict[str, tuple[object, str]] = {
        "commit": (indexer.committing, "write_counts"),
        "mark": (indexer.committing, "write_mark"),
        "terms": (Projections, "project"),
        "vectors": (Projections, "_save_vectors"),
        "seal": (indexer.folding, "write_atomically"),
    }
    owner, name = places[step]
    assert hasattr(owner, name)
    setattr(owner, name, stop)


def _work(job: dict[str, Any], done: int) -> None:
    if "put" in job:
        _stop_before(job["stop"])
        _put(Path(job["folder"]), [article(identity, text) for identity, text in job["put"].items()])
        return
    events, started = _counting(job["kill"]), time.perf_counter()
    for number, name in enumerate(job["operations"], 1):
        OPERATIONS[name][0](Path(job["folder"]), Path(job["source"]))
        os.write(done, f"{number} {events[0]} {time.perf_counter() - started}\n".encode())
    sys.setprofile(None)


def _counting(kill: tuple[str, int] | None) -> list[int]:
    events, last = [0], kill[1] if kill and kill[0] == "event" else None

    def count(frame: FrameType, event: str, argument: object) -> None:
        events[0] += 1
        if events[0] == last:
            os.kill(os.getpid(), signal.SIGKILL)

    if kill is None or last is not None:
        sys.setprofile(count)
    return events


def _live(job: dict[str, Any]) -> dict[str, Any]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _work(job, writing)
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)
    os.close(writing)
    if job.get("kill") and job["kill"][0] == "delay":
        time.sleep(job["kill"][1])
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        lines = [line.split() for line in pipe]
    number, events, seconds = lines[-1] if lines else (0, 0, 0)
    outcome = {"status": status, "done": int(number), "events": int(events), "seconds": float(seconds)}
    return {**outcome, "killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL}


class Program:
    """This program, running: it is told of lives and tells what became of them."""

    def __init__(self) -> None:
        here = Path(__file__).parent
        path = os.pathsep.join([str(here.parent), str(here)])
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Threads that a library started before the fork would be missing after it.
            env={**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )

    def live(self, **job: object) -> dict[str, Any]:
        """Let one life be lived, and say how it ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({name: _plain(value) for name, value in job.items()}) + "\n")
        self._process.stdin.flush()
        outcome: dict[str, Any] = json.loads(self._process.stdout.readline())
        return outcome

    def close(self) -> None:
        self._process.communicate(timeout=30)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


if __name__ == "__main__":
    make_everything_frequent()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_live(json.loads(line))) + "\n")
        sys.stdout.flush()
