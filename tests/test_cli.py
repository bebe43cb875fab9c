"""The command line as a person and a program meet it: output, errors, exit statuses, pipes."""

import contextlib
import gc
import itertools
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from commandline import COMMAND, ENVIRONMENT, civicite

from indexer import Index
from service.cli import run
from service.collection import ArticleSummary
from service.garbage import nothing_collected

CORPUS = Path(__file__).parents[1] / "corpus"
QUESTION = "How many cities were Role Model Cities in February 2020?"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "index"
    done = civicite("index", CORPUS, "--index", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(autouse=True)
def _hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVICITE_RUNTIME", "hashing")


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def jsonl(path: Path, *lines: object) -> Path:
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


def test_index_ends_with_counts_and_a_second_run_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "index")
    assert run(["index", str(CORPUS), "--index", folder]) == 0
    count = len([path for path in CORPUS.glob("*.md") if path.name != "README.md"])
    assert lines_of(capsys) == [f"added {count}, changed 0, unchanged 0, withdrawn 0, failed 0"]
    assert run(["index", str(CORPUS), "--index", folder]) == 0
    assert lines_of(capsys) == [f"added 0, changed 0, unchanged {count}, withdrawn 0, failed 0"]


def test_files_that_no_reader_exists_for_are_counted_by_suffix_hidden_ones_and_readmes_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "articles"
    (folder / "below").mkdir(parents=True)
    for name in ("a.rtf", "below/B.RTF", "c.xyz", "LICENSE", ".hidden", "README", "readme.rst", "~$a.doc"):
        (folder / name).write_text("x")
    endings = "files end in .md, .txt, .html, .pdf, .docx or .jsonl\n"
    passed = f"passed over 4 files: 2 .rtf, 1 .xyz, 1 without a suffix; {endings}"
    command = ["index", str(folder), str(folder / "below"), "--index", str(tmp_path / "index")]
    assert run(command) == 0
    assert capsys.readouterr().err == f"there is nothing here to take in; {passed}"
    (folder / "a.md").write_text("The harbour wall was raised in 1998.")
    assert run(command) == 0
    assert capsys.readouterr().err == passed
    assert run([*command, "--json"]) == 0
    assert capsys.readouterr().err == ""


def test_an_index_within_the_folder_is_not_counted_among_what_is_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.md").write_text("The harbour wall was raised in 1998.")
    for _ in range(2):
        assert run(["index", str(tmp_path), "--index", str(tmp_path / "index")]) == 0
        assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "command",
    [
        ["index", str(CORPUS)],
        ["index", str(CORPUS), "--dry-run"],
        ["feed", "add", "https://feeds.example/a"],
    ],
)
def test_no_index_is_made_among_the_files_of_somebody(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("The harbour wall was raised in 1998.")
    assert run([*command, "--index", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"civicite: {tmp_path}: it holds other files (notes.txt) and no index;"
        " choose an empty or new folder with --index\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_index_is_made_beside_hidden_files_and_what_a_killed_run_or_a_feed_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in (".gitkeep", "lock", "lock.json", "queue", ".sources.json.1.part", "catalog.sqlite-journal"):
        (tmp_path / name).touch()
    for name in ("lost+found", "vectors"):
        (tmp_path / name).mkdir()
    assert run(["feed", "add", "https://feeds.example/a", "--index", str(tmp_path)]) == 0
    assert run(["index", str(CORPUS), "--index", str(tmp_path)]) == 0
    (tmp_path / "notes.txt").touch()
    assert run(["index", str(CORPUS), "--index", str(tmp_path)]) == 0


def test_a_file_that_cannot_be_read_is_named_the_others_are_taken_in_and_the_status_is_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "good.md").write_text("The tram runs every five minutes.")
    (tmp_path / "in" / "empty.md").write_text("")
    assert run(["index", str(tmp_path / "in"), "--index", str(tmp_path / "index"), "--json"]) == 1
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert (report["added"], report["failed"], report["articles"]["added"]) == (1, 1, ["good"])
    assert report["failures"][0]["where"].endswith("empty.md")
    assert re.fullmatch(r"failed: \S+empty\.md: is empty; .+\n", err)


def test_ask_in_a_pipe_is_the_answer_an_empty_line_and_numbered_citations(index: Path) -> None:
    done = civicite("ask", QUESTION, "--index", index, "--min-confidence", "0")
    answer, empty, *citations = done.stdout.splitlines()
    assert done.returncode == 0
    assert empty == ""
    assert re.search(r"\[1\]", answer)
    assert [re.findall(r"^\[(\d+)\] ", line) for line in citations] == [
        [str(number)] for number in range(1, len(citations) + 1)
    ]
    assert "\x1b" not in done.stdout


def test_ask_as_json_quotes_what_stands_in_the_article(
    index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ask", QUESTION, "--index", str(index), "--min-confidence", "0", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert not answer["abstained"]
    assert answer["citations"]
    with Index.open(index).view() as view:
        for one in answer["citations"]:
            article = view.article(one["article_id"], one["revision"])
            assert article.text[one["start"] : one["end"]] == one["quote"]
            assert article.sha256 == one["sha256"]


def test_an_abstention_is_no_failure_and_shows_the_nearest_passages(
    index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ask", QUESTION, "--index", str(index), "--min-confidence", "1", "--json", "-k", "2"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["answer"], answer["abstained"]) == (None, True)
    assert answer["reason"]
    assert len(answer["passages"]) == 2


def test_many_questions_give_one_line_each_in_order_and_an_invalid_line_an_error(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = jsonl(
        tmp_path / "q.jsonl",
        {"_id": "a", "text": QUESTION},
        "not json",
        {"_id": "b"},
        "",
        {"_id": "c", "text": "  "},
        ["d"],
        {"text": "no id"},
        {"_id": "e f", "text": "an id with a space"},
        '{"_id": "g", "text": "\\ud800"}',
        {"_id": 7, "text": "Where is Songdo?"},
    )
    assert run(["ask", "--questions", str(file), "--index", str(index), "--json"]) == 1
    answers = [json.loads(line) for line in lines_of(capsys)]
    assert [one["question_id"] for one in answers] == ["a", None, "b", None, "c", None, None, None, "g", "7"]
    assert ["error" in one for one in answers] == [False, *[True] * 8, False]
    assert all(set(one) == {"question_id", "error"} for one in answers[1:-1])
    assert answers[0]["question"] == QUESTION
    assert answers[7]["error"].endswith("; give each line an _id without spaces")


def test_an_invalid_query_makes_the_status_1_also_where_it_has_a_line_of_its_own(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = jsonl(tmp_path / "q.jsonl", {"_id": "q1"}, {"_id": "q2", "text": "heat"})
    assert run(["search", "--queries", str(file), "--index", str(index), "-k", "1"]) == 1
    assert [json.loads(line)["question_id"] for line in lines_of(capsys)] == ["q1", "q2"]


def test_questions_come_from_standard_input_and_a_byte_order_mark_is_no_error(index: Path) -> None:
    line = "\ufeff" + json.dumps({"_id": "q", "text": "서울의 청계천은?"}, ensure_ascii=False)
    locale = {**ENVIRONMENT, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    done = civicite("ask", "--questions", "-", "--index", index, stdin=line, environment=locale)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["question"] == "서울의 청계천은?"
    assert "서울" in done.stdout


def test_a_trec_run_has_each_article_once_and_scores_that_fall(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = jsonl(tmp_path / "q.jsonl", {"_id": "q1", "text": QUESTION}, {"_id": "q2", "text": "heat"})
    options = ["--queries", str(file), "-k", "100", "--format", "trec", "--index", str(index)]
    assert run(["search", *options]) == 0
    rows = [line.split(" ") for line in lines_of(capsys)]
    for question in ("q1", "q2"):
        mine = [row for row in rows if row[0] == question]
        assert [row[3] for row in mine] == [str(rank) for rank in range(1, len(mine) + 1)]
        assert len({row[2] for row in mine}) == len(mine) > 10
        scores = [float(row[4]) for row in mine]
        assert all(before > after for before, after in itertools.pairwise(scores))
        assert all(row[1] == "Q0" and row[5:] == ["civicite"] for row in mine)


def test_an_invalid_query_of_a_trec_run_is_named_on_standard_error_and_the_status_is_1(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = jsonl(tmp_path / "q.jsonl", {"_id": "q1"}, {"_id": "q2", "text": "heat"})
    assert run(["search", "--queries", str(file), "--format", "trec", "--index", str(index), "-k", "1"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("q2 Q0 ")
    assert err.endswith("q.jsonl: line 1: text is missing or no text\n")


def test_articles_lists_what_passes_a_filter_one_tab_separated_line_each_in_the_order_asked_for(
    index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ["articles", "--index", str(index), "--filter", "city=Incheon", "--published-from", "2020-06"]
    assert run([*wanted, "--sort", "published"]) == 0
    out, err = capsys.readouterr()
    rows = [line.split("\t") for line in out.splitlines()]
    assert [row[:3] for row in rows] == [
        ["urban-resilience-forum-seoul-2020", "1", "2020-12-09"],
        ["making-cities-resilient-2030", "1", "2022"],
        ["green-climate-fund-in-songdo", "1", "2023-12"],
    ]
    assert rows[-1][3] == "The Green Climate Fund in Songdo and the Paris Agreement"
    assert err == ""


def test_articles_in_json_are_those_of_a_collection_and_no_model_is_loaded(
    index: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CIVICITE_MODEL", "no-such-model")
    monkeypatch.setenv("CIVICITE_RUNTIME", "torch")
    assert run(["articles", "--index", str(index), "--json"]) == 0
    listed = [json.loads(line) for line in lines_of(capsys)]
    assert [one["article_id"] for one in listed] == sorted(
        path.stem for path in CORPUS.glob("*.md") if path.name != "README.md"
    )
    assert all(set(one) == {field.name for field in fields(ArticleSummary)} for one in listed)


def test_the_first_ten_of_a_hundred_are_the_ten(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = {}
    for k in ("10", "40"):
        assert run(["search", "resilience of cities", "-k", k, "--index", str(index), "--json"]) == 0
        found[k] = json.loads(capsys.readouterr().out)["hits"]
    assert found["40"][:10] == found["10"]
    assert (len(found["10"]), len(found["40"])) == (10, 40)


def test_filters_keep_articles_with_any_of_the_values(
    index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--filter", "city=incheon", "--filter", "City=Copenhagen", "--published-from", "2018"]
    assert run(["search", "water", "-k", "40", *options, "--index", str(index), "--json"]) == 0
    ids = {hit["article_id"] for hit in json.loads(capsys.readouterr().out)["hits"]}
    assert {"incheon-role-model-city", "room-for-rain-in-the-city"} <= ids
    assert "ahmedabad-heat-action-plan" not in ids


def test_a_facet_is_found_by_its_name_in_any_spelling(
    index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = []
    for name in ("event_date", "Event-Date"):
        options = ["--filter", f"{name}=2020-12-09", "--index", str(index), "--json"]
        assert run(["search", "forum", *options]) == 0
        found.append(json.loads(capsys.readouterr().out)["hits"])
    assert {hit["article_id"] for hit in found[0]} == {"urban-resilience-forum-seoul-2020"}
    assert found[0] == found[1]


def test_status_shows_what_the_index_holds_without_the_model(
    index: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CIVICITE_MODEL", "/no/such/model")
    monkeypatch.delenv("CIVICITE_RUNTIME")
    assert run(["status", "--index", str(index), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["articles"], facts["commit"], facts["model"]) == (15, 1, "hashing")
    assert facts["sentences"] > facts["passages"] > facts["articles"]
    assert facts["projections"] == {"vectors": "current", "terms": "current"}
    assert facts["size_bytes"] > 100_000
    assert run(["status", "--index", str(index)]) == 0
    assert "articles      15" in lines_of(capsys)


def test_remove_withdraws_all_of_the_articles_or_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "index")
    run(["index", str(CORPUS), "--index", folder])
    assert run(["remove", "sendai-framework", "nowhere", "--index", folder]) == 1
    assert "article 'nowhere': there is none to remove" in capsys.readouterr().err
    assert run(["remove", "sendai-framework", "--index", folder]) == 0
    assert lines_of(capsys) == ["withdrawn 1"]
    assert run(["search", "Sendai framework", "-k", "40", "--index", folder, "--json"]) == 0
    hits = json.loads(capsys.readouterr().out)["hits"]
    assert hits
    assert "sendai-framework" not in {hit["article_id"] for hit in hits}


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["ask", "q", "--index", "nowhere"], 1, "nowhere: there is no index here"),
        (["remove", "x", "--index", "nowhere"], 1, "nowhere: there is no index here"),
        (["remove", "nothere", "--index", "INDEX"], 1, "there is none to remove; see 'civicite articles'"),
        (["status", "--index", "nowhere"], 1, "nowhere: there is no index here"),
        (["verify", "--index", "nowhere"], 1, "nowhere: there is no index here"),
        (["serve", "--index", "nowhere"], 1, "nowhere: there is no index here"),
        (
            ["serve", "--host", "nosuch..invalid", "--index", "INDEX"],
            1,
            "--host nosuch..invalid: has no address (",
        ),
        (
            ["serve", "--host", "192.0.2.1", "--index", "INDEX"],
            1,
            "; give a name or an address of this machine",
        ),
        (
            ["index", "ftp://a.example/x"],
            1,
            "ftp://a.example/x: cannot be fetched; addresses begin with http:",
        ),
        (["index", "no-such-path"], 1, "no-such-path: there is no such file or folder"),
        (["ask", " ", "--index", "INDEX"], 1, "question: it is empty"),
        (["ask", "x" * 2001, "--index", "INDEX"], 1, "question: it has 2001 characters"),
        (["ask", "--questions", "no-such-file", "--index", "INDEX"], 1, "no-such-file: No such file"),
        (["ask", "--questions", ".", "--index", "INDEX"], 1, ".: Is a directory"),
        (["search", "q", "--published-from", "soon"], 1, "--published-from: 'soon' is not a date"),
        (["ask", "q", "--as-of", "soon", "--index", "INDEX"], 1, "--as-of: it is neither a date"),
        (["ask"], 2, "QUESTION: it is missing; give one, or a file of them with --questions"),
        (["ask", "q", "--questions", "file"], 2, "give either a question or a file of them"),
        (["ask", "q", "-k", "0"], 2, "-k"),
        (["ask", "q", "--min-confidence", "2"], 2, "--min-confidence"),
        (["search", "q", "--filter", "city"], 2, "'city' is not NAME=VALUE"),
        (["search", "q", "--format", "trec"], 2, "a TREC run needs --queries"),
        (["search", "q", "--format", "xml"], 2, "--format"),
        (["index"], 2, "PATH"),
        (["frobnicate"], 2, "No such command 'frobnicate'; see 'civicite --help'"),
        (["serv"], 2, "No such command 'serv'. Did you mean 'serve', 'search'? See 'civicite --help'"),
        (["key", "frobnicate"], 2, "No such command 'frobnicate'; see 'civicite key --help'"),
        (["ask", "many", "words"], 2, "unexpected extra argument(s) (words); see 'civicite ask --help'"),
        (["ask", "q", "--frobnicate"], 2, "--frobnicate"),
    ],
)
def test_an_error_of_the_user_is_one_line_on_standard_error(
    arguments: list[str],
    status: int,
    message: str,
    index: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run([str(index) if one == "INDEX" else one for one in arguments]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("civicite: ")
    assert message in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_named_before_the_model_is_loaded(
    index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(["serve", "--port", str(port), "--index", str(index)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"civicite: 127.0.0.1:{port}: cannot be listened to")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["key", "list"], "there are no keys"),
        (["feed", "list"], "there are no feeds"),
        (["search", "heat", "--filter", "city=Nowhere"], "nothing found"),
        (["articles", "--filter", "city=Nowhere"], "there are no such articles"),
    ],
)
def test_an_empty_list_is_said_to_be_empty_beside_the_output(
    arguments: list[str], said: str, index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, "--index", str(index)]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


@pytest.mark.parametrize("terminal", [False, True])
def test_a_search_by_a_facet_that_no_article_has_names_those_that_there_are(
    terminal: bool, index: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.commands_ask.is_terminal", lambda stream: terminal)
    assert run(["search", "heat", "--filter", "citty=Incheon", "--index", str(index)]) == 0
    assert "No article has “citty”; there are city, " in capsys.readouterr().err


def test_a_list_by_a_facet_that_no_article_has_names_those_that_there_are(
    index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["articles", "--filter", "citty=Incheon", "--index", str(index)]) == 0
    assert "No article has “citty”; there are city, " in capsys.readouterr().err
    assert run(["articles", "--filter", "city=Atlantis", "--index", str(index)]) == 0
    assert "facet" not in capsys.readouterr().err


def test_a_path_without_readable_files_is_said_to_hold_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.odt").write_text("x")
    assert run(["index", str(tmp_path), "--dry-run"]) == 0
    assert "nothing here to take in" in capsys.readouterr().err


def test_a_bad_settings_file_is_named_by_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "civicite.toml").write_text("colour = 'blue'\n")
    monkeypatch.chdir(tmp_path)
    assert run(["status"]) == 1
    assert "civicite.toml: colour: there is no such setting" in capsys.readouterr().err


def test_an_index_built_with_another_model_is_refused_in_one_line(
    index: Path, monkeypatch: pytest.MonkeyPatch, encoder_cache: Path
) -> None:
    environment = {**os.environ, "CIVICITE_RUNTIME": "openvino", "CIVICITE_CACHE_DIR": str(encoder_cache)}
    done = civicite("ask", "q?", "--index", index, environment=environment)
    assert done.returncode == 1
    assert re.fullmatch(r"civicite: .*hashing.*\n", done.stderr)


def test_the_model_that_is_installed_answers_from_the_corpus(tmp_path: Path, encoder_cache: Path) -> None:
    environment = {**os.environ, "CIVICITE_RUNTIME": "openvino", "CIVICITE_CACHE_DIR": str(encoder_cache)}
    folder = tmp_path / "index"
    assert civicite("index", CORPUS, "--index", folder, environment=environment).returncode == 0
    done = civicite("ask", "When did CityNet move to Seoul?", "--index", folder, environment=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^\[\d\] .*citynet-urban-diplomacy@1 ", done.stdout, re.MULTILINE)
    assert "2013" in done.stdout.splitlines()[0]


def test_the_version_and_the_help_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert re.fullmatch(r"civicite \d+\.\d+\.\d+\n", capsys.readouterr().out)
    for arguments in (["--help"], []):
        assert run(arguments) == 0
        out = capsys.readouterr().out
        assert all(name in out for name in ("index", "ask", "search", "serve", "status", "remove", "verify"))


@pytest.mark.parametrize(("group", "commands"), [("feed", 4), ("key", 3), ("feedback", 2)])
def test_a_group_of_commands_that_is_named_alone_shows_its_help_as_the_program_does(
    group: str, commands: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([group]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"Usage: civicite {group} [OPTIONS] COMMAND")
    assert len(out.split("Commands:\n")[1].splitlines()) == commands
    assert err == ""


def test_a_reader_that_goes_away_ends_the_program_quietly(index: Path, tmp_path: Path) -> None:
    file = jsonl(tmp_path / "q.jsonl", *({"_id": f"q{n}", "text": "heat plans"} for n in range(200)))
    process = subprocess.Popen(
        [COMMAND, "ask", "--questions", str(file), "--index", str(index)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert json.loads(process.stdout.readline())["question_id"] == "q0"
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 141


def test_an_interrupt_ends_the_program_quietly(index: Path) -> None:
    process = subprocess.Popen(
        [COMMAND, "ask", "--questions", "-", "--index", str(index)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b'{"_id": "q", "text": "heat"}\n')
    process.stdin.flush()
    assert b'"q"' in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_on_a_terminal_an_answer_has_cards_and_no_colour_where_none_is_wanted(index: Path) -> None:
    primary, secondary = pty.openpty()
    environment = {**ENVIRONMENT, "NO_COLOR": "1", "TERM": "xterm", "COLUMNS": "60"}
    process = subprocess.Popen(
        [COMMAND, "ask", QUESTION, "--index", str(index), "--min-confidence", "0"],
        stdout=secondary,
        stderr=subprocess.PIPE,
        env=environment,
    )
    os.close(secondary)
    shown = b""
    with contextlib.suppress(OSError):  # the other end of the terminal was closed
        while chunk := os.read(primary, 65536):
            shown += chunk
    os.close(primary)
    assert process.communicate(timeout=60)[1] == b""
    text = shown.decode()
    assert "Confidence: " in text
    assert "╭─ [1] " in text
    assert not re.search(r"\x1b\[[\d;]*3\d", text)


def test_garbage_is_looked_for_again_when_a_program_has_begun_or_failed_to() -> None:
    with nothing_collected():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(RuntimeError), nothing_collected():
        raise RuntimeError
    assert gc.isenabled()


def test_importing_the_command_line_imports_nothing_heavy() -> None:
    code = (
        "import sys, service.cli; heavy = 'numpy faiss openvino torch fastapi rich pydantic indexer tantivy';"
        "print(sorted(set(heavy.split()) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr
