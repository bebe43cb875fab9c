"""What one upload may hold: small files that unpack to much are refused with what to do, and not kept."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from building import article, put
from commandline import civicite, served

from indexer import ReadError
from service.uploading import MOST_ARTICLES, MOST_FAILURES, read_upload

GOOD = b'{"_id": "lamps", "text": "The lamps of Ravel are lit at dusk."}\n'


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("uploads") / "index"
    put(folder, [article("well", "The old well was opened in 1880.")])
    with served(folder) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


@pytest.mark.parametrize("good", [b"", GOOD])
def test_a_small_file_of_very_many_bad_lines_is_refused_and_nothing_of_it_is_kept(
    good: bytes, client: httpx.Client
) -> None:
    packed = gzip.compress(good + b"x\n" * 500_000)
    assert len(packed) < 2000
    before = client.get("/v1/status").json()["commit"]
    refused = client.post("/v1/articles", files={"file": ("many.jsonl.gz", packed)})
    assert refused.status_code == 422
    line = 1 + bool(good)
    assert refused.json()["detail"].startswith(
        "many.jsonl.gz: more than 1,000 of its records cannot be read, "
        f"the first at many.jsonl.gz:{line}, which is no JSON in UTF-8"
    )
    assert client.get("/v1/status").json()["commit"] == before


def test_as_many_bad_lines_as_are_listed_keep_no_good_one_out(client: httpx.Client) -> None:
    told = client.post("/v1/articles", files={"file": ("some.jsonl", GOOD + b"x\n" * MOST_FAILURES)}).json()
    assert told["added"] == ["lamps"]
    assert len(told["failures"]) == MOST_FAILURES


def test_a_file_of_more_articles_than_one_upload_takes_is_to_be_split() -> None:
    records = (json.dumps({"_id": f"a{number}", "text": "A lamp."}) for number in range(MOST_ARTICLES + 1))
    lines = "\n".join(records).encode()
    with pytest.raises(ReadError, match=r"many\.jsonl: holds more than 20,000 articles; split it"):
        read_upload("many.jsonl", lines, lambda: None)
    assert len(read_upload("many.jsonl", lines[: lines.rindex(b"\n")], lambda: None)) == MOST_ARTICLES


@pytest.mark.parametrize(
    ("name", "piece"),
    [
        ("a.md", b"x\n\n"),
        ("a.MD", b"*a* "),
        ("a.markdown", b"[a](b) "),
        ("a.txt", b"x\n"),
        ("a.html", b"<p>x"),
        ("a.htm", b"&amp;"),
    ],
)
def test_a_text_of_more_marks_than_a_parser_has_memory_for_is_to_be_split(name: str, piece: bytes) -> None:
    with pytest.raises(ReadError, match=r"holds more than 500,000 lines, tags and marks; split it"):
        read_upload(name, piece * 500_001, lambda: None)
    page = b"The lamps of Ravel are lit at dusk, one after the other.\n"
    if name == "a.txt":
        long = b"\n".join(b"%d: %s" % (number, page) for number in range(40_000))
        assert len(read_upload(name, long, lambda: None)) == 1


@pytest.mark.parametrize("name", ["a.md\\", "b\\a.md", "a.md/", "a.md\\/", ".md", "b/.md", "é" * 500 + ".md"])
def test_however_a_text_is_named_its_marks_are_counted_for_the_format_it_is_read_by(name: str) -> None:
    with pytest.raises(ReadError, match=r"holds more than 500,000 lines, tags and marks; split it"):
        read_upload(name, b"*a* " * 500_001, lambda: None)


def test_reading_an_upload_ends_when_it_is_told_to() -> None:
    def check() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        read_upload("one.jsonl", GOOD, check)


def test_the_command_line_takes_in_what_is_good_among_very_many_bad_lines(tmp_path: Path) -> None:
    (tmp_path / "many.jsonl").write_bytes(b"x\n" * 5000 + GOOD)
    done = civicite("index", tmp_path / "many.jsonl", "--index", tmp_path / "index")
    assert done.returncode == 1
    assert done.stdout.strip() == "added 1, changed 0, unchanged 0, withdrawn 0, failed 5000"
    assert len(done.stderr.splitlines()) == 5000
