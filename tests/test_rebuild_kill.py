"""A rebuild or a compaction that is killed, by SIGKILL, loses nothing and is finished by the next run."""

import datetime
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from building import article, contents, put
from rebuilds import NARROW, edit, holdings, rebuilt

from indexer import Article, Finding, check, compact, survey_generations

HISTORY: list[Article | str] = [
    article("harbour", "The harbour wall was raised in 1998. Storms no longer reach it.", "Walls"),
    article("bridge", "The old bridge carries trams. It was closed to cars in 2011.", "Bridge"),
    article("harbour", "The harbour wall was raised in 1999.", "Walls"),
    article("bridge", "The old bridge carries trams. It was closed to cars in 2011.", "The bridge"),
    article("quay", "The quay has a crane."),
    "quay",
    article("mole", "The mole is of granite."),
]
FUTURE = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)


def damage(folder: Path) -> list[Finding]:
    return [one for one in check(folder) if one.kind == "damage"]


def killed(folder: Path, work: str, moment: str) -> None:
    script = Path(__file__).with_name("killing.py")
    process = subprocess.run(
        [sys.executable, script, folder, work, moment],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=120,
        check=False,
    )
    assert process.returncode == -signal.SIGKILL, process.stdout + process.stderr


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("edited")
    edit(folder, HISTORY)
    return folder


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fresh")
    edit(folder, HISTORY, NARROW)
    return folder


@pytest.mark.parametrize(
    "moment",
    [
        "rebuilding:_Building._encoded@3",
        "writing:_term_keys@4",  # within a batch's transaction
        "lexical.engine:TantivyTerms.close",
        "vectors.flat:write_atomically",  # the file is written, its seal is not
        "rebuilding:activate",  # within the transaction that switches
        "rebuilding:write_mark",  # switched, and not noted outside the catalog
        "rebuilding:_Building._catch_up@2",
    ],
)
def test_a_rebuild_that_is_killed_is_finished_by_the_next(
    moment: str, edited: Path, fresh: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(edited, tmp_path / "index"))
    killed(folder, "rebuild", moment)
    assert damage(folder) == []
    switched = survey_generations(folder)[-1].active
    assert contents(folder) == contents(fresh if switched else edited)
    rebuilt(folder)
    put(folder, [], NARROW)
    assert survey_generations(folder)[-1].active
    assert holdings(folder, 2) == holdings(fresh, 1)
    assert damage(folder) == []


def test_a_rebuild_that_is_killed_loses_one_batch(edited: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(edited, tmp_path / "index"))
    killed(folder, "rebuild", "rebuilding:_Building._encoded@3")
    there = len(holdings(folder, 2)["passages"])
    assert there > 0
    finished = rebuilt(folder)
    assert finished.encoded == len(holdings(folder, 2)["passages"]) - there


@pytest.fixture(scope="module")
def superseded(edited: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(edited, tmp_path_factory.mktemp("superseded") / "index"))
    rebuilt(folder)
    return folder


@pytest.mark.parametrize(
    "moment",
    [
        "compacting:append",  # within the transaction that drops
        "compacting:write_mark",
        "lexical.engine:TantivyTerms.replace",
        "vectors.flat:FlatVectors.save",  # the terms were written anew, the vectors were not
        "vectors.flat:write_atomically",
        "compacting:_sweep",
        "vacuum@1",
        "vacuum@40",
        "catalog:Catalog.fold",
    ],
)
def test_a_compaction_that_is_killed_is_finished_by_the_next(
    moment: str, superseded: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(superseded, tmp_path / "index"))
    killed(folder, "compact", moment)
    assert damage(folder) == []
    assert contents(folder) == contents(superseded)
    compact(folder, history_before=FUTURE)
    assert [one.generation.id for one in survey_generations(folder)] == [2]
    assert contents(folder) == contents(superseded)
    assert list(check(folder)) == []
    assert [path for path in folder.rglob(".*") if path.suffix in (".part", ".new", ".old")] == []
