"""What was damaged is given up when its article is indexed again: known, never quoted, in nobody's way."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from building import ENCODER, article, contents, put, withdraw
from rebuilds import rebuilt

import indexer.catalog
import indexer.checking
from indexer import (
    ArticleLost,
    Editor,
    Index,
    IndexDamaged,
    InputError,
    backup,
    check,
    compact,
    repair,
    restore,
)
from service.assistant import Assistant
from service.cli import run
from service.ranker import Ranker

TOWNS = [
    article(
        f"town-{n}", f"Town number {n} has {n} bridges. Uniqueword{n} is its motto.", f"Town {n}", city="X"
    )
    for n in range(40)
]
TEXT, TITLE = b"Town number 7 has 7 bridges. Uniqueword7", b'"title":"Town 7"'


def flip(folder: Path, content: bytes, at: int = 4) -> None:
    """Flip a bit of the catalog, wherever it holds this."""
    path = folder / "catalog.sqlite"
    whole = bytearray(path.read_bytes())
    places = [place for place in range(len(whole)) if whole.startswith(content, place)]
    assert places
    for place in places:
        whole[place + at] ^= 4
    path.write_bytes(whole)


def altered(folder: Path, statement: str) -> None:
    """Change the catalog behind the back of everybody."""
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as connection, connection:
        connection.execute(statement)


def vector_of(folder: Path, identity: str) -> bytes:
    connection = sqlite3.connect(folder / "catalog.sqlite")
    row = connection.execute(
        "SELECT p.vector FROM passages p JOIN articles a ON a.key = p.article WHERE a.id = ?", (identity,)
    ).fetchone()
    connection.close()
    return bytes(row[0])


def kinds(folder: Path) -> set[str]:
    found: set[str] = {one.kind for one in check(folder)}
    return found - {"stale"}


DAMAGES: dict[str, Callable[[Path], bytes]] = {
    "text": lambda folder: TEXT,
    "description": lambda folder: TITLE,
    "passage": lambda folder: vector_of(folder, "town-7"),
}


@pytest.fixture(params=DAMAGES)
def healed(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """An index one of whose articles was damaged, and indexed again."""
    folder = tmp_path / "index"
    put(folder, TOWNS)
    flip(folder, DAMAGES[request.param](folder))
    assert kinds(folder) == {"damage"}
    assert put(folder, TOWNS).changed == ["town-7"]
    return folder


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for every time that all rows are checked."""
    counted: list[int] = []
    real = indexer.checking.catalog_findings

    def counting(connection: sqlite3.Connection) -> object:
        counted.append(1)
        return real(connection)

    monkeypatch.setattr(indexer.checking, "catalog_findings", counting)
    return counted


def test_an_article_that_is_indexed_again_is_healed_and_what_was_lost_is_named(
    healed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kinds(healed) == {"lost"}
    assert run(["verify", "--index", str(healed)]) == 0
    assert "lost: article 'town-7'" in capsys.readouterr().out
    assert run(["verify", "--repair", "--index", str(healed)]) == 0
    assert kinds(healed) == {"lost"}


def test_later_edits_and_openings_check_no_row_of_others(healed: Path, checks: list[int]) -> None:
    put(healed, [article("new", "A new article says little.")])
    withdraw(healed, "town-3")
    Index.open(healed).close()
    assert checks == []


def test_damage_of_another_article_is_noticed_afterwards(healed: Path) -> None:
    flip(healed, b"Town number 9 has 9 bridges. Uniqueword9")
    index = Index.open(healed)
    assert list(index.damaged()) == ["town-9"]
    index.close()
    assert put(healed, TOWNS).changed == ["town-9"]
    assert kinds(healed) == {"lost"}


def test_a_healed_index_can_be_backed_up_restored_compacted_and_rebuilt(healed: Path, tmp_path: Path) -> None:
    backup(healed, tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "restored")
    assert contents(tmp_path / "restored") == contents(healed)
    rebuilt(healed)
    compact(healed)
    assert kinds(tmp_path / "restored") == {"lost"}
    assert kinds(healed) <= {"lost"}, "a passage is gone with its generation"


def test_what_is_current_is_that_of_an_index_that_was_never_damaged(healed: Path, tmp_path: Path) -> None:
    put(tmp_path / "sound", TOWNS)
    assert contents(healed) == contents(tmp_path / "sound")


def test_a_lost_revision_is_refused_and_no_answer_as_of_its_time_quotes_it(tmp_path: Path) -> None:
    put(tmp_path, TOWNS)
    flip(tmp_path, TEXT)
    put(tmp_path, TOWNS)
    index = Index.open(tmp_path)
    with index.view() as view:
        assert "Uniqueword7" in view.article("town-7").text
        with pytest.raises(ArticleLost, match=r"'town-7' revision 1: its text was damaged and is lost"):
            view.article("town-7", 1)
        assert [(one.revision, one.current) for one in view.holders("Uniqueword7")] == [(2, True)]
    with index.view(1) as view:
        assert len(view.keys()) == len(TOWNS) - 1
        with pytest.raises(ArticleLost):
            view.article("town-7")
    assistant = Assistant(index, ENCODER, Ranker.load())
    then = assistant.ask("What is Uniqueword7?", min_confidence=0, as_of=1)
    now = assistant.ask("What is Uniqueword7?", min_confidence=0)
    index.close()
    assert "town-7" not in {one.article_id for one in then.citations}
    assert "town-7" not in {one.article_id for one in then.passages}
    assert "town-7" in {one.article_id for one in now.passages}


def test_an_index_that_is_open_while_its_article_is_healed_goes_on(tmp_path: Path) -> None:
    put(tmp_path, TOWNS)
    index = Index.open(tmp_path)
    with index.view() as view:
        assert len(view.keys()) == len(TOWNS)
    flip(tmp_path, vector_of(tmp_path, "town-7"))
    put(tmp_path, TOWNS)
    with index.view() as view:
        assert view.pool(view.keys()).article_ids.count("town-7") == 1
    with index.view(1) as view:
        assert "town-7" not in view.pool(view.keys()).article_ids
    index.close()


BOATS = " ".join(f"On day {n} a boat came from the islands." for n in range(60))


@pytest.mark.parametrize("rest", ["", BOATS])
def test_an_answer_as_of_its_time_shows_another_copy_in_the_place_of_a_lost_passage(
    tmp_path: Path, rest: str
) -> None:
    body = "The ferry terminal of Odawara has twelve gates. Travellers have come since the spring of 1998. "
    body += "Its roof was covered with tiles by hand."
    copies = [article("a", f"{body} {rest}".strip(), published="2020"), article("b", body, published="2021")]
    put(tmp_path, [*copies, *TOWNS])
    altered(tmp_path, "UPDATE passages SET vector = zeroblob(length(vector)) WHERE key = 1")
    put(tmp_path, copies)
    assistant = Assistant(Index.open(tmp_path), ENCODER, Ranker.load())
    question = "How many gates has the ferry terminal of Odawara?"
    then = assistant.ask(question, min_confidence=0, as_of=1)
    now = assistant.ask(question, min_confidence=0)
    assistant.index.close()
    assert (then.passages[0].article_id, then.passages[0].text) == ("b", body)
    assert (then.citations[0].article_id, then.citations[0].also_in) == ("b", ())
    assert now.citations[0].article_id == "a"


def test_passages_that_are_lost_are_not_taken_for_those_of_the_same_text(tmp_path: Path) -> None:
    put(tmp_path, TOWNS)
    flip(tmp_path, vector_of(tmp_path, "town-7"))
    withdraw(tmp_path, "town-7")
    assert put(tmp_path, [article("copy", TOWNS[7].text, "Town 7")]).encoded == 1
    assert kinds(tmp_path) == {"lost"}


def test_what_is_damaged_of_the_past_alone_is_given_up_by_a_repair(tmp_path: Path, checks: list[int]) -> None:
    put(tmp_path, TOWNS)
    put(tmp_path, [article("town-7", "Town number 7 has no bridges any more.", "Town 7")])
    flip(tmp_path, TEXT)
    found = next(one for one in check(tmp_path) if one.kind == "damage")
    assert "'town-7' revision 1" in found.where
    assert "verify --repair" in found.mend
    repair(tmp_path)
    assert kinds(tmp_path) == {"lost"}
    checks.clear()
    put(tmp_path, [article("new", "A new article says little.")])
    Index.open(tmp_path).close()
    assert checks == []


def test_a_damaged_article_that_is_withdrawn_leaves_no_damage(tmp_path: Path) -> None:
    put(tmp_path, TOWNS)
    flip(tmp_path, TEXT)
    withdraw(tmp_path, "town-7")
    assert kinds(tmp_path) == {"lost"}


def test_facets_that_were_damaged_are_mended_by_indexing_again(tmp_path: Path) -> None:
    put(tmp_path, TOWNS)
    altered(tmp_path, "UPDATE facets SET value = 'Y' WHERE description = 8 AND name = 'city'")
    assert put(tmp_path, TOWNS).changed == ["town-7"]
    assert kinds(tmp_path) == set()


def test_what_was_lost_goes_with_an_erasure(healed: Path) -> None:
    with Editor(healed, lambda: ENCODER) as editor:
        editor.erase(["town-7"])
    assert kinds(healed) == set()


def test_a_long_text_whose_pages_are_used_no_more_is_sealed_again(tmp_path: Path, checks: list[int]) -> None:
    text = "\n\n".join(f"Paragraph {n} of the long history tells of year {1000 + n}." for n in range(900))
    long = article("long", text, "History")
    put(tmp_path, [*TOWNS, long])
    flip(tmp_path, b"Paragraph 700 of the long history tells")
    put(tmp_path, [long])
    assert kinds(tmp_path) == {"lost"}
    checks.clear()
    put(tmp_path, [article("new", "A new article says little.")])
    Index.open(tmp_path).close()
    assert checks == []


@pytest.mark.parametrize("moment", ["before the commit", "before the seal"])
def test_a_kill_while_an_article_is_healed_leaves_it_damaged_or_healed(
    tmp_path: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "index"
    put(folder, TOWNS)
    flip(folder, TEXT)

    def killed(*arguments: object, **named: object) -> None:
        shutil.copytree(folder, tmp_path / "killed", dirs_exist_ok=True)
        raise RuntimeError

    places = {
        "before the commit": "indexer.committing.append",
        "before the seal": "indexer.editor.Editor._catch_up",
    }
    with monkeypatch.context() as patched:
        patched.setattr(places[moment], killed)
        with pytest.raises(RuntimeError):
            put(folder, TOWNS)
    left = tmp_path / "killed"
    index = Index.open(left)
    assert list(index.damaged()) == (["town-7"] if moment == "before the commit" else [])
    index.close()
    put(left, TOWNS)
    assert kinds(left) == {"lost"}


def test_a_mark_on_what_is_sound_is_damage_and_is_taken_away_by_a_repair(tmp_path: Path) -> None:
    put(tmp_path, TOWNS)
    altered(tmp_path, "INSERT INTO lost_revisions VALUES (8)")
    assert kinds(tmp_path) == {"damage", "lost"}
    with pytest.raises(IndexDamaged):
        Index.open(tmp_path)
    repair(tmp_path)
    assert kinds(tmp_path) == set()


def test_a_catalog_from_before_it_was_known_what_is_lost_is_brought_up_to_date(tmp_path: Path) -> None:
    put(tmp_path, TOWNS)
    connection = sqlite3.connect(tmp_path / "catalog.sqlite", isolation_level=None)
    for table in ("revisions", "descriptions", "passages"):
        connection.execute(f"DROP TABLE lost_{table}")
    connection.execute("PRAGMA user_version = 5")
    connection.close()
    index = Index.open(tmp_path)
    with index.view() as view:
        assert len(view.keys()) == len(TOWNS)
        with pytest.raises(InputError):
            view.article("town-7", 2)
    index.close()
    put(tmp_path, [article("new", "A new article says little.")])
    assert kinds(tmp_path) == set()
