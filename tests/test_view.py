import shutil
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from building import ENCODER, article, put, withdraw

from indexer import (
    Editor,
    Filters,
    Found,
    Index,
    IndexDamaged,
    IndexNotFound,
    IndexTooNew,
    InputError,
    View,
    durable,
    question_terms,
)
from indexer.catalog import Catalog
from indexer.layout import Layout
from indexer.lexical.checksums import torn
from indexer.lexical.engine import TantivyTerms
from indexer.marks import Watermark, write_mark
from indexer.projections import Projections

HARBOUR = article(
    "harbour", "The harbour wall was raised in 1998.", "Harbour", city="Incheon", published="1998"
)
BRIDGE = article("bridge", "The old bridge carries trams.", "Bridge", city="Seoul", published="2011-05-02")
UNDATED = article("quay", "The quay has a crane and a harbour office.", "Quay", city=["Incheon", "Seoul"])


def found(view: View, question: str, filters: Filters | None = None) -> set[str]:
    allowed = view.allowed(filters) if filters else None
    near = view.nearest(ENCODER.question(question), 50, allowed)
    match = view.matching(view.statistics(question_terms(question)), 50, allowed)
    return set(view.pool(near).article_ids) | set(view.pool(match).article_ids)


def test_a_view_stays_at_its_commit_while_others_are_made(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    index = Index.open(tmp_path)
    with index.view() as before:
        put(tmp_path, [BRIDGE])
        withdraw(tmp_path, "harbour")
        assert found(before, "harbour bridge") == {"harbour"}
    with index.view() as after:
        assert found(after, "harbour bridge") == {"bridge"}
        assert after.commit == 3


def test_an_open_index_sees_what_is_added_and_withdrawn_later(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    index = Index.open(tmp_path)
    with index.view() as view:
        assert found(view, "bridge") == {"harbour"}
    put(tmp_path, [BRIDGE])
    with index.view() as view:
        assert found(view, "bridge") == {"harbour", "bridge"}
    withdraw(tmp_path, "bridge")
    with index.view() as view:
        assert found(view, "bridge") == {"harbour"}


@pytest.mark.parametrize("lost", ["vectors", "terms"])
def test_a_lost_projection_changes_no_proposal(tmp_path: Path, lost: str) -> None:
    put(tmp_path, [HARBOUR, BRIDGE, UNDATED])
    for file in sorted((tmp_path / lost).rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    with Index.open(tmp_path).view() as view:
        assert found(view, "harbour bridge") == {"harbour", "bridge", "quay"}
        assert "bridge" in view.pool(view.matching(view.statistics(["tram"]), 5)).article_ids


def test_a_projection_of_another_history_is_not_used(tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    put(mine, [HARBOUR])
    put(other, [BRIDGE])
    for file in (mine / "terms").rglob("*"):
        if file.is_file():
            file.unlink()
    for file in (other / "terms" / "1").iterdir():
        (mine / "terms" / "1" / file.name).write_bytes(file.read_bytes())
    with Index.open(mine).view() as view:
        assert view.matching(view.statistics(["tram"]), 5).tolist() == []
        assert len(view.matching(view.statistics(["harbour"]), 5)) == 1


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(facets=(("city", ("incheon",)),)), {"harbour", "quay"}),
        (Filters(facets=(("city", ("Seoul", "Busan")),)), {"bridge", "quay"}),
        (Filters(facets=(("city", ("Seoul",)), ("city", ("Incheon",)))), {"quay"}),
        (Filters(facets=(("river", ("Han",)),)), set()),
        (Filters(published_from="1998-06-01"), {"harbour", "bridge"}),
        (Filters(published_from="1999"), {"bridge"}),
        (Filters(published_to="2011-05"), {"harbour", "bridge"}),
        (Filters(published_to="1998-01-01"), {"harbour"}),
    ],
)
def test_filters_let_through_what_their_rule_says(
    tmp_path: Path, filters: Filters, expected: set[str]
) -> None:
    put(tmp_path, [HARBOUR, BRIDGE, UNDATED])
    with Index.open(tmp_path).view() as view:
        assert found(view, "harbour bridge quay", filters) == expected


def test_a_filter_finds_as_many_as_exist_however_rare(tmp_path: Path) -> None:
    crowd = [
        article(f"a{n}", f"Trams run on line {n}.", city="Seoul" if n % 50 else "Busan") for n in range(400)
    ]
    put(tmp_path, crowd)
    with Index.open(tmp_path).view() as view:
        allowed = view.allowed(Filters(facets=(("city", ("Busan",)),)))
        assert len(view.nearest(ENCODER.question("trams"), 10, allowed)) == 8
        assert len(view.matching(view.statistics(["tram"]), 10, allowed)) == 8


def test_a_date_that_is_none_is_refused_with_its_field() -> None:
    with pytest.raises(InputError, match=r"^published_from: '12/2019' is not a date"):
        Filters(published_from="12/2019")


@pytest.mark.parametrize(
    ("facets", "where"),
    [
        ([(f"f{number}", ("v",)) for number in range(51)], "filters"),
        ([("city", ("v",) * 101)], "filters.city"),
        ([("city", ())], "filters.city"),
        ([("city", ("v" * 201,))], "filters.city"),
        ([("city", ("",))], "filters.city"),
        ([("city", ("a\nb",))], "filters.city"),
        ([("n" * 201, ("v",))], "filters"),
    ],
)
def test_a_filter_beyond_what_any_door_takes_is_refused_with_its_field(
    facets: list[tuple[str, tuple[str, ...]]], where: str
) -> None:
    with pytest.raises(InputError) as raised:
        Filters(tuple(facets))
    assert raised.value.where == where
    assert len(str(raised.value)) < 300


def test_a_passage_that_is_altered_while_the_index_is_open_is_named_and_never_answered_from(
    tmp_path: Path,
) -> None:
    put(tmp_path, [HARBOUR])
    index = Index.open(tmp_path)
    with sqlite3.connect(tmp_path / "catalog.sqlite") as connection:
        connection.execute("UPDATE parts SET spans = zeroblob(length(spans))")
    connection.close()
    with index.view() as view, pytest.raises(IndexDamaged, match="'harbour'"):
        found(view, "harbour")


def test_an_altered_text_is_named_and_never_quoted(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    index = Index.open(tmp_path)
    with sqlite3.connect(tmp_path / "catalog.sqlite") as connection:
        connection.execute("UPDATE revisions SET text = replace(text, '1998', '1989')")
    connection.close()
    with index.view() as view, pytest.raises(IndexDamaged, match="'harbour' revision 1"):
        view.article("harbour")


def test_a_commit_that_was_reported_and_is_gone_is_noticed_at_opening(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    write_mark(Layout(tmp_path), Watermark(2, "f" * 64))
    with pytest.raises(IndexDamaged, match="commit 2 was reported as done and is not there"):
        Index.open(tmp_path)


def test_a_catalog_of_a_newer_civicite_is_refused_with_the_mend(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    with sqlite3.connect(tmp_path / "catalog.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(IndexTooNew, match="upgrade civicite"):
        Index.open(tmp_path)


def test_a_folder_without_an_index_is_named_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(IndexNotFound, match="civicite index PATH"):
        Index.open(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_file_that_is_no_catalog_is_damage_and_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").write_text("hello " * 4000)
    with pytest.raises(IndexDamaged, match="not a database"):
        Index.open(tmp_path)


def test_a_view_may_be_taken_within_a_view(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    index = Index.open(tmp_path)
    with index.view() as outer, index.view() as inner:
        assert (outer.commit, inner.commit) == (1, 1)


def test_many_short_lived_threads_leave_no_connection_behind(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    index = Index.open(tmp_path)

    def ask() -> None:
        with index.view() as view:
            assert found(view, "harbour") == {"harbour"}

    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    ask()
    before = open_files()
    for _ in range(30):
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    assert open_files() <= before + 4


def test_an_older_catalog_put_back_in_place_is_answered_from_and_not_waited_for(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    kept = {name: (tmp_path / name).read_bytes() for name in ("catalog.sqlite", "last-commit.json")}
    put(tmp_path, [BRIDGE])
    for name, content in kept.items():
        (tmp_path / name).write_bytes(content)
    with Index.open(tmp_path).view() as view:
        assert (view.commit, found(view, "harbour bridge")) == (1, {"harbour"})


def test_passages_that_went_while_the_lexical_index_lagged_hide_none_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strong = [article(f"s{n}", "Trams, trams and trams.") for n in range(40)]
    put(tmp_path, [*strong, *(article(f"w{n}", "One tram among many other things.") for n in range(5))])
    monkeypatch.setattr(Projections, "project", lambda self, connection: None)
    withdraw(tmp_path, *(one.id for one in strong))
    with Index.open(tmp_path).view() as view:
        assert len(view.matching(view.statistics(["tram"]), 5)) == 5


def test_the_next_run_projects_what_a_killed_one_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(Projections, "project", lambda self, connection: None)
        put(tmp_path, [HARBOUR])
    put(tmp_path, [HARBOUR])
    assert TantivyTerms(tmp_path / "terms" / "1").watermark.commit == 1


def test_an_id_is_found_whatever_its_unicode_form(tmp_path: Path) -> None:
    put(tmp_path, [article("caf\u00e9", "Coffee by the river.", city="Orl\u00e9ans")])
    with Index.open(tmp_path).view() as view:
        assert view.article("cafe\u0301").id == "caf\u00e9"
        assert found(view, "coffee", Filters(facets=(("city", ("orle\u0301ans",)),))) == {"caf\u00e9"}


def test_the_current_articles_are_listed_with_their_revision_and_metadata(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR, BRIDGE])
    withdraw(tmp_path, "harbour")
    with Index.open(tmp_path).view() as view:
        assert [(one, number, known.title) for one, number, known in view.articles()] == [
            ("bridge", 1, "Bridge")
        ]


def test_the_digest_of_the_raw_file_follows_the_file_though_the_text_is_the_same(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    put(tmp_path, [replace(HARBOUR, raw_sha256="1" * 64)])
    with Index.open(tmp_path).view() as view:
        state = view.article("harbour")
    assert (state.raw_sha256, state.revision) == ("1" * 64, 1)


def test_what_is_kept_in_memory_of_articles_that_changed_goes_with_them(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR, BRIDGE])
    index = Index.open(tmp_path)
    for year in range(2000, 2020):
        put(tmp_path, [article("harbour", f"The harbour wall was raised in {year}.", "Harbour")])
        with index.view() as view:
            assert found(view, "harbour bridge") == {"harbour", "bridge"}
    assert index._engines is not None
    assert len(index._engines.known) == 2


def test_what_is_remembered_of_files_that_were_compared_goes_with_them(tmp_path: Path) -> None:
    known: set[tuple[str, int, int, int]] = set()
    for number in range(8):
        put(tmp_path, [article(f"town-{number}", f"Town {number} has a market.", "Town")])
        assert torn(tmp_path / "terms" / "1", known) is None
    there = {str(path) for path in (tmp_path / "terms" / "1").iterdir()}
    assert known
    assert {place for place, *_ in known} <= there


def test_folders_that_are_made_are_there_after_a_power_failure_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(durable, "sync_folder", synced.append)
    durable.make_folder(tmp_path / "a" / "b")
    durable.make_folder(tmp_path / "a")
    assert synced == [tmp_path, tmp_path / "a"]


def test_a_reader_that_had_to_check_all_rows_folds_and_seals_what_a_killed_writer_left(
    tmp_path: Path,
) -> None:
    with Editor(tmp_path / "index", lambda: ENCODER) as editor:
        editor.put([Found(HARBOUR, named=True)])
        left = Layout(Path(shutil.copytree(tmp_path / "index", tmp_path / "left")))
    left.seal.unlink(missing_ok=True)
    assert left.log.stat().st_size
    Index.open(left.root).close()
    catalog = Catalog(left)
    assert catalog.altered_pages() == []
    catalog.close()


def test_lists_of_deletions_that_a_killed_writer_left_are_in_nobodys_way(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR, BRIDGE, UNDATED])
    terms = tmp_path / "terms" / "1"
    (segment,) = {path.stem for path in terms.glob("*.idx")}
    for number in range(200):
        (terms / f"{segment}.{number}.del").write_bytes(b"left by a writer that was killed")
    withdraw(tmp_path, "harbour")
    with Index.open(tmp_path).view() as view:
        assert found(view, "harbour bridge") == {"bridge", "quay"}
    assert len(list(terms.glob("*.del"))) <= 1
