"""Cleaning by look-alikes of real pages, compared exactly, and by invariants over arbitrary text."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.article import Furniture, Metadata, RawArticle
from indexer.clean import clean
from indexer.readers import read_file

PAGES = Path(__file__).parent / "pages"
LOOK_ALIKES = sorted(path for path in PAGES.iterdir() if path.suffix != ".expected")


def raw(text: str, furniture: Furniture = "page", media_type: str = "text/plain") -> RawArticle:
    return RawArticle(None, text, Metadata(), media_type, furniture, "0" * 64)


def cleaned(text: str, furniture: Furniture = "page") -> str:
    return clean(raw(text, furniture)).text


PROSE = "The council met on Tuesday evening and agreed to close the lower bridge."
OTHER_PROSE = "It will be opened again when an engineer has looked at its piers."


def around(head: str = "", tail: str = "") -> str:
    return f"Bridge closed\n{head}\n\n{PROSE}\n\n{OTHER_PROSE}\n\n{tail}\n"


BODY = f"Bridge closed\n\n{PROSE}\n\n{OTHER_PROSE}"


@pytest.mark.parametrize("page", LOOK_ALIKES, ids=lambda page: page.stem)
def test_a_page_keeps_its_article_and_loses_its_furniture(page: Path) -> None:
    (found,) = read_file(page)
    assert isinstance(found, RawArticle)
    assert clean(found).text + "\n" == page.with_suffix(".expected").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", LOOK_ALIKES, ids=lambda page: page.stem)
def test_a_page_that_was_cleaned_stays_as_it_is(page: Path) -> None:
    expected = page.with_suffix(".expected").read_text(encoding="utf-8").rstrip("\n")
    assert cleaned(expected) == expected
    assert cleaned(expected, "none") == expected


FURNITURE_LINES = [
    "Skip to main content",
    "본문 바로가기",
    "跳到主要内容",
    "Home > News > Bridges",
    "Home | About | News | Contact",
    "Share this",
    "Facebook Twitter LinkedIn",
    "EN | KR | JP",
    "한국어 | English",
    "We use cookies to make this site work.",
    "Read more",
    "A A A",
    "조회수 1,204",
    "Menu Skip to content",
    "Share on X",
    "Click to share on Facebook (Opens in new window)",
    "Share this Facebook Twitter",
    "3 min read",
    "댓글 0",
    "Home\nNews and events\nNews",
    "정치\n경제\n사회\n문화",
]


@pytest.mark.parametrize("line", FURNITURE_LINES)
def test_furniture_at_the_head_is_dropped(line: str) -> None:
    assert cleaned(around(head=line)) == BODY


@pytest.mark.parametrize(
    "lines",
    [
        *FURNITURE_LINES[5:10],
        "Is this page useful?\nYes No\nThank you for the two minutes that you gave us just now.",
        "이 페이지의 정보에 만족하십니까?\n매우만족 만족 보통",
        "For more information:\n\nVisit event website:",
        "Country & Region",
        "Related articles\nMarket moves to Friday\nLamps replaced",
        "Top 10 Stories\n1. Market moves",
        "© 2021 City of Pell. All rights reserved.",
        "Subscribe to our newsletter",
        "go top LETTER",
        "Get the news of the city in your inbox.\nEnter your email address\nSubscribe",
        "You might also be interested in\nMarket moves to Friday",
        "2 thoughts on “Bridge closed”\nAnn says:\nIt was closed in 1987 too, and nobody minded at all.",
        "Leave a Reply Cancel reply\nYour email address will not be published. Required fields are marked *",
        "목록 이전글 다음글",
        "Previous post: Market moves to Friday",
        "Press\nPrivacy\nCookies",
        "목록\n이전글\n다음글",
    ],
)
def test_furniture_at_the_tail_is_dropped(lines: str) -> None:
    assert cleaned(around(tail=lines)) == BODY


@pytest.mark.parametrize(
    "lines",
    [
        "For more information: write to the town clerk",
        "Visit event website:\nbridge.example",
        "Country & Region\nNorthern Isles",
        "Contact: Ms Orla Venn",
        "Where it leads\n• North bank\n• South bank",
        "Line | Stops\nN1 | 14",
        "Event language(s)\n• English\n• Korean\n• Danish",
        "Languages:\nEnglish | Korean",
        "Photo: Jon Askel",
        "Topic | Economy | Culture\nMarkets | 14 | 3",
        "Themes\nEconomy\nCulture",
        "Press contact",
        "Economy | Culture | Sports",
        "Partners\nSpeakers\nPublications",
        "Register by 5 May and send an e-mail to the clerk.",
    ],
)
def test_content_of_the_tail_that_resembles_furniture_stays(lines: str) -> None:
    assert cleaned(around(tail=lines)) == f"{BODY}\n\n{lines}"


@pytest.mark.parametrize(
    "lines",
    [
        "By Jon Askel",
        "Date: 9 December 2020",
        "Time: 10 AM - 5:30 PM",
        "Venue: Old Rope Factory",
        "Source(s): Office for Bridges",
        "• 26\n• 40\n• 12",
        "9 Dec. 2020",
        "Leave a comment",
        "Programme\nSpeakers\nContact\nThe press was not invited",
        "Themes:\n• Economy\n• Culture",
    ],
)
def test_content_of_the_head_that_resembles_furniture_stays(lines: str) -> None:
    assert cleaned(around(head=lines)) == BODY.replace("closed\n", f"closed\n{lines}\n", 1)


def test_the_sites_name_above_a_menu_is_dropped_where_a_headline_follows() -> None:
    page = f"Town of Osterby\nHome\nNews\nContact\nThe lower bridge is closed\n\n{PROSE}"
    assert cleaned(page) == f"The lower bridge is closed\n\n{PROSE}"


def test_a_table_of_contents_is_dropped_where_its_headings_follow() -> None:
    listed = "Contents\n1. The bridge\n2. The ferry"
    sections = f"The bridge\n\n{PROSE}\n\nThe ferry\n\n{OTHER_PROSE}"
    assert cleaned(f"Two crossings\n\n{listed}\n\n{sections}") == f"Two crossings\n\n{sections}"
    assert listed in cleaned(f"Two crossings\n\n{listed}\n\n{PROSE}\n\n{OTHER_PROSE}")


def test_a_section_in_the_windows_title_is_dropped_above_the_headline() -> None:
    page = f"Osterby | News | Bridge closed\nNews\nBridge closed\n\n{PROSE}"
    assert cleaned(page) == f"Bridge closed\n\n{PROSE}"


def test_furniture_words_inside_the_body_stay() -> None:
    text = f"Bridge closed\n\n{PROSE}\n\nPrint\n\nNews | Events | Contact\n\n{OTHER_PROSE}"
    assert cleaned(text) == text


def test_a_caption_printed_twice_is_kept_once() -> None:
    assert cleaned(around(head="The bridge in May\nThe bridge in May")) == BODY.replace(
        "closed\n", "closed\nThe bridge in May\n", 1
    )


def test_a_table_row_printed_twice_is_kept_twice() -> None:
    rows = "North bank | two piers\nNorth bank | two piers"
    assert cleaned(around(tail=rows)).endswith(rows)


def test_a_byline_repeated_at_the_end_is_dropped_there() -> None:
    assert cleaned(around(head="By Jon Askel", tail="Jon Askel")).count("Jon Askel") == 1


def test_a_window_title_stays_when_no_headline_follows() -> None:
    text = f"Bridge closed - The Lantern\n\n{PROSE}"
    assert cleaned(text) == text


def test_an_authored_text_keeps_lines_that_look_like_furniture() -> None:
    text = f"Share this\n\n{PROSE}\n\nRead more\nRead more"
    assert cleaned(text, "none") == text


def test_white_space_and_characters_are_made_even() -> None:
    text = "\ufeffA\u0301 b\u00a0c \r\nd\u2028e\x00f\x07\r\n\r\n \t\r\n\r\ng\ud800h\u200b\n"
    assert cleaned(text, "none") == "Á b c\nd\nef\n\ng\ufffdh"


def test_pages_begin_where_their_text_begins() -> None:
    found = clean(raw("\fOne page.\n\f\fIt runs\fon here. \f", "none"))
    assert found.text == "One page.\n\nIt runs on here."
    starts = [found.text[start:] for start in found.page_starts]
    assert starts == [found.text, found.text, "It runs on here.", "It runs on here.", "on here.", ""]


def test_a_pdf_of_one_page_has_one_page_and_other_formats_none() -> None:
    assert clean(raw("One page.", "none", "application/pdf")).page_starts == (0,)
    assert clean(raw("One page.", "none")).page_starts == ()


def test_furniture_on_a_page_break_keeps_the_break() -> None:
    found = clean(raw(f"{PROSE}\n\fShare this\n\n{OTHER_PROSE}"))
    assert found.text == f"{PROSE}\n\n{OTHER_PROSE}"
    assert found.text[found.page_starts[1] :] == OTHER_PROSE


LINES = st.sampled_from(
    [
        *FURNITURE_LINES,
        *(PROSE, OTHER_PROSE, "", "• -1", "• 0", "• +1", "By Jon Askel", "Jon Askel", "Tags", "Links:", "\f"),
        *(
            "Bridge closed - The Lantern",
            "The Lantern",
            "Bridge closed",
            "Related articles",
            "• one",
            "• • two",
        ),
        *(
            "Is this page useful?",
            "Office News",
            "• Office News 12",
            "x | y",
            "  in \t",
            "Home",
            "• Home",
            "English",
        ),
    ]
)


@settings(max_examples=300)
@given(st.lists(LINES, max_size=25).map("\n".join) | st.text(max_size=200), st.sampled_from(["page", "none"]))
def test_cleaning_twice_changes_nothing_more(text: str, furniture: Furniture) -> None:
    once = cleaned(text, furniture)
    assert cleaned(once, furniture) == once


@settings(max_examples=300)
@given(st.text(max_size=300) | st.lists(LINES, max_size=25).map("\n".join))
def test_an_authored_text_loses_no_letter(text: str) -> None:
    def letters(of: str) -> str:
        kept = "".join(each for each in of if unicodedata.category(each)[0] not in "CZ")
        return unicodedata.normalize("NFC", kept)

    assert letters(cleaned(text, "none")) == letters(unicodedata.normalize("NFC", _repaired(text)))


def _repaired(text: str) -> str:
    return "".join("\ufffd" if "\ud800" <= each <= "\udfff" else each for each in text)


@settings(max_examples=300)
@given(st.lists(LINES, max_size=25).map("\n".join) | st.text(max_size=200), st.sampled_from(["page", "none"]))
def test_canonical_text_is_even(text: str, furniture: Furniture) -> None:
    found = clean(raw(text, furniture))
    assert found.text == unicodedata.normalize("NFC", found.text).strip()
    assert "\n\n\n" not in found.text
    assert not any(line != line.rstrip() for line in found.text.split("\n"))
    assert list(found.page_starts) == sorted(found.page_starts)
    assert len(found.page_starts) == (text.count("\f") + 1 if "\f" in text else 0)
    assert all(0 <= start <= len(found.text) for start in found.page_starts)


@settings(max_examples=200)
@given(st.lists(LINES, max_size=25))
def test_no_prose_of_a_page_is_ever_lost(lines: list[str]) -> None:
    found = cleaned("\n".join(lines)).split("\n")
    for prose in (PROSE, OTHER_PROSE):
        if prose in lines and not any(_may_close(line) for line in lines):
            assert prose in found


def _may_close(line: str) -> bool:
    """A feedback box takes what follows it, which on a page that was put together at random may be prose."""
    return line == "Is this page useful?"
