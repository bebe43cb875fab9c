"""Figures and dates in a sentence, in a form that can be compared: as intervals with units, and as days.

A figure's interval is what its wording allows: 'about 1,200' holds 1,187, 'more than 120' holds 187. Two
values contradict each other only where no number, or no day, fits both. Whatever cannot be read with
certainty (identifiers such as 'line 3', fractions, ordinals) is no value. Spans are code points of the
given text, 0-based, end-exclusive. Knows neither questions nor articles.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from indexer import terms_of

ABOUT = 0.1
"""Share by which a figure with 'about' may be off."""

ROUNDING = 0.05
"""Share by which a round figure may be off at most, however many zeros it ends with."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
    r"Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_YEAR = r"(?P<year>1[0-9]\d\d|20\d\d)"
_BEFORE_YEAR = (
    r"(?<![\w-])(?P<hedge>in|since|until|till|by|of|from|to|during|before|after|around|about|circa|c\.|early|late|"
    r"mid|year|spring|summer|autumn|winter|fall|and)\b\.? \(?"
)
_DATES = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH},? {_YEAR}(?![\d,])",
        rf"\b{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? {_YEAR}(?!\d)",
        rf"\b{_YEAR}-(?P<month_number>\d\d)-(?P<day>\d\d)(?!\d)",
        rf"\b{_MONTH},? (?:of )?{_YEAR}(?!\d)",
        r"(?P<year>\d{4})년(?: ?(?P<month_number>\d{1,2})월(?: ?(?P<day>\d{1,2})일)?)?",
        rf"{_BEFORE_YEAR}{_YEAR}(?!s?[\w%-]|[,.]\d| (?:million|thousand))",
        rf"(?<=\(){_YEAR}(?=[),;])",
        rf"(?<=, ){_YEAR}(?=,)",
        rf"^{_YEAR}(?=[:,])",
    )
)
_NUMBER_WORDS = dict(
    zip(
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
        " seventeen eighteen nineteen".split(),
        range(2, 20),
        strict=True,
    )
) | dict(
    zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True)
)
_WORDS = "|".join(sorted(_NUMBER_WORDS, key=len, reverse=True))
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_KOREAN_SCALES = {"만": 1e4, "억": 1e8, "조": 1e12}
_HEDGES = (
    r"(?:(?P<hedge>about|around|approximately|roughly|some|circa|nearly|almost|close to|over|"
    r"more than|at least|greater than|upwards of|less than|fewer than|under|up to|at most|as many as|약) ?)?"
)
_FIGURE = re.compile(
    rf"(?<![\w.,/–-]){_HEDGES}(?P<currency>(?:US|A|C)?[$€£¥₩] ?|(?:USD|EUR|GBP|KRW|JPY) ?)?"
    rf"(?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|(?:{_WORDS})(?:-(?:{_WORDS}))?(?![\w-]))"
    rf"(?: ?(?P<scale>{'|'.join(_SCALES)}|[만억조])(?![a-z]))?"
    r"(?!\d|st\b|nd\b|rd\b|th\b|[.,/:]\d|[–-]\d)"
    r"(?=(?P<rest>[ -]?[^\s,.;:()!?\"”]{0,20}(?: [^\s,.;:()!?\"”]{1,20}){0,2}))",
    re.IGNORECASE,
)
_MEASURES = {
    **dict.fromkeys(("%", "percent", "per cent"), "%"),
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters"), "m"),
    **dict.fromkeys(("km", "kilometre", "kilometres", "kilometer", "kilometers"), "km"),
    **dict.fromkeys(("mile", "miles"), "mile"),
    **dict.fromkeys(("ft", "foot", "feet"), "ft"),
    **dict.fromkeys(("ha", "hectare", "hectares"), "ha"),
    **dict.fromkeys(("acre", "acres"), "acre"),
    **dict.fromkeys(("dollar", "dollars", "usd"), "$"),
    **dict.fromkeys(("euro", "euros", "eur"), "€"),
    **dict.fromkeys(("pound", "pounds", "gbp"), "£"),
    **dict.fromkeys(("won", "krw", "원"), "₩"),
    **dict.fromkeys(("yen", "jpy"), "¥"),
}
_COUNTERS = re.compile(r"^(?:여 ?)?(명|개|곳|가구|세대|대|채|그루|회|종|%|년|원)")
_ENDS_NOUN = frozenset(
    "of in on at for from to by with and or as per a an the that which who were was is are have has had"
    " will than into over under during since until when while where after before between among its"
    " their".split()
)
_IDENTIFIES = re.compile(
    r"(?:\b(?:line|route|no|no\.|number|goal|target|article|section|chapter|phase|stage|page|room|volume|level|"
    r"grade|class|type|part|table|figure|step|day|week|act|rule|version)|[A-Z]{2,}|(?<=\S )[A-Z][\w’'-]*) $"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount at ``[start, end)``, from ``low`` to ``high``; ``unit`` holds the terms that it counts."""

    start: int
    end: int
    written: str
    low: float
    high: float
    unit: frozenset[str]

    def contradicts(self, other: "Figure") -> bool:
        """Tell whether no number fits both."""
        # A half above one figure is a half below the next.
        return max(self.low, other.low) >= min(self.high, other.high) * (1 - 1e-9)

    def same_unit(self, other: "Figure") -> bool:
        """Tell whether both count the same, or measure in the same unit."""
        return bool(self.unit & other.unit) or not (self.unit or other.unit)


@dataclass(frozen=True, slots=True)
class Date:
    """A date at ``[start, end)`` as precisely as it is written; month and day are 0 where they are not."""

    start: int
    end: int
    written: str
    year: int
    month: int
    day: int
    vague: bool

    def contradicts(self, other: "Date") -> bool:
        """Tell whether no day fits both; dates that are said to be vague never do."""
        if self.vague or other.vague:
            return False
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        for mine, yours in pairs:
            if not (mine and yours):
                return False
            if mine != yours:
                return True
        return False


def dates(text: str) -> list[Date]:
    """Return the dates of a text that name a year, in order."""
    found: list[Date] = []
    for form in _DATES:
        for match in form.finditer(text):
            parts = match.groupdict()
            start = match.start("year") if parts.get("hedge") else match.start()
            end = match.end()
            if any(start < one.end and one.start < end for one in found):
                continue
            month = parts.get("month_number") or str(
                _MONTHS.index(parts["month"][:3].casefold()) + 1 if parts.get("month") else 0
            )
            vague = (parts.get("hedge") or "").casefold() in _VAGUE
            written = text[start:end].strip(" ()")
            numbers = int(parts["year"]), int(month), int(parts.get("day") or 0)
            found.append(Date(start, end, written, *numbers, vague))
    return sorted(found, key=lambda one: one.start)


_VAGUE = frozenset(
    "around about circa c. early late mid before after until till by spring summer autumn winter fall".split()
)


def figures(text: str) -> list[Figure]:
    """Return the amounts of a text in order; years and identifiers are none."""
    taken = [(one.start, one.end) for one in dates(text)]
    found = []
    for match in _FIGURE.finditer(text):
        start, end = match.start("number"), match.end("number")
        is_date = any(first < end and start < last for first, last in taken)
        if is_date or _IDENTIFIES.search(text[max(0, match.start() - 24) : match.start()]):
            continue
        figure = _figure(match)
        if figure is not None:
            found.append(figure)
    return found


def years(text: str) -> frozenset[int]:
    """Return the years that a text names, also within names and ranges."""
    return frozenset(
        int(found) for found in re.findall(r"(?<![\d.,$€£])(1[0-9]\d\d|20\d\d)(?![\d%]|,\d)", text)
    )


def blanked(text: str, values: Sequence[Figure | Date]) -> str:
    """Return a text without some of its values."""
    for one in reversed(values):
        text = f"{text[: one.start]} {text[one.end :]}"
    return text


def _figure(match: "re.Match[str]") -> Figure | None:
    number, scale = match["number"].casefold(), (match["scale"] or "").casefold()
    amount = _amount(number)
    if amount is None:
        return None
    factor = _SCALES.get(scale) or _KOREAN_SCALES.get(scale) or 1.0
    end = match.end("scale") if scale else match.end("number")
    start = match.start("currency") if match["currency"] else match.start("number")
    low, high = _interval(amount * factor, _step(number) * factor, (match["hedge"] or "").casefold())
    return Figure(start, end, match.string[start:end], low, high, _unit(match["currency"], match["rest"]))


def _amount(number: str) -> float | None:
    if number[0].isdigit():
        return float(number.replace(",", ""))
    tens, _, ones = number.partition("-")
    if ones and not (_NUMBER_WORDS[tens] >= 20 > 10 > _NUMBER_WORDS[ones]):
        return None
    return float(_NUMBER_WORDS[tens] + (_NUMBER_WORDS[ones] if ones else 0))


def _step(number: str) -> float:
    """Return what the last figure that is not a final zero stands for."""
    if not number[0].isdigit():
        return 1.0
    whole, _, decimals = number.replace(",", "").partition(".")
    return 10.0 ** -len(decimals) if decimals else 10.0 ** (len(whole) - len(whole.rstrip("0") or whole))


def _interval(amount: float, step: float, hedge: str) -> tuple[float, float]:
    half = min(step / 2, max(ROUNDING * amount, 0.5 * min(step, 1.0)))
    if hedge in ("over", "more than", "at least", "greater than", "upwards of"):
        return amount - half, float("inf")
    if hedge in ("less than", "fewer than", "under", "up to", "at most", "as many as"):
        return float("-inf"), amount + half
    if hedge in ("nearly", "almost", "close to"):
        return (1 - ABOUT) * amount, amount + half
    if hedge:
        return (1 - ABOUT) * amount, (1 + ABOUT) * amount
    return amount - half, amount + half


def _unit(currency: str | None, rest: str) -> frozenset[str]:
    if currency:
        sign = currency.strip().casefold()
        return frozenset({_MEASURES.get(sign, sign.lstrip("us") if sign == "us$" else sign)})
    following = rest.strip(" -").casefold().replace("per cent", "percent")
    if counter := _COUNTERS.match(following):
        return frozenset({_MEASURES.get(counter[1], counter[1])})
    words: list[str] = []
    for word in following.split():
        if word in _ENDS_NOUN:
            break
        words.append(word)
    square = words[:1] == ["square"] or words[:1] == ["cubic"]
    measure = words[1:2] if square else words[:1]
    if measure and measure[0] in _MEASURES:
        return frozenset({f"{words[0]} {_MEASURES[measure[0]]}" if square else _MEASURES[measure[0]]})
    return frozenset(terms_of(" ".join(words)))
