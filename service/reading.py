"""Reading: what stands before and behind a sentence, and belongs to it for whoever reads the answer.

The sentence that a pronoun leans on, the one that gives what another only announces, the line below a
label, and the order in which sentences of one text read best. Knows rows of the pool and no scores.
"""

import re
from collections.abc import Mapping, Sequence

from indexer import KINDS, Pool
from service.cues import leans_on_neighbour
from service.expected import expected_of, told
from service.naming import enumerates
from service.question import Question

WHITE_SPACE = 8
"""Characters between two sentences that stand together, at most."""

FURTHEST = 4
"""Sentences that are gone back for what a pronoun stands for."""

_PROSE, _HEADING, _ITEM = (KINDS.index(kind) for kind in ("prose", "heading", "item"))
_PERSONAL = re.compile(r"^\W*(?:He|She|They|His|Her|Their|It|Its)\b")
_ANNOUNCES = re.compile(r"[:：]\s*$|\b(?:as follows|the following|listed below|다음과 같)\b", re.IGNORECASE)


def follows(pool: Pool, row: int) -> bool:
    """Tell whether the next row is the next sentence of the same text, be it in another passage."""
    if row + 1 >= len(pool.sentence_kinds):
        return False
    here, there = pool.sentence_passage[row], pool.sentence_passage[row + 1]
    gap = int(pool.sentence_spans[row + 1, 0] - pool.sentence_spans[row, 1])
    return bool(pool.revisions[here] == pool.revisions[there]) and 0 <= gap <= WHITE_SPACE


def reading_on(question: Question, pool: Pool, row: int, texts: Mapping[int, str]) -> int | None:
    """Return the row behind a sentence that only announces what is asked for, where it gives it."""
    if not follows(pool, row) or pool.sentence_kinds[row + 1] == _HEADING:
        return None
    text, following = texts[row], texts[row + 1]
    if enumerates(text):
        return None
    if _ANNOUNCES.search(text) or (question.kind == "list" and enumerates(following)):
        return row + 1
    expected = expected_of(question.text, question.kind)
    if expected is None or told(expected, question.text, text) > 0:
        return None
    gives = leans_on_neighbour(following) and told(expected, question.text, following) > 0
    return row + 1 if gives else None


def lines_beside(pool: Pool, row: int, fitting: set[int]) -> list[int]:
    """Return a row and those of ``fitting`` that stand next to it, as they stand: the time below the date."""
    first = last = row
    while first - 1 in fitting and follows(pool, first - 1):
        first -= 1
    while last + 1 in fitting and follows(pool, last):
        last += 1
    return list(range(first, last + 1))


def in_reading_order(pool: Pool, rows: Sequence[int]) -> list[int]:
    """Keep the first; let the rest of its passage follow as it stands there, then the other passages."""
    owners = pool.sentence_passage[list(rows)].tolist()
    places = {owner: at for at, owner in reversed(list(enumerate(owners)))}
    return [rows[0], *sorted(rows[1:], key=lambda row: (places[int(pool.sentence_passage[row])], row))]


def leaning_on(pool: Pool, row: int, texts: Mapping[int, str]) -> int | None:
    """Return the row that a sentence needs beside it: what a pronoun stands for, a first item's heading.

    'He' may stand for a name some sentences back, 'This' for what was said just before.
    """
    before = row - 1
    if not _same_passage(pool, before, row):
        return None
    if pool.sentence_kinds[row] == _ITEM:
        opens = pool.sentence_kinds[before] == _HEADING or _ANNOUNCES.search(texts[before])
        return before if opens and pool.sentence_kinds[before] != _ITEM else None
    if pool.sentence_kinds[before] != _PROSE or not leans_on_neighbour(texts[row]):
        return None
    if _PERSONAL.match(texts[row]):
        for further in range(before, max(-1, before - FURTHEST), -1):
            if not _same_passage(pool, further, row) or pool.sentence_kinds[further] != _PROSE:
                break
            if not leans_on_neighbour(texts[further]):
                return further
    return before


def _same_passage(pool: Pool, before: int, row: int) -> bool:
    return before >= 0 and bool(pool.sentence_passage[before] == pool.sentence_passage[row])
