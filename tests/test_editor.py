import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from building import ENCODER, article, contents, put, withdraw
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer import ArticleNotFound, Editor, Found, Index, IndexLocked, ReadError, RecipeMismatch, check
from indexer.catalog import Catalog
from indexer.encoder import Document, Encoded, Progress
from indexer.encoders.hashing import HashingEncoder
from indexer.projections import Projections

HARBOUR = article("harbour", "The harbour wall was raised in 1998. Storms no longer reach the market.")
BRIDGE = article("bridge", "The old bridge carries trams. It was closed to cars in 2011.")


class Counting(HashingEncoder):
    """Counts the passages that were really encoded."""

    def __init__(self) -> None:
        super().__init__()
        self.encoded = 0

    def documents(self, documents: Sequence[Document], progress: Progress | None = None) -> Iterator[Encoded]:
        self.encoded += len(documents)
        return super().documents(documents, progress)


def current_text(folder: Path, identity: str) -> str:
    index = Index.open(folder)
    with index.view() as view:
        return view.article(identity).text


def test_new_articles_are_reported_as_added_and_can_be_read_back(tmp_path: Path) -> None:
    report = put(tmp_path, [HARBOUR, BRIDGE])
    assert report.added == ["harbour", "bridge"]
    assert current_text(tmp_path, "bridge") == BRIDGE.text


def test_an_unchanged_article_is_neither_encoded_nor_committed_again(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    counting = Counting()
    report = put(tmp_path, [HARBOUR], counting)
    assert (report.unchanged, report.encoded, counting.encoded) == (["harbour"], 0, 0)
    index = Index.open(tmp_path)
    with index.view() as view:
        assert view.commit == 1


def test_changed_metadata_is_taken_in_without_encoding(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    counting = Counting()
    dated = article("harbour", HARBOUR.text, published="1998-04-01")
    assert put(tmp_path, [dated], counting).changed == ["harbour"]
    assert counting.encoded == 0
    index = Index.open(tmp_path)
    with index.view() as view:
        state = view.article("harbour")
    assert (state.metadata.published, state.revision) == ("1998-04-01", 1)


def test_a_corrected_text_makes_a_new_revision_and_the_old_one_still_resolves(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    put(tmp_path, [article("harbour", "The harbour wall was raised in 1999.")])
    index = Index.open(tmp_path)
    with index.view() as view:
        assert view.article("harbour").revision == 2
        old = view.article("harbour", revision=1)
        assert (old.text, old.withdrawn, old.superseded_by) == (HARBOUR.text, False, 2)


def test_two_articles_that_swap_their_contents_are_both_changed(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR, BRIDGE])
    swapped = [article("harbour", BRIDGE.text), article("bridge", HARBOUR.text)]
    counting = Counting()
    assert put(tmp_path, swapped, counting).changed == ["harbour", "bridge"]
    assert counting.encoded == 0  # both texts are known already
    assert current_text(tmp_path, "harbour") == BRIDGE.text


def test_a_text_that_moves_to_another_id_is_not_encoded_again(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    counting = Counting()
    put(tmp_path, [article("quay", HARBOUR.text)], counting)
    assert counting.encoded == 0
    assert current_text(tmp_path, "quay") == HARBOUR.text


def test_a_withdrawn_article_has_no_passages_in_a_current_view(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR, BRIDGE])
    withdraw(tmp_path, "harbour")
    index = Index.open(tmp_path)
    with index.view() as view:
        keys = view.matching(view.statistics(["harbour"]), 10)
        assert "harbour" not in view.pool(keys).article_ids
        assert view.article("harbour").withdrawn


def test_an_id_in_two_forms_of_unicode_is_withdrawn_or_erased_as_one(tmp_path: Path) -> None:
    composed, decomposed = "caf\N{LATIN SMALL LETTER E WITH ACUTE}", "cafe\N{COMBINING ACUTE ACCENT}"
    put(tmp_path, [article(composed, "It serves coffee.")])
    assert withdraw(tmp_path, decomposed, composed).withdrawn == [composed]
    with Editor(tmp_path, lambda: ENCODER) as editor:
        assert editor.erase([composed, decomposed]).erased == [composed]


def test_an_id_that_is_no_text_is_not_there_to_be_removed(tmp_path: Path) -> None:
    put(tmp_path / "index", [article("harbour", "Pumps keep it dry.")])
    with Editor(tmp_path / "index", lambda: ENCODER) as editor:
        for remove in (editor.withdraw, editor.erase):
            with pytest.raises(ArticleNotFound) as raised:
                remove(["harbour", "a\udcff"])
            str(raised.value).encode()
    with Index.open(tmp_path / "index").view() as view:
        assert not view.article("harbour").withdrawn


def test_withdrawing_an_unknown_article_changes_nothing_and_names_it(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    with pytest.raises(ArticleNotFound, match="'bridge'"):
        withdraw(tmp_path, "harbour", "bridge")
    assert current_text(tmp_path, "harbour") == HARBOUR.text


def test_the_second_of_two_articles_with_one_id_is_refused_and_the_first_is_kept(tmp_path: Path) -> None:
    report = put(tmp_path, [HARBOUR, article("harbour", "Another text.")])
    assert [str(error) for error in report.failed] == [
        "harbour: a second article with the id 'harbour'; give one of the two another id in its front matter"
    ]
    assert current_text(tmp_path, "harbour") == HARBOUR.text


def test_what_failed_to_be_read_is_reported_and_the_others_are_taken_in(tmp_path: Path) -> None:
    failed = ReadError("broken.txt", "it is empty", "remove it")
    with Editor(tmp_path, lambda: ENCODER) as editor:
        report = editor.put([failed, Found(HARBOUR, named=True)])
    assert (report.failed, report.added) == ([failed], ["harbour"])


def test_a_plan_says_what_would_be_done_and_does_nothing(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    with Editor(tmp_path, lambda: ENCODER) as editor:
        report = editor.plan([Found(article("harbour", "New."), named=True), Found(BRIDGE, named=True)])
    assert (report.changed, report.added) == (["harbour"], ["bridge"])
    assert current_text(tmp_path, "harbour") == HARBOUR.text


def test_a_second_editor_is_told_that_another_process_is_writing(tmp_path: Path) -> None:
    with (
        Editor(tmp_path, lambda: ENCODER),
        pytest.raises(IndexLocked, match=r"process \d+ has been writing to this index since"),
        Editor(tmp_path, lambda: ENCODER),
    ):
        pass


def test_another_model_is_refused_and_the_message_names_the_difference(tmp_path: Path) -> None:
    class Other(HashingEncoder):
        digest = "another"

    put(tmp_path, [HARBOUR])
    with pytest.raises(RecipeMismatch, match="model_digest is 'another'"):
        put(tmp_path, [BRIDGE], Other())


class Torn(HashingEncoder):
    def documents(self, documents: Sequence[Document], progress: Progress | None = None) -> Iterator[Encoded]:
        raise MemoryError


def test_an_edit_that_fails_while_encoding_leaves_the_index_as_it_was(tmp_path: Path) -> None:
    put(tmp_path, [HARBOUR])
    before = contents(tmp_path)
    with pytest.raises(MemoryError):
        put(tmp_path, [BRIDGE], Torn())
    assert contents(tmp_path) == before


TEXTS = st.sampled_from(
    [
        "Trams run on the ring road.",
        "The flood of 1910 rose eight metres. Walls were built.",
        "Trams run on the ring road.\n\n• Line one\n• Line two",
        "서울은 1995년에 지하철을 넓혔다.",
    ]
)
EDITS = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.one_of(st.none(), st.tuples(TEXTS, st.sampled_from([None, "Trams"])))
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS)
def test_any_sequence_of_edits_leaves_what_a_fresh_build_of_the_final_state_has(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, tuple[str, str | None] | None]]
) -> None:
    edited, fresh = tmp_path_factory.mktemp("edited"), tmp_path_factory.mktemp("fresh")
    state: dict[str, tuple[str, str | None]] = {}
    for identity, content in edits:
        if content is not None:
            state[identity] = content
            put(edited, [article(identity, *content)])
        elif state.pop(identity, None):
            withdraw(edited, identity)
    put(edited, [])
    put(fresh, [article(identity, *content) for identity, content in state.items()])
    assert contents(edited) == contents(fresh)


def test_an_edit_that_is_stopped_in_a_transaction_leaves_an_index_that_is_as_it_was_sealed(
    tmp_path: Path,
) -> None:
    put(tmp_path, [article("a", "One.")])

    def edit() -> None:
        with Editor(tmp_path, lambda: ENCODER) as editor:
            with editor._catalog.writing() as connection:
                connection.execute("UPDATE generations SET pinned = 1")  # a change that is no commit
            with editor._catalog.writing() as connection:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        edit()
    assert [str(one) for one in check(tmp_path) if "catalog" in one.where] == []


def test_a_long_log_that_a_reader_needs_is_not_waited_for_at_every_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.catalog.LOG_MOST", 500_000)
    waited: list[float] = []
    fold = Catalog.fold

    def noted(self: Catalog, wait: float = 0) -> bool:
        waited.append(wait)
        return fold(self, 0)

    monkeypatch.setattr(Catalog, "fold", noted)
    put(tmp_path, [article("first", "The quay was raised in 1987.")])
    with Index.open(tmp_path).view(), Editor(tmp_path, lambda: ENCODER) as editor:
        waited.clear()
        for number in range(40):
            editor.put([Found(article(f"a{number}", f"Lamp {number} of the quay was lit. " * 3), named=True)])
        assert 1 <= len([wait for wait in waited if wait]) < 15


def test_an_edit_projects_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    projected: list[int] = []
    project = Projections.project

    def noted(self: Projections, connection: sqlite3.Connection) -> None:
        projected.append(1)
        project(self, connection)

    monkeypatch.setattr(Projections, "project", noted)
    with Editor(tmp_path, lambda: ENCODER) as editor:
        editor.put([Found(article("first", "The quay was raised in 1987."), named=True)])
        assert len(projected) == 1
        editor.put([Found(article("first", "The quay was raised in 1987."), named=True)])
        assert len(projected) == 1
