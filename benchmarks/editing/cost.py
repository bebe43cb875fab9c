"""What one more article costs in a small and in a large index: encoded, committed, quoted by a server.

The indexes are measured in turns, article by article, so that whatever else the machine does weighs on
all of them alike.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import program
from benchmarks.editing.cities import City
from benchmarks.memory import resident_mib, size_mib
from benchmarks.program import CommandFailed
from benchmarks.server import Client, Server, serve
from benchmarks.timing import in_turns, summarise
from indexer import Editor
from indexer.encoders.hashing import HashingEncoder

HASHING = {"CIVICITE_RUNTIME": "hashing"}
"""Without the model: what is measured is the index, and 200,000 passages are taken in within minutes."""

PATIENCE = 10.0
"""Seconds after which an article that is not quoted counts as lost."""


def grown(size: int, cache: Path) -> Path:
    """Return an index of so many made-up cities, one passage each; it is built once and kept."""
    folder = cache / f"cities-{size}"
    done = folder / "benchmark-done"
    if not done.exists():
        with Editor(folder / "index", HashingEncoder) as editor:
            editor.put(City(number).submitted() for number in range(size))
        done.touch()
    return folder / "index"


def measure_cost(sizes: Sequence[int], articles: int, cache: Path) -> dict[str, dict[str, object]]:
    """Take ``articles`` new articles into each index in three ways; return what that took, by size."""
    with ExitStack() as stack:
        subjects = [stack.enter_context(_subject(size, cache)) for size in sizes]
        _in_turns(subjects, "editor held open, ms", _Subject.put, articles)
        for subject in subjects:
            subject.editor.close()
            subject.server = stack.enter_context(serve(subject.folder, HASHING))
            subject.client = stack.enter_context(subject.server.connected())
            subject.wait_for(City(0))
        _in_turns(subjects, "civicite index FILE, ms", _Subject.index_file, articles)
        _in_turns(subjects, "PUT, ms", _Subject.put_over_http, articles)
        for subject in subjects:
            subject.values["server resident MiB"] = [resident_mib(subject.server.process) or 0.0]
    return {
        str(subject.size): {
            "index MiB": subject.mib,
            **{name: asdict(summarise(values)) for name, values in subject.values.items()},
        }
        for subject in subjects
    }


@dataclass(slots=True)
class _Subject:
    """A copy of an index that is edited; ``values`` collects milliseconds by what took them."""

    size: int
    folder: Path
    mib: float
    editor: ExitStack
    held: Editor
    next: int
    server: Server = field(init=False)
    client: Client = field(init=False)
    values: dict[str, list[float]] = field(default_factory=dict)

    def put(self) -> float:
        """Take one article in through the editor that is held open."""
        found = self._new().submitted()
        begun = time.perf_counter()
        self.held.put([found])
        return _since(begun)

    def index_file(self) -> float:
        """Take one file in by a process of its own, then wait until the server quotes it."""
        city = self._new()
        file = self.folder.parent / f"city-{city.number}.md"
        file.write_text(f"---\nid: {city.id}\ntitle: {city.title}\n---\n{city.text}\n", encoding="utf-8")
        taken = program.run([program.CIVICITE, "index", file, "--index", self.folder], environment=HASHING)
        self._note("quoted after the command ended, ms", self.wait_for(city))
        return taken * 1000

    def put_over_http(self) -> float:
        """Put one article, then wait until the server quotes it."""
        city = self._new()
        begun = time.perf_counter()
        status, answer = self.client.request("PUT", f"/v1/articles/{city.id}", city.record())
        if status != 201:
            raise CommandFailed(f"PUT of {city.id} answered {status}: {answer[:200]!r}")
        taken = _since(begun)
        self._note("quoted after the PUT returned, ms", self.wait_for(city))
        return taken

    def wait_for(self, city: City) -> float:
        """Ask until the answer quotes the city's article; returns the milliseconds."""
        begun = time.perf_counter()
        while _since(begun) < PATIENCE * 1000:
            answer = self.client.ask(city.question, min_confidence=0)
            if any(city.fact == one["quote"] for one in answer["citations"]):
                return _since(begun)
        raise CommandFailed(f"{city.id} was taken in and not quoted within {PATIENCE} s")

    def _new(self) -> City:
        self.next += 1
        return City(self.next)

    def _note(self, name: str, milliseconds: float) -> None:
        self.values.setdefault(name, []).append(milliseconds)


@contextmanager
def _subject(size: int, cache: Path) -> Iterator[_Subject]:
    original = grown(size, cache)
    with TemporaryDirectory(dir=cache) as place, ExitStack() as editor:
        folder = Path(place) / "index"
        shutil.copytree(original, folder)
        held = editor.enter_context(Editor(folder, HashingEncoder))
        # The first one opens what stays open.
        held.put([City(size).submitted()])
        yield _Subject(size, folder, size_mib(folder), editor, held, next=size)


def _in_turns(
    subjects: Sequence[_Subject], name: str, step: Callable[[_Subject], float], rounds: int
) -> None:
    steps = {str(subject.size): lambda subject=subject: step(subject) for subject in subjects}
    for subject, values in zip(subjects, in_turns(steps, rounds).values(), strict=True):  # type: ignore[arg-type]
        subject.values[name] = values


def _since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000
