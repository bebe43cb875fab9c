"""A collection seen as a whole: its passages, map, groups, silence, copies, and one question from inside."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from building import article, put

from indexer import Editor, Filters, Found, Index, InputError, LoadedEncoder, articles, find, trace
from service.assistant import Assistant
from service.exploring.clusters import cluster, name_groups
from service.exploring.collection import read_collection
from service.exploring.inside import RANKINGS, rankings, sentences_of
from service.exploring.kinship import copy_groups, near_copies
from service.exploring.plane import on_a_plane
from service.exploring.silence import listen
from service.ranker import Ranker

CORPUS = Path(__file__).parent.parent / "corpus"
PAGE = Path(__file__).parent / "pages" / "newspaper.txt"


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory, encoder: LoadedEncoder) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("exploring") / "index"
    with Editor(folder, lambda: encoder) as editor:
        editor.put(found for source in find([CORPUS, PAGE]) for found in articles(source))
    with Assistant(Index.open(folder), encoder, Ranker.load()) as opened:
        yield opened


def test_a_collection_holds_every_passage_with_its_text_and_vector(assistant: Assistant) -> None:
    collection = read_collection(assistant.index)
    assert collection.vectors.shape == (len(collection), 384)
    np.testing.assert_allclose(np.linalg.norm(collection.vectors, axis=1), 1, atol=1e-3)
    with assistant.index.view() as view:
        assert collection.pool.keys.tolist() == [
            key for revision in collection.articles for key, _ in view.spans(revision)
        ]
        for row in (0, len(collection) - 1):
            start, end = collection.span(row)
            assert collection.text(row) == view.article(collection.article(row).id).text[start:end]


def test_a_collection_keeps_to_a_filter_and_to_a_moment(tmp_path: Path) -> None:
    put(
        tmp_path,
        [article("a", "Rain fell on the town.", city="Ostby"), article("b", "Snow fell.", city="Pell")],
    )
    put(tmp_path, [article("c", "Hail fell on the harbour.", city="Ostby")])
    index = Index.open(tmp_path)
    assert read_collection(index).pool.article_ids == ("a", "b", "c")
    assert read_collection(index, as_of=1).pool.article_ids == ("a", "b")
    assert read_collection(index, filters=Filters((("city", ("Ostby",)),))).pool.article_ids == ("a", "c")
    index.close()


def test_a_words_rarity_is_that_of_the_catalog(assistant: Assistant) -> None:
    collection = read_collection(assistant.index)
    with assistant.index.view() as view:
        known = view.statistics(("heat", "citi"))
    assert [collection.rarity[term] for term in known.asked] == pytest.approx(known.weights.tolist())


def test_points_of_a_plane_are_laid_on_it_without_loss() -> None:
    rng = np.random.default_rng(1)
    flat = rng.normal(size=(20, 2)) * [3, 1]
    turned = np.linalg.qr(rng.normal(size=(8, 8)))[0][:2]
    plane = on_a_plane((flat @ turned).astype(np.float32))
    wanted = np.linalg.norm(flat[:, None] - flat[None], axis=2)
    found = np.linalg.norm(plane.points[:, None] - plane.points[None], axis=2)
    np.testing.assert_allclose(found / found.max(), wanted / wanted.max(), atol=1e-5)
    assert plane.kept is not None
    assert sum(plane.kept) == pytest.approx(1)
    assert plane.kept[0] > plane.kept[1]


def test_a_map_does_not_flip_when_its_rows_come_in_another_order() -> None:
    vectors = np.random.default_rng(2).normal(size=(12, 6)).astype(np.float32)
    order = np.random.default_rng(3).permutation(12)
    np.testing.assert_allclose(
        on_a_plane(vectors[order]).points, on_a_plane(vectors).points[order], atol=1e-5
    )


def test_two_passages_make_no_map() -> None:
    with pytest.raises(InputError, match="a map needs 3 passages at least"):
        on_a_plane(np.eye(2, dtype=np.float32))


def heaps() -> np.ndarray:
    """Vectors in heaps of three, nine and six around three axes."""
    rng = np.random.default_rng(4)
    centres = np.repeat(np.eye(5)[:3], (3, 9, 6), axis=0)
    return (centres + rng.normal(size=centres.shape) * 0.02).astype(np.float32)


@pytest.mark.parametrize(("count", "method"), [(3, "kmeans"), (None, "kmeans"), (None, "hdbscan")])
def test_heaps_are_found_and_numbered_by_size(count: int | None, method: str) -> None:
    labels = cluster(heaps(), count, method)  # type: ignore[arg-type]
    assert labels.tolist() == [2] * 3 + [0] * 9 + [1] * 6


def test_what_is_nowhere_dense_belongs_to_no_group() -> None:
    far = np.append(heaps(), -np.ones((1, 5), np.float32), axis=0)
    assert cluster(far, method="hdbscan")[-1] == -1


@pytest.mark.parametrize("count", [0, 19])
def test_more_groups_than_passages_or_none_are_refused(count: int) -> None:
    with pytest.raises(InputError, match=f"{count} groups of 18 vectors"):
        cluster(heaps(), count)


def test_a_group_is_named_by_words_that_are_frequent_in_it_and_rare_elsewhere(tmp_path: Path) -> None:
    texts = [
        "The city has a tram. Another tram follows each tram.",
        "A tram stops in the city of trams.",
        "City floods. More floods rose in the city.",
    ]
    put(tmp_path, [article(f"a{at}", text) for at, text in enumerate(texts)])
    index = Index.open(tmp_path)
    names = name_groups(read_collection(index), np.array([0, 0, 1]), words=1)
    index.close()
    assert names == {0: ("tram",), 1: ("floods",)}


def test_a_theme_that_is_spoken_of_is_nearer_than_one_that_is_not(assistant: Assistant) -> None:
    spoken, silent = listen(assistant, ["heat action plan in Ahmedabad", "neutron star"])
    assert spoken.article_id == "ahmedabad-heat-action-plan"
    assert spoken.cosine > 0.6 > silent.cosine
    assert spoken.words == 1
    assert silent.words < 1
    assert silent.reason is not None


def test_an_empty_collection_is_silent(tmp_path: Path, encoder: LoadedEncoder) -> None:
    with Editor(tmp_path, lambda: encoder) as editor:
        editor.put([Found(article("a", "Rain fell."), named=True)])
        editor.withdraw(["a"])
    with Assistant(Index.open(tmp_path), encoder, Ranker.load()) as empty:
        (heard,) = listen(empty, ["rain"])
    assert (heard.cosine, heard.article_id, heard.reason) == (0, None, "no_evidence")


STORY = (
    "The harbour of Ostby was dredged to twelve metres in the summer of 2019, after three years of planning. "
    "Larger ferries have called at the northern quay ever since, and the council counts two hundred new jobs."
)


def test_copies_are_grouped_under_the_earliest_and_a_changed_figure_is_no_copy(tmp_path: Path) -> None:
    put(
        tmp_path,
        [
            article("reprint", STORY, published="2020-02"),
            article("original", STORY, published="2019-12"),
            article("changed", STORY.replace("2019", "2018"), published="2020-01"),
            article("other", "Bakers in Pell sell bread before dawn.", published="2019-01"),
        ],
    )
    index = Index.open(tmp_path)
    (group,) = copy_groups(index)
    assert (group.earliest.id, [one.id for one in group.others], group.shared) == ("original", ["reprint"], 1)
    pairs = {(pair.one.id, pair.other.id): pair.differences for pair in near_copies(index)}
    index.close()
    assert set(pairs) == {("original", "changed"), ("changed", "reprint")}
    ((mine, theirs),) = pairs["original", "changed"]
    assert ("2019" in mine, "2018" in theirs) == (True, True)


def test_a_collection_without_copies_has_no_groups(assistant: Assistant) -> None:
    assert copy_groups(assistant.index) == []
    assert near_copies(assistant.index) == []


def test_four_rankings_order_the_same_passages(assistant: Assistant) -> None:
    found = rankings(assistant, "Who pays for climate action in developing countries?")
    by_name = {name: [one for one in found if one.ranking == name] for name in RANKINGS}
    passages = {(one.article_id, one.start) for one in found}
    for ranked in by_name.values():
        assert [one.rank for one in ranked] == list(range(1, len(passages) + 1))
        assert {(one.article_id, one.start) for one in ranked} == passages
        assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)
    shown = assistant.search("Who pays for climate action in developing countries?", top_k=1).hits[0]
    assert (by_name["learned"][0].article_id, by_name["learned"][0].start) == (shown.article_id, shown.start)


def test_a_sentence_that_leans_on_its_passage_is_nearer_within_it(assistant: Assistant) -> None:
    views = sentences_of(assistant, "Where did the ferry union move its secretariat?", "newspaper", at=0)
    (leaning,) = [one for one in views if one.text.startswith("Its secretariat")]
    assert leaning.contextual > leaning.alone


def test_a_place_without_a_passage_is_refused(assistant: Assistant) -> None:
    with pytest.raises(InputError, match="no passage of newspaper holds character 99999"):
        sentences_of(assistant, "anything", "newspaper", at=99_999)


def test_a_trace_shows_what_cleaning_removed_and_where_passages_lie(encoder: LoadedEncoder) -> None:
    (found,) = trace(PAGE, encoder)
    assert "Sign up for eNewsletter" in found.removed
    assert not set(found.removed) & set(found.article.text.splitlines())
    assert [one.first for one in found.passages] == [0, *(one.last for one in found.passages)][:-1]
    assert found.passages[-1].last == len(found.sentences)


def test_a_trace_of_what_is_not_there_is_refused(encoder: LoadedEncoder) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        list(trace(PAGE.with_name("nowhere.txt"), encoder))
