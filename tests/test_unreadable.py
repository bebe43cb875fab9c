"""Files of an index that must not be read: what follows from others is done without, the rest is named."""

import json
import shutil
from pathlib import Path

import pytest
from building import article, put
from places import may_forgo, unreadable

from indexer import Feed, backup, remembering, repair

pytestmark = pytest.mark.skipif(not may_forgo(), reason="root reads everything, and setpriv is not there")

PROJECTED = ["vectors", "vectors/1.faiss", "vectors/1.json", "terms", "terms/1", "terms/1/meta.json"]
MANY = 300
"""More than are searched without the vector file."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unreadable") / "index"
    put(folder, [article(f"town-{n}", f"Town {n} has {n} bridges over its river.") for n in range(MANY)])
    repair(folder)
    with remembering(folder) as state:
        state.feeds["https://example.org/feed"] = Feed("https://example.org/feed")
    backup(folder, folder.with_name("backup"))
    return folder


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "index"))


@pytest.mark.parametrize("name", [*PROJECTED, "catalog.seal"])
def test_an_index_answers_without_what_follows_from_its_catalog(name: str, folder: Path) -> None:
    done = unreadable(folder / name, "ask", "How many bridges has Town 7?", "--index", folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Town 7 has 7 bridges")


@pytest.mark.parametrize("name", [*PROJECTED, "catalog.seal", "last-commit.json", "sources.json"])
def test_verify_names_what_cannot_be_read_and_goes_on(name: str, folder: Path) -> None:
    (folder / ("vectors/1.faiss" if name.startswith("terms") else "terms/1/meta.json")).write_bytes(b"{")
    done = unreadable(folder / name, "verify", "--json", "--index", folder)
    assert (done.returncode, done.stderr) == (1, "")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    named = [one for one in found if one["where"].startswith(str(folder / name))]
    assert [one["kind"] for one in named] == ["damage"], found
    assert len(found) == 2, "what else is damaged is not named"


@pytest.mark.parametrize("name", [*PROJECTED, "catalog.seal", "last-commit.json"])
def test_repair_mends_what_it_may_replace_and_names_the_rest(name: str, folder: Path) -> None:
    done = unreadable(folder / name, "verify", "--repair", "--index", folder)
    kept = name in ("vectors", "terms")  # nothing can be deleted within
    assert (done.returncode, done.stderr) == (int(kept), "")
    assert ("cannot be read (Permission denied); check its permissions" in done.stdout) == kept


COMMANDS = {
    "log": [],
    "diff": ["0", "1"],
    "remove": ["town-3"],
    "remove --erase": ["town-3"],
    "backup": ["BACKUP"],
    "restore --yes": ["MADE"],
    "compact": [],
    "rebuild": [],
}


@pytest.mark.parametrize(
    "name", ["catalog.sqlite", "last-commit.json", "terms", "terms/1/.tantivy-writer.lock"]
)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_needs_what_cannot_be_read_says_so_in_one_line(
    command: str, name: str, folder: Path, sound: Path, tmp_path: Path
) -> None:
    places = {"BACKUP": tmp_path / "backup", "MADE": sound.with_name("backup")}
    given = [places.get(one, one) for one in COMMANDS[command]]
    done = unreadable(folder / name, *command.split(), *given, "--index", folder)
    assert done.returncode in (0, 1)
    assert done.stderr.count("\n") == done.returncode, done.stderr
    if done.returncode:
        assert done.stderr.startswith("civicite: ")
        assert "ermission denied" in done.stderr or "unable to open" in done.stderr
        assert str(tmp_path / "backup") not in done.stderr
