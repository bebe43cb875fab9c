"""Where a run of prose is cut into sentences, in any script, by rules that look a few words to each side.

Knows stops, quotation marks, brackets and abbreviations. It must not know lines, lists or headings: what
it is given runs on. Every decision looks at a bounded stretch, so the cost is linear in the text.
"""

import re
from collections.abc import Iterator

from indexer.abbreviations import (
    BEFORE_NUMBER,
    CALENDAR,
    LETTERED,
    NEVER_FINAL,
    SOMETIMES_FINAL,
    STARTERS,
    USUALLY_FINAL,
)

_CLOSERS = "\"'”’»›)）\\]}」』】》〉"
_OPENERS = "\"'“‘„«‹(（\\[{「『【《〈¿¡`"
_WIDE_STOPS = frozenset("。！？｡।॥؟۔")
_QUOTES = re.compile("[\"”’»」』']")

# A straight quotation mark that stays open longer than this was not closed by its writer.
_LONGEST_QUOTE = 500

_STOP = re.compile(
    rf"(?P<stop>[.!?…‽]++(?:\ [.!?…]++)*+|[。！？｡]++|[।॥؟۔]++)"
    rf"(?P<close>[{_CLOSERS}]*+(?:\ ?\[\d[\d,–-]{{0,12}}\])*+)"
    rf"(?P<gap>\s*+)"
)
_SPACED_CLOSER = re.compile(r"(?:''|[”’»)\]」』]|(?P<straight>\"))(?P<gap>\s++|$)")
_TAIL = re.compile(rf"[\s.!?…{_CLOSERS}]{{0,40}}+\Z")
_NEXT = re.compile(rf"(?:[{_OPENERS}]\s?){{0,6}}(?P<word>[^\W_][\w'’-]{{0,40}})?")
_LAST_WORD = re.compile(r"[^\s()\[“\"‘«—–]*\Z")
_LAST_NOUN = re.compile(r"(\w{1,20})[\s-]\w\Z")
_ACRONYM = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]{1,2}\Z")
_ROMAN = re.compile(r"[IVXLC]+\Z")
_DATE_GOES_ON = re.compile(r"\d{1,2}\.")
_ATTRIBUTION = re.compile(
    r"(?:[A-Z][\w.'’-]{0,20}\s){1,4}(?:said|says|asked|asks|cried|shouted|wrote|replied|wondered|exclaimed)\b"
)
_KOREAN_GOES_ON = re.compile(
    r"(?:이?라고|이?라며|이?라면서|이?라는|이?란|이?라|하고|하며|고|며|면서|는|은)(?!\w)"
)
_BRACKET_GOES_ON = re.compile(r"\([^()]{1,40}\)\s?[,;]")
_WIDE_GOES_ON = re.compile(r"[、，,；;：:]|と|って|[他她我你它]?[们們]?(?:[说說道问問])")
_KOREAN_ENDING = re.compile(r"[다요까죠음함임됨]\Z")
_DASHES_AND_SIGNS = frozenset(".!?,;:)%/&=<>~|–—-+−×")


def cuts(text: str, start: int, end: int) -> Iterator[int]:
    """Offsets inside ``text[start:end]`` at which a sentence ends and another one follows, ascending.

    White space around a cut belongs to neither sentence; quotation marks, brackets and reference marks
    such as ``[1]`` that close a sentence belong to it.
    """
    informal: bool | None = None
    begun, counted, opened = start, start, -_LONGEST_QUOTE
    for stop in _STOP.finditer(text, start, end):
        if stop.start() < begun:
            continue
        cut, following = stop.end("close"), stop.end()
        open_quote = cut - opened < _LONGEST_QUOTE
        if text.count('"', counted, cut) % 2:
            opened = -_LONGEST_QUOTE if open_quote else text.rfind('"', counted, cut)
            open_quote = not open_quote
        counted = cut
        closer = _SPACED_CLOSER.match(text, following, end)
        if closer and (open_quote or not closer["straight"]):
            cut, following = closer.start("gap"), closer.end()
        if following >= end or _TAIL.match(text, following, end):
            return
        if informal is None:
            informal = _begins_in_lower_case(text, start, end)
        if _ends(text, begun, stop, following, end, informal):
            yield cut
            begun = following


def _word_at(text: str, start: int, end: int) -> str:
    """The word at ``start``, opening quotation marks and brackets apart; empty where a sign stands."""
    found = _NEXT.match(text, start, end)
    return (found["word"] if found else None) or ""


def _begins_in_lower_case(text: str, start: int, end: int) -> bool:
    first = _word_at(text, start, end)
    return first[:1].islower() and not _is_odd_name(first)


def _ends(text: str, begun: int, stop: re.Match[str], following: int, end: int, informal: bool) -> bool:
    """Whether the sentence that began at ``begun`` ends with this stop, given what follows it."""
    if stop["stop"][0] in _WIDE_STOPS:
        return not (stop["close"] and _WIDE_GOES_ON.match(text, following, end))
    if following == stop.end("close"):
        return _ends_without_space(text, stop)
    closed_quote = bool(_QUOTES.search(stop["close"])) or following > stop.end()
    if stop["close"] and _KOREAN_GOES_ON.match(text, following, end):
        return False
    word = _word_at(text, following, end)
    if not word:
        return text[following] not in _DASHES_AND_SIGNS
    before = _LAST_WORD.search(text, max(begun, stop.start() - 32), stop.start())
    last = before[0] if before else ""
    if word[0].islower() and not _may_begin(word, last, informal and not closed_quote):
        return False
    if stop["stop"] == ".":
        ends = not _is_abbreviation(text, begun, stop.start(), last, word, following)
    elif "." in stop["stop"] or "…" in stop["stop"]:
        ends = not word[0].isdigit()
    else:
        ends = not (closed_quote and _ATTRIBUTION.match(text, following, end))
    return ends and not _goes_on_in_brackets(text, begun, stop, following, end)


def _ends_without_space(text: str, stop: re.Match[str]) -> bool:
    """Two sentences glued together: after a Korean verb, or before an English word that begins sentences."""
    if stop["close"] or stop["stop"] not in {".", "?", "!"}:
        return False
    before = text[max(0, stop.start() - 3) : stop.start()]
    word = _word_at(text, stop.end(), len(text))
    if _KOREAN_ENDING.search(before):
        return "가" <= word[:1] <= "힣"
    return (
        len(before) == 3
        and before.isalpha()
        and before.islower()
        and word.istitle()
        and word.lower() in STARTERS
        and text[stop.end() + len(word) : stop.end() + len(word) + 1].isspace()
    )


def _may_begin(word: str, last: str, informal: bool) -> bool:
    """Whether a word in lower case can begin a sentence here."""
    caseless = bool(last) and last[-1].isalpha() and not last[-1].islower() and not last[-1].isupper()
    return informal or caseless or _is_odd_name(word)


def _is_odd_name(word: str) -> bool:
    """Names that keep their lower case at the start of a sentence: mRNA, p53, iPhone, β-cells."""
    greek_prefix = "α" <= word[0] <= "ω" and word[1:2] == "-"
    return greek_prefix or any(letter.isupper() or letter.isdigit() for letter in word[1:5])


def _is_abbreviation(text: str, begun: int, point: int, last: str, word: str, following: int) -> bool:
    """Whether the point after ``last`` leaves the sentence open before ``word``."""
    if not last:
        return False
    alone = len(last) == 1 or last[-3:-1] == ".-"
    last = last.rpartition("-")[2] or last
    key = last.lower()
    if key in BEFORE_NUMBER and (word[0].isdigit() or (_ROMAN.match(word) and word != "I")):
        return True
    if key in NEVER_FINAL:
        return key != "v" or word[0].isupper()
    if last[0].isdigit() and last.isdigit():
        return _is_open_number(text, begun, point, last, word, following)
    if key in USUALLY_FINAL:
        return not word[0].isupper() or word.lower() in CALENDAR
    if alone and last.isalpha():
        return not (_begins_sentence(word) or _belongs_to_noun(text, begun, point)) and _has_case(last)
    if last in SOMETIMES_FINAL or last.title() in SOMETIMES_FINAL or _ACRONYM.match(last):
        return not _begins_sentence(word)
    return False


def _is_open_number(text: str, begun: int, point: int, last: str, word: str, following: int) -> bool:
    """Numbers of a list ("2. Water") and dates written with points ("2031. 4. 9.").

    Scripts without case are taken to end a sentence with a word rather than a short number.
    """
    if len(last) <= 3 and point - len(last) == begun:
        return True
    if not word[0].isdigit():
        return len(last) <= 2 and not _has_case(word)
    return len(last) <= 2 or (len(last) == 4 and bool(_DATE_GOES_ON.match(text, following)))


def _has_case(word: str) -> bool:
    return word[0].isdigit() or word[0].islower() or word[0].isupper()


def _begins_sentence(word: str) -> bool:
    return word[0].isupper() and word.lower() in STARTERS


def _belongs_to_noun(text: str, begun: int, point: int) -> bool:
    noun = _LAST_NOUN.search(text, max(begun, point - 24), point)
    return bool(noun) and noun[1].lower() in LETTERED  # type: ignore[index]


def _goes_on_in_brackets(text: str, begun: int, stop: re.Match[str], following: int, end: int) -> bool:
    """Whether the stop lies in a short parenthesis within the sentence, or "(2031)," comes after it."""
    if _BRACKET_GOES_ON.match(text, following, end):
        return True
    opened = text.rfind("(", max(begun + 1, stop.start() - 200), stop.start())
    if opened < 0 or text.find(")", opened, stop.end("close")) >= 0:
        return False
    closed = text.find(")", stop.end(), min(end, stop.end() + 200))
    return closed >= 0 and text.find("(", stop.end(), closed) < 0
