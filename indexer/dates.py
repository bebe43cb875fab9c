"""Dates as people write them, in English, Korean, Japanese and Chinese, turned into ISO 8601.

Knows the written forms only. A date is taken when it is complete and unambiguous: ``28 February`` lacks
its year and ``05/02/2020`` may be May or February, so neither is one.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december|"
    "jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec"
)
NUMBER_OF_MONTH = {
    name: index
    for index, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)
}
DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
LAST_DAY = r"(?:\s*(?:-|–|—|to|and|&)\s*(?P<last>\d{1,2})(?:st|nd|rd|th)?)?"
MONTH = rf"(?P<month>{MONTHS})\b\.?"
YEAR = r"(?P<year>(?:1[89]|20|21)\d\d)(?!\d)"

FORMS = tuple(
    re.compile(rf"(?<![\w./-]){form}", re.IGNORECASE)
    for form in (
        rf"{DAY}{LAST_DAY}(?:\s+of)?[\s-]+{MONTH},?[\s-]+{YEAR}",
        rf"{MONTH}\s+{DAY}{LAST_DAY}(?:,\s*|\s+){YEAR}",
        rf"{YEAR}-(?P<month>\d{{2}})-(?P<day>\d{{2}})(?!\d)",
        rf"{YEAR}\s*[./]\s*(?P<month>\d{{1,2}})\s*[./]\s*(?P<day>\d{{1,2}})(?![\d/])",
        rf"{YEAR}\s*[년年]\s*(?P<month>\d{{1,2}})\s*[월月]\s*(?P<day>\d{{1,2}})\s*[일日号]",
    )
)
PARTIAL = re.compile(r"(\d{4})(?:-(\d{2}))?")
MONTH_OF_YEAR = (
    re.compile(rf"{MONTH},?\s+{YEAR}", re.IGNORECASE),
    re.compile(rf"{YEAR}\s*[년年]\s*(?P<month>\d{{1,2}})\s*[월月]"),
)


class FoundDate(NamedTuple):
    """A date in a text: ``text[start:end]``, and the ISO days it names (two for a range of days)."""

    start: int
    end: int
    days: tuple[str, ...]


def find_dates(text: str) -> list[FoundDate]:
    """Every complete date of the text, in order."""
    return sorted(_matches(text))


def iso_date(text: str) -> str | None:
    """The ISO date a metadata value names, or None; ``2020``, ``2020-02`` and ``May 2020`` are dates here.

    A time of day after the date is ignored.
    """
    stripped = text.strip()
    if partial := PARTIAL.fullmatch(stripped):
        return stripped if _is_day(int(partial[1]), int(partial[2] or 1), 1) else None
    if month := next(filter(None, (form.fullmatch(stripped) for form in MONTH_OF_YEAR)), None):
        year, number = int(month["year"]), _month(month["month"])
        return f"{year}-{number:02}" if _is_day(year, number, 1) else None
    found = find_dates(stripped[:80])
    if not found or found[0].start > 0:
        return None
    rest = stripped[found[0].end :]
    return found[0].days[0] if re.fullmatch(r"\.?|[T\s(,].{0,40}", rest) else None


def _matches(text: str) -> Iterator[FoundDate]:
    for form in FORMS:
        for match in form.finditer(text):
            if days := tuple(_days(match.groupdict())):
                yield FoundDate(match.start(), match.end(), days)


def _days(parts: dict[str, str | None]) -> Iterator[str]:
    year, month = int(parts["year"] or 0), _month(parts["month"] or "")
    for day in (parts["day"], parts.get("last")):
        if day and _is_day(year, month, int(day)):
            yield date(year, month, int(day)).isoformat()


def _month(written: str) -> int:
    return int(written) if written.isdecimal() else NUMBER_OF_MONTH[written[:3].lower()]


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
