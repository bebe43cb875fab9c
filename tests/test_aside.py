"""A damaged article is named and left out, everything else answers, and indexing it again brings it back."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from building import ENCODER, article, put, withdraw
from fastapi.testclient import TestClient

from indexer import ArticleDamaged, Editor, Index, IndexDamaged, check, survey
from indexer.catalog import Catalog
from service.assistant import Assistant
from service.cli import run
from service.http import create_app
from service.ranker import Ranker
from service.settings import Settings

HARBOUR = article("harbour", "The harbour wall was raised in 1998.", "Harbour", city="Incheon")
BRIDGE = article("bridge", "The old bridge carries trams since 1911.", "Bridge", city="Seoul")
TOWER = article("tower", "The tower of the town hall has a clock.", "Tower", city="Seoul")

DAMAGES = {
    "a passage": "UPDATE parts SET vectors = zeroblob(length(vectors)) WHERE passage = {passage}",
    "terms": "UPDATE parts SET terms = x'0102030405' WHERE passage = {passage}",
    "a text": "UPDATE revisions SET text = replace(text, '1998', '1989') WHERE article = {article}",
    "no text at all": "UPDATE revisions SET text = CAST(x'ff00fe' AS TEXT) WHERE article = {article}",
    "a description": "UPDATE descriptions SET metadata = '{{' WHERE article = {article}",
    "a lost passage": "DELETE FROM parts WHERE passage = {passage}",
}


def damage(folder: Path, statement: str, identity: str = "harbour") -> None:
    """Alter rows as a flipped byte would: nothing else follows, and the seal fits no longer."""
    connection = sqlite3.connect(folder / "catalog.sqlite", isolation_level=None)
    key = connection.execute("SELECT key FROM articles WHERE id = ?", (identity,)).fetchone()[0]
    passage = connection.execute("SELECT MAX(key) FROM passages WHERE article = ?", (key,)).fetchone()[0]
    connection.execute(statement.format(article=key, passage=passage))
    connection.close()


@pytest.fixture(params=DAMAGES)
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    put(tmp_path / "index", [HARBOUR, BRIDGE, TOWER])
    damage(tmp_path / "index", DAMAGES[request.param])
    return tmp_path / "index"


@pytest.fixture
def assistant(folder: Path) -> Iterator[Assistant]:
    index = Index.open(folder)
    yield Assistant(index, ENCODER, Ranker.load())
    index.close()


def cited(assistant: Assistant, question: str) -> set[str]:
    answer = assistant.ask(question, min_confidence=0)
    return {one.article_id for one in answer.citations} | {one.article_id for one in answer.passages}


def test_everything_else_answers_and_nothing_of_the_damaged_article(assistant: Assistant) -> None:
    assert list(assistant.index.damaged()) == ["harbour"]
    assert cited(assistant, "When was the harbour wall raised?") == {"bridge", "tower"}
    assert cited(assistant, "Since when does the bridge carry trams?") == {"bridge", "tower"}
    with assistant.index.view() as view:
        assert [identity for identity, *_ in view.articles()] == ["bridge", "tower"]
        assert view.count_articles() == 2
        assert view.facets()["city"] == {"Seoul": 2}
        assert view.holders("wall") == []
        with pytest.raises(ArticleDamaged, match=r"'harbour'.*index it again"):
            view.article("harbour")


def test_it_is_named_by_status_readiness_verify_and_a_line_of_warning(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CIVICITE_RUNTIME", "hashing")
    assert survey(folder).damaged == ("harbour",)
    assert [one for one in check(folder) if one.kind == "damage" and "'harbour'" in one.where]
    with TestClient(create_app(Settings(index=folder, runtime="hashing")), "http://127.0.0.1") as client:
        assert client.get("/readyz").json()["damaged"] == ["harbour"]
        problem = client.get("/v1/articles/harbour").json()
        assert (problem["status"], "'harbour'" in problem["detail"]) == (500, True)
        assert client.get("/v1/articles/bridge").status_code == 200
    assert run(["status", "--index", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["damaged"] == ["harbour"]


def test_a_server_says_what_it_serves_without_checking_the_index_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check_again(catalog: Catalog) -> None:
        raise AssertionError

    with TestClient(create_app(Settings(index=folder, runtime="hashing")), "http://127.0.0.1") as client:
        monkeypatch.setattr(Catalog, "check", check_again)
        damaged = client.get("/v1/status").json()
        put(folder, [HARBOUR])
        mended = client.get("/v1/status").json()
    assert (damaged["articles"], mended["articles"]) == (2, 3)
    assert mended["commit"] == damaged["commit"] + 1


def test_an_open_index_names_what_is_damaged_until_it_is_indexed_again(assistant: Assistant) -> None:
    damaged = assistant.index.overview()
    put(assistant.index.folder, [HARBOUR])
    mended = assistant.index.overview()
    assert (damaged.damaged, damaged.articles) == (("harbour",), 2)
    assert (mended.damaged, mended.articles) == ((), 3)
    assert mended == survey(assistant.index.folder)


@pytest.mark.parametrize("kind", ["a passage", "a text", "no text at all", "a description"])
def test_damage_that_comes_while_an_index_is_open_is_left_out_once_a_question_has_met_it(
    kind: str, tmp_path: Path
) -> None:
    folder = tmp_path / "index"
    put(folder, [HARBOUR, BRIDGE, TOWER])
    with Assistant(Index.open(folder), ENCODER, Ranker.load()) as assistant:
        assert assistant.index.overview().articles == 3
        damage(folder, DAMAGES[kind])
        with pytest.raises(IndexDamaged):
            assistant.ask("When was the harbour wall raised?", min_confidence=0)
        assert cited(assistant, "When was the harbour wall raised?") == {"bridge", "tower"}
        assert list(assistant.index.damaged()) == ["harbour"]
        assert assistant.index.overview().articles == 2
        with pytest.raises(ArticleDamaged, match="left out"), assistant.index.view() as view:
            view.article("harbour")
        put(folder, [HARBOUR])
        assert "harbour" in cited(assistant, "When was the harbour wall raised?")


def test_rows_are_not_looked_at_again_for_damage_that_was_met_a_moment_ago(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, [HARBOUR, BRIDGE])
    with Assistant(Index.open(tmp_path), ENCODER, Ranker.load()) as assistant:
        looks: list[Catalog] = []
        monkeypatch.setattr(Catalog, "check", lambda catalog, rows: looks.append(catalog))
        for one in ("harbour", "bridge", "harbour"):
            damage(tmp_path, DAMAGES["a description"], one)
            with pytest.raises(ArticleDamaged), assistant.index.view() as view:
                view.article(one)
        assert len(looks) == 1


def test_indexing_it_again_brings_it_back_in_an_index_that_is_open_too(assistant: Assistant) -> None:
    assert list(assistant.index.damaged()) == ["harbour"]
    assert put(assistant.index.folder, [HARBOUR, BRIDGE, TOWER]).changed == ["harbour"]
    assert assistant.index.damaged() == {}
    assert "harbour" in cited(assistant, "When was the harbour wall raised?")
    again = Index.open(assistant.index.folder)
    assert again.damaged() == {}
    with again.view() as view:
        assert view.article("harbour").text.strip() == HARBOUR.text
    again.close()


ROWS = {
    "parts": "passage = {passage}",
    "facets": "description = (SELECT key FROM descriptions WHERE article = {article}) AND name = 'city'",
}
TEXTS = [
    *("descriptions.metadata", "descriptions.digest", "descriptions.raw_sha256", "descriptions.media_type"),
    *("descriptions.page_starts", "descriptions.published_from", "descriptions.published_to"),
    *("descriptions.root", "descriptions.path", "revisions.sha256", "revisions.text", "parts.context"),
    *("facets.name", "facets.folded", "facets.value"),
]


@pytest.mark.parametrize("column", TEXTS)
def test_what_is_no_text_any_more_leaves_one_article_out_until_it_is_indexed_again(
    tmp_path: Path, column: str
) -> None:
    table, name = column.split(".")
    row = ROWS.get(table, "article = {article}")
    put(tmp_path, [HARBOUR, BRIDGE])
    damage(tmp_path, f"UPDATE {table} SET {name} = CAST(x'31ff' AS TEXT) WHERE {row}")
    with closing(Index.open(tmp_path)) as index:
        assert list(index.damaged()) == ["harbour"]
    assert_healed_by_indexing_again(tmp_path)


@pytest.mark.parametrize(
    "column",
    [
        *("descriptions.metadata", "descriptions.digest", "descriptions.raw_sha256"),
        *("descriptions.media_type", "descriptions.page_starts", "revisions.sha256", "revisions.text"),
    ],
)
def test_what_is_not_there_any_more_is_healed_by_indexing_its_article_again(
    tmp_path: Path, column: str
) -> None:
    table, name = column.split(".")
    put(tmp_path, [HARBOUR, BRIDGE])
    schema = f"UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = '{table}'"
    needed = (f"{name} TEXT NOT NULL", f"{name} TEXT")
    altered_schema(tmp_path, schema, needed)
    damage(tmp_path, f"UPDATE {table} SET {name} = NULL WHERE article = {{article}}")
    altered_schema(tmp_path, schema, needed[::-1])
    assert "damage" in [one.kind for one in check(tmp_path)]
    assert_healed_by_indexing_again(tmp_path)


def altered_schema(folder: Path, statement: str, values: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(folder / "catalog.sqlite", isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(statement, values)


def assert_healed_by_indexing_again(folder: Path) -> None:
    assert put(folder, [HARBOUR, BRIDGE]).changed == ["harbour"]
    with closing(Index.open(folder)) as index, index.view() as view:
        assert index.damaged() == {}
        assert view.article("harbour").text.strip() == HARBOUR.text
    assert "damage" not in [one.kind for one in check(folder)]


def test_a_damaged_article_can_be_withdrawn_and_erased(folder: Path) -> None:
    withdraw(folder, "harbour")
    with Editor(folder, lambda: ENCODER) as editor:
        editor.erase(["harbour"])
    assert [one for one in check(folder) if one.kind == "damage"] == []
    assert put(folder, [HARBOUR]).added == ["harbour"]


def test_what_was_damaged_in_the_past_of_an_article_leaves_its_present_alone(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR, BRIDGE])
    damage(tmp_path, DAMAGES["a text"])
    put(tmp_path, [article("harbour", "The harbour wall was raised in 1998 and 2011.", "Harbour")])
    index = Index.open(tmp_path)
    assert index.damaged() == {}
    with index.view() as view:
        assert "2011" in view.article("harbour").text
    index.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE generations SET passages = passages + 1",
        "UPDATE frequencies SET passages = passages + 1",
        "DELETE FROM commits WHERE id = 1",
        "UPDATE generations SET active = 0",
    ],
)
def test_damage_that_is_not_confined_to_articles_refuses_the_index(tmp_path: Path, statement: str) -> None:
    put(tmp_path, [HARBOUR])
    put(tmp_path, [BRIDGE])
    damage(tmp_path, statement)
    with pytest.raises(IndexDamaged, match=r"catalog\.sqlite"):
        Index.open(tmp_path)
