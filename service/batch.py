"""Many questions from a JSON Lines file, one after the other: ``_id`` and ``text`` on each line.

A line may say with ``as_of`` which moment it is asked of.

Knows what a valid line is, and that every line in gives something out, in order. Knows nothing of how a
question is answered.
"""

import json
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeVar

from indexer import InputError, Moment, is_text
from service.answer import Answer, Hit, SearchResult
from service.askable import checked_question

Given = TypeVar("Given", Answer, SearchResult)


@dataclass(frozen=True, slots=True)
class Asked:
    """A valid line; ``as_of`` is None where it does not say."""

    id: str
    text: str
    as_of: str | int | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """An invalid line; ``id`` is None when it could not be read."""

    id: str | None
    error: str

    def to_dict(self) -> dict[str, str | None]:
        """Return the promised JSON object."""
        return {"question_id": self.id, "error": self.error}


def questions(file: Path) -> Iterator[Asked | Refused]:
    """Read a file line by line, ``-`` being standard input; raises InputError when it cannot be read."""
    with _opened(file) as stream:
        for number, line in enumerate(stream, 1):
            yield _question(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line, number)


def answered(one: Asked | Refused, asking: Callable[..., Given], as_of: Moment | None) -> Given | Refused:
    """Ask what a line asks, of the moment that it names or else of ``as_of``.

    A moment of its own that cannot be viewed refuses the line; raises InputError for any other argument.
    """
    if isinstance(one, Refused):
        return one
    try:
        return asking(one.text, as_of=as_of if one.as_of is None else one.as_of)
    except InputError as error:
        if one.as_of is None:
            raise
        return Refused(one.id, f"line {one.line}: {error}")


def trec_lines(question: str, hits: tuple[Hit, ...]) -> Iterator[str]:
    """Yield the lines of a TREC run: ``qid Q0 article_id rank score civicite``.

    Evaluation programs sort by score and break ties their own way, so scores fall strictly.
    """
    score = math.inf
    for rank, hit in enumerate(hits, 1):
        score = min(hit.score, math.nextafter(score, -math.inf))
        yield f"{question} Q0 {hit.article_id} {rank} {score!r} civicite"


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = file.open("rb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(str(file), reason, "give a JSON Lines file with _id and text") from error
    with stream:
        yield stream


def _question(line: bytes, number: int) -> Asked | Refused:
    identity = None
    try:
        record = json.loads(line.decode())
        if not isinstance(record, dict):
            return Refused(None, f"line {number}: it is no JSON object")
        identity = _identity(record.get("_id"))
        if identity is None:
            problem = "_id is missing or cannot be used; give each line an _id without spaces"
            return Refused(None, f"line {number}: {problem}")
        text = record.get("text")
        if not isinstance(text, str):
            return Refused(identity, f"line {number}: text is missing or no text")
        as_of = record.get("as_of")
        if as_of is not None and (isinstance(as_of, bool) or not isinstance(as_of, str | int)):
            return Refused(identity, f"line {number}: as_of is no date, instant or commit's number")
        return Asked(identity, checked_question(text), as_of, number)
    except InputError as error:
        return Refused(identity, f"line {number}: {error}")
    except (ValueError, RecursionError):
        return Refused(None, f"line {number}: it is no JSON in UTF-8")


def _identity(value: object) -> str | None:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    # White space would break a TREC line, a lone surrogate every JSON line.
    is_id = isinstance(text, str) and text and not any(map(str.isspace, text)) and is_text(text)
    return text if isinstance(text, str) and is_id else None
