"""Page furniture: the lines a site puts around an article, told by general rules and not by site.

Knows lines and zones: the head is what stands before the first sentence of prose, the tail what stands after
the last. Each rule names lines to drop from one state of the page; rules are applied until none finds any.
No rule drops prose, but for cookie notices and the closing lines of a feedback box.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import NamedTuple

from indexer import phrases
from indexer.phrases import normal

BULLETED = re.compile(r"[•‣▪▴▶◦●■□○∙*–-] ")
FIRST_BULLETS = re.compile(rf"(?P<page>\f*)(?:{BULLETED.pattern})+")
SENTENCE_END = re.compile(r"[.!?。！？][\"'”’)\]]*$|[다요][.]?[\"”’)]*$")
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
FONT_STEP = re.compile(r"[+-]?\d")
COUNTER = re.compile(r"(?:[\w.-]+ ){0,2}[\d,]+")
BYLINE = re.compile(r"By (?P<name>[^\W\d_a-z][\w.'’-]*(?: [^\W\d_][\w.'’-]*){0,3} [^\W\d_a-z][\w.'’-]*)")
TITLE_SEPARATOR = re.compile(r" (?:[-–—|·»]|::?) ")
LABEL_WITH_CONTENT = re.compile(r"[^\W\d_][\w &()/]{1,30}: \S")
BREADCRUMBS = re.compile(
    r"(?:home|홈|首页|ホーム|start) ?[>»›/→].*|[^>»›]{2,30}(?: ?[>»›] ?[^>»›]{2,40}){2,}", re.IGNORECASE
)
MOST_PASSES = 12
"""Pages are done after two to four; a text made to need more must not cost the square of its length."""
FEEDBACK_LINES = 8
LONGEST_FEEDBACK = 200
LONGEST_NOTICE = 400
LONGEST_EMPTY_LABEL = 4
HEAD_LINES_FOR_TITLE = 20
LONGEST_WINDOW_TITLE = 400
SHORTEST_HEADLINE = 8


class WindowTitle(NamedTuple):
    """What a browser window's title says: ``headline - site``."""

    headline: str
    site: str


@dataclass(frozen=True, slots=True)
class _Page:
    """The lines that are not blank; ``head`` ends before the first prose, ``tail`` starts after the last."""

    lines: tuple[str, ...]
    head: range
    tail: range

    @property
    def edges(self) -> Iterator[tuple[int, str]]:
        numbers = sorted({*self.head, *self.tail})
        return ((number, self.lines[number]) for number in numbers)


def without_furniture(text: str) -> str:
    """The text without its page's furniture; lines and what separates them are otherwise unchanged.

    Expects single-spaced lines without indentation. Form feeds of dropped lines stay.
    """
    for _ in range(MOST_PASSES):
        rest = _without_first_bullet(_pass(text))
        if rest == text:
            break
        text = rest
    return text


def window_title(lines: list[str]) -> WindowTitle | None:
    """Headline and site if the first line joins them and a later line repeats the headline."""
    if not lines or len(lines[0]) > LONGEST_WINDOW_TITLE:
        return None
    later = {normal(line): line for line in reversed(lines[1:HEAD_LINES_FOR_TITLE])}
    for match in TITLE_SEPARATOR.finditer(lines[0]):
        left, right = lines[0][: match.start()], lines[0][match.end() :]
        for headline, site in sorted([(left, right), (right, left)], key=lambda pair: -len(pair[0])):
            if normal(headline) in later:
                return WindowTitle(headline, _site(site, later) or site)
    return None


def is_prose(line: str) -> bool:
    """Whether a line is running text: long enough and ended as a sentence is, or very long."""
    words = len(line.split())
    unspaced = len(UNSPACED.findall(line))
    ended = SENTENCE_END.search(line) is not None
    return words >= 25 or unspaced >= 60 or (ended and (words >= 8 or unspaced >= 15))


def _site(site: str, later: dict[str, str]) -> str | None:
    """The site's name as a later line writes it, article included."""
    return later.get(f"the {normal(site)}") or later.get(normal(site))


def _pass(text: str) -> str:
    lines = text.split("\n")
    numbers = [number for number, line in enumerate(lines) if line.strip("\f ")]
    page = _page(tuple(" ".join(lines[number].replace("\f", " ").split()) for number in numbers))
    for dropped in {each for rule in RULES for each in rule(page)}:
        lines[numbers[dropped]] = "\f" * lines[numbers[dropped]].count("\f")
    return "\n".join(lines)


def _page(lines: tuple[str, ...]) -> _Page:
    prose = [number for number, line in enumerate(lines) if is_prose(line) and not _is_notice(line)]
    if not prose:
        return _Page(lines, range(len(lines)), range(len(lines)))
    return _Page(lines, range(prose[0]), range(prose[-1] + 1, len(lines)))


def _without_first_bullet(text: str) -> str:
    """A list of one item at the very top is the headline."""
    lines = (line for line in text.split("\n") if line.strip("\f "))
    first, second = next(lines, ""), next(lines, "")
    bullets = FIRST_BULLETS.match(first)
    if bullets and second and not BULLETED.match(second):
        return text.replace(first, bullets["page"] + first[bullets.end() :], 1)
    return text


def _phrases_anywhere(page: _Page) -> Iterator[int]:
    for number, line in enumerate(page.lines):
        if normal(line) in phrases.ANYWHERE or phrases.ANYWHERE_FORMS.fullmatch(normal(line)):
            yield number


def _phrases_at_edges(page: _Page) -> Iterator[int]:
    for number, line in page.edges:
        phrase = normal(line)
        is_phrase = phrase in phrases.AT_EDGES or phrases.AT_EDGES_FORMS.fullmatch(phrase)
        if is_phrase or _is_notice(line):
            yield number


def _is_notice(line: str) -> bool:
    """Whether a line, though it may be a sentence, is the site's own about cookies or copyright."""
    is_one = phrases.COOKIES.match(line) or phrases.COPYRIGHT.fullmatch(line)
    return is_one is not None and len(line) <= LONGEST_NOTICE


def _feedback_box(page: _Page) -> Iterator[int]:
    """The question whether the page is useful, and all that follows it."""
    last = len(page.lines)
    for number in range(max(0, last - FEEDBACK_LINES), last):
        is_short = all(len(line) <= LONGEST_FEEDBACK for line in page.lines[number:])
        if is_short and phrases.FEEDBACK.fullmatch(normal(page.lines[number])):
            yield from range(number, last)
            return


def _other_stories(page: _Page) -> Iterator[int]:
    """A tail's list of other articles: its heading and the headlines below it."""
    starts = [number for number in page.tail if phrases.OTHER_STORIES.fullmatch(normal(page.lines[number]))]
    for number in range(starts[0], len(page.lines)) if starts else ():
        if number in starts or not LABEL_WITH_CONTENT.match(page.lines[number]):
            yield number


def _font_sizes(page: _Page) -> Iterator[int]:
    """The head's runs of ``-1``, ``0``, ``+1``: the steps of a control for the font's size."""
    for run in _runs(page, page.head, lambda line: FONT_STEP.fullmatch(_item(line)) is not None):
        if len(run) >= 3 and any(_item(page.lines[number])[0] in "+-" for number in run):
            yield from run


def _language_switches(page: _Page) -> Iterator[int]:
    """A line of languages, or three or more lines of one, unless the line above announces languages."""
    for number, line in page.edges:
        tokens = [normal(token) for token in re.split(r"[|/·]", line)]
        is_switch = len(tokens) >= 2 and all(token in phrases.LANGUAGES for token in tokens)
        if is_switch and not _announces_languages(page, number - 1):
            yield number
    for zone in (page.head, page.tail):
        for run in _runs(page, zone, lambda line: normal(line) in phrases.LANGUAGES):
            if len(run) >= 3 and not _announces_languages(page, run[0] - 1):
                yield from run


def _announces_languages(page: _Page, number: int) -> bool:
    return number >= 0 and re.search("language|언어|言語|语言", page.lines[number].casefold()) is not None


def _share_boxes(page: _Page) -> Iterator[int]:
    """Lines of networks' names only, two names at least."""
    for zone in (page.head, page.tail):
        for run in _runs(page, zone, _is_social):
            if sum(len(page.lines[number].split()) for number in run) >= 2 and not _is_labelled(page, run[0]):
                yield from run


def _is_social(line: str) -> bool:
    tokens = re.split(r"[\s,|/·]+", normal(line))
    return all(token in phrases.SOCIAL for token in tokens)


def _is_labelled(page: _Page, number: int) -> bool:
    return number > 0 and page.lines[number - 1].endswith(":")


def _menus(page: _Page) -> Iterator[int]:
    """Breadcrumbs, one-line menus, and the head's runs of short items with a menu's usual words."""
    for number, line in page.edges:
        tokens = [normal(token) for token in re.split(r"[|·]", line)]
        known = sum(token in phrases.MENU_WORDS for token in tokens)
        is_menu = len(tokens) >= 3 and known * 2 >= len(tokens)
        if is_menu or (number in page.head and len(line) <= 200 and BREADCRUMBS.fullmatch(line)):
            yield number
    for run in _runs(page, page.head, _is_short_item):
        known = sum(normal(page.lines[number]) in phrases.MENU_WORDS for number in run)
        if known >= 2 and known * 3 >= len(run):
            yield from run


def _is_short_item(line: str) -> bool:
    return BULLETED.match(line) is not None and len(line.split()) <= 5 and not re.search(r"[\d:]", line)


def _window_titles(page: _Page) -> Iterator[int]:
    """The window's title above the headline, and the edges' lines that only name the site."""
    title = window_title(list(page.lines))
    headlines = {normal(page.lines[number]) for number in page.head[1:HEAD_LINES_FOR_TITLE]}
    first = page.lines[0] if headlines else ""
    if title or (
        len(first) >= SHORTEST_HEADLINE and not BULLETED.match(first) and normal(first) in headlines
    ):
        yield 0
    if title:
        names = {normal(title.site), normal(title.site).removeprefix("the ")}
        yield from (number for number, line in page.edges if number and normal(line) in names)


def _sections(page: _Page) -> Iterator[int]:
    """A section's name in the head and the line that repeats it with a counter, e.g. of readers."""
    first = page.head[:HEAD_LINES_FOR_TITLE]
    for number in first:
        for other in first:
            label, line = normal(page.lines[number]), normal(page.lines[other])
            if label and line.startswith(f"{label} ") and COUNTER.fullmatch(line[len(label) + 1 :]):
                yield from (number, other)


def _repetitions(page: _Page) -> Iterator[int]:
    """A line that says the same as the line above, such as a picture's caption and its description."""
    for number, (above, below) in enumerate(pairwise(page.lines), start=1):
        if (
            above == below
            and "|" not in below
            and (len(below.split()) >= 3 or len(UNSPACED.findall(below)) >= 8)
        ):
            yield number


def _repeated_bylines(page: _Page) -> Iterator[int]:
    names = {match["name"] for line in page.lines if (match := BYLINE.fullmatch(line))}
    yield from (number for number in page.tail if page.lines[number] in names)


def _empty_labels(page: _Page) -> Iterator[int]:
    """The last lines if they announce what does not follow."""
    for number in reversed(page.tail):
        line = page.lines[number]
        announces = line.endswith((":", "：")) and len(line.split()) <= LONGEST_EMPTY_LABEL
        if not announces and normal(line).rstrip(":") not in phrases.LABELS:
            return
        yield number


def _runs(page: _Page, zone: range, wanted: Callable[[str], bool]) -> Iterator[list[int]]:
    """The zone's runs of neighbouring lines that are wanted."""
    for is_wanted, run in groupby(zone, key=lambda number: wanted(page.lines[number])):
        if is_wanted:
            yield list(run)


def _item(line: str) -> str:
    return BULLETED.sub("", line, count=1)


RULES: tuple[Callable[[_Page], Iterator[int]], ...] = (
    _phrases_anywhere,
    _phrases_at_edges,
    _feedback_box,
    _other_stories,
    _font_sizes,
    _language_switches,
    _share_boxes,
    _menus,
    _window_titles,
    _sections,
    _repetitions,
    _repeated_bylines,
    _empty_labels,
)
