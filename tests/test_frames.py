"""Results as data frames, and charts drawn from them: what they hold, and that they can be drawn."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from building import ENCODER, article, put, withdraw
from test_display import ABSTAINED, HIT, STATE, answered

from indexer import Index, ReadError, Report
from service import frames, plots
from service.answer import Answer, SearchResult
from service.assistant import Assistant
from service.exploring.collection import read_collection
from service.ranker import Ranker

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("frames") / "index"
    put(folder, [
        article("a", "Rain fell on the town.", "Rain", city=("Ostby", "Pell"), published="2020-02"),
        article("b", "Snow fell on the hill.", "Snow", city="Pell", published="2019"),
        article("c", "Hail.", "Hail"),
    ])  # fmt: skip
    withdraw(folder, "c")
    opened = Index.open(folder)
    yield opened
    opened.close()


def test_answers_are_rows_with_the_place_of_their_first_quote() -> None:
    frame = frames.answers([answered(), ABSTAINED])
    assert frame["abstained"].tolist() == [False, True]
    assert frame.loc[[0], ["article_id", "start", "end"]].to_numpy().tolist() == [["town/square", 130, 162]]
    assert frame.loc[1, "reason"] == "low_confidence"
    assert frame["article_id"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    "make", [frames.answers, frames.citations, frames.heard, frames.copies, frames.quoted]
)
def test_nothing_gives_a_frame_that_still_has_its_columns(make: Any) -> None:
    frame = make([])
    assert len(frame) == 0
    assert len(frame.columns) >= 3


def test_quotations_are_counted_by_article_and_by_publisher() -> None:
    other = answered(article_id="town/hall", publisher=None)
    given: list[Answer] = [answered(), answered(), other, ABSTAINED]
    assert frames.quoted(given).to_dict("records") == [
        {"article_id": "town/square", "quotations": 2, "questions": 1},
        {"article_id": "town/hall", "quotations": 1, "questions": 1},
    ]
    assert frames.quoted(given, by="publisher")["quotations"].tolist() == [2, 1]


def test_hits_have_their_rank() -> None:
    frame = frames.hits(SearchResult("q", (HIT, HIT), STATE, {}))
    assert frame[["rank", "article_id"]].to_numpy().tolist() == [[1, "town/square"], [2, "town/square"]]


def test_articles_have_the_days_that_their_date_may_mean_and_their_facets(index: Index) -> None:
    frame = frames.articles(index).set_index("article_id")
    assert list(frame.index) == ["a", "b"]
    assert frame.loc[["a"], ["first_day", "last_day"]].to_numpy().tolist() == [["2020-02-01", "2020-02-29"]]
    assert frame.loc["a", "city"] == ("Ostby", "Pell")
    assert list(frames.articles(index, as_of=1)["article_id"]) == ["a", "b", "c"]


def test_a_facet_spreads_articles_over_its_values(index: Index) -> None:
    listed = frames.articles(index)
    spread = frames.by_facet(listed, "city")
    assert spread[["article_id", "city"]].to_numpy().tolist() == [
        ["a", "Ostby"],
        ["a", "Pell"],
        ["b", "Pell"],
    ]
    assert len(frames.by_facet(listed, "planet")) == 0


def test_passages_lie_in_the_rows_of_their_vectors(index: Index) -> None:
    collection = read_collection(index)
    frame = frames.passages(collection)
    assert len(frame) == len(collection.vectors)
    assert frame["text"].tolist() == list(collection.texts)


def test_commits_tell_what_happened_to_whom(index: Index) -> None:
    frame = frames.commits(index.folder)
    assert frame[["commit", "article_id", "outcome"]].to_numpy().tolist()[-1] == [2, "c", "withdrawn"]
    assert frame["after"].isna().tolist() == [False, False, False, True]


def test_changes_of_a_report_name_what_failed() -> None:
    report = Report(added=["a"], failed=[ReadError("/somewhere/b.pdf", "it is torn", "save it anew")])
    frame = frames.changes(report)
    assert frame[["article_id", "outcome"]].to_numpy().tolist() == [["a", "added"], ["b.pdf", "failed"]]
    assert frame["problem"].dropna().tolist() == ["it is torn; save it anew"]


def test_what_explains_a_sentence_adds_up_to_its_score(index: Index) -> None:
    assistant = Assistant(index, ENCODER, Ranker.load())
    explanation = assistant.ask("Where did rain fall?", min_confidence=0, explain=True).explanation
    assert explanation is not None
    first, second = explanation.sentences[:2]
    alone, against = frames.features(explanation), frames.features(explanation, 0, against=1)
    assert first.scored.base + alone["contribution"].sum() == pytest.approx(first.scored.score, abs=1e-3)
    difference = (first.scored.score - first.scored.base) - (second.scored.score - second.scored.base)
    assert against["contribution"].sum() == pytest.approx(difference, abs=1e-3)
    weights = alone["contribution"].abs()
    assert weights.is_monotonic_decreasing
    assert len(frames.stages(explanation)) == len(explanation.sentences)


THEMES = pd.DataFrame(
    {"theme": ["rain", "hail"], "cosine": [0.61234567, 0.2], "confidence": [0.9, 0.1],
     "title": ["Rain", None], "reason": [None, "out_of_scope"]}
)  # fmt: skip
CURVE = pd.DataFrame(
    {"answers": ["a", "a", "b", "b"], "coverage": [0.5, 1, 0.5, 1], "risk": [0, 0.5, 0.5, 0.5]}
)
DIFFERENCES = pd.DataFrame(
    {"measure": ["x", "y"], "difference": [0.1, None], "low": [0, None], "high": [0.2, None]}
)
FEATURES = pd.DataFrame({"feature": ["f", "g"], "value": [1.0, None], "contribution": [2.0, -1.0]})
POINTS = pd.DataFrame(
    {"x": [0, 1], "y": [0, 1], "group": ["g", "h"], "title": ["t", "u"], "excerpt": ["e", "f"]}
)
RANKS = pd.DataFrame(
    {
        "passage": ["p", "q"] * 2,
        "ranking": ["a", "a", "b", "b"],
        "rank": [1, 2, 2, 1],
        "marked": [True, False] * 2,
    }
)
RELIABLE = pd.DataFrame({"confidence": [0.2, 0.8], "right": [0.3, 0.7], "questions": [5, 5]})
PAIRS = pd.DataFrame({"a": ["x", "y"], "b": ["z", "z"], "cosine": [0.1, 0.9]})
BARS = pd.DataFrame({"name": ["one", "two"], "count": [3, 1]})
DATED = pd.DataFrame(
    {"city": ["Ostby", "Pell"], "first_day": ["2020-02-01", None], "last_day": ["2020-02-29", None],
     "title": ["t", "u"], "published": ["2020-02", None]}
)  # fmt: skip

PICTURES: dict[str, tuple[Callable[[], plots.Picture], str]] = {
    "map": (lambda: plots.map_of(POINTS, label="title"), "2 points in 2 groups"),
    "bars": (lambda: plots.bars(BARS, "count", "name"), "2 bars"),
    "timeline": (lambda: plots.timeline(DATED, "city"), "1 dates of publication by city"),
    "coverage": (lambda: plots.coverage(THEMES), "2 themes"),
    "ranks": (lambda: plots.ranks(RANKS), "The best 8 by a, b"),
    "contributions": (lambda: plots.contributions(FEATURES), "2 weightiest"),
    "reliability": (lambda: plots.reliability(RELIABLE), "2 bins"),
    "risk": (lambda: plots.risk_coverage(CURVE), "a, b"),
    "intervals": (lambda: plots.intervals(DIFFERENCES), "1 measures"),
    "grid": (lambda: plots.grid(PAIRS, "b", "a", "cosine"), "2 by 1"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_every_chart_says_what_it_shows_and_is_compiled_to_marks(name: str) -> None:
    make, says = PICTURES[name]
    picture = make()
    assert says in picture.says
    assert picture.specification["description"] == picture.says
    assert "mark-" in picture.svg()


def test_a_picture_is_there_for_jupyterlab_and_for_a_code_host(tmp_path: Path) -> None:
    picture = plots.coverage(THEMES)
    bundle = picture._repr_mimebundle_()
    assert set(bundle) == {plots.MIME, "image/png", "text/plain"}
    picture.save(tmp_path / "drawn.png")
    picture.save(tmp_path / "drawn.svg")
    assert (tmp_path / "drawn.png").read_bytes().startswith(PNG)
    assert (tmp_path / "drawn.svg").read_text().startswith("<svg")


def test_themes_stand_from_near_to_far_and_are_parted_by_whether_they_were_answered() -> None:
    specification = plots.coverage(THEMES.iloc[::-1]).specification
    (rows,) = specification["datasets"].values()
    assert {row["theme"]: row["answered"] for row in rows} == {"rain": "answered", "hail": "no answer"}
    assert specification["layer"][1]["encoding"]["y"]["sort"] == ["rain", "hail"]
    assert {row["cosine"] for row in rows} == {0.6123, 0.2}
