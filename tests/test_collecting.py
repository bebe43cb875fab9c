"""Taking articles in from a program: folders, tables, and a folder that is followed."""

import csv
import io
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest

from indexer import ArticleNotFound, Editor, Index, InputError
from service.collecting import collect, collect_records, following, withdraw
from service.encoder import chosen_encoder
from service.feedback import note, read_feedback
from service.hosting import serving
from service.settings import Settings
from service.store import store_of

TABLE = """key,headline,body,city,published
roofs,Green roofs,Lindholm asks for green roofs on new schools.,Lindholm,2022-03
lanes,Cycle lanes,Ostby built thirty kilometres of cycle lanes.,Ostby,2021
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(runtime="hashing", cache_dir=tmp_path / "cache")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "articles"
    found.mkdir()
    (found / "tram.txt").write_text("The tram in Lindholm carries 41,000 passengers a day.")
    return found


def current(index: Path) -> dict[str, tuple[int, dict[str, tuple[str, ...]]]]:
    opened = Index.open(index)
    with opened.view() as view:
        found = {identity: (revision, dict(said.facets)) for identity, revision, said in view.articles()}
    opened.close()
    return found


def test_a_folder_is_taken_in_once(tmp_path: Path, folder: Path, settings: Settings) -> None:
    assert collect(tmp_path / "index", folder, settings=settings).added == ["tram"]
    assert collect(tmp_path / "index", folder, settings=settings).unchanged == ["tram"]


def test_what_is_gone_from_a_folder_is_withdrawn_when_synchronised(
    tmp_path: Path, folder: Path, settings: Settings
) -> None:
    for name in ("market", "square"):
        (folder / f"{name}.txt").write_text(f"The {name} of Lindholm opens at six.")
    collect(tmp_path / "index", folder, settings=settings)
    (folder / "market.txt").unlink()
    assert collect(tmp_path / "index", folder, sync=True, settings=settings).withdrawn == ["market"]


def test_no_index_is_made_when_nothing_could_be_fetched(tmp_path: Path, settings: Settings) -> None:
    report = collect(tmp_path / "index", "http://127.0.0.1:9/tram.html", settings=settings)
    assert len(report.failed) == 1
    assert not (tmp_path / "index").exists()


def test_no_index_is_made_for_a_path_that_does_not_exist(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(InputError, match="there is no such file or folder"):
        collect(tmp_path / "index", tmp_path / "nowhere", settings=settings)
    assert not (tmp_path / "index").exists()


def test_what_was_said_of_an_article_that_is_erased_goes_when_a_program_takes_in(
    tmp_path: Path, folder: Path, settings: Settings
) -> None:
    index = tmp_path / "index"
    collect(index, folder, settings=settings)
    note(store_of(index), "How many ride?", "wrong", article_id="tram")
    with Editor(index, lambda: chosen_encoder(settings)) as editor:
        editor.erase(["tram"])
    collect_records(index, [{"text": "Ostby counts bicycles."}], settings=settings)
    assert read_feedback(store_of(index)) == []


def test_rows_of_a_csv_file_become_articles_with_their_other_columns_as_metadata(
    tmp_path: Path, settings: Settings
) -> None:
    rows = csv.DictReader(io.StringIO(TABLE))
    report = collect_records(
        tmp_path / "index", rows, id="key", title="headline", text="body", settings=settings
    )
    assert report.added == ["roofs", "lanes"]
    assert current(tmp_path / "index")["roofs"] == (1, {"city": ("Lindholm",)})


def test_a_data_frame_and_a_csv_file_give_the_same_articles(tmp_path: Path, settings: Settings) -> None:
    columns = {"id": "key", "title": "headline", "text": "body"}
    collect_records(tmp_path / "index", csv.DictReader(io.StringIO(TABLE)), **columns, settings=settings)
    frame = pd.read_csv(io.StringIO(TABLE))
    again = collect_records(tmp_path / "index", frame.to_dict("records"), **columns, settings=settings)
    assert again.unchanged == ["roofs", "lanes"]


def test_cells_that_say_nothing_and_numbers_of_numpy_are_understood(
    tmp_path: Path, settings: Settings
) -> None:
    row = {
        "text": "Ostby counts bicycles every spring.",
        "title": None,
        "year": np.int64(2021),
        "tags": np.array(["bicycles", "counts"]),
        "mayor": float("nan"),
        "published": pd.Timestamp("2021-04-01"),
    }
    report = collect_records(tmp_path / "index", [row], settings=settings)
    ((_, facets),) = current(tmp_path / "index").values()
    assert report.failed == []
    assert facets == {"year": ("2021",), "tags": ("bicycles", "counts")}


def test_a_row_without_an_id_is_named_after_its_text(tmp_path: Path, settings: Settings) -> None:
    rows = [{"text": "Ostby counts bicycles."}, {"text": "Lindholm counts trams."}]
    added = collect_records(tmp_path / "index", rows, settings=settings).added
    assert collect_records(tmp_path / "index", rows[::-1], settings=settings).unchanged == added[::-1]


def test_a_record_corrects_an_article_that_came_from_a_file(
    tmp_path: Path, folder: Path, settings: Settings
) -> None:
    collect(tmp_path / "index", folder, settings=settings)
    row = {"id": "tram", "text": "The tram in Lindholm carries 44,000 passengers a day."}
    assert collect_records(tmp_path / "index", [row], id="id", settings=settings).changed == ["tram"]


def test_a_row_without_text_is_reported_and_the_others_are_taken_in(
    tmp_path: Path, settings: Settings
) -> None:
    rows = [{"id": "empty", "text": " "}, {"id": "full", "text": "Ostby counts bicycles."}]
    report = collect_records(tmp_path / "index", rows, id="id", settings=settings)
    assert report.added == ["full"]
    assert [str(one) for one in report.failed] == [
        "empty: it holds no text; fill its column 'text', or leave the row out"
    ]


def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(InputError, match="row 1: it has no column 'body'; name one of id, text"):
        collect_records(tmp_path / "index", [{"id": "a", "text": "b"}], text="body", settings=settings)


def test_columns_of_a_frame_may_be_named_by_numbers(tmp_path: Path, settings: Settings) -> None:
    frame = pd.DataFrame({"text": ["Ostby counts bicycles."], 2021: ["many"]})
    collect_records(tmp_path / "index", frame.to_dict("records"), settings=settings)
    ((_, facets),) = current(tmp_path / "index").values()
    assert facets == {"2021": ("many",)}
    with pytest.raises(InputError, match="name one of text, 2021"):
        collect_records(tmp_path / "index", frame.to_dict("records"), text="body", settings=settings)


def test_withdrawing_takes_out_what_is_there_and_refuses_what_is_not(
    tmp_path: Path, folder: Path, settings: Settings
) -> None:
    collect(tmp_path / "index", folder, settings=settings)
    assert withdraw(tmp_path / "index", "tram", settings=settings).withdrawn == ["tram"]
    with pytest.raises(ArticleNotFound):
        withdraw(tmp_path / "index", "tram", settings=settings)


def test_a_folder_is_followed_until_the_block_is_left(
    tmp_path: Path, folder: Path, settings: Settings
) -> None:
    index, tram = tmp_path / "index", folder / "tram.txt"
    with following(index, folder, settings=settings) as followed:
        tram.write_text("The tram in Lindholm carries 44,000 passengers a day.")
        assert followed.next().changed == ["tram"]
        (folder / "market.txt").write_text("The market of Lindholm opens at six.")
        assert followed.next().added == ["market"]
        with pytest.raises(TimeoutError, match="nothing changed"):
            followed.next(seconds=0.01)
    assert current(index)["tram"][0] == 2


def test_following_what_is_no_folder_is_refused(tmp_path: Path, settings: Settings) -> None:
    with (
        pytest.raises(InputError, match="there is no such file or folder"),
        following(tmp_path / "index", tmp_path / "nowhere", settings=settings),
    ):
        pass


def test_an_index_is_served_until_the_block_is_left(tmp_path: Path, folder: Path, settings: Settings) -> None:
    collect(tmp_path / "index", folder, settings=settings)
    with serving(tmp_path / "index", settings=settings) as address:
        found = httpx.post(f"{address}/v1/search", json={"question": "tram"}).json()
    assert found["hits"][0]["article_id"] == "tram"
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)
