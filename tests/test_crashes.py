"""Whenever a writer is killed, every committed article is there, none by half, and the next run goes on."""

import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from building import ENCODER, article, contents, put, withdraw
from crashing import (
    FREQUENT,
    OPERATIONS,
    START,
    SWITCHES,
    Program,
    State,
    after,
    encoder_of,
    write_source,
)
from rebuilds import NARROW, rebuilt
from witness import given_out, lasting

from indexer import Encoder, check, pin_generation

SAMPLE, PROOF = 10, 1000


READ = 0.4
"""The share of lives beside which a reader asks all the while."""


class Lives:
    """Runs lives in the program that forks and kills; indexes to start from; what a fresh build gives.

    ``kept`` is the other start: rebuilt, its first generation pinned.
    """

    def __init__(self, place: Path) -> None:
        self.place, self.source, self.start, self.kept = (
            place,
            *(place / n for n in ("source", "start", "kept")),
        )
        self._fresh: dict[tuple[Encoder, tuple[str, ...]], tuple[Any, Any]] = {}
        self._cost: dict[str, tuple[int, float]] = {}
        self.program = Program()
        # A past: a withdrawal and a revision before the state that all lives start from.
        towns = [article(identity, *known) for identity, known in START.items() if "town" in identity]
        put(self.start, [*towns, article("gone", "This town is gone.")])
        withdraw(self.start, "gone")
        put(self.start, [article("town-0", "A text that was corrected.", "Towns")])
        put(self.start, towns)
        write_source(self.source, START)
        OPERATIONS["sync"][0](self.start, self.source)
        shutil.copytree(self.start, self.kept)
        rebuilt(self.kept)
        pin_generation(self.kept, 1, pinned=True)

    def close(self) -> None:
        self.program.close()

    def live(self, operations: list[str], folder: Path, kill: tuple[str, float] | None) -> dict[str, Any]:
        return self.program.live(operations=operations, folder=folder, source=self.source, kill=kill)

    def cost(self, operation: str) -> tuple[int, float]:
        """Events and seconds that an operation takes when nobody kills it."""
        if operation not in self._cost:
            folder = Path(shutil.copytree(self.start, self.place / "measured"))
            write_source(self.source, after(START, operation))
            outcome = self.live([operation], folder, None)
            assert outcome["status"] == 0
            shutil.rmtree(folder)
            self._cost[operation] = outcome["events"], outcome["seconds"]
        return self._cost[operation]

    def fresh(self, encoder: Encoder, operations: tuple[str, ...], state: State) -> tuple[Any, Any]:
        """What a new index of the same articles gives out."""
        if (encoder, operations) not in self._fresh:
            folder = self.place / "fresh"
            put(folder, [article(i, *known) for i, known in state.items() if "file" not in i], encoder)
            write_source(self.source, state)
            OPERATIONS["sync"][0](folder, self.source)
            self._fresh[encoder, operations] = contents(folder), lasting(given_out(folder, encoder=encoder))
            shutil.rmtree(folder)
        return self._fresh[encoder, operations]


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lives]:
    running = Lives(tmp_path_factory.mktemp("crashes"))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def _frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, value in FREQUENT:
        monkeypatch.setattr(module, name, value)


def what_is_wrong(lives: Lives, seed: int, folder: Path) -> tuple[bool, str | None]:
    """Kill one life; return whether it was hit at work, and what must not be, None when all is well."""
    chance = random.Random(seed)  # noqa: S311 - seeded, so that a failure can be had again
    starts: list[tuple[Path, Encoder]] = [(lives.start, ENCODER), (lives.kept, NARROW)]
    start, encoder = chance.choice(starts)
    operations = [chance.choice([*OPERATIONS]) for _ in range(2)]
    events, seconds = (sum(costs) for costs in zip(*map(lives.cost, operations), strict=True))
    states = [START]
    for operation in operations:
        states.append(after(states[-1], operation))
        encoder = SWITCHES.get(operation, encoder)
    shutil.copytree(start, folder)
    write_source(lives.source, after(START, "sync") if "sync" in operations else START)
    kill = ("event", chance.randrange(1, events)) if seed % 2 else ("delay", chance.random() * seconds)
    if is_read := chance.random() < READ:
        lives.program.read(folder, states)
    try:
        outcome = lives.live(operations, folder, kill)
        said = f"seed {seed}, {start.name}, {operations}, {kill}, {is_read=}, done {outcome['done']}"
        if not outcome["killed"] and outcome["status"]:
            return True, f"{said}: it failed by itself"
        problem = _wrong_at_reopening(folder, states[outcome["done"] :][:2], withdrawn={"gone"})
        if problem is None:
            for operation in operations:
                OPERATIONS[operation][0](folder, lives.source)
            problem = _wrong_at_the_end(folder, encoder, lives.fresh(encoder, tuple(operations), states[-1]))
    finally:
        seen = lives.program.looked()["wrong"] if is_read else []
        shutil.rmtree(folder)
    if seen:
        problem = problem or "; ".join(["a reader saw", *seen])
    return outcome["killed"], f"{said}: {problem}" if problem else None


def _wrong_at_reopening(folder: Path, states: list[State], withdrawn: set[str]) -> str | None:
    copy = Path(shutil.copytree(folder, folder.with_name("copy")))
    try:
        damage = [str(finding) for finding in check(copy) if finding.kind == "damage"]
    finally:
        shutil.rmtree(copy)
    if damage:
        return f"damage after a kill: {damage}"
    found = given_out(folder, encoder=encoder_of(folder))
    there = {one["state"]["id"]: one["state"] for one in found["articles"]}
    for identity in {*there, *states[0], *states[-1]} - withdrawn:
        allowed = [state.get(identity) for state in states]
        one = there.get(identity)
        if (one and (one["text"].strip(), one["metadata"]["title"])) not in allowed:
            return f"article {identity!r} is {one}, and should be one of {allowed}"
    passages = {passage[0] for passage in found["passages"]}
    return None if passages == set(there) else f"articles without passages or passages without: {passages}"


def _wrong_at_the_end(folder: Path, encoder: Encoder, expected: tuple[Any, Any]) -> str | None:
    if encoder_of(folder) is not encoder:
        return "another generation answers than should"
    if contents(folder) != expected[0]:
        return "passages, offsets, vectors or statistics are not those of a fresh build"
    if lasting(given_out(folder, encoder=encoder)) != expected[1]:
        return "answers are not those of a fresh build"
    left = [str(finding) for finding in check(folder) if finding.kind == "damage"]
    return f"damage after the next run: {left}" if left else None


def killed(lives: Lives, kills: int, place: Path) -> list[str]:
    """Go on until so many lives were ended at work; those that ended by themselves are checked as well."""
    wrong, hit, seed = list[str](), 0, 0
    while hit < kills:
        was_hit, problem = what_is_wrong(lives, seed, place / "index")
        hit, seed = hit + was_hit, seed + 1
        wrong += [problem] if problem else []
        if kills == PROOF and problem:
            sys.stderr.write(f"\n{problem}\n")
        if kills == PROOF and was_hit and hit % 25 == 0:
            sys.stderr.write(f"\rkills {hit} of {PROOF} in {seed} lives, wrong {len(wrong)} ")
            sys.stderr.flush()
    return wrong


def test_a_writer_may_be_killed_at_any_moment(lives: Lives, tmp_path: Path) -> None:
    assert killed(lives, SAMPLE, tmp_path) == []


def test_a_reader_that_looks_on_tells_of_an_article_that_should_not_be_there(lives: Lives) -> None:
    seen = []
    for states in ([START], [{**START, "town-1": ("Another text.", None)}]):
        lives.program.read(lives.kept, states)
        seen.append(lives.program.looked())
    assert seen[0]["views"] >= 1
    assert seen[0]["wrong"] == []
    assert ["town-1" in one for one in seen[1]["wrong"]] == [True]


@pytest.mark.proof
def test_a_writer_may_be_killed_at_any_of_a_thousand_moments(lives: Lives, tmp_path: Path) -> None:
    assert killed(lives, PROOF, tmp_path) == []
