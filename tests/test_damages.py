"""Whatever byte of whatever file is damaged: nothing wrong is answered, and it is named or without effect."""

import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from building import ENCODER, article, put, withdraw
from damages import Base, what_is_wrong
from witness import given_out

from indexer import Article, Editor, Found, repair

SAMPLE, PROOF = 24, 1000

Bases = dict[str, Base]


WORDS = "tram harbour school flood tree market river tower plan heat garden museum wind park canal".split()


def towns(first: int, last: int) -> Iterator[Article]:
    """Articles that differ in words and length: passages that tie are no matter here."""
    chance = random.Random(0)  # noqa: S311 - the same towns each time
    for n in range(first, last):
        known = " ".join(chance.choices(WORDS, k=chance.randrange(3, 60)))
        text = f"Town number {n} has {n} bridges. It is known for {known}. Its mayor cycles to work."
        yield article(
            f"town-{n}", text, "Towns", city="Town", published=f"20{n % 100:02}", publisher="Gazette"
        )


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Bases:
    """One index in three states: closed, left by a killed writer, and without its seal."""
    folder = tmp_path_factory.mktemp("damages")
    # More passages than are compared without FAISS, and a past: revisions, descriptions, withdrawals.
    put(folder / "closed", towns(0, 270))
    harbour = article(
        "harbour", "The harbour wall was raised in 1998.\n\n• Wall\n• Quay", "Harbour", city="Incheon"
    )
    metro = article("metro", "서울은 1995년에 지하철을 넓혔다.", "지하철", city="Seoul")
    changed = {
        "town-7": article("town-7", "Town number 7 has 8 bridges and a lighthouse.", "Towns"),
        "town-8": article("town-8", "Town number 8 lost all of its bridges.", "Towns"),
    }
    gone = ("town-3", "town-4", "town-5")
    current = [changed.get(one.id, one) for one in towns(0, 270) if one.id not in gone]
    put(folder / "closed", [harbour, metro])
    put(folder / "closed", [changed["town-7"]])
    withdraw(folder / "closed", "town-3", "town-4")
    repair(folder / "closed")
    with Editor(folder / "closed", lambda: ENCODER) as editor:
        editor.put([Found(changed["town-8"], named=True)])
        editor.withdraw(["town-5"])
        shutil.copytree(folder / "closed", folder / "killed")
    shutil.copytree(folder / "closed", folder / "unsealed")
    (folder / "unsealed" / "catalog.seal").unlink()
    assert (folder / "killed" / "catalog.sqlite-wal").stat().st_size > 0
    found: Bases = {}
    for name in ("closed", "killed", "unsealed"):
        copy = Path(shutil.copytree(folder / name, folder / "copy"))
        found[name] = Base(folder / name, folder / "closed", given_out(copy), [harbour, metro, *current])
        shutil.rmtree(copy)
    assert found["closed"].expected == found["killed"].expected == found["unsealed"].expected
    return found


def damaged(bases: Bases, seeds: range, place: Path) -> list[str]:
    wrong: list[str] = []
    for seed in seeds:
        # An index without its seal was damaged once already: it gets the smallest share.
        name = ("closed", "killed", "closed", "killed", "closed", "unsealed")[seed % 6]
        problem = what_is_wrong(bases[name], seed, name, place)
        wrong += [problem] if problem else []
        if len(seeds) == PROOF and (seed + 1) % 50 == 0:
            sys.stderr.write(f"\rdamages {seed + 1} of {PROOF}, wrong {len(wrong)} ")
            sys.stderr.flush()
    return wrong


def test_damage_anywhere_is_named_or_without_effect_and_never_answered_from(
    bases: Bases, tmp_path: Path
) -> None:
    assert damaged(bases, range(SAMPLE), tmp_path) == []


@pytest.mark.proof
def test_a_thousand_damages_are_named_or_without_effect_and_never_answered_from(
    bases: Bases, tmp_path: Path
) -> None:
    assert damaged(bases, range(PROOF), tmp_path) == []
