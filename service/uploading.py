"""A file that was sent, read as far as one upload may go: so many articles, so many failures.

Its bytes are bounded before, and what they unpack to by its reader; a kilobyte can still unpack to
millions of lines, each of which would be remembered.
"""

from collections.abc import Callable

from indexer import Found, ReadError, uploaded, uploaded_suffix

MOST_ARTICLES = 20_000
"""Of one upload: all of them are committed together."""

MOST_FAILURES = 1000
"""Records of one upload that cannot be read; with more of them it is hardly what was meant to be sent."""

MOST_MARKS = 500_000
"""Lines, tags and marks of one text that is sent: a thousand pages have a tenth of them, and each costs a
parser a kilobyte or so."""

_MARKS = {".txt": b"\n", ".html": b"\n<&", ".htm": b"\n<&"} | dict.fromkeys(
    (".md", ".markdown"), b"\n*_[`<&\\"
)


def read_upload(name: str, content: bytes, check: Callable[[], None]) -> list[Found | ReadError]:
    """Return the articles of a file, at least one, and what of it cannot be read.

    Raises ReadError when there is none, or too many of either, and what ``check`` raises, which is called
    after each.
    """
    marks = _MARKS.get(uploaded_suffix(name) or "", b"")
    if sum(content.count(mark) for mark in marks) > MOST_MARKS:
        raise ReadError(name, f"holds more than {MOST_MARKS:,} lines, tags and marks", "split it")
    found, failures = list[Found | ReadError](), list[ReadError]()
    for one in uploaded(name, content):
        check()
        found.append(one)
        if isinstance(one, ReadError):
            failures.append(one)
        if len(failures) > MOST_FAILURES:
            first = failures[0]
            problem = f"more than {MOST_FAILURES:,} of its records cannot be read, the first at {first.where}"
            raise ReadError(name, f"{problem}, which {first.problem}", first.mend)
        if len(found) - len(failures) > MOST_ARTICLES:
            raise ReadError(name, f"holds more than {MOST_ARTICLES:,} articles", "split it")
    if len(failures) == len(found):
        raise failures[0] if failures else ReadError(name, "holds no article", "check what it should hold")
    return found
