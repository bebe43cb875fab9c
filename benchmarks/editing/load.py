"""Questions from several clients while articles are added, changed and removed without a pause.

One editor works through HTTP, another one is a process of its own; each has cities that nobody else
edits and notes when an edit began and when it was reported as done. Every answer is judged by these
notes: whatever it quotes must have been so at some moment between the question and the answer.
"""

import json
import multiprocessing
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.editing.cities import City
from benchmarks.memory import resident_mib, size_mib
from benchmarks.server import Client, Server, serve
from benchmarks.timing import summarise
from indexer import Editor, Encoder, articles, find
from service.encoder import chosen_encoder
from service.settings import load_settings

EDITED = 12
"""Cities of each editor; half of the questions are about them."""

MIN_CONFIDENCE = 0
"""Whatever may be quoted shall be quoted."""


@dataclass(frozen=True, slots=True)
class Edit:
    """City ``number`` was brought into a state, None when it was removed, between two moments."""

    number: int
    state: int | None
    begun: float
    done: float


@dataclass(frozen=True, slots=True)
class Asked:
    """One question's moments, the status of its answer, and what was shown: article ids and their texts."""

    begun: float
    done: float
    status: int
    shown: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Load:
    """What happened: the edits, the questions, and edits that failed, in words."""

    edits: list[Edit] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def measure_load(corpus: Path, cities: int, clients: int, seconds: float, cache: Path) -> dict[str, object]:
    """Ask for a while without edits, then with edits, then without: real model, real processes."""
    with TemporaryDirectory(dir=cache) as place:
        folder = Path(place) / "index"
        prepare(folder, corpus, cities)
        with serve(folder) as server:
            warm = run_load(server, folder, cities, clients, seconds / 6, edited=False)
            sizes = [_sizes(server, folder)]
            quiet = run_load(server, folder, cities, clients, seconds, edited=False)
            sizes.append(_sizes(server, folder))
            busy = run_load(server, folder, cities, clients, seconds, edited=True)
            sizes.append(_sizes(server, folder))
            after = run_load(server, folder, cities, clients, seconds, edited=False)
            sizes.append(_sizes(server, folder))
        shutil.rmtree(folder)
    parts = {"without edits": quiet, "with edits": busy, "without edits again": after}
    return {
        "cities": cities,
        "clients": clients,
        "seconds": seconds,
        "failed while warming up": failures(warm),
        "sizes": sizes,
        **{name: summary(load) for name, load in parts.items()},
    }


def prepare(folder: Path, corpus: Path, cities: int) -> None:
    """Index a folder of articles and some cities that stay as they are."""
    with Editor(folder, lambda: chosen_encoder(load_settings())) as editor:
        editor.put(one for source in find([corpus]) for one in articles(source))
        editor.put(City(number).submitted() for number in range(cities))


def run_load(
    server: Server, folder: Path, cities: int, clients: int, seconds: float, *, edited: bool, state: int = 0
) -> Load:
    """Ask from several clients for some seconds, with or without two editors at work.

    The editors number their texts from ``state`` on: with another one than before, none was ever there.
    """
    load, until = Load(), time.monotonic() + seconds
    work = [
        threading.Thread(target=_ask, args=(server, load, cities, seed, until)) for seed in range(clients)
    ]
    log = folder.parent / "edits.jsonl"
    log.write_bytes(b"")
    process = multiprocessing.get_context("spawn").Process(
        target=_edit_by_process, args=(folder, cities, until, log, state)
    )
    if edited:
        process.start()
        work.append(threading.Thread(target=_edit_over_http, args=(server, load, cities, until, state)))
    for one in work:
        one.start()
    for one in work:
        one.join()
    if edited:
        process.join()
        if process.exitcode:
            load.failed.append(f"the editing process ended with {process.exitcode}")
    load.edits.extend(Edit(**json.loads(line)) for line in log.read_text(encoding="utf-8").splitlines())
    return load


def failures(load: Load) -> int:
    """Count the questions and edits that did not succeed."""
    return sum(one.status != 200 for one in load.asked) + len(load.failed)


def wrong_texts(load: Load) -> list[tuple[str, str]]:
    """Return article ids and quotes of answers that nothing in the catalog justified any more, or yet."""
    history: dict[str, list[Edit]] = {}
    for edit in sorted(load.edits, key=lambda edit: edit.begun):
        history.setdefault(City(edit.number).id, []).append(edit)
    return [
        (identity, quote)
        for one in load.asked
        for identity, quote in one.shown
        if identity in history and not _was_so(history[identity], one, quote)
    ]


def texts_of_edited(load: Load) -> int:
    """Count the quotes that were judged by the notes of an editor."""
    edited = {City(edit.number).id for edit in load.edits}
    return sum(identity in edited for one in load.asked for identity, _ in one.shown)


def summary(load: Load) -> dict[str, Any]:
    """Return counts, and the milliseconds of questions and edits."""
    by_kind = {"adding or changing": [], "removing": []}  # type: dict[str, list[float]]
    for edit in load.edits:
        kind = "removing" if edit.state is None else "adding or changing"
        by_kind[kind].append((edit.done - edit.begun) * 1000)
    asked = [(one.done - one.begun) * 1000 for one in load.asked]
    return {
        "questions": len(load.asked),
        "edits": len(load.edits),
        "failures": failures(load),
        "failed edits": load.failed[:5],
        "texts of edited articles": texts_of_edited(load),
        "wrong texts": len(wrong_texts(load)),
        "ask ms": asdict(summarise(asked)),
        "ask ms, p99": sorted(asked)[-(-99 * len(asked) // 100) - 1],
        **{f"{kind}, ms": asdict(summarise(values)) for kind, values in by_kind.items() if values},
    }


def _was_so(edits: Sequence[Edit], asked: Asked, quote: str) -> bool:
    """Tell whether a quote stood in the article at some moment while the question was under way.

    A state holds, at the earliest, from when its edit began until the next edit was reported as done.
    """
    for place, edit in enumerate(edits):
        later = edits[place + 1].done if place + 1 < len(edits) else float("inf")
        if edit.begun <= asked.done and asked.begun <= later and edit.state is not None:
            city = City(edit.number, edit.state)
            if quote in city.submitted().article.text:
                return True
    return False


def _ask(server: Server, load: Load, cities: int, seed: int, until: float) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret is made of it
    with server.connected() as client:
        while (begun := time.monotonic()) < until:
            edited = chance.random() < 0.5
            number = cities + chance.randrange(2 * EDITED) if edited else chance.randrange(cities)
            question = {"question": City(number).question, "min_confidence": MIN_CONFIDENCE}
            status, body = client.request("POST", "/v1/ask", question)
            done = time.monotonic()
            load.asked.append(Asked(begun, done, status, _shown(json.loads(body)) if status == 200 else ()))


def _shown(answer: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    quoted = [(one["article_id"], one["quote"]) for one in answer["citations"]]
    return tuple(quoted + [(one["article_id"], one["text"]) for one in answer["passages"]])


def _edits(first: int, state: int) -> Iterator[City | int]:
    """For ever: add each city, change it, remove it; a number stands for a removal."""
    for added in count(state, 2):
        for number in range(first, first + EDITED):
            yield City(number, added)
        for number in range(first, first + EDITED):
            yield City(number, added + 1)
            yield number


def _noted(steps: Iterable[City | int], until: float, edit: Callable[[City | int], bool]) -> Iterator[Edit]:
    """Make edits until the time is over; those that succeed are yielded with their moments."""
    for step in steps:
        begun = time.monotonic()
        if begun >= until:
            return
        if edit(step):
            number, state = (step, None) if isinstance(step, int) else (step.number, step.state)
            yield Edit(number, state, begun, time.monotonic())


def _edit_over_http(server: Server, load: Load, cities: int, until: float, state: int) -> None:
    with server.connected() as client:
        load.edits.extend(_noted(_edits(cities, state), until, lambda step: _sent(client, step, load)))


def _sent(client: Client, step: City | int, load: Load) -> bool:
    if isinstance(step, int):
        status, body = client.request("DELETE", f"/v1/articles/{City(step).id}")
    else:
        status, body = client.request("PUT", f"/v1/articles/{step.id}", step.record())
    if status not in (200, 201, 204):
        load.failed.append(f"{step}: {status} {body[:200]!r}")
        return False
    return True


def _edit_by_process(folder: Path, cities: int, until: float, log: Path, state: int) -> None:
    """Edit in a process of its own: each edit opens the index, as a command would."""
    encoder = chosen_encoder(load_settings())
    with log.open("a", encoding="utf-8") as file:
        steps = _edits(cities + EDITED, state)
        for noted in _noted(steps, until, lambda step: _committed(folder, step, encoder)):
            file.write(json.dumps(asdict(noted)) + "\n")


def _committed(folder: Path, step: City | int, encoder: Encoder) -> bool:
    with Editor(folder, lambda: encoder, wait=30) as editor:
        if isinstance(step, int):
            editor.withdraw([City(step).id])
        else:
            editor.put([step.submitted()])
    return True


def _sizes(server: Server, folder: Path) -> dict[str, float | None]:
    logs: Iterable[Path] = folder.glob("*-wal")
    return {
        "server resident MiB": resident_mib(server.process),
        "index MiB": size_mib(folder),
        "log MiB": round(sum(path.stat().st_size for path in logs) / 2**20, 2),
    }
