"""A program that works on an index and is killed: one line of JSON on standard input is one life.

Everything is imported once; each life is a fork, which lasts until its operations are done or it is
killed: ``{"operations": [...], "folder": ..., "source": ..., "kill": ["event", n]}``,
or ``["delay", seconds]`` or null. At the n-th event, a call of or return from a function, it kills itself.
After a delay its parent kills it, in the middle of SQLite, FAISS or Tantivy too. The answer is one line:
whether it was killed, how many operations were done, and what they took in events and seconds. A life
with ``"put": {id: text}`` takes these in and ends without a word before its step ``"stop"``.

``{"read": folder, "states": [...]}`` begins a reader beside the lives that follow, which asks all the while;
``{"read": null}`` ends it and answers with what it saw.
"""

import datetime
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import faiss  # noqa: F401 - imported before the fork, so that a life is short
from building import ENCODER, article
from rebuilds import NARROW
from witness import QUESTIONS, current_of, passages_of, ranker

import indexer.batches
import indexer.catalog
import indexer.committing
import indexer.editor
import indexer.folding
import indexer.projections
import indexer.rebuilding
from indexer import (
    Article,
    Editor,
    Encoder,
    Found,
    Index,
    Recipe,
    compact,
    find,
    rebuild,
    repair,
    survey_generations,
)
from indexer.generations import active_generation
from indexer.projections import Projections
from service.assistant import Assistant
from service.intake import Reading, take_in

State = dict[str, tuple[str, str | None]]
"""The articles that there should be: text and title by id."""

Operation = Callable[[Path, Path], object]
"""Works on an index folder, with articles' files in a source folder."""


FREQUENT: list[tuple[ModuleType, str, int]] = [
    (indexer.batches, "ARTICLES_PER_COMMIT", 2),
    (indexer.projections, "TAIL_LEAST", 2),
    (indexer.projections, "TAIL_MOST", 2),
    (indexer.catalog, "LOG_MOST", 100_000),
    (indexer.rebuilding, "CHARACTERS_AT_ONCE", 400),
]
"""Lets little things do what large ones do: many commits, vector files and folds of the log."""


def make_everything_frequent() -> None:
    for module, name, value in FREQUENT:
        setattr(module, name, value)


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


def encoder_of(folder: Path) -> Encoder:
    """The encoder of the generation that answers."""
    recipes = [one.generation.recipe for one in survey_generations(folder) if one.active]
    return NARROW if recipes == [Recipe.of(NARROW)] else ENCODER


def _put(folder: Path, articles: Iterable[Article]) -> None:
    with Editor(folder, lambda: encoder_of(folder)) as editor:
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


def _compact(folder: Path, history_before: datetime.datetime | None = None) -> None:
    compact(folder, history_before=history_before)


def _return(folder: Path) -> None:
    """Let the first generation answer again; where it was dropped, another of its recipe."""
    there = any(one.generation.id == 1 for one in survey_generations(folder))
    rebuild(folder, lambda: ENCODER, to=1 if there else None)


def _sync(folder: Path, source: Path) -> None:
    with Editor(folder, lambda: encoder_of(folder)) as editor:
        take_in(editor, Reading([source], find([source])), lambda report: None, sync=True, yes=True)


FUTURE = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)
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
    "forget": (lambda folder, _: _compact(folder, FUTURE), {}, ()),
    "rebuild": (lambda folder, _: rebuild(folder, lambda: NARROW), {}, ()),
    "return": (lambda folder, _: _return(folder), {}, ()),
}
"""To be continued with whatever else writes to an index."""

SWITCHES: dict[str, Encoder] = {"rebuild": NARROW, "return": ENCODER}
"""Operations after which a generation of this encoder answers."""


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


class Reader:
    """A process that views and asks all the while, and compares what it sees with what may be there."""

    def __init__(self, folder: Path, states: list[State]) -> None:
        self._told, telling = os.pipe()
        ending, self._end = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            try:
                os.close(self._end)
                _read_on(folder, states, ending, telling)
            finally:
                os._exit(0)
        os.close(telling)
        os.close(ending)
        os.read(self._told, 1)

    def end(self) -> dict[str, Any]:
        """End it; says how many times it looked, and what was wrong."""
        os.close(self._end)
        with os.fdopen(self._told) as told:
            words = told.read()
        os.waitpid(self._child, 0)
        return json.loads(words) if words else {"views": 0, "wrong": ["the reader ended by itself"]}


def _read_on(folder: Path, states: list[State], ending: int, telling: int) -> None:
    wrong, views, seen = list[str](), 0, dict[tuple[int, int], int]()
    index = Index.open(folder)
    assistant = Assistant(index, encoder_of(folder), ranker())
    os.write(telling, b" ")
    while not wrong and (views == 0 or not select.select([ending], [], [], 0.005)[0]):
        try:
            wrong = _wrong_view(index, states, seen) or _wrong_answer(
                assistant, QUESTIONS[views % len(QUESTIONS)], states
            )
        except Exception as error:
            wrong = [f"{type(error).__name__}: {error}"]
        views += 1
    os.write(telling, json.dumps({"views": views, "wrong": wrong}).encode())


def _wrong_view(index: Index, states: list[State], seen: dict[tuple[int, int], int]) -> list[str]:
    """Compare one view with the states; ``seen`` are the commits and generations that were looked at."""
    with index.view() as view:
        there, passages = current_of(view), passages_of(view)
        active = active_generation(view._connection)
        assert active is not None
        answers = active.id == view.generation.id
        commit, generation = view.commit, view.generation.id
    wrong = [
        f"article {identity!r} is {known}"
        for identity, known in there.items()
        if known not in [state.get(identity) for state in states]
    ]
    always = set.intersection(*(set(state) for state in states))
    wrong += [f"article {identity!r} is missing" for identity in sorted(always - set(there))]
    held = {passage[0] for passage in passages}
    # What is new is in the generation that answers, what is gone is in none.
    if not held <= set(there) or (answers and held != set(there)):
        wrong.append(f"articles without passages or passages without: {sorted(held ^ set(there))}")
    if any(commit < earlier for earlier, _ in seen):
        wrong.append(f"commit {commit} was seen after {max(seen)}")
    found = hash((repr(sorted(there.items())), repr(passages)))
    if seen.setdefault((commit, generation), found) != found:
        wrong.append(f"commit {commit} was seen in two states")
    return wrong


def _wrong_answer(assistant: Assistant, question: str, states: list[State]) -> list[str]:
    return [
        f"{one.quote!r} is cited from {one.article_id!r}"
        for one in assistant.ask(question, min_confidence=0).citations
        if not any(one.quote in state.get(one.article_id, ("", None))[0] for state in states)
    ]


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

    def read(self, folder: Path, states: list[State]) -> None:
        """Begin a reader, which looks at the index until :meth:`looked` is called."""
        self.live(read=folder, states=states)

    def looked(self) -> dict[str, Any]:
        """End the reader; how many times it looked, and what was wrong."""
        return self.live(read=None)

    def close(self) -> None:
        self._process.communicate(timeout=30)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def _done(job: dict[str, Any], readers: list[Reader]) -> dict[str, Any]:
    if "read" not in job:
        return _live(job)
    if job["read"] is None:
        return readers.pop().end()
    states = [{identity: tuple(known) for identity, known in state.items()} for state in job["states"]]
    readers.append(Reader(Path(job["read"]), states))
    return {}


if __name__ == "__main__":
    make_everything_frequent()
    ranker()
    reading: list[Reader] = []
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_done(json.loads(line), reading)) + "\n")
        sys.stdout.flush()
