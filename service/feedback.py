"""Feedback: what people say of answers, kept in the service's database and written out for evaluation."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from indexer import CiviciteError, Holdings, IndexUnusable, normal_id
from service.store import opened, store_of

Judgement = Literal["right", "wrong"]
JUDGEMENTS: tuple[Judgement, ...] = get_args(Judgement)


@dataclass(frozen=True, slots=True)
class Feedback:
    """A person's judgement of one answer; ``article_id`` and ``quote`` say what is, or would be, right.

    ``state`` is what the answer said of the index and ranker; ``key`` the id of the key that was used.
    """

    number: int
    at: str
    question: str
    verdict: Judgement
    comment: str | None = None
    article_id: str | None = None
    quote: str | None = None
    state: Mapping[str, Any] | None = None
    key: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


class FeedbackFull(CiviciteError):
    """No more is kept until some is deleted or the setting ``feedback_bytes`` is raised."""


def note(
    file: Path,
    question: str,
    verdict: Judgement,
    *,
    comment: str | None = None,
    article_id: str | None = None,
    quote: str | None = None,
    state: Mapping[str, Any] | None = None,
    key: str | None = None,
    most_bytes: int | None = None,
) -> int:
    """Keep one judgement and return its number; raises FeedbackFull where the file holds so much already.

    An article's id is kept in NFC, as the index keeps it.
    """
    at = datetime.now(UTC).isoformat(timespec="seconds")
    written = None if state is None else json.dumps(state, sort_keys=True)
    with opened(file, create=True) as connection:
        assert connection is not None  # noqa: S101 - it was to be made
        if most_bytes is not None and _used(connection) >= most_bytes:
            raise FeedbackFull(
                f"{file}: {most_bytes} bytes are in use; see 'civicite feedback delete' and feedback_bytes"
            )
        cursor = connection.execute(
            "INSERT INTO feedback (at, question, verdict, comment, article_id, quote, state, key)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (at, question, verdict, comment, _normal(article_id), quote, written, key),
        )
        return int(cursor.lastrowid or 0)


def read_feedback(file: Path, after: int = 0, limit: int | None = None) -> list[Feedback]:
    """List judgements in the order in which they came, those whose number is above ``after``."""
    with opened(file) as connection:
        if connection is None:
            return []
        rows = connection.execute(
            "SELECT number, at, question, verdict, comment, article_id, quote, state, key FROM feedback"
            " WHERE number > ? ORDER BY number LIMIT ?",
            (after, -1 if limit is None else limit),
        ).fetchall()
    said = [dict(zip(Feedback.__slots__, row, strict=True)) for row in rows]
    return [Feedback(**{**one, "state": one["state"] and json.loads(one["state"])}) for one in said]


def forget(file: Path, article_ids: Iterable[str]) -> None:
    """Delete what was said with reference to articles that are being erased, overwriting it.

    Ids are compared in NFC: earlier versions kept them as they were sent.
    """
    erased = {_normal(one) for one in article_ids}
    with opened(file) as connection:
        if connection is not None:
            named = connection.execute("SELECT number, article_id FROM feedback WHERE article_id IS NOT NULL")
            numbers = [(number,) for number, identity in named.fetchall() if _normal(identity) in erased]
            connection.executemany("DELETE FROM feedback WHERE number = ?", numbers)


def forget_erased(index: Path) -> None:
    """Delete what was said with reference to any article that the index has erased, whoever finished that."""
    file = store_of(index)
    with opened(file) as connection:
        named = () if connection is None else connection.execute("SELECT DISTINCT article_id FROM feedback")
        identities = [identity for (identity,) in named if identity is not None]
    if not identities:
        return
    with suppress(IndexUnusable), Holdings(index) as holdings:
        if gone := holdings.erased(identities):
            forget(file, gone)


def delete_feedback(file: Path, up_to: int) -> int:
    """Delete the judgements whose numbers are not above ``up_to``, overwriting them; return how many."""
    with opened(file) as connection:
        if connection is None:
            return 0
        return connection.execute("DELETE FROM feedback WHERE number <= ?", (up_to,)).rowcount


def _normal(identity: str | None) -> str | None:
    return None if identity is None else normal_id(identity)


def _used(connection: sqlite3.Connection) -> int:
    """Return the bytes of the pages in use; what was deleted leaves its pages for what comes."""
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def as_questions(feedback: Iterable[Feedback]) -> Iterator[dict[str, Any]]:
    """Yield those judgements that say what would be right as questions of an evaluation file."""
    for one in feedback:
        if one.article_id is not None or one.quote is not None:
            expected = {"article": one.article_id, "quote": one.quote}
            known = {name: value for name, value in expected.items() if value is not None}
            yield {"_id": f"feedback-{one.number}", "text": one.question, **known}
