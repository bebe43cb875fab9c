"""Damage to an index's files: which there is, done by chance from a seed, and what must be true after it."""

import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from building import put
from witness import given_out, lasting

from indexer import Article, IndexUnusable, check, repair
from indexer.aside import NOTHING, Aside
from indexer.catalog import Catalog
from indexer.layout import Layout

Harm = Callable[[random.Random, bytearray], bytearray]


def _flip(chance: random.Random, content: bytearray) -> bytearray:
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return content


def _overwrite(chance: random.Random, content: bytearray) -> bytearray:
    at, length = chance.randrange(len(content)), chance.choice([1, 8, 64, 512])
    length = min(length, len(content) - at)
    content[at : at + length] = chance.choice([bytes(length), chance.randbytes(length)])
    return content


def _truncate(chance: random.Random, content: bytearray) -> bytearray:
    return content[: chance.randrange(len(content))]


def _append(chance: random.Random, content: bytearray) -> bytearray:
    return content + chance.randbytes(chance.choice([1, 24, 4096, 8192]))


HARMS: dict[str, Harm] = {"flip": _flip, "overwrite": _overwrite, "truncate": _truncate, "append": _append}


@dataclass(frozen=True)
class Damage:
    """One damage that was done: ``str(damage)`` says it so that it can be done again."""

    seed: int
    variant: str
    file: str
    kind: str

    @property
    def of_catalog(self) -> bool:
        return Path(self.file).name.startswith("catalog.sqlite")


def damage(folder: Path, seed: int, variant: str) -> Damage:
    """Damage one file of an index; every other time it is the catalog or its log."""
    chance = random.Random(seed)  # noqa: S311 - seeded, so that a failure can be had again
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    truth = [path for path in files if path.name in ("catalog.sqlite", "catalog.sqlite-wal")]
    path = chance.choice(truth if chance.random() < 0.5 else files)
    kind = chance.choice([*("flip",) * 4, "overwrite", "overwrite", "truncate", "append", "delete"])
    content = bytearray(path.read_bytes())
    if not content and kind != "delete":
        kind = "append"
    if kind == "delete":
        path.unlink()
    else:
        path.write_bytes(HARMS[kind](chance, content))
    return Damage(seed, variant, str(path.relative_to(folder)), kind)


def outcome(folder: Path) -> dict[str, Any] | str:
    """What an index gives out, or the words in which it is refused."""
    try:
        return given_out(folder)
    except IndexUnusable as refusal:
        return str(refusal)


def set_aside(folder: Path) -> Aside:
    """What an index leaves out because it is damaged."""
    try:
        catalog = Catalog(Layout(folder))
        try:
            catalog.check()
            return catalog.aside
        finally:
            catalog.close()
    except IndexUnusable:
        return NOTHING


def is_named(folder: Path) -> bool:
    """Tell whether ``civicite verify`` would end with status 1."""
    try:
        return "damage" in [finding.kind for finding in check(folder)]
    except IndexUnusable:
        return True


@dataclass(frozen=True)
class Base:
    """An index before it is damaged; ``sound`` gives out the same; ``articles`` are its current ones."""

    folder: Path
    sound: Path
    expected: dict[str, Any]
    articles: Sequence[Article]


def what_is_wrong(base: Base, seed: int, variant: str, place: Path) -> str | None:
    """Damage a copy of an index and return what must not be, None when all is as it must be."""
    folder = Path(shutil.copytree(base.folder, place / "damaged"))
    done = damage(folder, seed, variant)
    asked = Path(shutil.copytree(folder, place / "asked"))
    try:
        named, aside, found = is_named(folder), set_aside(asked), outcome(asked)
        if aside and not named:
            return f"{done}: {aside} is left out, but verify names nothing"
        if not isinstance(found, str) and found != _expected(base, aside, place):
            return f"{done}: answered otherwise than before, named: {named}, left out: {aside}"
        if not named and isinstance(found, str):
            return f"{done}: refused ({found}), but verify names nothing"
        problem = _wrong_after_indexing_again(base, asked) if aside and not isinstance(found, str) else None
        if problem is not None:
            return f"{done}: {problem}"
        return _wrong_after_repair(done, folder, base.expected) if named else None
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(asked)


def _expected(base: Base, aside: Aside, place: Path) -> dict[str, Any]:
    """What a sound index gives out that leaves out the same rows, and nothing more."""
    if not aside:
        return base.expected
    copy = Path(shutil.copytree(base.sound, place / "sound"))
    try:
        return given_out(copy, aside=aside)
    finally:
        shutil.rmtree(copy)


def _wrong_after_indexing_again(base: Base, folder: Path) -> str | None:
    """An article that is damaged must come back whole when it is indexed again, and no damage must stay."""
    put(folder, base.articles)
    found = outcome(folder)
    if isinstance(found, str):
        return f"refused ({found}) after its articles were indexed again"
    if lasting(found) != lasting(base.expected):
        return "its articles were indexed again, and it answers otherwise than before"
    repair(folder)
    return "its articles were indexed again and it was repaired, and is damaged" if is_named(folder) else None


def _wrong_after_repair(done: Damage, folder: Path, expected: dict[str, Any]) -> str | None:
    """Repair must restore what lies outside the catalog, and hide nothing that it did not restore."""
    try:
        repair(folder)
    except IndexUnusable as refusal:
        return None if done.of_catalog else f"{done}: cannot be repaired ({refusal})"
    named, found = is_named(folder), outcome(folder)
    if done.of_catalog and (named or _has_lost_commits(found, expected)):
        return None
    if named or found != expected:
        return f"{done}: after the repair {'still damaged' if named else f'another index: {found!s:.200}'}"
    return None


def _has_lost_commits(found: dict[str, Any] | str, expected: dict[str, Any]) -> bool:
    """Tell whether the log's commits went with it, which a repair was told to accept."""
    if isinstance(found, str):
        return "nothing has been indexed yet" in found  # the catalog itself was deleted
    commits = [one["answers"][0]["index"]["commit"] for one in (found, expected)]
    return bool(commits[0] < commits[1])
