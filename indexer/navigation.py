"""Rules for what leads elsewhere: menus, breadcrumbs, language switches, share boxes, controls.

Each rule names the lines of a page to drop; when and how often rules are applied, ``furniture`` knows.
"""

import re
from collections.abc import Iterator

from indexer import phrases
from indexer.dates import find_dates
from indexer.phrases import normal
from indexer.zones import BULLETED, UNSPACED, Page, is_prose, without_bullet

FONT_STEP = re.compile(r"[+-]?\d")
CODE = re.compile("[A-Z]{2,3}")
BREADCRUMBS = re.compile(
    r"(?:home|홈|首页|ホーム|start) ?[>»›/→].*|[^>»›]{2,30}(?: ?[>»›] ?[^>»›]{2,40}){2,}", re.IGNORECASE
)
LABEL_WITH_CONTENT = re.compile(r"[^\W\d_][\w &()/]{1,30}: \S")
CONTROLS = phrases.ANYWHERE | phrases.AT_EDGES | phrases.SOCIAL
ITEMS = CONTROLS | phrases.MENU_WORDS | phrases.SECTIONS
SHARING = frozenset(("share", "share this", "share this page", "share this article", "공유", "공유하기"))
LONGEST_PHRASE = 5
"""Words of the longest phrase that is looked for in a line of several."""
LONGEST_SITE_NAME = 40


def font_sizes(page: Page) -> Iterator[int]:
    """The head's runs of ``-1``, ``0``, ``+1``: the steps of a control for the font's size."""
    for run in page.runs(page.head, lambda line: FONT_STEP.fullmatch(without_bullet(line)) is not None):
        if len(run) >= 3 and any(without_bullet(page.lines[number])[0] in "+-" for number in run):
            yield from run


def language_switches(page: Page) -> Iterator[int]:
    """A line of languages, or two lines of codes, or three of one, unless the line above announces them."""
    for number, line in page.edges:
        tokens = [normal(token) for token in re.split(r"[|/·]", line)]
        is_switch = len(tokens) >= 2 and all(token in phrases.LANGUAGES for token in tokens)
        if is_switch and not _announces_languages(page, number - 1):
            yield number
    for zone in (page.head, page.tail):
        for run in page.runs(zone, lambda line: normal(line) in phrases.LANGUAGES):
            are_codes = all(CODE.fullmatch(page.lines[number]) for number in run)
            if len(run) >= (2 if are_codes else 3) and not _announces_languages(page, run[0] - 1):
                yield from run


def _announces_languages(page: Page, number: int) -> bool:
    return number >= 0 and re.search("language|언어|言語|语言", page.lines[number].casefold()) is not None


def share_boxes(page: Page) -> Iterator[int]:
    """Lines of networks' names only, two at least; with the call to share above wherever they stand."""
    for run in page.runs(range(len(page.lines)), _is_social):
        above = run[0] - 1
        if above >= 0 and normal(page.lines[above]).rstrip(":") in SHARING:
            yield from (above, *run)
    for zone in (page.head, page.tail):
        for run in page.runs(zone, _is_social):
            if sum(len(page.lines[number].split()) for number in run) >= 2 and not _is_labelled(page, run[0]):
                yield from run


def _is_social(line: str) -> bool:
    tokens = re.split(r"[\s,|/·]+", normal(line))
    return all(token in phrases.SOCIAL for token in tokens)


def _is_labelled(page: Page, number: int) -> bool:
    above = page.lines[number - 1] if number else ""
    is_label = above.endswith((":", "：")) or normal(above) in phrases.LABELS
    return is_label and normal(above) not in CONTROLS


def _is_row(page: Page, number: int) -> bool:
    """Whether a line next to this one has as many cells: then it is a table's."""
    beside = [page.lines[other] for other in (number - 1, number + 1) if 0 <= other < len(page.lines)]
    return any(other.count("|") == page.lines[number].count("|") for other in beside)


def menus(page: Page) -> Iterator[int]:
    """Breadcrumbs, one-line menus, runs of a menu's usual words, and the site's name above."""
    found = {number for number, line in page.edges if _is_one_line_menu(line) and not _is_row(page, number)}
    for run in page.runs(page.head, _is_short_bullet):
        known = sum(normal(page.lines[number]) in phrases.MENU_WORDS for number in run)
        if known >= 2 and known * 3 >= len(run) and not _is_labelled(page, run[0]):
            found.update(run)
    for run in page.runs(page.head, _is_short_item):
        found.update(_from_first_to_last_known(page, run))
    for run in page.runs(page.tail, lambda line: normal(line) in phrases.MENU_WORDS):
        if len(run) >= 2 and any(normal(page.lines[number]) in phrases.SMALL_PRINT for number in run):
            found.update(run)
    yield from found
    yield from _site_name(page, found)
    for number in page.head:
        if len(page.lines[number]) <= 200 and BREADCRUMBS.fullmatch(page.lines[number]):
            yield number


def controls(page: Page) -> Iterator[int]:
    """The edges' lines that put several phrases in a row: ``Print Share Email``, ``Menu Skip to content``."""
    for number, line in page.edges:
        found = _phrases_of(line)
        sections = sum(phrase in phrases.SECTIONS for phrase in found)
        if len(found) >= 2 and (
            (len(found) >= 3 and sections < len(found))
            or len(found) >= 5
            or any(phrase in phrases.ANYWHERE for phrase in found)
            or all(phrase in CONTROLS for phrase in found)
        ):
            yield number


def _phrases_of(line: str) -> list[str]:
    """The phrases that a line is made of, taken greedily; none if anything is left over."""
    words, found = re.split(r"[\s,|/·]+", normal(line)), []
    while words:
        lengths = range(min(LONGEST_PHRASE, len(words)), 0, -1)
        length = next((length for length in lengths if " ".join(words[:length]) in ITEMS), 0)
        if not length:
            return []
        found.append(" ".join(words[:length]))
        words = words[length:]
    return found


def _is_one_line_menu(line: str) -> bool:
    tokens = [normal(token) for token in re.split(r"[|·]", line)]
    if len(tokens) == 1:
        tokens = _phrases_of(line)
    known = sum(token in phrases.MENU_WORDS for token in tokens)
    return len(tokens) >= 3 and known * 2 >= len(tokens)


def _from_first_to_last_known(page: Page, run: list[int]) -> list[int]:
    """The stretch of a run that a site's own menu frames, if its usual words are half of it."""
    lines = {number: normal(page.lines[number]) for number in run}
    known = [number for number, line in lines.items() if line in phrases.MENU_WORDS | phrases.SECTIONS]
    stretch = [number for number in run if known and known[0] <= number <= known[-1]]
    is_menu = len(known) >= 2 and len(known) * 2 >= len(stretch) and not _is_labelled(page, stretch[0])
    return (
        stretch if is_menu and (len(known) >= 4 or not phrases.FRONT_DOOR.isdisjoint(lines.values())) else []
    )


def _site_name(page: Page, menu: set[int]) -> Iterator[int]:
    """What stands above the head's first menu if that is a site's and a line below may be the headline."""
    front = [number for number in page.head if not phrases.FRONT_DOOR.isdisjoint(_items(page.lines[number]))]
    first = min((number for number in menu if number in page.head), default=0)
    below = [page.lines[number] for number in page.head if number > first and number not in menu]
    headline = next(filter(_may_be_headline, below), "")
    if front and headline and len(page.lines[0]) <= min(LONGEST_SITE_NAME, len(headline)):
        yield from range(first)


def _items(line: str) -> list[str]:
    """A menu's items, on a line of their own or in a row."""
    return [normal(token) for token in re.split(r"[|·]", line)] if "|" in line else _phrases_of(line)


def _may_be_headline(line: str) -> bool:
    is_long = len(line.split()) >= 4 or len(UNSPACED.findall(line)) >= 8
    is_other = BULLETED.match(line) or LABEL_WITH_CONTENT.match(line) or line.lower().startswith("by ")
    return is_long and not is_other and not find_dates(line) and not is_prose(line) and not _phrases_of(line)


def _is_short_bullet(line: str) -> bool:
    return BULLETED.match(line) is not None and len(line.split()) <= 5 and not re.search(r"[\d:]", line)


def _is_short_item(line: str) -> bool:
    is_item = len(line.split()) <= 3 and len(line) <= 30 and not BULLETED.match(line)
    return is_item and not re.search(r"[\d:.!?@]", line)
