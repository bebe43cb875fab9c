"""What a line of a text is: a point of a list, a label or dateline, a heading's candidate, or prose.

Knows one line, or two that touch, and nothing of what lies further off; where sentences end is
another module's matter.
"""

import re
from itertools import pairwise
from typing import NamedTuple


class Line(NamedTuple):
    """``text[start:end]`` without surrounding white space; ``opens`` is True after a blank line."""

    start: int
    end: int
    opens: bool


MARKER = re.compile(
    r"""(?:
        [•‣◦▪▫■□●○◆◇▶►▴▲△▸▹➢➤❖✓✔⁃∙·ㆍ※☞◾◽⚫]\s*+      # bullets
      | [-–—*+]\s++                                         # bullets that are also signs
      | [①-⑳㉠-㉻]\s*+                                      # enclosed numbers and syllables
      | (?P<number>(?:\d{1,3}|[a-z]|[ivx]{2,5}|[가나다라마바사아자차카타파하])[.)]\s++
        | \((?:\d{1,3}|[a-zA-Z]|[ivx]{2,5}|[가나다라마바사아자차카타파하])\)\s*+
        | \[\d{1,3}\]\s++)
    )""",
    re.VERBOSE,
)
"""The bullet or number before a point of a list, with the white space after it."""

_DATE = (
    r"(?:\d{1,2}(?:st|nd|rd|th)?\s+[^\W\d_]{3,9}\.?,?\s+\d{4}|[^\W\d_]{3,9}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4}"
    r"|\d{4}[-./]\s?\d{1,2}[-./]\s?\d{1,2}\.?|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{4}년\s*\d{1,2}월(?:\s*\d{1,2}일)?)"
)
_DATELINE = re.compile(
    rf"(?:[^\W\d_][\w .'-]{{0,30}},\s*)?(?:[A-Z][a-z]{{2,8}},?\s+)?{_DATE}"
    r"[\s,|·-]{0,4}(?:\(?[^\W\d_]{1,9}\)?)?[\s,]{0,3}(?:\d{1,2}:\d{2}(?::\d{2})?)?\s?(?:[AaPp]\.?[Mm]\.?|[A-Z]{2,4})?"
)
_BYLINE = re.compile(
    r"(?:(?:Written |Reported |Edited |Photos? |Story |Text )?[Bb]y|BY)\s[^\W\d_][^.!?;:]{2,70}"
    r"|[가-힣]{2,4}\s기자(?:\s.{0,40})?"
)
_LABELS = frozenset(
    """date dates time venue location place address organizer organizers organiser organisers
    organized by host hosts hosted source sources author authors editor editors contact contacts
    person tel telephone phone fax email e-mail website web url link published posted updated last
    language languages event photo photos credit image tag tags keyword keywords category categories
    country city region theme duration budget status deadline registration fee hazard hazards
    일시 일자
    날짜 시간 장소 주최 주관 후원 문의 담당 출처 사진 작성자 등록일 전화 이메일""".split()
)
_LABEL = re.compile(r"[^\W\d_][\w()/&'’-]{0,24}(?:[ ][\w()/&'’-]{1,16})?[ ]?[:：]\s+\S")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\w+")
_ROW = re.compile(r"\s\|\s")
_FIGURE = re.compile(r"(?<!\S)[$€£₩+-]?(?!(?:19|20)\d\d(?!\S))\d\S*")
_HAS_WORD = re.compile(r"[^\W_]")
_SENTENCE_END = re.compile(r"[.!?…。！？।॥؟۔][\"'”’»)）\]」』]*\Z")
_STOP_WITHIN = re.compile(r"[a-z가-힣)]{2}[.!?]\s|[。！？।]")
_OPEN_END = re.compile(r"(?:[,;–—-]|\b(?:a|an|the|of|and|or|to|in|for|by|with|on|at|from))\Z")
_SHORT, _LONG = 160, 400
_WRAP_WIDTHS = range(50, 111)
_SYMBOL_END = re.compile(r"[A-Z][a-z]?[)\]]?[+−-]?\Z")
_SUBSCRIPT = re.compile(r"\d{1,2}(?!\d)")


def ends_sentence(written: str) -> bool:
    """Whether a line ends with a stop, closing quotation marks and brackets apart."""
    return bool(_SENTENCE_END.search(written[-12:]))


def is_unit(written: str) -> bool:
    """Whether a line says something of its own: label, byline, dateline, address, row, rule of signs."""
    if not _HAS_WORD.search(written) or written[0] == "|":
        return True
    if len(written) <= _SHORT and (_DATELINE.fullmatch(written) or _ADDRESS.fullmatch(written)):
        return True
    if ends_sentence(written) or _STOP_WITHIN.search(written):
        return False
    if len(written) <= _LONG and _ROW.search(written):
        return True
    return bool(_BYLINE.fullmatch(written)) or _is_labelled(written) or _is_figures(written)


def _is_labelled(written: str) -> bool:
    """``Venue: …`` with a usual label, or any label of one or two words before something short."""
    label, colon, _ = written[:60].replace("：", ":").partition(":")
    if not colon:
        return False
    words = label.lower().replace("(s)", "").split()
    return _LABELS.issuperset(words) or (len(written) <= _SHORT and bool(_LABEL.match(written)))


def _is_figures(written: str) -> bool:
    """A short line in which every third word or more is a figure, years apart: ``Net 970,000 vs 202,000``."""
    if len(written) > _SHORT:
        return False
    figures = len(_FIGURE.findall(written))
    return figures >= 2 and figures >= 0.3 * len(written.split())


def may_be_heading(written: str) -> bool:
    """Whether a line is short, begins like a title and ends without a stop."""
    if len(written) > 140 or ends_sentence(written) or written[-1] in ",;" or written[0].islower():
        return False
    words = written.split()
    if written[-1] in ":：":
        return len(words) <= 6
    if not written.isascii() and len(words) <= 2:
        return len(written) <= 40
    return len(words) <= 12 or (len(words) <= 20 and _is_title_case(words))


def _is_title_case(words: list[str]) -> bool:
    long = [word for word in words if len(word) > 3 and word[0].isalpha()]
    return sum(word[0].isupper() for word in long) >= 0.7 * len(long)


def wrapped(text: str, lines: list[Line]) -> list[bool]:
    """For each line of one block after the first: whether it continues the line before it.

    Either it begins in lower case after a long line, or the block as a whole is set to a width: no line's
    first word would have found room on the line before.
    """
    if len(lines) == 1:
        return []
    set_to_width = _is_set_to_width(text, lines)
    written = [text[line.start : line.end] for line in lines]
    return [_runs_on(above, below, set_to_width) for above, below in pairwise(written)]


def _runs_on(above: str, below: str, set_to_width: bool) -> bool:
    # A formula's subscript often comes on a line of its own: "CO" above "2 emissions".
    if below[0].isdigit() and _SUBSCRIPT.match(below) and _SYMBOL_END.search(above[-6:]):
        return True
    if MARKER.match(below) or above == below:
        return False
    begun = len(above) >= 40 and (below[0].islower() or bool(_OPEN_END.search(above[-8:])))
    return begun or set_to_width


def _is_set_to_width(text: str, lines: list[Line]) -> bool:
    width = max(line.end - line.start for line in lines)
    if width not in _WRAP_WIDTHS:
        return False
    breaks = 0
    for above, below in pairwise(lines):
        if ends_sentence(text[max(above.start, above.end - 12) : above.end]):
            continue
        first_word = text[below.start : min(below.end, below.start + width)].split(maxsplit=1)[0]
        if above.end - above.start + 1 + len(first_word) <= width:
            return False
        breaks += 1
    return breaks >= 2
