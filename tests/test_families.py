"""Copies have one vote, the earliest is cited, and what differs in a figure, a date or a name is no copy."""

import json
import sqlite3
from dataclasses import asdict
from pathlib import Path

import httpx
import pytest
from building import ENCODER, article, put, withdraw
from commandline import civicite, served
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer import Article, Filters, Index, Stretch
from indexer.encoders import LoadedEncoder
from indexer.migrations import STEPS, _prints
from service.answer import Answer
from service.assistant import Assistant
from service.ranker import Ranker

FIRST = "The harbour city of Incheon has opened 54 water schools since 2016."
SECOND = "They have reached 2,904 teachers and students on both sides of the canal."
THIRD = "The mayor thanked the volunteers who had taught there for four years."
FOURTH = "A new building beside the old pumping station will hold twelve more classes."
BODY = f"{FIRST} {SECOND} {THIRD} {FOURTH}"
TRAMS = article(
    "trams", "Night trams run every ten minutes on the ring road.", "Trams", published="2019-01-01"
)

ORIGINAL = article(
    "original", BODY, "Water schools", published="2020-02-05", publisher="City Hall", city="Incheon"
)
REPRINT = article(
    "a-reprint",
    f"SEOUL, Feb 7 (Agency) — {BODY}\n\nSource: City Hall",
    "Schools along the canal",
    published="2020-02-07",
    city="Seoul",
)
UNDATED = article("a-undated", BODY, "Water schools", city="Busan")
TRUNCATED = article("b-truncated", f"{FIRST} {SECOND}", "In brief", published="2020-03")
INTRO = article("b-intro", f"We thank our partners for this.\n\n{BODY}", "Partners", published="2020-04-01")
VARIANT = article("c-variant", BODY.replace("54", "56"), "Water schools", published="2020-02-01")

QUESTION = "How many water schools has Incheon opened?"


def opened(folder: Path, articles: list[Article]) -> Assistant:
    put(folder, articles)
    return Assistant(Index.open(folder), ENCODER, Ranker.load())


def ask(folder: Path, articles: list[Article], question: str = QUESTION, **options: object) -> Answer:
    with opened(folder, articles) as assistant:
        return assistant.ask(question, min_confidence=0, **options)  # type: ignore[arg-type]


def test_the_earliest_copy_is_cited_and_the_others_follow_by_date_the_undated_last(
    tmp_path: Path,
) -> None:
    answer = ask(tmp_path, [UNDATED, INTRO, TRUNCATED, REPRINT, ORIGINAL, TRAMS])
    citation = answer.citations[0]
    assert (citation.article_id, citation.quote) == ("original", FIRST)
    others = [one.article_id for one in citation.also_in]
    assert others == ["a-reprint", "b-truncated", "b-intro", "a-undated"]
    with Index.open(tmp_path).view() as view:
        for one in citation.also_in:
            assert view.article(one.article_id, one.revision).text[one.start : one.end] == citation.quote


def test_a_copy_whose_quote_differs_in_a_character_is_not_listed_beside_the_quote(tmp_path: Path) -> None:
    curly = article("curly", BODY.replace("54 water", "54\u00a0water"), published="2021")
    answer = ask(tmp_path, [ORIGINAL, curly])
    assert answer.citations[0].also_in == ()
    assert answer.passages[0].also_in == ("curly",)


def test_hits_show_one_passage_of_a_family_with_the_articles_that_repeat_it(tmp_path: Path) -> None:
    with opened(tmp_path, [UNDATED, INTRO, TRUNCATED, REPRINT, ORIGINAL, TRAMS]) as assistant:
        hits = assistant.search(QUESTION).hits
    assert [hit.article_id for hit in hits] == ["original", "trams"]
    assert hits[0].also_in == ("a-reprint", "b-truncated", "b-intro", "a-undated")
    assert hits[1].also_in == ()


def test_as_many_families_are_found_as_are_asked_for_however_many_copies_crowd_them(tmp_path: Path) -> None:
    crowd = [article(f"copy{n}", BODY, published="2020") for n in range(90)]
    others = [article(f"other{n}", f"Incheon opened its water school number {n} late.") for n in range(9)]
    with opened(tmp_path, [*crowd, *others]) as assistant:
        hits = assistant.search(QUESTION, top_k=10).hits
        more = assistant.search(QUESTION, top_k=50).hits
    assert len({hit.article_id for hit in hits}) == 10
    assert sum(hit.article_id.startswith("copy") for hit in hits) == 1
    assert more == hits
    assert [len(hit.also_in) for hit in hits if hit.article_id.startswith("copy")] == [89]


def test_a_filter_that_excludes_the_earliest_copy_falls_on_the_next_that_passes(tmp_path: Path) -> None:
    articles = [ORIGINAL, REPRINT, UNDATED, TRAMS]
    city = Filters(facets=(("city", ("Busan", "Seoul")),))
    with opened(tmp_path, articles) as assistant:
        hits = assistant.search(QUESTION, filters=city).hits
        answer = assistant.ask("Whom did the mayor thank?", filters=city, min_confidence=0)
    assert [(hit.article_id, hit.also_in) for hit in hits] == [("a-reprint", ("a-undated",))]
    cited = answer.citations[0]
    assert [cited.article_id, *(one.article_id for one in cited.also_in)] == ["a-reprint", "a-undated"]


def test_a_withdrawn_earliest_copy_makes_the_next_the_cited_one(tmp_path: Path) -> None:
    put(tmp_path, [UNDATED, TRUNCATED, ORIGINAL])
    withdraw(tmp_path, "original")
    citation = ask(tmp_path, []).citations[0]
    assert (citation.article_id, [one.article_id for one in citation.also_in]) == (
        "b-truncated",
        ["a-undated"],
    )


def test_among_undated_copies_the_id_decides_whichever_was_taken_in_first(tmp_path: Path) -> None:
    put(tmp_path, [article("m", BODY)])
    citation = ask(tmp_path, [article("z", BODY), article("a", BODY)]).citations[0]
    assert [citation.article_id, *(one.article_id for one in citation.also_in)] == ["a", "m", "z"]


def test_a_copy_with_another_figure_is_a_variant_and_has_its_own_vote(tmp_path: Path) -> None:
    with opened(tmp_path, [ORIGINAL, VARIANT]) as assistant:
        hits = assistant.search(QUESTION).hits
        answer = assistant.ask("Whom did the mayor thank?", min_confidence=0)
        with assistant.index.view() as view:
            variants = view.variants("original")
    assert {hit.article_id: hit.also_in for hit in hits} == {"original": (), "c-variant": ()}
    assert answer.citations[0].also_in == ()
    assert [(one.article.id, one.differences) for one in variants] == [
        ("c-variant", ((FIRST, FIRST.replace("54", "56")),))
    ]


@pytest.mark.parametrize(
    "titles", [("Results for May", "Results for June"), ("Mayor of Incheon", "Mayor of Busan")]
)
def test_the_same_words_under_a_title_with_another_date_or_name_are_no_copy(
    titles: tuple[str, str], tmp_path: Path
) -> None:
    both = [article(f"n{at}", BODY, title) for at, title in enumerate(titles)]
    assert [hit.also_in for hit in ask(tmp_path, both).passages] == [(), ()]


def test_reports_from_two_places_are_no_copies(tmp_path: Path) -> None:
    said = [article(place, f"{place}, Nov 3 (Agency) — {BODY}") for place in ("SEOUL", "BUSAN")]
    assert [hit.also_in for hit in ask(tmp_path, said).passages] == [(), ()]


def test_a_short_sentence_that_two_articles_happen_to_share_makes_no_copy(tmp_path: Path) -> None:
    bridges = [
        article(name, f"The {name} bridge carries {n} trams. It was closed to cars in 2011.", name)
        for n, name in ((40, "Old"), (70, "New"))
    ]
    answer = ask(tmp_path, bridges, "When was the New bridge closed to cars?")
    assert [citation.also_in for citation in answer.citations] == [()] * len(answer.citations)
    assert len(answer.passages) == 2


def test_a_paragraph_that_two_different_articles_share_is_cited_from_the_earliest(tmp_path: Path) -> None:
    about = f"{FIRST} {THIRD} {FOURTH}"
    mine = article("mine", f"Trams were late because of snow on the hills.\n\n{about}", published="2021")
    older = article("older", f"{about}\n\nA market opens at dawn beside the quay.", published="2019")
    citation = ask(tmp_path, [mine, older], QUESTION).citations[0]
    assert [citation.article_id, *(one.article_id for one in citation.also_in)] == ["older", "mine"]


def kin_of(folder: Path) -> dict[str, set[str]]:
    with Index.open(folder).view() as view:
        states = [view.article(identity) for identity, _, _ in view.articles()]
        keys = dict(
            view._connection.execute(
                "SELECT a.id, r.key FROM revisions r JOIN articles a ON a.key = r.article"
                " WHERE r.to_commit IS NULL"
            ).fetchall()
        )
        found = view.copies([Stretch(keys[one.id], 0, len(one.text)) for one in states])
        return {
            one.id: {copy.article.id for copy in kin.copies if copy.is_member}
            for one, kin in zip(states, found, strict=True)
        }


WORDS = st.sampled_from("Incheon Seoul tram opened 54 2,904 May Kim school seven 인천 river 12%".split())
SENTENCES = st.lists(WORDS, min_size=2, max_size=9).map(lambda said: f"Then {' '.join(said)}.")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.lists(SENTENCES, min_size=1, max_size=6, unique=True),
    change=st.sampled_from(
        [("54", "55"), ("Incheon", "Busan"), ("May", "June"), ("seven", "eight"), ("인천", "부산")]
    ),
    data=st.data(),
)
def test_texts_that_differ_in_one_figure_date_or_name_are_never_merged(
    tmp_path_factory: pytest.TempPathFactory, said: list[str], change: tuple[str, str], data: st.DataObject
) -> None:
    folder, (old, new) = tmp_path_factory.mktemp("differ"), change
    at = data.draw(st.integers(0, len(said) - 1))
    before = [*said[:at], f"It is {old} that {said[at][5:]}", *said[at + 1 :]]
    after = [*said[:at], f"It is {new} that {said[at][5:]}", *said[at + 1 :]]
    added = data.draw(st.sampled_from(["", "Here is something else for our dear readers.\n\n"]))
    put(folder, [article("a", " ".join(before)), article("b", added + " ".join(after))])
    assert kin_of(folder) == {"a": set(), "b": set()}


VERSIONS = [ORIGINAL, REPRINT, UNDATED, TRUNCATED, INTRO, VARIANT, TRAMS]
EDITS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.none() | st.sampled_from(VERSIONS)), min_size=1, max_size=10
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS)
def test_families_are_those_of_a_fresh_build_whatever_the_edits_before(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, Article | None]]
) -> None:
    edited, fresh = tmp_path_factory.mktemp("edited"), tmp_path_factory.mktemp("fresh")
    state: dict[str, str] = {}
    put(edited, [article("kept", BODY)])
    for identity, version in edits:
        if version is not None:
            state[identity] = version.text
            put(edited, [article(identity, version.text)])
        elif state.pop(identity, None):
            withdraw(edited, identity)
    put(fresh, [article("kept", BODY), *(article(*one) for one in state.items())])
    assert kin_of(edited) == kin_of(fresh)


@pytest.mark.parametrize("order", ["abcd", "dcba"])
def test_of_more_copies_than_are_looked_at_the_ids_choose_whatever_the_order_of_edits(
    order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.copies.MOST_COPIES", 1)
    for identity in order:
        put(tmp_path, [article(identity, BODY)])
    assert kin_of(tmp_path) == {"a": {"b"}, "b": {"a"}, "c": {"a"}, "d": {"a"}}


@pytest.mark.parametrize("order", ["abcdefg", "gfedcba"])
def test_of_more_variants_than_are_looked_at_the_ids_choose_whatever_the_order_of_edits(
    order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.variants.MOST_VARIANTS", 1)
    put(tmp_path, [article("original", BODY)])
    for identity in order:
        put(tmp_path, [article(identity, BODY.replace("54", "56"))])
    with Index.open(tmp_path).view() as view:
        assert [one.article.id for one in view.variants("original")] == ["a"]


def test_a_copy_counts_only_while_it_is_valid(tmp_path: Path) -> None:
    put(tmp_path, [ORIGINAL, UNDATED])
    with Index.open(tmp_path).view() as before:
        put(tmp_path, [article("a-undated", BODY.replace("54", "57"), "Water schools")])
        key = before._connection.execute("SELECT MIN(key) FROM revisions").fetchone()[0]
        kin = before.copies([Stretch(key, 0, len(BODY))])[0]
        assert [copy.article.id for copy in kin.copies] == ["a-undated"]
    assert kin_of(tmp_path) == {"original": set(), "a-undated": set()}


def test_an_answer_as_of_an_earlier_commit_names_the_copies_of_that_time(tmp_path: Path) -> None:
    put(tmp_path, [ORIGINAL, UNDATED])
    withdraw(tmp_path, "a-undated")
    with Assistant(Index.open(tmp_path), ENCODER, Ranker.load()) as assistant:
        assert [hit.also_in for hit in assistant.search(QUESTION).hits] == [()]
        assert [hit.also_in for hit in assistant.search(QUESTION, as_of=1).hits] == [("a-undated",)]


def older_schema(folder: Path) -> None:
    connection = sqlite3.connect(folder / "catalog.sqlite")
    connection.executescript("DROP TABLE prints; DROP TABLE bands;")
    for table in ("revisions", "descriptions"):  # a later step's
        connection.executescript(f"DROP INDEX {table}_by_birth; DROP INDEX {table}_by_end;")
    connection.executescript(
        "DROP TABLE lost_revisions; DROP TABLE lost_descriptions; DROP TABLE lost_passages;"
        "DROP TABLE horizon; ALTER TABLE commits DROP COLUMN note;"
        "ALTER TABLE generations DROP COLUMN complete; ALTER TABLE generations DROP COLUMN pinned;"
    )
    connection.execute(f"PRAGMA user_version = {STEPS.index(_prints)}")
    connection.close()


def test_an_index_of_the_schema_before_gets_its_families_when_it_is_opened(tmp_path: Path) -> None:
    put(tmp_path, [ORIGINAL, UNDATED])
    older_schema(tmp_path)
    with Assistant(Index.open(tmp_path), ENCODER, Ranker.load()) as assistant:
        assert [hit.also_in for hit in assistant.search(QUESTION).hits] == [("a-undated",)]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE prints SET number = number + 1 WHERE revision = 1",
        "DELETE FROM prints WHERE revision = 2",
        "UPDATE bands SET band = band + 1 WHERE revision = 1",
        "INSERT INTO prints VALUES (1, 99, 0, 1)",
    ],
)
def test_altered_prints_are_damage_that_verify_names_and_repair_mends(damage: str, tmp_path: Path) -> None:
    put(tmp_path, [ORIGINAL, UNDATED])
    before = kin_of(tmp_path)
    with sqlite3.connect(tmp_path / "catalog.sqlite") as connection:
        connection.execute(damage)
    connection.close()
    found = civicite("verify", "--index", tmp_path, "--json")
    assert found.returncode == 1
    assert any(
        "print" in json.loads(line)["where"] + json.loads(line)["problem"]
        for line in found.stdout.splitlines()
    )
    assert civicite("verify", "--repair", "--index", tmp_path).returncode == 0
    assert kin_of(tmp_path) == before


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("families") / "index"
    put(place, [ORIGINAL, REPRINT, UNDATED, VARIANT, TRAMS])
    return place


def test_a_run_for_evaluation_lists_every_copy_at_the_place_of_its_own_passage(
    folder: Path, tmp_path: Path
) -> None:
    queries = tmp_path / "queries.jsonl"
    queries.write_text(json.dumps({"_id": "q", "text": QUESTION}) + "\n")
    run = civicite("search", "--queries", queries, "--format", "trec", "--index", folder).stdout
    listed = [line.split()[2] for line in run.splitlines()]
    assert sorted(listed) == ["a-reprint", "a-undated", "c-variant", "original", "trams"]
    assert listed[-1] == "trams"


def test_the_terminal_names_the_copies(folder: Path) -> None:
    shown = civicite("ask", "Whom did the mayor thank?", "--min-confidence", "0", "--index", folder).stdout
    assert "(also in a-reprint, a-undated)" in shown
    assert "(also in a-reprint, a-undated)" in civicite("search", QUESTION, "--index", folder).stdout


def test_http_shows_copies_that_can_be_verified_and_the_variants_of_an_article(folder: Path) -> None:
    with served(folder) as address, httpx.Client(base_url=address, timeout=30) as client:
        body = {"question": "Whom did the mayor thank?", "min_confidence": 0}
        citations = client.post("/v1/ask", json=body).json()["citations"]
        assert set(citations[0]["also_in"][0]) == {
            "article_id", "revision", "title", "publisher", "url", "published", "start", "end",
        }  # fmt: skip
        assert client.post("/v1/verify", json={"citations": citations}).json()["verified"] is True
        citations[0]["also_in"][0]["start"] += 1
        result = client.post("/v1/verify", json={"citations": citations}).json()["results"][0]
        assert "also_in" in result["problem"]
        variants = client.get("/v1/articles/c-variant").json()["variants"]
        assert [one["article_id"] for one in variants] == ["original", "a-reprint", "a-undated"]
        assert variants[0]["differences"] == [{"here": FIRST.replace("54", "56"), "there": FIRST}]


def test_with_the_real_model_copies_have_one_vote_and_the_earliest_is_cited(
    tmp_path: Path, encoder: LoadedEncoder
) -> None:
    put(tmp_path, [UNDATED, REPRINT, INTRO, ORIGINAL, VARIANT, TRAMS], encoder)
    with Assistant(Index.open(tmp_path), encoder, Ranker.load()) as assistant:
        answer = assistant.ask("Whom did the mayor thank?", min_confidence=0)
    assert {hit.article_id for hit in answer.passages} == {"original", "c-variant", "trams"}
    cited = next(one for one in answer.citations if one.article_id == "original")
    assert cited.quote == THIRD
    assert [one.article_id for one in cited.also_in] == ["a-reprint", "b-intro", "a-undated"]
    assert asdict(cited.also_in[0])["published"] == "2020-02-07"
