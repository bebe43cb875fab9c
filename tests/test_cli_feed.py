"""``civicite feed``: what is new is taken in, what failed is tried again, all else costs nothing."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from building import article as written
from building import put, withdraw
from website import Site, website

from indexer import ArticleState, Editor, Index, check, pulling
from indexer.encoders.hashing import HashingEncoder
from service.cli import run
from service.store import store_of

Command = Callable[..., list[dict[str, Any]]]

LONG = "<p>The tram line opened on Monday and runs every five minutes.</p> " * 40


@pytest.fixture
def site() -> Iterator[Site]:
    with website() as served:
        yield served


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def feed(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.setenv("CIVICITE_RUNTIME", "hashing")
    monkeypatch.setenv("CIVICITE_ALLOW_PRIVATE_ADDRESSES", "true")

    def command(verb: str, *arguments: str, status: int = 0) -> list[dict[str, Any]]:
        options = ["--index", str(folder), *(["--json"] if verb in ("list", "pull") else [])]
        assert run(["feed", verb, *arguments, *options]) == status
        out, err = capsys.readouterr()
        lines = [json.loads(line) for line in out.splitlines()] if verb in ("list", "pull") else []
        return [*lines, {"said": err}] if err else lines

    return command


def page(site: Site, path: str, text: str) -> str:
    body = f"<html><body><article><p>{text}</p><p>It was said on Monday.</p></article></body></html>"
    return site(path, body, etag=f'"{abs(hash(text))}"')


def rss(site: Site, path: str, *items: str) -> str:
    listed = "".join(f"<item>{item}</item>" for item in items)
    body = (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        f"<channel><title>City news</title>{listed}</channel></rss>"
    )
    return site(path, body, "application/rss+xml", etag=f'"{abs(hash(body))}"')


def item(link: str, title: str = "Title", more: str = "") -> str:
    return f"<link>{link}</link><guid>{link}</guid><title>{title}</title>{more}"


def article(folder: Path, identity: str) -> ArticleState:
    with Index.open(folder).view() as view:
        return view.article(identity)


def counts(line: dict[str, object]) -> tuple[object, ...]:
    return tuple(line[name] for name in ("added", "changed", "unchanged", "failed"))


def test_feeds_are_added_listed_by_name_and_removed(folder: Path, feed: Command) -> None:
    feed("add", "https://Example.org/feed?utm_source=x", "--name", "city")
    feed("add", "https://example.org/other")
    assert [(one["url"], one["name"], one["pulled"]) for one in feed("list")] == [
        ("https://example.org/feed", "city", None),
        ("https://example.org/other", None, None),
    ]
    feed("remove", "city")
    feed("remove", "https://example.org/other")
    assert feed("list") == []


def test_a_feed_is_pulled_whatever_has_become_of_the_service_s_database(
    site: Site, folder: Path, feed: Command, caplog: pytest.LogCaptureFixture
) -> None:
    links = [page(site, f"/{number}", f"Bridge number {number} was opened.") for number in range(40)]
    feed("add", rss(site, "/feed", *map(item, links)))
    store_of(folder).write_bytes(b"not a database" * 100)
    assert [counts(line) for line in feed("pull")] == [(40, 0, 0, 0)]
    assert "index.service.sqlite" in caplog.text
    assert [counts(line) for line in feed("pull")] == [(0, 0, 0, 0)]


def test_whoever_erases_is_told_that_what_was_said_of_it_cannot_be_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CIVICITE_RUNTIME", "hashing")
    put(folder, [written("bridge", "The bridge was opened.")])
    store_of(folder).write_bytes(b"not a database" * 100)
    assert run(["remove", "bridge", "--erase", "--index", str(folder)]) == 1
    assert "index.service.sqlite" in capsys.readouterr().err


def test_a_name_of_another_feed_and_a_feed_that_is_not_there_are_refused(feed: Command) -> None:
    feed("add", "https://example.org/a", "--name", "city")
    assert "is the name of https://example.org/a" in str(
        feed("add", "https://example.org/b", "--name", "city", status=1)
    )
    assert "there is none" in str(feed("remove", "https://example.org/b", status=1))
    assert "there is none" in str(feed("pull", "towns", status=1))


def test_pulling_without_feeds_says_how_to_add_one(feed: Command) -> None:
    assert "civicite feed add URL" in str(feed("pull"))


def test_the_pages_of_entries_are_taken_in_and_entries_fill_what_pages_lack(
    site: Site, folder: Path, feed: Command
) -> None:
    first, second = page(site, "/a", "The tram line opened."), page(site, "/b", "The ferry stopped.")
    more = "<author>Ana Ruiz</author><pubDate>Wed, 05 Feb 2020 01:00:00 +0900</pubDate>"
    address = rss(site, "/feed", item(first, "Tram line", more), item(second))
    feed("add", address)
    (report,) = feed("pull")
    assert (report["feed"], counts(report)) == (address, (2, 0, 0, 0))
    known = article(folder, first).metadata
    assert (known.title, known.author, known.published, known.url) == (
        "Tram line",
        "Ana Ruiz",
        "2020-02-05",
        first,
    )


def test_a_feed_that_is_unchanged_costs_one_conditional_request(site: Site, feed: Command) -> None:
    feed("add", rss(site, "/feed", item(page(site, "/a", "The tram line opened."))))
    feed("pull")
    site.requests.clear()
    assert [counts(line) for line in feed("pull")] == [(0, 0, 0, 0)]
    assert site.paths() == ["/feed"]
    assert "If-None-Match" in site.requests[-1][1]


def test_only_what_is_new_or_changed_is_visited(site: Site, folder: Path, feed: Command) -> None:
    first, second = page(site, "/a", "The tram line opened."), page(site, "/b", "The ferry stopped.")
    feed("add", rss(site, "/feed", item(first), item(second)))
    feed("pull")
    third = page(site, "/c", "The market closed.")
    page(site, "/b", "The ferry goes again.")
    rss(site, "/feed", item(third), item(first), item(second, "Corrected"))
    site.requests.clear()
    assert [counts(line) for line in feed("pull")] == [(1, 1, 0, 0)]
    assert site.paths() == ["/feed", "/c", "/b"]
    assert article(folder, second).revision == 2


def test_an_entry_whose_link_changes_keeps_the_id_of_its_article(
    site: Site, folder: Path, feed: Command
) -> None:
    guid = "<guid isPermaLink='false'>7</guid>"
    first, moved = page(site, "/a", "The tram line opened."), page(site, "/moved", "The tram line closed.")
    feed("add", rss(site, "/feed", f"<link>{first}</link>{guid}"))
    feed("pull")
    rss(site, "/feed", f"<link>{moved}</link>{guid}")
    assert [counts(line) for line in feed("pull")] == [(0, 1, 0, 0)]
    assert article(folder, first).metadata.url == moved


def test_entries_that_share_a_guid_are_all_taken_in(site: Site, feed: Command) -> None:
    pages = [page(site, f"/{name}", f"The line {name} opened.") for name in "abc"]
    guid = "<guid isPermaLink='false'>same</guid>"
    feed("add", rss(site, "/feed", *(f"<link>{link}</link>{guid}" for link in pages)))
    assert [counts(line) for line in feed("pull")] == [(3, 0, 0, 0)]


def test_an_entry_that_holds_its_full_text_is_not_visited(site: Site, folder: Path, feed: Command) -> None:
    link = f"{site.address}/a"
    text = f"<content:encoded><![CDATA[{LONG}]]></content:encoded>"
    feed("add", rss(site, "/feed", item(link, "Tram line", text)))
    feed("pull")
    assert site.paths() == ["/feed"]
    known = article(folder, link)
    assert "runs every five minutes" in known.text
    assert (known.metadata.title, known.metadata.url) == ("Tram line", link)


def test_an_entry_without_a_link_is_named_after_the_feed(site: Site, folder: Path, feed: Command) -> None:
    text = f"<content:encoded><![CDATA[{LONG}]]></content:encoded>"
    address = rss(site, "/feed", f"<guid isPermaLink='false'>no 7</guid><title>Tram</title>{text}")
    feed("pull", address)
    assert "runs every five minutes" in article(folder, f"{address}#no-7").text


def test_what_fails_is_reported_and_tried_again_without_stopping_the_rest(
    site: Site, folder: Path, feed: Command
) -> None:
    good, bad = page(site, "/good", "The tram line opened."), f"{site.address}/bad"
    feed("add", rss(site, "/feed", item(bad, "Bad"), item(good)))
    report, said = feed("pull", status=1)
    assert counts(report) == (1, 0, 0, 1)
    assert f"failed: {bad}: answers 404 Not Found" in str(said)
    (listed,) = feed("list")
    assert [(one["url"], one["attempts"]) for one in listed["failed"]] == [(bad, 1)]
    page(site, "/bad", "The ferry stopped.")
    assert [counts(line) for line in feed("pull")] == [(1, 0, 0, 0)]
    assert article(folder, bad).metadata.title == "Bad"
    assert feed("list")[0]["failed"] == []
    assert "Bad" not in (folder / "sources.json").read_text()


def test_an_entry_that_failed_is_tried_again_when_its_feed_no_longer_lists_it(
    site: Site, folder: Path, feed: Command
) -> None:
    bad = f"{site.address}/bad"
    feed("add", rss(site, "/feed", item(bad, "Bad")))
    feed("pull", status=1)
    rss(site, "/feed")
    page(site, "/bad", "The ferry stopped.")
    assert [counts(line) for line in feed("pull")] == [(1, 0, 0, 0)]
    assert article(folder, bad).metadata.title == "Bad"


def test_an_entry_that_is_no_longer_listed_is_given_up_at_last(
    site: Site, feed: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "MOST_ATTEMPTS", 2)
    feed("add", rss(site, "/feed", item(f"{site.address}/bad")))
    feed("pull", status=1)
    rss(site, "/feed")
    feed("pull", status=1)
    assert [counts(line) for line in feed("pull")] == [(0, 0, 0, 0)]


@pytest.mark.parametrize(
    ("body", "media_type", "status", "said"),
    [
        ("", "text/html", 404, "answers 404"),
        ("<html><body>Login</body></html>", "text/html", 200, "is no RSS or Atom feed"),
        ("x", "image/png", 200, "is image/png, no feed"),
    ],
)
def test_a_feed_that_fails_does_not_stop_the_others(
    body: str, media_type: str, status: int, said: str, site: Site, feed: Command
) -> None:
    bad = site("/bad", body, media_type, status=status)
    feed("add", bad)
    feed("add", rss(site, "/feed", item(page(site, "/a", "The tram line opened."))))
    first, second, complaint = feed("pull", status=1)
    assert (counts(first), counts(second)) == ((0, 0, 0, 1), (1, 0, 0, 0))
    assert f"failed: {bad}: {said}" in str(complaint)
    assert said in str(feed("list")[0]["error"])


def odd(text: str, declaration: str = "") -> str:
    return f'{declaration}<rss version="2.0"><channel><item>{item("http://x/1", text)}</item></channel></rss>'


@pytest.mark.parametrize(
    "body",
    [
        odd("&#x110000;"),
        odd("&#99999999999;"),
        odd("A", '<?xml version="1.0" encoding="undefined"?>'),
        odd("A", '<?xml version="1.0" encoding="punycode"?>'),
    ],
)
def test_a_feed_that_nothing_can_be_made_of_does_not_stop_the_others(
    body: str, site: Site, feed: Command
) -> None:
    bad = site("/bad", body, "application/rss+xml")
    feed("add", bad)
    feed("add", rss(site, "/feed", item(page(site, "/a", "The tram line opened."))))
    first, second, complaint = feed("pull", status=1)
    assert (counts(first), counts(second)) == ((0, 0, 0, 1), (1, 0, 0, 0))
    assert f"failed: {bad}: is no RSS or Atom feed that can be read" in str(complaint)


@pytest.mark.parametrize("headers", [{"status": 301, "location": "http://xn--a/"}, {"etag": '"\xe9"'}])
def test_a_page_or_feed_with_odd_headers_stops_neither_this_pull_nor_the_next(
    headers: dict[str, Any], site: Site, feed: Command
) -> None:
    bad = site("/bad", "<p>The ferry stopped.</p>", **headers)
    body = odd("A").replace("http://x/1", bad)
    feed("add", site("/odd", body, "application/rss+xml", etag='"\xe9"'))
    feed("add", rss(site, "/feed", item(page(site, "/a", "The tram line opened."))))
    failed = int("status" in headers)
    first, second, *_ = feed("pull", status=failed)
    assert (counts(first), counts(second)) == ((1 - failed, 0, 0, failed), (1, 0, 0, 0))
    again, _, *_ = feed("pull", status=failed)
    assert counts(again) == (0, 0, 0, failed)


def test_a_link_that_is_no_address_is_a_failure_of_its_entry(site: Site, feed: Command) -> None:
    good = item(page(site, "/a", "The tram line opened."))
    feed("add", rss(site, "/feed", item("http://xn--a/"), good))
    report, said = feed("pull", status=1)
    assert counts(report) == (1, 0, 0, 1)
    assert "has no link and no text" in str(said)


@pytest.mark.parametrize(
    ("owner", "step"), [(pulling, "read_feed"), (pulling, "take"), (pulling._Pull, "_commit")]
)
def test_a_failure_that_nobody_thought_of_stops_no_other_feed_and_is_tried_again(
    owner: object, step: str, site: Site, feed: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed("add", rss(site, "/bad", item(page(site, "/b", "The ferry stopped."))))
    feed("add", rss(site, "/feed", item(page(site, "/a", "The tram line opened."))))
    real, failures = getattr(owner, step), [ZeroDivisionError("division by zero")]

    def failing_once(*arguments: object) -> object:
        if failures:
            raise failures.pop()
        return real(*arguments)

    monkeypatch.setattr(owner, step, failing_once)
    first, second, complaint = feed("pull", status=1)
    assert (counts(first), counts(second)) == ((0, 0, 0, 1), (1, 0, 0, 0))
    assert "cannot be taken in (ZeroDivisionError: division by zero)" in str(complaint)
    assert [counts(one)[0] for one in feed("pull")] == [1, 0]


def test_a_feed_that_is_not_well_formed_is_named_and_its_pages_are_taken_in(
    site: Site, feed: Command
) -> None:
    link = page(site, "/a", "The tram line opened.")
    address = site("/feed", f'<rss version="2.0"><channel><item>{item(link)}</item><item><link>', "text/xml")
    feed("add", address)
    report, said = feed("pull", status=1)
    assert counts(report) == (1, 0, 0, 1)
    assert f"{address}: is not well-formed" in str(said)


def test_a_feed_that_is_not_well_formed_is_listed_as_failing_until_it_is(
    site: Site, folder: Path, feed: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    feed("add", site("/feed", "<rss><channel><item>", "text/xml"))
    feed("pull", status=1)
    assert "is not well-formed" in str(feed("list")[0]["error"])
    assert run(["feed", "list", "--index", str(folder)]) == 0
    assert "\n  failed: http" in capsys.readouterr().out
    rss(site, "/feed", item(page(site, "/a", "The tram line opened.")))
    feed("pull")
    assert feed("list")[0]["error"] is None


def test_a_page_that_robots_may_not_fetch_is_a_failure_of_its_entry(site: Site, feed: Command) -> None:
    site("/robots.txt", "User-agent: *\nDisallow: /private", "text/plain")
    feed("add", rss(site, "/feed", item(f"{site.address}/private"), item(page(site, "/a", "It opened."))))
    report, said = feed("pull", status=1)
    assert counts(report) == (1, 0, 0, 1)
    assert "robots.txt asks programs to stay away" in str(said)


def test_a_collection_that_an_entry_links_to_is_not_taken_in(site: Site, feed: Command) -> None:
    link = site("/c.jsonl", '{"_id": "taken", "title": "", "text": "x"}', "application/x-ndjson")
    feed("add", rss(site, "/feed", item(link)))
    assert "is a collection, no page" in str(feed("pull", status=1))


def test_an_entrys_page_cannot_take_the_id_of_another_article(
    site: Site, folder: Path, feed: Command
) -> None:
    link = site("/a.md", "---\nid: the-bridge\n---\nThe bridge never closed.", "text/markdown")
    feed("add", rss(site, "/feed", item(link)))
    feed("pull")
    assert article(folder, link).text == "The bridge never closed."


def test_a_withdrawn_article_stays_withdrawn_whatever_its_feed_says(
    site: Site, folder: Path, feed: Command
) -> None:
    first, second = page(site, "/a", "The tram line opened."), page(site, "/b", "The ferry stopped.")
    feed("add", rss(site, "/feed", item(first), item(second)))
    feed("pull")
    withdraw(folder, first)
    page(site, "/a", "The tram line opened again.")
    rss(site, "/feed", item(first, "Changed"), item(second))
    assert [counts(line) for line in feed("pull")] == [(0, 0, 0, 0)]
    assert article(folder, first).withdrawn
    (folder / "sources.json").unlink()
    feed("pull", f"{site.address}/feed")
    assert article(folder, first).withdrawn


def test_what_is_remembered_may_be_lost(site: Site, folder: Path, feed: Command) -> None:
    address = rss(site, "/feed", item(page(site, "/a", "The tram line opened.")))
    feed("add", address)
    feed("pull")
    (folder / "sources.json").unlink()
    assert feed("list") == []
    assert [counts(line) for line in feed("pull", address)] == [(0, 0, 1, 0)]
    feed("add", address)
    assert [counts(line) for line in feed("pull")] == [(0, 0, 0, 0)]


def test_a_catalog_of_another_history_gets_everything_again(site: Site, folder: Path, feed: Command) -> None:
    feed("add", rss(site, "/feed", item(page(site, "/a", "The tram line opened."))))
    feed("pull")
    memory = (folder / "sources.json").read_bytes()
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (folder / "sources.json").write_bytes(memory)
    assert [counts(line) for line in feed("pull")] == [(1, 0, 0, 0)]


def test_damage_to_what_is_remembered_is_named_with_the_mend(folder: Path, feed: Command) -> None:
    feed("add", "https://example.org/feed")
    memory = folder / "sources.json"
    memory.write_bytes(memory.read_bytes().replace(b"example.org", b"examplf.org"))
    assert "sources.json: is not what was written" in str(feed("list", status=1))
    assert "delete it, and add the feeds again" in str(feed("pull", status=1))
    put(folder, [written("bridge", "The bridge was closed in May.")])
    assert [finding.where for finding in check(folder)] == [str(memory)]


def test_an_index_that_another_process_writes_to_is_named_and_nothing_is_lost(
    site: Site, folder: Path, feed: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CIVICITE_WAIT_SECONDS", "0")
    feed("add", rss(site, "/feed", item(page(site, "/a", "The tram line opened."))))
    with Editor(folder, HashingEncoder):
        assert "has been writing to this index" in str(feed("pull", status=1))
    assert [counts(line) for line in feed("pull")] == [(1, 0, 0, 0)]


def test_a_feed_on_this_machine_is_refused_without_the_option(
    site: Site, feed: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CIVICITE_ALLOW_PRIVATE_ADDRESSES")
    address = rss(site, "/feed", item(page(site, "/a", "The tram line opened.")))
    feed("add", address)
    assert "--allow-private-addresses" in str(feed("pull", status=1))
    assert site.requests == []
    assert [counts(line) for line in feed("pull", "--allow-private-addresses")] == [(1, 0, 0, 0)]
