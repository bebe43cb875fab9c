"""What the title of a browser's window says: a headline, and around it the names of site and sections.

Knows the signs that join them. Which of the parts is the headline only the page itself can tell.
"""

import re
from typing import NamedTuple

from indexer.phrases import normal

TITLE_SEPARATOR = re.compile(r" (?:[-–—|·»«]|::?) ")
HEAD_LINES_FOR_TITLE = 20
LONGEST_WINDOW_TITLE = 400


class WindowTitle(NamedTuple):
    """``headline - section - site``, or the other way round."""

    headline: str
    site: str
    sections: tuple[str, ...] = ()


def window_title(lines: list[str]) -> WindowTitle | None:
    """Headline, site and sections if the first line joins them and a later line repeats the headline."""
    if not lines or len(lines[0]) > LONGEST_WINDOW_TITLE:
        return None
    later = {normal(line): line for line in reversed(lines[1:HEAD_LINES_FOR_TITLE])}
    for match in TITLE_SEPARATOR.finditer(lines[0]):
        left, right = lines[0][: match.start()], lines[0][match.end() :]
        for headline, rest in sorted([(left, right), (right, left)], key=lambda pair: -len(pair[0])):
            if normal(headline) in later:
                return WindowTitle(headline, *_site_and_sections(rest, later, is_last=headline == left))
    return None


def _site_and_sections(rest: str, later: dict[str, str], *, is_last: bool) -> tuple[str, tuple[str, ...]]:
    """The name furthest from the headline and those between; a name that the page writes whole is one."""
    if written := _as_written(rest, later):
        return written, ()
    names = TITLE_SEPARATOR.split(rest)
    site = names.pop(-1 if is_last else 0)
    return _as_written(site, later) or site, tuple(names)


def _as_written(site: str, later: dict[str, str]) -> str | None:
    """The site's name as a later line writes it, article included."""
    return later.get(f"the {normal(site)}") or later.get(normal(site))
