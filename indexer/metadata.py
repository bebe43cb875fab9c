"""What is known about an article: what its file says, and then what its text says with certainty.

Knows headlines, bylines, datelines, window titles and labelled lines. Never guesses: whatever the text does
not state stays None. The day an event takes place is no day of publication.
"""

import re
from collections.abc import Iterator
from itertools import islice, takewhile

from indexer import phrases
from indexer.article import Metadata, RawArticle
from indexer.clean import plain_line
from indexer.dates import find_dates
from indexer.furniture import BYLINE
from indexer.lines import is_unit
from indexer.phrases import normal
from indexer.windowtitle import WindowTitle, window_title
from indexer.zones import BULLETED, SENTENCE_END, is_prose, without_bullet

HEAD_LINES = 25
"""Lines of the beginning in which bylines, dates and labels are looked for."""
LONGEST_VALUE = 200
LONGEST_TITLE = 250
LONGEST_DATE = 60
LABEL = re.compile(r"(?P<label>[^\W\d_][\w ()/&.-]{0,30}?)\s*[:：]\s*(?P<value>\S.*)")
BARE_LABEL = re.compile(r"(?P<label>Source|Organi[sz]er)\(s\)\s*:?\s+(?P<value>\S.*)")
FIELD_OF_LABEL = {
    "author": "author",
    "by": "author",
    "글": "author",
    "작성자": "author",
    "date": "event_date",
    "event date": "event_date",
    "date and time": "event_date",
    "일시": "event_date",
    "日時": "event_date",
    "venue": "venue",
    "location": "venue",
    "장소": "venue",
    "会場": "venue",
    "source": "publisher",
    "source(s)": "publisher",
    "publisher": "publisher",
    "출처": "publisher",
    "organizer": "organizer",
    "organizer(s)": "organizer",
    "organiser": "organizer",
    "organiser(s)": "organizer",
    "organised by": "organizer",
    "organized by": "organizer",
    "hosted by": "organizer",
    "주최": "organizer",
    "主催": "organizer",
    "published": "published",
    "published on": "published",
    "date published": "published",
    "publication date": "published",
    "posted": "published",
    "posted on": "published",
    "posted date": "published",
    "release date": "published",
    "입력": "published",
    "기사입력": "published",
    "등록일": "published",
    "게시일": "published",
    "작성일": "published",
    "发布时间": "published",
    "公開日": "published",
    "掲載日": "published",
}
DATELINE = re.compile(
    r"\(?(?P<city>[^\W\d_][^\W\d_ .'’-]*(?:[ .'’-]+[^\W\d_]+){0,3}),\s*+(?P<rest>.{6,30}?)\)?\s+[-–—]+\s"
)
PUBLISHED_ON = re.compile(r"(?:published|posted)(?: on)? (?P<value>.{6,40})", re.IGNORECASE)
REPORTER = re.compile(r"(?P<name>[가-힣]{2,4}) 기자(?:\s*[\w.]+@[\w.]+)?")
HANGUL = re.compile(r"[\uac00-\ud7a3]")
KANA = re.compile(r"[\u3041-\u30ff]")
HAN = re.compile(r"[\u3400-\u9fff]")
LETTER = re.compile(r"[^\W\d_]")


def describe(raw: RawArticle, text: str) -> Metadata:
    """The file's own metadata, filled from the canonical text where the text is certain.

    Facets that are found here: ``event_date`` (ISO days), ``venue``, ``organizer``, ``city``.
    """
    lines = list(islice((line for line in text.split("\n") if line), HEAD_LINES))
    window = _window_title(raw)
    labelled = dict(_labelled(lines))
    title = raw.metadata.title or (window.headline if window else None) or headline(text)
    city, filed = _dateline(lines)
    event_days = _days(labelled.get("event_date", ""))
    facets = {
        "event_date": event_days,
        "venue": _short(labelled.get("venue")),
        "organizer": _short(labelled.get("organizer")),
        "city": (city,) if city and title and _names(title, city) else (),
    }
    found = Metadata(
        title=title,
        publisher=_publisher(window, labelled),
        author=_author(lines, labelled),
        published=filed or _published(lines, labelled, is_event=bool(event_days or facets["venue"])),
        language=language_of(text),
        facets=tuple(sorted((name, values) for name, values in facets.items() if values)),
    )
    return raw.metadata.filled_from(found)


def headline(text: str) -> str | None:
    """The first line if it is short, no sentence, item, label or byline, and its block holds no prose.

    A line above it that says what kind of text this is, and a day or place beside that, is passed over.
    """
    lines = text.split("\n", HEAD_LINES)
    if normal(lines[0]) in phrases.KINDS:
        below = next((at for at, line in enumerate(lines[1:-1], 1) if line and not is_unit(line)), None)
        return headline("\n".join(lines[below:])) if below else None
    block, _, rest = text.partition("\n\n")
    first, *others = block.split("\n")
    is_line = 0 < len(first) <= LONGEST_TITLE and bool(rest.strip()) and not any(map(is_prose, others))
    is_other = (
        BULLETED.match(first) or BYLINE.fullmatch(first) or _label(first) or _is_date(first) or "|" in first
    )
    if not is_line or is_other or is_prose(first) or re.search(r"[.。:：]$", first):
        return None
    return first


def language_of(text: str) -> str | None:
    """``ko``, ``ja`` or ``zh`` where the script tells; Latin script does not tell a language."""
    sample = text[:20_000]
    if sample.isascii():
        return None
    letters = len(LETTER.findall(sample))
    hangul, kana, han = (len(script.findall(sample)) for script in (HANGUL, KANA, HAN))
    if hangul > 0.3 * letters:
        return "ko"
    if kana > 0.1 * letters:
        return "ja"
    return "zh" if han > 0.5 * letters else None


def _window_title(raw: RawArticle) -> WindowTitle | None:
    if raw.furniture != "page":
        return None
    lines = (plain_line(line) for line in re.split(r"[\n\f]", raw.text[:20_000]))
    return window_title(list(islice((line for line in lines if line), HEAD_LINES)))


def _labelled(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Fields and values of the ``label: value`` lines, the first of a field last, so that it prevails."""
    for line, below in reversed([*zip(lines, [*lines[1:], ""], strict=False)]):
        if label := _label(line) or (_label(f"{line} {below}") if line.endswith((":", "：")) else None):
            yield label


def _label(line: str) -> tuple[str, str] | None:
    line = without_bullet(line)
    match = BARE_LABEL.match(line) or LABEL.match(line)
    field = FIELD_OF_LABEL.get(match["label"].strip().lower()) if match else None
    return (field, match["value"].strip()) if match and field else None


def _publisher(window: WindowTitle | None, labelled: dict[str, str]) -> str | None:
    named = [window.site if window else "", labelled.get("publisher", ""), labelled.get("organizer", "")]
    return next((name for name in named if name and len(name) <= LONGEST_VALUE), None)


def _author(lines: list[str], labelled: dict[str, str]) -> str | None:
    for line in lines:
        if match := BYLINE.fullmatch(line) or REPORTER.fullmatch(line):
            return match["name"]
    named = labelled.get("author")
    return named if named and len(named) <= LONGEST_VALUE and not is_prose(named) else None


def _published(lines: list[str], labelled: dict[str, str], *, is_event: bool) -> str | None:
    """A labelled day of publication, else the one day alone on a line of a page about no event."""
    for value in [labelled.get("published", ""), *_announced(lines)]:
        if days := _days(value):
            return days[0]
    head = takewhile(lambda line: not is_prose(line), lines)  # below it stand the dates of other articles
    alone = {_days(line) for line in head if _is_date(line)}
    if is_event or len(alone) != 1:
        return None
    days = alone.pop()
    return days[0] if len(days) == 1 else None


def _announced(lines: list[str]) -> Iterator[str]:
    yield from (match["value"] for line in lines if (match := PUBLISHED_ON.fullmatch(line)))


def _dateline(lines: list[str]) -> tuple[str | None, str | None]:
    """City and ISO day of the first ``CITY, 5 February 2020 -`` that opens a line; a day must be complete."""
    for line in lines:
        match = DATELINE.match(line)
        days = _days(match["rest"]) if match and _is_date(match["rest"]) else ()
        if match and len(days) == 1:
            city = match["city"]
            return (city.title() if city.isupper() else city), days[0]
    return None, None


def _days(value: str) -> tuple[str, ...]:
    """The days of the first complete date that opens the value."""
    found = find_dates(value[:LONGEST_DATE])
    opens = found and len(re.findall(r"\w+", value[: found[0].start])) <= 1
    return found[0].days if opens else ()


def _is_date(line: str) -> bool:
    """Whether a line holds a date and beside it at most a weekday or a time of day."""
    found = find_dates(line) if len(line) <= LONGEST_DATE else []
    if len(found) != 1:
        return False
    rest = line[: found[0].start] + line[found[0].end :]
    return (
        re.fullmatch(
            r"[\s,.()|-]*(?:[^\W\d_]{1,9}[\s,.()|-]*)?(?:\d{1,2}[:.]\d\d(?:[:.]\d\d)?)?\s*\w{0,4}[\s,.()|-]*",
            rest,
        )
        is not None
    )


def _names(title: str, city: str) -> bool:
    return re.search(rf"\b{re.escape(city)}\b", title, re.IGNORECASE) is not None


def _short(value: str | None) -> tuple[str, ...]:
    return (value,) if value and len(value) <= LONGEST_VALUE and not SENTENCE_END.search(value) else ()
