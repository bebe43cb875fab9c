"""``civicite index URL``: pages become articles, and a page that is unchanged costs nothing."""

import io
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import fpdf
import pytest
from website import Site, website

from indexer import ArticleState, Index
from service.cli import run

Command = Callable[..., dict[str, object]]

PAGE = """<html lang="en"><head><title>Tram line opens</title><meta name="author" content="Ana Ruiz">
<link rel="canonical" href="https://example.org/"></head><body><nav>Home News Contact</nav><article>
<h1>Tram line opens</h1><p>The new tram line of Incheon opened on Monday with twelve stops.</p>
<p>It carries forty thousand passengers a day, the city said, and runs every five minutes.</p>
</article><!-- MARK --></body></html>"""


@pytest.fixture
def site() -> Iterator[Site]:
    with website() as served:
        yield served


@pytest.fixture
def take_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setenv("CIVICITE_RUNTIME", "hashing")
    monkeypatch.setenv("CIVICITE_ALLOW_PRIVATE_ADDRESSES", "true")

    def command(*arguments: object, status: int = 0) -> dict[str, object]:
        index = ["--index", str(tmp_path / "index"), "--json"]
        assert run(["index", *map(str, arguments), *index]) == status
        out, err = capsys.readouterr()
        return {**json.loads(out.splitlines()[-1]), "said": err}

    return command


def stored(tmp_path: Path, identity: str) -> ArticleState:
    with Index.open(tmp_path / "index").view() as view:
        return view.article(identity)


def test_a_page_becomes_an_article_that_is_named_after_its_address(
    site: Site, tmp_path: Path, take_in: Command
) -> None:
    address = site("/news/tram?utm_source=mail&id=7", PAGE)
    site.routes["/news/tram?id=7"] = site.routes["/news/tram?utm_source=mail&id=7"]
    assert take_in(f"{address}#top")["added"] == 1
    article = stored(tmp_path, f"{site.address}/news/tram?id=7")
    assert "carries forty thousand passengers" in article.text
    assert (article.metadata.title, article.metadata.author) == ("Tram line opens", "Ana Ruiz")
    assert article.metadata.url == f"{site.address}/news/tram?id=7"


def test_an_address_that_is_given_in_two_ways_is_fetched_once(site: Site, take_in: Command) -> None:
    address = site("/a", PAGE)
    report = take_in(address, f"{address}#stops", f"{address}?utm_source=mail")
    assert (report["added"], report["failed"], site.paths()) == (1, 0, ["/a"])


def test_a_page_that_was_redirected_keeps_the_id_that_was_asked_for_and_links_to_where_it_was_read(
    site: Site, tmp_path: Path, take_in: Command
) -> None:
    final = site("/b", PAGE)
    address = site("/a", status=301, location="/b")
    take_in(address)
    assert stored(tmp_path, address).metadata.url == final


def test_an_unchanged_page_is_neither_sent_nor_encoded_again(site: Site, take_in: Command) -> None:
    address = site("/a", PAGE, etag='"1"')
    assert take_in(address)["added"] == 1
    again = take_in(address)
    assert (again["unchanged"], again["encoded_passages"]) == (1, 0)
    assert site.requests[-1][1]["If-None-Match"] == '"1"'


def test_a_page_that_differs_only_in_its_bytes_is_unchanged(site: Site, take_in: Command) -> None:
    address, count = f"{site.address}/a", itertools.count()
    site.routes["/a"] = lambda request: request.reply(
        200, PAGE.replace("MARK", f"token {next(count)}").encode(), {"Content-Type": "text/html"}
    )
    assert take_in(address)["added"] == 1
    assert take_in(address)["unchanged"] == 1


def test_a_corrected_page_is_a_new_revision(site: Site, tmp_path: Path, take_in: Command) -> None:
    address = site("/a", PAGE, etag='"1"')
    take_in(address)
    site("/a", PAGE.replace("forty thousand", "thirty thousand"), etag='"2"')
    assert take_in(address)["changed"] == 1
    assert stored(tmp_path, address).revision == 2


def test_a_withdrawn_article_comes_back_when_its_unchanged_page_is_indexed_again(
    site: Site, tmp_path: Path, take_in: Command
) -> None:
    address = site("/a", PAGE, etag='"1"')
    take_in(address)
    assert run(["remove", address, "--index", str(tmp_path / "index")]) == 0
    assert take_in(address)["added"] == 1
    assert not stored(tmp_path, address).withdrawn


def test_a_lost_or_damaged_memory_of_pages_costs_a_second_visit_and_no_more(
    site: Site, tmp_path: Path, take_in: Command
) -> None:
    address = site("/a", PAGE, etag='"1"')
    take_in(address)
    memory = tmp_path / "index" / "sources.json"
    memory.write_bytes(memory.read_bytes().replace(b"sha256", b"sha25x"))
    assert take_in(address)["unchanged"] == 1
    memory.unlink()
    assert take_in(address)["unchanged"] == 1
    assert "If-None-Match" not in site.requests[-1][1]
    take_in(address)
    assert "If-None-Match" in site.requests[-1][1]


def word() -> bytes:
    document, file = docx.Document(), io.BytesIO()
    document.add_paragraph("Volunteers planted ninety lime trees in the park.")
    document.save(file)
    return file.getvalue()


def pdf() -> bytes:
    document = fpdf.FPDF()
    document.add_page()
    document.set_font("helvetica", size=12)
    document.multi_cell(0, text="Volunteers planted ninety lime trees in the park.")
    return bytes(document.output())


@pytest.mark.parametrize(
    ("path", "media_type", "body"),
    [
        ("/a", "text/plain", b"Volunteers planted ninety lime trees in the park."),
        ("/a", "application/pdf", pdf()),
        ("/a.pdf", "application/octet-stream", pdf()),
        ("/a", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", word()),
        ("/a.md", "text/plain", b"# Park\n\nVolunteers planted *ninety* lime trees in the park."),
        (
            "/a",
            "application/xhtml+xml",
            b"<html><body><p>Volunteers planted ninety lime trees in the park.</p>",
        ),
    ],
)
def test_every_format_is_read_by_its_content_type_or_where_that_is_vague_by_its_suffix(
    path: str, media_type: str, body: bytes, site: Site, tmp_path: Path, take_in: Command
) -> None:
    address = site(path, body, media_type)
    take_in(address)
    article = stored(tmp_path, address)
    assert "planted ninety lime trees" in article.text
    assert article.metadata.url == address


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("euc-kr", "euc-kr"), ("iso-8859-1", "utf-8"), ("utf-8", "utf-8"), ("no-such-thing", "utf-8")],
)
def test_the_encoding_of_the_header_counts_unless_the_bytes_say_otherwise(
    charset: str, encoding: str, site: Site, tmp_path: Path, take_in: Command
) -> None:
    address = site(
        "/a", "부산시는 2019년에 지하철을 넓혔다.".encode(encoding), f"text/plain; charset={charset}"
    )
    take_in(address)
    assert "부산시는" in stored(tmp_path, address).text


def test_what_cannot_be_had_is_named_with_its_mend_and_the_rest_is_taken_in(
    site: Site, tmp_path: Path, take_in: Command
) -> None:
    (tmp_path / "bridge.md").write_text("The bridge was closed for repairs in May.")
    picture, feed = site("/p", b"\x89PNG", "image/png"), site("/f", "<rss/>", "application/rss+xml")
    empty, gone = site("/e", "<html><body></body></html>"), f"{site.address}/gone"
    page = site("/a", PAGE)
    report = take_in(tmp_path / "bridge.md", picture, feed, empty, gone, page, page, status=1)
    assert (report["added"], report["failed"]) == (2, 4)
    assert str(report["said"]).splitlines() == [
        f"failed: {picture}: is image/png, which cannot be read; "
        "give the address of a page, a text, a PDF or a DOCX",
        f"failed: {feed}: is application/rss+xml, no page; if it is a feed, try 'civicite feed add'",
        f"failed: {empty}: shows no text without its scripts; save the page from a browser, or as text",
        f"failed: {gone}: answers 404 Not Found; check the address",
    ]


def test_when_no_address_can_be_had_no_index_is_made(site: Site, tmp_path: Path, take_in: Command) -> None:
    take_in(f"{site.address}/gone", status=1)
    assert not (tmp_path / "index").exists()


def test_this_machine_is_fetched_from_only_with_the_option(
    site: Site, take_in: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CIVICITE_ALLOW_PRIVATE_ADDRESSES")
    address = site("/a", PAGE)
    assert "--allow-private-addresses" in str(take_in(address, status=1)["said"])
    assert site.requests == []
    assert take_in(address, "--allow-private-addresses")["added"] == 1


def test_limits_of_size_are_a_setting(site: Site, take_in: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVICITE_FETCH_BYTES", "100")
    assert "is larger than 100 bytes" in str(take_in(site("/a", PAGE), status=1)["said"])


def test_an_article_keeps_its_file_when_a_page_claims_its_id(
    site: Site, tmp_path: Path, take_in: Command
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bridge.md").write_text("---\nid: the-bridge\n---\nThe bridge was closed in May.")
    take_in(tmp_path / "in")
    claim = site("/a.md", "---\nid: the-bridge\n---\nThe bridge never closed.", "text/markdown")
    assert "its id 'the-bridge' belongs to" in str(take_in(claim, status=1)["said"])
    assert "closed in May" in stored(tmp_path, "the-bridge").text


def test_a_record_of_a_fetched_collection_keeps_its_own_id_and_address(
    site: Site, tmp_path: Path, take_in: Command
) -> None:
    records = [
        {
            "_id": "r1",
            "title": "",
            "text": "The zoo has two red pandas.",
            "metadata": {"url": "https://z.org/1"},
        },
        {"_id": "r2", "title": "", "text": "The market opens at six."},
    ]
    address = site("/c.jsonl", "\n".join(map(json.dumps, records)), "application/octet-stream", etag='"1"')
    assert take_in(address)["added"] == 2
    assert stored(tmp_path, "r1").metadata.url == "https://z.org/1"
    assert stored(tmp_path, "r2").metadata.url == address
    assert take_in(address)["unchanged"] == 2


def test_a_dry_run_fetches_and_changes_nothing(site: Site, tmp_path: Path, take_in: Command) -> None:
    assert take_in(site("/a", PAGE, etag='"1"'), "--dry-run")["added"] == 1
    assert not (tmp_path / "index").exists()


def test_sync_withdraws_no_page(site: Site, tmp_path: Path, take_in: Command) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "bridge.md").write_text("The bridge was closed in May.")
    address = site("/a", PAGE)
    take_in(tmp_path / "in", address)
    assert take_in(tmp_path / "in", "--sync")["withdrawn"] == 0
    assert not stored(tmp_path, address).withdrawn
