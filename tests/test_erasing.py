"""Erasure: afterwards no file of the index holds a trace of the article, whatever happened meanwhile."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from building import ENCODER, article, contents, put, withdraw

from indexer import (
    ArticleErased,
    ArticleNotFound,
    Editor,
    Index,
    IndexLocked,
    IndexUnusable,
    check,
    compact,
    survey,
)
from indexer.catalog import Catalog
from indexer.holdings import Holdings
from indexer.layout import Layout
from indexer.projections import Projections
from indexer.repairing import repair
from indexer.subscriptions import Feed, KnownEntry, remembered, remembering
from service.cli import run

ROOT = Path(__file__).parents[1]
SECRET = article(
    "people/zebediah-quux",
    "Zebediah Quux lives behind the ropewalk. His telephone is 5550-7301990199.\n\n박지훈 시장이 반대했다.",
    "Zebediah's ledger",
    author="Wilhelmina Xanthos",
    city="Ropetown",
    published="2021-07",
    publisher="Quibbler",
)
OTHERS = [
    article(f"town-{n}", f"Town number {n} has {n} bridges. Its mayor cycles to work.", "Towns", city="Town")
    for n in range(8)
]
# None may stand in a digest or in a name drawn at random: figures are long.
WORDS = [
    "zebediah", "quux", "ropewalk", "7301990199", "ledger", "wilhelmina", "xanthos", "ropetown", "quibbler",
    "박지훈", "반대", "telephone", "2021-07",
]  # fmt: skip


def erase(folder: Path, *identities: str) -> None:
    with Editor(folder, lambda: ENCODER) as editor:
        editor.erase(identities)


def files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()


def vectors_of(folder: Path, identity: str) -> list[bytes]:
    """Every vector of an article: as the catalog and FAISS hold it, and as memory does."""
    with Catalog(Layout(folder)).reading() as connection:
        rows = connection.execute(
            "SELECT p.vector, parts.vectors FROM passages p JOIN parts ON parts.passage = p.key"
            " JOIN articles a ON a.key = p.article WHERE a.id = ?",
            (identity,),
        ).fetchall()
    halves = [blob for row in rows for blob in row]
    return halves + [np.frombuffer(blob, "<f2").astype("<f4").tobytes() for blob in halves]


def traces(folder: Path, vectors: list[bytes]) -> set[tuple[str, object]]:
    """Name the files that hold a word of the article, in any case and encoding, or a piece of a vector."""
    found: set[tuple[str, object]] = set()
    for path, content in files(folder):
        lowered = content.lower()
        for word in WORDS:
            if any(word.encode(encoding) in lowered for encoding in ("utf-8", "utf-16-le", "utf-16-be")):
                found.add((path.name, word))
        for number, vector in enumerate(vectors):
            # A page boundary may cut a vector: its pieces are searched for. Zeros are in every file.
            pieces = (vector[at : at + 64] for at in range(0, len(vector), 64))
            if any(piece in content for piece in pieces if piece.strip(b"\0")):
                found.add((path.name, number))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "index"
    put(place, [*OTHERS[:4], SECRET])
    put(place, OTHERS[4:])
    return place


def test_before_an_erasure_the_search_for_traces_finds_them(folder: Path) -> None:
    found = traces(folder, vectors_of(folder, SECRET.id))
    assert found >= {("catalog.sqlite", 0), ("catalog.sqlite", 1), ("1.faiss", 0)}
    assert {what for _, what in found} >= set(WORDS)


def test_an_erased_article_leaves_no_trace_in_any_file(folder: Path) -> None:
    vectors = vectors_of(folder, SECRET.id)
    erase(folder, SECRET.id)
    assert traces(folder, vectors) == set()
    assert [one for one in check(folder) if one.kind == "damage"] == []


def test_tantivy_keeps_no_segment_that_ever_held_the_article(folder: Path) -> None:
    before = {path.name for path in Layout(folder).terms(1).iterdir()}
    erase(folder, SECRET.id)
    kept = before & {path.name for path in Layout(folder).terms(1).iterdir()}
    assert kept == {".managed.json", ".tantivy-meta.lock", ".tantivy-writer.lock", "meta.json"}


def test_old_revisions_and_descriptions_and_what_was_withdrawn_before_are_erased_too(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    put(folder, [*OTHERS, SECRET])
    vectors = vectors_of(folder, SECRET.id)
    put(folder, [article(SECRET.id, "He moved away.", "Zebediah")])
    put(folder, [article(SECRET.id, "He moved away.", "A ledger", author="Xanthos")])
    withdraw(folder, SECRET.id)
    put(folder, [article(SECRET.id, "He came back.", "A telephone")])
    withdraw(folder, SECRET.id)
    assert traces(folder, vectors)
    erase(folder, SECRET.id)
    assert traces(folder, vectors) == set()


def test_all_others_are_as_if_the_article_had_never_been_there(folder: Path, tmp_path: Path) -> None:
    erase(folder, SECRET.id)
    put(tmp_path / "fresh", OTHERS)
    assert contents(folder) == contents(tmp_path / "fresh")


def test_an_erased_article_is_said_to_be_erased_and_an_unknown_one_is_not(folder: Path) -> None:
    erase(folder, SECRET.id)
    with Index.open(folder).view() as view:
        for revision in (None, 1):
            with pytest.raises(ArticleErased, match="it was erased"):
                view.article(SECRET.id, revision)
        for identity, number in ((SECRET.id, 2), ("nobody", None), ("town-1", 7)):
            with pytest.raises(ArticleNotFound) as raised:
                view.article(identity, number)
            assert not isinstance(raised.value, ArticleErased)


def test_an_article_taken_in_again_after_its_erasure_never_repeats_a_revision_number(folder: Path) -> None:
    put(folder, [article(SECRET.id, "He moved away.")])
    erase(folder, SECRET.id)
    put(folder, [article(SECRET.id, "Somebody else lives there.")])
    with Index.open(folder).view() as view:
        assert view.article(SECRET.id).revision == 3
        with pytest.raises(ArticleErased):
            view.article(SECRET.id, 2)


def test_a_feed_forgets_an_erased_article_and_does_not_bring_it_back(folder: Path) -> None:
    entries = {name: KnownEntry(name, "d" * 64, None) for name in (SECRET.id, "other")}
    with remembering(folder) as state:
        state.feeds["https://towns.example/feed"] = Feed("https://towns.example/feed", entries=entries)
    erase(folder, SECRET.id)
    [feed] = remembered(folder).feeds.values()
    assert set(feed.entries) == {"other"}
    with Holdings(folder) as holdings:
        assert holdings.withdrawn(SECRET.id)


def test_erasing_is_all_or_nothing_and_may_be_repeated(folder: Path) -> None:
    before = contents(folder)
    with pytest.raises(ArticleNotFound, match="'nobody': there is none to erase"):
        erase(folder, SECRET.id, "nobody")
    assert contents(folder) == before
    erase(folder, SECRET.id)
    erased = dict(files(folder))
    erase(folder, SECRET.id)
    assert dict(files(folder)) == erased


def test_whoever_erases_is_told_of_the_same_text_under_another_id(folder: Path) -> None:
    put(folder, [article("copy", SECRET.text)])
    with Editor(folder, lambda: ENCODER) as editor:
        assert editor.erase([SECRET.id]).copies == {SECRET.id: ["copy"]}
    with Index.open(folder).view() as view:
        assert view.article("copy").text == SECRET.text


def test_a_reader_that_is_open_drops_the_article_and_its_vectors_at_the_next_view(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    many = [article(f"village-{n}", f"Village {n} keeps {n} goats on its common.") for n in range(300)]
    put(folder, [*many, SECRET])
    index = Index.open(folder)
    with index.view() as view:
        held = view.pool(view.matching(view.statistics(["ropewalk"]), 5)).keys.tolist()
        assert held
    erase(folder, SECRET.id)
    question = ENCODER.question("Who lives behind the ropewalk?")
    with index.view() as view:
        assert len(view.pool(view.nearest(question, 20)).keys) >= 20
        assert not set(view.nearest(question, 301).tolist()) & set(held)
        with pytest.raises(ArticleErased):
            view.article(SECRET.id)
        # Not only hidden: what the reader searches does not hold them.
        assert len(view._engines.vectors) + len(view._engines.tail) == 300
        assert not any(view._engines.known.several(held))
    put(folder, [article("village-300", "Village 300 has a well.")])
    vectors = index._engines.vectors if index._engines else None
    with index.view() as view:
        assert view._engines.vectors is vectors, "an erasure of long ago must not cost a reload"


KILLED = """
import os, sys
from pathlib import Path
import indexer.committing, indexer.editor, indexer.marks, indexer.sweeping
from indexer import Editor
from indexer.catalog import Catalog
from indexer.layout import Layout
from indexer.lexical.engine import TantivyTerms
from indexer.projections import Projections
from indexer.vectors.flat import FlatVectors

def kill(owner, name, after=False):
    real = getattr(owner, name)
    def killed(*arguments, **named):
        if after:
            real(*arguments, **named)
        os._exit(9)
    setattr(owner, name, killed)

kill(*{
    "noted": (indexer.editor, "finish_erasures"),
    "withdrawn": (Projections, "rewrite"),
    "terms rewritten": (TantivyTerms, "replace", True),
    "vectors half written": (FlatVectors, "save"),
    "projections rewritten": (Projections, "rewrite", True),
    "rows deleted, not committed": (indexer.committing, "erase_rows", True),
    "rows deleted": (indexer.committing, "write_mark"),
    "before sweeping": (Catalog, "compact"),
    "catalog rewritten": (Layout, "beside"),
    "swept": (indexer.sweeping, "mark_swept"),
}[sys.argv[2]])
if sys.argv[2] in ("rows deleted",):
    # The first mark is that of the withdrawal.
    killed = indexer.committing.write_mark
    marks = iter([indexer.marks.write_mark, killed])
    indexer.committing.write_mark = lambda *arguments: next(marks)(*arguments)
with Editor(Path(sys.argv[1]), None) as editor:
    editor.erase(["people/zebediah-quux"])
"""
MOMENTS = [
    "noted", "withdrawn", "terms rewritten", "vectors half written", "projections rewritten",
    "rows deleted, not committed", "rows deleted", "before sweeping", "catalog rewritten", "swept",
]  # fmt: skip


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_erasure_that_was_killed_is_finished_by_whoever_writes_next(folder: Path, moment: str) -> None:
    vectors = vectors_of(folder, SECRET.id)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder), moment], check=False, cwd=ROOT)
    assert killed.returncode == 9
    assert {one.kind for one in check(folder)} == {"stale"}
    with Index.open(folder).view() as view:
        found = view.pool(view.matching(view.statistics(["bridg"]), 10))
        assert {*found.article_ids} >= {one.id for one in OTHERS}
    writers: dict[str, Callable[[], object]] = {
        "put": lambda: put(folder, [article("town-9", "Town number 9 has a lighthouse.", "Towns")]),
        "withdraw": lambda: withdraw(folder, "town-1"),
        "repair": lambda: repair(folder),
        "erase": lambda: erase(folder, SECRET.id),
    }
    writers[list(writers)[MOMENTS.index(moment) % 4]]()
    assert traces(folder, vectors) == set()
    assert [one for one in check(folder) if one.kind == "damage" or "not finished" in one.problem] == []
    with Index.open(folder).view() as view, pytest.raises(ArticleErased):
        view.article(SECRET.id)


def test_an_erasure_that_a_long_reader_holds_up_says_so_and_is_finished_by_the_next_edit(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.catalog.TIMEOUT", 0.2)
    vectors = vectors_of(folder, SECRET.id)
    with Index.open(folder).view() as view:
        with pytest.raises(IndexLocked, match="still reads an older state"):
            erase(folder, SECRET.id)
        # Its view is that of before, as every view is.
        assert view.article(SECRET.id).text == SECRET.text
    assert any("not finished" in one.problem for one in check(folder))
    withdraw(folder, "town-1")
    assert traces(folder, vectors) == set()


def test_while_a_reader_holds_an_erasure_up_edits_go_on_and_do_not_repeat_its_work(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("indexer.catalog.TIMEOUT", 0.2)
    vectors = vectors_of(folder, SECRET.id)
    with Index.open(folder).view():
        with pytest.raises(IndexLocked, match="in no answer any more, but traces of it are left"):
            erase(folder, SECRET.id)
        repeated = []
        for owner in (Catalog, Projections):
            monkeypatch.setattr(owner, "rewrite", lambda *_: repeated.append(1))
        assert put(folder, [article("new", "A lighthouse was built.")]).added == ["new"]
        assert withdraw(folder, "town-1").withdrawn == ["town-1"]
        assert repeated == []
        with Index.open(folder).view() as now, pytest.raises(ArticleErased):
            now.article(SECRET.id)
        assert survey(folder).erasing
        assert run(["status", "--index", str(folder)]) == 0
        assert "not finished: files may hold traces" in capsys.readouterr().out
        assert {one.kind for one in check(folder)} == {"stale"}
    monkeypatch.undo()
    compact(folder)
    assert traces(folder, vectors) == set()
    assert not survey(folder).erasing


def test_a_damaged_list_of_feeds_holds_no_erasure_up_and_is_deleted_with_a_warning(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with remembering(folder) as state:
        state.feeds["http://quux.example/"] = Feed("http://quux.example/")
    altered = bytearray(Layout(folder).sources.read_bytes())
    altered[50] ^= 1
    Layout(folder).sources.write_bytes(altered)
    vectors = vectors_of(folder, SECRET.id)
    erase(folder, SECRET.id)
    assert traces(folder, vectors) == set()
    assert "sources.json: is not what was written" in caplog.text
    assert remembered(folder).feeds == {}


def test_what_is_to_be_erased_is_withdrawn_before_anything_can_fail(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*arguments: object) -> None:
        raise IndexUnusable("the disk is full")

    monkeypatch.setattr("indexer.sweeping.forget_articles", failing)
    with pytest.raises(IndexUnusable):
        erase(folder, SECRET.id)
    with Index.open(folder).view() as view:
        assert view.article(SECRET.id).withdrawn


TERMS = {
    "of another word": "UPDATE parts SET terms = x'00000041' || substr(terms, 5) WHERE passage = ?",
    "of no length": "UPDATE parts SET terms = x'0102030405' WHERE passage = ?",
    "gone": "DELETE FROM parts WHERE passage = ?",
    "without a vector": "UPDATE passages SET vector = x'00' WHERE key = ?",
}


@pytest.mark.parametrize("statement", TERMS.values(), ids=TERMS)
def test_another_article_that_is_damaged_holds_up_no_erasure_and_no_edit(
    folder: Path, statement: str
) -> None:
    vectors = vectors_of(folder, SECRET.id)
    connection = sqlite3.connect(folder / "catalog.sqlite")
    passage = connection.execute(
        "SELECT p.key FROM passages p JOIN articles a ON a.key = p.article WHERE a.id = 'town-2'"
    ).fetchone()
    connection.execute(statement, passage)
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the log would say that it was written so
    connection.close()
    erase(folder, SECRET.id)
    assert traces(folder, vectors) == set()
    withdraw(folder, "town-1")
    index = Index.open(folder)
    assert list(index.damaged()) == ["town-2"]
    index.close()
    compact(folder)
    assert put(folder, OTHERS).changed == ["town-2"]
    repair(folder)
    assert [one for one in check(folder) if one.kind == "damage"] == []


def test_drafts_of_a_killed_writer_go_and_that_of_a_feed_is_left_to_whoever_locks_the_feeds(
    folder: Path,
) -> None:
    vectors, feeds = folder / "vectors" / ".1.faiss.99.part", folder / ".sources.json.99.part"
    for path in (vectors, feeds):
        path.write_bytes(b"half written")
    with Editor(folder, lambda: ENCODER):
        assert not vectors.exists()
    compact(folder)
    assert feeds.exists()
    with remembering(folder):
        assert not feeds.exists()


def test_an_erasure_leaves_no_draft_of_the_feeds(folder: Path) -> None:
    (folder / ".sources.json.99.part").write_bytes(b"zebediah")
    vectors = vectors_of(folder, SECRET.id)
    erase(folder, SECRET.id)
    assert traces(folder, vectors) == set()


def test_a_generation_that_does_not_answer_loses_the_article_too(folder: Path) -> None:
    with Catalog(Layout(folder)).writing() as connection:
        # As a rebuild that is under way leaves it: passages of the same texts under another recipe.
        connection.execute(
            "INSERT INTO generations (recipe, active, passages, terms)"
            " SELECT recipe || ' ', 0, passages, terms FROM generations"
        )
        for table, columns in (("passages", PASSAGES), ("parts", PARTS)):
            connection.execute(f"INSERT INTO {table} SELECT {columns} FROM {table}")
        connection.execute("INSERT INTO frequencies SELECT 2, term, passages FROM frequencies")
    Layout(folder).vectors(2).write_bytes(Layout(folder).vectors(1).read_bytes())
    shutil.copytree(Layout(folder).terms(1), Layout(folder).terms(2))
    vectors = vectors_of(folder, SECRET.id)
    erase(folder, SECRET.id)
    assert traces(folder, vectors) == set()
    assert [one for one in check(folder) if one.kind == "damage"] == []


PASSAGES = "key + 1000, 2, article, revision, ordinal, start, stop, terms, vector, from_commit, to_commit"
PARTS = "passage + 1000, context, spans, kinds, vectors, counts, terms, digest"
