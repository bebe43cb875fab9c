"""Page furniture: the lines a site puts around an article, told by general rules and not by site.

Knows lines and zones: the head is what stands before the first sentence of prose, the tail what stands after
the last. Each rule names lines to drop from one state of the page; rules are applied until none finds any.
No rule drops prose, but for a site's own notices, the closing lines of a feedback box and readers' comments.
"""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from indexer import phrases
from indexer.navigation import LABEL_WITH_CONTENT, controls, font_sizes, language_switches, menus, share_boxes
from indexer.phrases import normal
from indexer.windowtitle import HEAD_LINES_FOR_TITLE, window_title
from indexer.zones import BULLETED, UNSPACED, Page, is_notice

FIRST_BULLETS = re.compile(rf"(?P<page>\f*)(?:{BULLETED.pattern})+")
COUNTER = re.compile(r"(?:[\w.-]+ ){0,2}[\d,]+")
NAME = r"[^\W\d_a-z][\w.'’-]*(?: [^\W\d_][\w.'’-]*){0,3} [^\W\d_a-z][\w.'’-]*"
BYLINE = re.compile(rf"(?:By|(?:Published|Posted|Reported|Written|Text|Words) by) (?P<name>{NAME})")
ITEM_NUMBER = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[ivx]{1,5}\.) ")
MOST_PASSES = 12
"""Pages are done after two to four; a text made to need more must not cost the square of its length."""
FEEDBACK_LINES = 8
LONGEST_FEEDBACK = 200
LONGEST_EMPTY_LABEL = 4
SHORTEST_HEADLINE = 8


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


def _pass(text: str) -> str:
    lines = text.split("\n")
    numbers = [number for number, line in enumerate(lines) if line.strip("\f ")]
    page = Page.of(tuple(" ".join(lines[number].replace("\f", " ").split()) for number in numbers))
    for dropped in {each for rule in RULES for each in rule(page)}:
        lines[numbers[dropped]] = "\f" * lines[numbers[dropped]].count("\f")
    return "\n".join(lines)


def _without_first_bullet(text: str) -> str:
    """A list of one item at the very top is the headline."""
    lines = (line for line in text.split("\n") if line.strip("\f "))
    first, second = next(lines, ""), next(lines, "")
    bullets = FIRST_BULLETS.match(first)
    if bullets and second and not BULLETED.match(second):
        return text.replace(first, bullets["page"] + first[bullets.end() :], 1)
    return text


def _phrases_anywhere(page: Page) -> Iterator[int]:
    for number, line in enumerate(page.lines):
        if normal(line) in phrases.ANYWHERE or phrases.ANYWHERE_FORMS.fullmatch(normal(line)):
            yield number


def _phrases_at_edges(page: Page) -> Iterator[int]:
    for number, line in page.edges:
        phrase = normal(line)
        is_phrase = phrase in phrases.AT_EDGES or phrases.AT_EDGES_FORMS.fullmatch(phrase)
        if is_phrase or is_notice(line):
            yield number


def _feedback_box(page: Page) -> Iterator[int]:
    """The question whether the page is useful, and all that follows it."""
    last = len(page.lines)
    for number in range(max(0, last - FEEDBACK_LINES), last):
        is_short = all(len(line) <= LONGEST_FEEDBACK for line in page.lines[number:])
        if is_short and phrases.FEEDBACK.fullmatch(normal(page.lines[number])):
            yield from range(number, last)
            return


def _other_stories(page: Page) -> Iterator[int]:
    """A tail's list of other articles: its heading and the headlines below it."""
    starts = [number for number in page.tail if phrases.OTHER_STORIES.fullmatch(normal(page.lines[number]))]
    for number in range(starts[0], len(page.lines)) if starts else ():
        if number in starts or not LABEL_WITH_CONTENT.match(page.lines[number]):
            yield number


def _window_titles(page: Page) -> Iterator[int]:
    """The window's title above the headline, and the edges' lines that only name the site."""
    title = window_title(list(page.lines))
    headlines = {normal(page.lines[number]) for number in page.head[1:HEAD_LINES_FOR_TITLE]}
    first = page.lines[0] if headlines else ""
    if title or (
        len(first) >= SHORTEST_HEADLINE and not BULLETED.match(first) and normal(first) in headlines
    ):
        yield 0
    if title:
        named = [normal(name) for name in (title.site, *title.sections)]
        names = {*named, *(name.removeprefix("the ") for name in named)}
        yield from (number for number, line in page.edges if number and normal(line) in names)


def _contents(page: Page) -> Iterator[int]:
    """A table of contents: its heading and the lines below it that are headings further down."""
    keys = [ITEM_NUMBER.sub("", normal(line)) for line in page.lines]
    for number, key in enumerate(keys):
        if key.rstrip(":") not in phrases.CONTENTS:
            continue
        last = number + 1
        while last < len(keys) and keys[last] in keys[last + 1 :]:
            last += 1
        if last - number > 2:
            yield from range(number, last)


def _comments(page: Page) -> Iterator[int]:
    """What readers wrote below the article, and the form for more: from its heading to the end."""
    for number in range(page.head.stop, len(page.lines)):
        line = normal(page.lines[number])
        is_form = number in page.tail and phrases.COMMENT_FORM.fullmatch(line)
        if is_form or phrases.COMMENTS.fullmatch(line):
            yield from range(number, len(page.lines))
            return


def _sections(page: Page) -> Iterator[int]:
    """A section's name in the head and the line that repeats it with a counter, e.g. of readers."""
    first = page.head[:HEAD_LINES_FOR_TITLE]
    for number in first:
        for other in first:
            label, line = normal(page.lines[number]), normal(page.lines[other])
            if label and line.startswith(f"{label} ") and COUNTER.fullmatch(line[len(label) + 1 :]):
                yield from (number, other)


def _repetitions(page: Page) -> Iterator[int]:
    """A line that says the same as the line above, such as a picture's caption and its description."""
    for number, (above, below) in enumerate(pairwise(page.lines), start=1):
        if (
            above == below
            and "|" not in below
            and (len(below.split()) >= 3 or len(UNSPACED.findall(below)) >= 8)
        ):
            yield number


def _repeated_bylines(page: Page) -> Iterator[int]:
    names = {match["name"] for line in page.lines if (match := BYLINE.fullmatch(line))}
    yield from (number for number in page.tail if page.lines[number] in names)


def _empty_labels(page: Page) -> Iterator[int]:
    """The last lines if they announce what does not follow."""
    for number in reversed(page.tail):
        line = page.lines[number]
        announces = line.endswith((":", "：")) and len(line.split()) <= LONGEST_EMPTY_LABEL
        if not announces and normal(line).rstrip(":") not in phrases.LABELS:
            return
        yield number


RULES: tuple[Callable[[Page], Iterator[int]], ...] = (
    _phrases_anywhere,
    _phrases_at_edges,
    _feedback_box,
    _other_stories,
    _comments,
    _contents,
    font_sizes,
    language_switches,
    share_boxes,
    menus,
    controls,
    _window_titles,
    _sections,
    _repetitions,
    _repeated_bylines,
    _empty_labels,
)
