"""Feeds as they are found: what counts as an entry, and when its own text is the whole of it."""

from pathlib import Path

import pytest

from indexer.errors import ReadError
from indexer.feeds import FULL_TEXT, Entry, ReadFeed, read_feed
from indexer.fetching import Fetched

AT = "https://example.org/news/feed.xml"
LONG = "<p>The tram line opened on Monday.</p> " * 40


def read(
    content: str | bytes, media_type: str = "application/rss+xml", charset: str | None = None
) -> ReadFeed:
    body = content if isinstance(content, bytes) else content.encode()
    return read_feed(Fetched(AT, body, media_type, charset, None))


def rss(*items: str) -> str:
    listed = "".join(f"<item>{item}</item>" for item in items)
    return (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>City news</title>{listed}</channel></rss>"
    )


def only(*items: str) -> Entry:
    (entry,) = read(rss(*items)).entries
    return entry


def encoded(text: str) -> str:
    return f"<link>https://example.org/a</link><content:encoded><![CDATA[{text}]]></content:encoded>"


def test_an_rss_entry_has_link_title_author_and_the_day_as_its_publisher_wrote_it() -> None:
    entry = only(
        "<guid isPermaLink='false'>7</guid><title>A &amp; B</title><author>Ana</author>"
        "<link>/a?utm_source=feed#x</link><pubDate>Wed, 05 Feb 2020 01:00:00 +0900</pubDate>"
    )
    assert (entry.key, entry.link) == ("7", "https://example.org/a")
    assert (entry.metadata.title, entry.metadata.author) == ("A & B", "Ana")
    assert entry.metadata.published == "2020-02-05"


def test_an_atom_entry_is_read_alike() -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>City</title><entry><id>tag:x,1</id>'
        '<title>Tram</title><link href="a.html"/><published>2020-02-05T01:00:00+09:00</published>'
        "<author><name>Ana</name></author>"
        "</entry></feed>"
    )
    (entry,) = read(atom, "application/atom+xml").entries
    assert (entry.key, entry.link, entry.metadata.author, entry.metadata.published) == (
        "tag:x,1",
        "https://example.org/news/a.html",
        "Ana",
        "2020-02-05",
    )


def test_a_guid_that_two_entries_share_does_not_make_them_one() -> None:
    found = read(
        rss(
            "<guid isPermaLink='false'>1</guid><link>https://e.org/a</link>",
            "<guid isPermaLink='false'>1</guid><link>https://e.org/b</link>",
            "<guid isPermaLink='false'>2</guid><link>https://e.org/c</link>",
        )
    )
    assert [entry.key for entry in found.entries] == ["https://e.org/a", "https://e.org/b", "2"]


def test_entries_that_share_a_link_are_what_they_hold_and_else_only_the_first_is() -> None:
    first, second = (encoded(f"{LONG}{n}") + f"<guid isPermaLink='false'>{n}</guid>" for n in (1, 2))
    empty = "<link>https://example.org/a</link><guid isPermaLink='false'>3</guid>"
    found = read(rss(first, second, empty)).entries
    assert [(entry.key, entry.link) for entry in found] == [("1", None), ("2", None)]
    listed = read(rss(empty, empty.replace("3", "4"))).entries
    assert [entry.key for entry in listed] == ["3"]


def test_content_that_is_long_and_not_cut_is_the_full_text() -> None:
    assert only(encoded(LONG)).content is not None
    assert only(encoded("x" * (FULL_TEXT - 1))).content is None


@pytest.mark.parametrize(
    "end",
    ["…", "[&hellip;]", "...", '<a href="#">Continue reading »</a>', "더보기", "[…]</p><p>The post A first."],
)
def test_content_that_says_it_goes_on_elsewhere_is_not_the_full_text(end: str) -> None:
    assert only(encoded(f"{LONG}{end}")).content is None


def test_a_description_is_never_taken_for_the_full_text() -> None:
    entry = only(f"<link>https://example.org/a</link><description><![CDATA[{LONG}]]></description>")
    assert entry.content is None


def test_a_changed_title_or_text_changes_the_digest_and_nothing_else_does() -> None:
    link = "<link>https://example.org/a</link>"
    assert only(f"<title>A</title>{link}").digest == only(f"{link}<title>A</title>").digest
    assert only(f"<title>A</title>{link}").digest != only(f"<title>B</title>{link}").digest


@pytest.mark.parametrize(
    "content", ["<html><body><p>Hello</p></body></html>", '{"a": 1}', "", "no feed at all", "<rss"]
)
def test_what_is_no_feed_is_named(content: str) -> None:
    with pytest.raises(ReadError, match=r"https://example\.org/news/feed\.xml: is no RSS or Atom feed"):
        read(content)


@pytest.mark.parametrize(
    "content",
    [
        rss("<title>&#x110000;</title>"),
        rss("<title>&#99999999999;</title>"),
        '<?xml version="1.0" encoding="undefined"?>' + rss("<title>A</title>"),
        '<?xml version="1.0" encoding="punycode"?>' + rss("<title>A</title>"),
    ],
)
def test_a_feed_of_characters_and_encodings_that_there_are_not_is_named(content: str) -> None:
    with pytest.raises(
        ReadError, match=r"is no RSS or Atom feed that can be read \(.+\); tell its publisher"
    ):
        read(content)


def test_an_empty_feed_is_a_feed() -> None:
    assert read(rss()) == ReadFeed("City news", (), None)


def test_content_that_looks_like_a_path_or_an_address_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(rss("<link>https://example.org/secret</link>"))
    for content in (str(tmp_path / "feed.xml"), (tmp_path / "feed.xml").as_uri()):
        with pytest.raises(ReadError, match="is no RSS or Atom feed"):
            read(content)


def test_a_feed_that_breaks_off_gives_what_could_be_read_without_trusting_its_texts() -> None:
    whole = rss("<link>https://example.org/b</link><title>B</title>", encoded(LONG))
    found = read(whole[: whole.index("</content:encoded>")])
    assert [entry.link for entry in found.entries] == ["https://example.org/b", "https://example.org/a"]
    assert found.problem is not None
    assert {entry.content for entry in found.entries} == {None}


def test_an_entity_that_names_a_file_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the secret")
    declared = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    found = read(declared + rss("<link>https://example.org/a</link><title>A &x; B</title>"))
    assert "secret" not in str(found)


def test_the_encoding_of_the_header_counts() -> None:
    body = rss("<link>https://example.org/a</link><title>부산</title>").encode("euc-kr")
    (entry,) = read(body, charset="euc-kr").entries
    assert entry.metadata.title == "부산"


def test_an_entry_without_guid_and_link_is_passed_over() -> None:
    links = ("<link>javascript:alert(1)</link>", "<link>http://xn--a/</link>", "<link>http://[::1</link>")
    assert read(rss("<title>Nothing</title>", *links)).entries == ()
