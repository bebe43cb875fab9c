"""What the text of an article says about it, and what it leaves unsaid."""

from pathlib import Path

import pytest

from indexer.article import Metadata, RawArticle
from indexer.clean import clean
from indexer.dates import find_dates, iso_date
from indexer.metadata import describe, language_of
from indexer.readers import read_file

PAGES = Path(__file__).parent / "pages"
PROSE = "The council met on Tuesday evening and agreed to close the lower bridge."


def described(text: str, known: Metadata = Metadata()) -> Metadata:  # noqa: B008  it is immutable
    raw = RawArticle(None, text, known, "text/plain", "page", "0" * 64)
    return describe(raw, clean(raw).text)


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (
            "un_news.txt",
            Metadata(
                title="Quiet Coast: Brellin is named a Model of Tidal Safety",
                publisher="Office for Coastal Preparedness - Regional Bureau for the Northern Isles",
                published="2018-06-14",
                facets=(("city", ("Brellin",)),),
            ),
        ),
        (
            "event.txt",
            Metadata(
                title="Small Harbours Forum Osterby 2022",
                publisher="League of Small Harbours",
                facets=(
                    ("event_date", ("2022-05-03", "2022-05-04")),
                    ("organizer", ("League of Small Harbours",)),
                    ("venue", ("Old Rope Factory (second floor)",)),
                ),
            ),
        ),
        ("assembly.txt", Metadata(title="2017 Assembly of Lake Towns met on the subject of water")),
        ("mayor.txt", Metadata(title="Corvale Opens Its Map of Shade to the Public")),
        (
            "newspaper.txt",
            Metadata(
                title="Ferry union asks towns to plan together",
                publisher="The Morning Lantern",
                author="Jon Askel",
            ),
        ),
        (
            "korean_city.txt",
            Metadata(title="한들시, 골목 빗물정원 열두 곳 조성", published="2022-05-03", language="ko"),
        ),
        (
            "town_menu.txt",
            Metadata(
                title="Library reopens after the fire", publisher="Borough of Pell", published="2020-12-09"
            ),
        ),
        ("flood_plan.txt", Metadata(title="THE DORN VALLEY FLOOD PLAN")),
        (
            "blog.html",
            Metadata(
                title="Night buses come to Maplewick",
                publisher="Tollen Transit Blog",
                author="Ada Fernwood",
                url="https://transit.example.org/night-buses",
                published="2021-03-14",
                language="en",
            ),
        ),
        (
            "wordpress.html",
            Metadata(
                title="How Port Ellery got its tool library",
                publisher="Streets We Share",
                author="Mina Okoro",
                url="https://streets.example.org/2022/11/tool-library/",
                published="2022-11-03",
                language="en-GB",
            ),
        ),
        (
            "city_portal.html",
            Metadata(
                title="Flood barriers tested at Kingsdock",
                publisher="City of Marrowgate",
                published="2023-09-14",
                language="en",
            ),
        ),
        (
            "agency.html",
            Metadata(
                title="Dhalpur becomes a Resilience Beacon",
                publisher="Agency for Safer Towns",
                url="https://safertowns.example.org/news/dhalpur",
                published="2019-10-13",
                language="en",
                facets=(("city", ("Dhalpur",)),),
            ),
        ),
        (
            "agency_capture.txt",
            Metadata(
                title="Delta towns agree on one flood siren",
                publisher="Agency for Safer Towns - Office for the Delta",
                published="2019-10-13",
            ),
        ),
        (
            "city_capture.txt",
            Metadata(title="City of Marrowgate opens a school for cyclists", published="2022-05-04"),
        ),
        (
            "capture_event.txt",
            Metadata(
                title="Delta Cities Night 2024",
                publisher="Agency for Safer Towns; City of Hale",
                facets=(
                    ("organizer", ("Agency for Safer Towns; City of Hale",)),
                    ("venue", ("Old Granary, Quay Road 12, Hale",)),
                ),
            ),
        ),
        ("capture_pr.txt", Metadata(title="HALE PLANTS ITS TEN-THOUSANDTH TREE", published="2019-06-03")),
        ("capture_paper.txt", Metadata(title="The bus that never came", author="Odile Brack")),
        ("line_breaks.html", Metadata(title="Town of Hale buys six electric buses", published="2014-03-12")),
        (
            "korean_portal.html",
            Metadata(
                title="옛 철길, 시민 숲길로 다시 열린다",
                publisher="바람시청",
                author="공원녹지과",
                published="2021-09-14",
                language="ko",
            ),
        ),
        (
            "korean_news.txt",
            Metadata(
                title="바람시, 옛 우체국을 청년 작업실로",
                author="박지훈",
                published="2023-04-18",
                language="ko",
            ),
        ),
    ],
)
def test_a_page_is_described_by_what_it_says_and_no_more(page: str, expected: Metadata) -> None:
    (raw,) = read_file(PAGES / page)
    assert isinstance(raw, RawArticle)
    assert describe(raw, clean(raw).text) == expected


def test_the_files_own_metadata_prevails() -> None:
    known = Metadata(title="Own", publisher="Own Press", published="2001", facets=(("venue", ("Hall",)),))
    found = described(f"Headline\n\nSource(s): Other\nVenue: Barn\n\nPELL, 3 May 2020 - {PROSE}", known)
    assert (found.title, found.publisher, found.published) == ("Own", "Own Press", "2001")
    assert found.facet("venue") == ("Hall",)


def test_the_day_of_an_event_is_no_day_of_publication() -> None:
    found = described(f"Forum\n\nDate: 9 December 2020 (Wednesday)\nVenue: Hall\n\n{PROSE}")
    assert found.published is None
    assert found.facet("event_date") == ("2020-12-09",)


def test_a_city_of_filing_that_the_title_does_not_name_is_no_city() -> None:
    found = described(f"Bridges close\n\nPELL, 3 May 2020 - {PROSE}")
    assert found.published == "2020-05-03"
    assert found.facets == ()


@pytest.mark.parametrize(
    "text",
    [
        PROSE,
        f"{PROSE}\n\n{PROSE}",
        f"• item\n• item\n\n{PROSE}",
        f"By Jon Askel\n\n{PROSE}",
        "Only a line",
        "",
    ],
)
def test_a_text_without_a_headline_has_no_title(text: str) -> None:
    assert described(text).title is None


def test_a_day_named_in_the_body_is_no_day_of_publication() -> None:
    assert (
        described(f"Bridge closed\n\nOn 3 May 2020 the bridge was closed by the council. {PROSE}").published
        is None
    )


def test_a_day_below_the_text_belongs_to_another_article() -> None:
    assert described(f"Bridge closed\n\n{PROSE}\n\nRelated\n\nLamps replaced\n3 May 2020").published is None


def test_a_label_may_stand_above_its_value() -> None:
    assert described(f"Bridge closed\nPublished:\n3 May 2020\n\n{PROSE}").published == "2020-05-03"


def test_two_days_that_stand_alone_leave_the_publication_open() -> None:
    assert described(f"Bridge closed\n3 May 2020\n9 June 2021\n\n{PROSE}").published is None


@pytest.mark.parametrize(
    "line",
    [
        "Published: 3 May 2020",
        "Posted : 2020-05-03 10:12",
        "입력 : 2020.05.03",
        "Published on May 3, 2020",
        "May 3rd, 2020",
    ],
)
def test_a_stated_day_of_publication_is_taken(line: str) -> None:
    assert described(f"Bridge closed\n{line}\n\n{PROSE}").published == "2020-05-03"


def test_a_reporter_and_a_byline_are_authors() -> None:
    assert described(f"다리 통행 제한\n홍길동 기자\n\n{PROSE}").author == "홍길동"
    assert described(f"Bridge closed\nBy Mary-Ann O'Dell\n\n{PROSE}").author == "Mary-Ann O'Dell"
    assert described(f"Bridge closed\nBy the river\n\n{PROSE}").author is None


def test_a_long_value_is_ignored() -> None:
    assert described(f"Bridge closed\nVenue: {'hall ' * 60}\n\n{PROSE}").facets == ()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("한들시는 빗물정원을 만들었다.", "ko"),
        ("市は新しい橋をかけた。", "ja"),
        ("市政府修建了一座新桥。", "zh"),
        ("The city built a bridge.", None),
        ("La ville a construit un pont.", None),
        ("", None),
    ],
)
def test_a_language_is_told_by_its_script_only(text: str, language: str | None) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("5 February 2020", ("2020-02-05",)),
        ("the 28th of February, 2019", ("2019-02-28",)),
        ("Dec. 9, 2020", ("2020-12-09",)),
        ("9 Dec. 2020", ("2020-12-09",)),
        ("26-FEB-1987", ("1987-02-26",)),
        ("July 10 to 12, 2019", ("2019-07-10", "2019-07-12")),
        ("2020-02-05T10:00:00Z", ("2020-02-05",)),
        ("2020. 2. 5.", ("2020-02-05",)),
        ("2020년 12월 9일", ("2020-12-09",)),
        ("2020年12月9日", ("2020-12-09",)),
    ],
)
def test_a_complete_date_is_found_in_its_written_form(text: str, days: tuple[str, ...]) -> None:
    assert [found.days for found in find_dates(text)] == [days]


@pytest.mark.parametrize(
    "text",
    [
        "28th of February",
        "February 2020",
        "05/02/2020",
        "31 February 2020",
        "2020-13-01",
        "12020-02-05",
        "May 5",
    ],
)
def test_an_incomplete_or_ambiguous_date_is_none(text: str) -> None:
    assert find_dates(text) == []


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("2020", "2020"),
        ("2020-02", "2020-02"),
        ("2020-02-05 10:12", "2020-02-05"),
        ("3 May 2020", "2020-05-03"),
        ("May 2020", "2020-05"),
        ("2020년 5월", "2020-05"),
        ("2020-14", None),
        ("last May", None),
        ("before 3 May 2020", None),
        ("", None),
    ],
)
def test_a_metadata_value_is_a_date_if_it_begins_with_one(value: str, iso: str | None) -> None:
    assert iso_date(value) == iso
