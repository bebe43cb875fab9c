"""Every error that civicite raises on purpose.

CiviciteError
├── InputError                a file, a field or an argument of the user's is wrong
│   ├── ReadError             a file cannot be read as articles
│   │   └── FetchError        an address cannot be fetched
│   └── ArticleNotFound       no article, revision or span by that name
│       ├── ArticleErased     it was there, and was erased for good
│       └── ArticleLost       it was there, was damaged, and is given up
├── EncoderError              the model cannot be loaded or run
└── IndexUnusable             the index folder cannot be used
    ├── IndexNotFound         there is none at that path
    ├── IndexLocked           another process is writing
    ├── IndexTooNew           a newer civicite wrote it
    ├── IndexDamaged          its bytes are not what was written
    │   └── ArticleDamaged    those of one article, the others are sound
    │       └── ArticleLeftOut    found before, and left out since
    └── RecipeMismatch        it was built with another model or segmentation

A message is one line: what is wrong, where, and the mend. Errors of libraries are mapped to these where
they are met, so that a caller needs no library's exceptions.
"""

from typing import Self

LONGEST_SHOWN = 200
"""Characters of a value that a message repeats."""


def shown(value: object) -> str:
    """Return a value as a message repeats it: in quotation marks, on one line, a long one cut."""
    text = str(value)
    return repr(text) if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]!r}…"


class CiviciteError(Exception):
    """The root of all errors that carry a message for people."""


class InputError(CiviciteError):
    """Something the user gave is wrong; ``where`` names the file, field or argument."""

    def __init__(self, where: str, problem: str, mend: str) -> None:
        super().__init__(f"{where}: {problem}; {mend}")
        self.where = where
        self.problem = problem
        self.mend = mend


class ReadError(InputError):
    """A file, or one record of it, cannot be read as an article."""

    def alone(self) -> Self:
        """Return it without the errors and frames that it came by.

        They hold what was being read: of a file with a million bad records they would fill the memory.
        """
        self.__cause__ = self.__context__ = None
        return self.with_traceback(None)


class FetchError(ReadError):
    """An address cannot be fetched.

    ``passing``: a later try may succeed, after ``retry_after`` seconds where the server says so. ``status``
    is HTTP's, None when there was no answer.
    """

    def __init__(
        self,
        where: str,
        problem: str,
        mend: str,
        *,
        passing: bool = False,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(where, problem, mend)
        self.passing = passing
        self.status = status
        self.retry_after = retry_after


class ArticleNotFound(InputError):
    """No article, revision or span by that name."""


class ArticleErased(ArticleNotFound):
    """The article, or the revision asked for, was erased for good."""


class ArticleLost(ArticleNotFound):
    """The revision asked for was damaged and is given up; later ones are not touched by that."""


class EncoderError(CiviciteError):
    """The model cannot be loaded or run; the message names the mend."""


class IndexUnusable(CiviciteError):
    """The index folder cannot be used; the message names the mend."""


class IndexNotFound(IndexUnusable):
    """There is no index at that path."""


class IndexLocked(IndexUnusable):
    """Another process is writing to the index."""


class IndexTooNew(IndexUnusable):
    """A newer civicite wrote the index."""


class IndexDamaged(IndexUnusable):
    """The bytes of the index are not what was written."""


class ArticleDamaged(IndexDamaged):
    """The bytes of one article are not what was written; nothing is quoted from it."""


class ArticleLeftOut(ArticleDamaged):
    """The article was found damaged before, and nothing shows it until it is indexed again."""


class RecipeMismatch(IndexUnusable):
    """The index was built with another model or another segmentation."""
