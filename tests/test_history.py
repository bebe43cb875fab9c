"""Looking back on the command line: ``--as-of``, ``log`` and ``diff``; and what they say, in general."""

import json
import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from building import article, put, withdraw
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import Index, difference, list_commits
from service.cli import run

WALL = "The harbour wall was raised in 1998."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Commits of five days: two articles, a correction, another city, a withdrawal, a new article."""
    place = tmp_path_factory.mktemp("history") / "index"
    put(place, [article("wall", WALL, published="2020"), article("tram", "The tram has run since 1931.")])
    put(place, [article("wall", WALL.replace("1998", "1999"), published="2020")])
    put(place, [article("tram", "The tram has run since 1931.", city="Seoul")])
    withdraw(place, "tram")
    put(place, [article("lamp", "Each lamp is dimmed at midnight.", published="2021-05-04")])
    with closing(sqlite3.connect(place / "catalog.sqlite")) as connection, connection:
        connection.execute("UPDATE commits SET at = printf('2024-05-%02dT12:00:00.000+00:00', id)")
    return place


@pytest.fixture(autouse=True)
def _hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVICITE_RUNTIME", "hashing")


def lines(capsys: pytest.CaptureFixture[str], *arguments: str | Path, status: int = 0) -> list[str]:
    assert run([str(argument) for argument in arguments]) == status
    return capsys.readouterr().out.splitlines()


def test_ask_as_of_a_date_answers_from_what_was_known_then(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--index", folder, "--min-confidence", "0")
    question = "When was the harbour wall raised?"
    then = lines(capsys, "ask", question, "--as-of", "2024-05-01", *options)
    assert then[0] == f"{WALL} [1]"
    assert "wall@1 0–36 (superseded by revision 2): " in then[2]
    assert "1999" in lines(capsys, "ask", question, *options)[0]
    found = json.loads(lines(capsys, "search", "tram", "--as-of", "2024-05-03", "--json", *options[:2])[0])
    assert [(hit["article_id"], hit["withdrawn"]) for hit in found["hits"]] == [
        ("tram", True), ("wall", False),
    ]  # fmt: skip
    assert (found["index"]["commit"], found["index"]["as_of"]) == (3, "2024-05-03T23:59:59.999+00:00")


def test_each_line_of_a_file_may_be_asked_of_its_own_moment(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[dict[str, object]] = [
        {},
        {"as_of": "2024-05-01"},
        {"as_of": 2},
        {"as_of": "soon"},
        {"as_of": 1.5},
    ]
    file = tmp_path / "questions.jsonl"
    texts = [{"_id": number, "text": "Which wall?", **one} for number, one in enumerate(asked)]
    file.write_text("".join(f"{json.dumps(one)}\n" for one in texts))
    options = ("--index", folder, "--as-of")
    answered = lines(capsys, "ask", "--questions", file, *options, "2024-05-04", status=1)
    found = [json.loads(line) for line in answered]
    assert [one["index"]["commit"] for one in found[:3]] == [4, 1, 2]
    assert "as_of: it is neither" in found[3]["error"]
    assert found[4] == {
        "question_id": "4", "error": "line 5: as_of is no date, instant or commit's number",
    }  # fmt: skip
    run_lines = lines(capsys, "search", "--queries", file, *options, "1", "--format", "json", status=1)
    assert [len(json.loads(line).get("hits", [])) for line in run_lines] == [2, 2, 2, 0, 0]


def test_a_moment_that_is_none_is_one_line_and_a_failure(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["ask", "q", "--as-of", "soon"], ["diff", "soon", "2"], ["diff", "1", "77"]):
        assert run([*command, "--index", str(folder)]) == 1
        problem = capsys.readouterr().err
        assert problem.count("\n") == 1
        assert "write it as 2020-02-05" in problem or "there is no commit by that number" in problem


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--published-before", "2021-05-05"), {"wall", "lamp"}),
        (("--published-before", "2021-05-04"), {"wall"}),
        (("--published-before", "2021"), {"wall"}),
        (("--published-before", "2020"), set()),
        (("--published-after", "2020"), {"lamp"}),
        (("--published-after", "2020-06", "--published-before", "2021-05"), {"wall"}),
        (("--published-after", "2021-05-04"), set()),
    ],
)
def test_publication_before_or_after_a_date_leaves_that_date_out(
    folder: Path, options: tuple[str, ...], expected: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    found = json.loads(lines(capsys, "search", "lamp", *options, "--json", "--index", folder)[0])
    assert {hit["article_id"] for hit in found["hits"]} == expected


@pytest.mark.parametrize(
    "options", [("--published-before", "soon"), ("--published-after", "2020", "--published-from", "2020")]
)
def test_a_bound_of_publication_that_cannot_be_used_is_refused(
    folder: Path, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["search", "q", *options, "--index", str(folder)]) == 2
    assert options[0] in capsys.readouterr().err


def test_log_lists_what_each_commit_did_the_newest_first(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lines(capsys, "log", "--index", folder) == [
        "commit 5  2024-05-05T12:00:00.000+00:00  added 1, changed 0, withdrawn 0",
        "  added lamp@1",
        "commit 4  2024-05-04T12:00:00.000+00:00  added 0, changed 0, withdrawn 1",
        "  withdrawn tram@1",
        "commit 3  2024-05-03T12:00:00.000+00:00  added 0, changed 1, withdrawn 0",
        "  described tram@1",
        "commit 2  2024-05-02T12:00:00.000+00:00  added 0, changed 1, withdrawn 0",
        "  changed wall@1 → 2",
        "commit 1  2024-05-01T12:00:00.000+00:00  added 2, changed 0, withdrawn 0",
        "  added tram@1",
        "  added wall@1",
    ]
    page = lines(capsys, "log", "-n", "2", "--before", "4", "--json", "--index", folder)
    assert [json.loads(line)["commit"] for line in page] == [3, 2]


def test_diff_names_the_articles_that_differ(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(capsys, "diff", "1", "2024-05-05", "--index", folder) == [
        "added lamp@1",
        "withdrawn tram@1",
        "changed wall@1 → 2",
        "commit 1 to 5: added 1, changed 1, described 0, withdrawn 1",
    ]
    back = json.loads(lines(capsys, "diff", "5", "0", "--json", "--index", folder)[0])
    assert {one["article_id"]: one["outcome"] for one in back["articles"]} == {
        "lamp": "withdrawn", "wall": "withdrawn",
    }  # fmt: skip
    assert lines(capsys, "diff", "3", "3", "--index", folder)[-1].startswith("commit 3 to 3: added 0,")


def test_diff_with_questions_shows_which_answers_changed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "questions.jsonl"
    file.write_text(
        '{"_id": "w", "text": "When was the harbour wall raised?"}\nno json\n'
        '{"_id": "t", "text": "Since when has the tram run?"}\n'
    )
    asked = ("--questions", file, "--index", folder, "--min-confidence", "0")
    told = lines(capsys, "diff", "1", "5", *asked, "--json", status=1)
    changed, refused, tram = map(json.loads, told)
    assert (changed["question_id"], changed["status"]) == ("w", "changed")
    assert changed["before"]["citations"][0]["quote"] == WALL
    assert "1999" in changed["after"]["citations"][0]["quote"]
    assert (changed["before"]["index"]["commit"], changed["after"]["index"]["commit"]) == (1, 5)
    assert "line 2" in refused["error"]
    assert (tram["question_id"], tram["status"]) == ("t", "changed")
    told = lines(capsys, "diff", "0", "1", *asked, "--json", status=1)
    assert [json.loads(line).get("status") for line in told] == ["appeared", None, "appeared"]
    assert run(["diff", "3", "0", *map(str, asked)]) == 1
    shown = capsys.readouterr()
    assert shown.out.splitlines()[-1] == "commit 3 to 0: same 0, changed 0, appeared 0, gone 2"
    assert "line 2" in shown.err
    file.write_text(file.read_text().replace("no json\n", ""))
    assert lines(capsys, "diff", "4", "4", *asked)[-1].endswith("same 2, changed 0, appeared 0, gone 0")


EDITS = st.lists(
    st.dictionaries(
        st.sampled_from("abc"),
        st.one_of(st.none(), st.tuples(st.sampled_from(["One.", "Two."]), st.sampled_from(["x", "y"]))),
        min_size=1,
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=10)
@given(edits=EDITS)
def test_log_and_diff_agree_with_the_counts_and_the_views_of_every_commit(
    edits: list[dict[str, tuple[str, str] | None]],
) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder, current = Path(place), set[str]()
        put(folder, [article("z", "The first.")])
        for edit in edits:
            put(folder, [article(one, text[0], city=text[1]) for one, text in edit.items() if text])
            current |= {one for one, text in edit.items() if text}
            gone = {one for one, text in edit.items() if not text} & current
            if gone:
                withdraw(folder, *gone)
            current -= gone
        with closing(Index.open(folder)) as index:
            standing = {}
            for commit in list_commits(folder, 100):
                counted = Counter(change.outcome for change in commit.articles)
                assert (commit.added, commit.changed, commit.withdrawn) == (
                    counted["added"], counted["changed"] + counted["described"], counted["withdrawn"],
                )  # fmt: skip
                with index.view(commit.commit) as view:
                    articles = {one: (number, metadata) for one, number, metadata in view.articles()}
                    standing[commit.commit] = {
                        one: (number, view.article(one).text, metadata)
                        for one, (number, metadata) in articles.items()
                    }
        for first, before in standing.items():
            for second, after in standing.items():
                found = {one.article_id: one for one in difference(folder, first, second).articles}
                for one in {*before, *after}:
                    same = before.get(one, ("", "", ""))[1:] == after.get(one, ("", "", ""))[1:]
                    assert (one not in found) == same
                    if one in found:
                        assert found[one].before == before.get(one, (None,))[0]
                        assert found[one].after == after.get(one, (None,))[0]
