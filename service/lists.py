"""Lists: all items of the list that a sentence opens or belongs to, across passages where it runs on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from indexer import KINDS, Pool
from service.reading import follows

LIST_MOST = 20
"""Items of a list that an answer holds at most."""

SHORTEST_TABLE = 3
"""Lines of the shortest table, with its head."""

FURTHEST_TABLE = 3
"""Sentences below which a table is looked for, the one that was found among them."""

_COLUMNS = " | "
_HEADING, _ITEM = KINDS.index("heading"), KINDS.index("item")
_OPENS_LIST = re.compile(r"[:：]\s*$|\b(?:below|following|as follows)\b|다음과 같", re.IGNORECASE)


def opens_list(text: str) -> bool:
    """Tell whether a sentence announces that something is listed after it."""
    return _OPENS_LIST.search(text) is not None


@dataclass(frozen=True, slots=True)
class Listed:
    """Rows of a list; ``opening`` is what they are read with: what announces them, a table's head."""

    rows: list[int]
    opening: int | None = None


def list_around(pool: Pool, row: int, texts: Mapping[int, str], *, wanted: bool) -> Listed | None:
    """Return the whole list that a sentence introduces or belongs to, or nothing.

    An item alone is answered alone unless a list was asked for. Then a table counts, too, be it two
    sentences further down.
    """
    is_item = pool.sentence_kinds[row] == _ITEM
    before_items = not is_item and follows(pool, row) and pool.sentence_kinds[row + 1] == _ITEM
    if before_items and (pool.sentence_kinds[row] == _HEADING or opens_list(texts[row])):
        return Listed(_items_from(pool, row + 1), row)
    if wanted and not is_item:
        return _table_below(pool, row, texts)
    if not (wanted and is_item):
        return None
    first = row
    while first > 0 and pool.sentence_kinds[first - 1] == _ITEM and follows(pool, first - 1):
        first -= 1
    return Listed(_items_from(pool, first), first - 1 if _announced(pool, first, texts) else None)


def _announced(pool: Pool, first: int, texts: Mapping[int, str]) -> bool:
    """Tell whether the row before an item is the heading or the line that announces it."""
    if first == 0 or not follows(pool, first - 1):
        return False
    return bool(pool.sentence_kinds[first - 1] == _HEADING) or opens_list(texts[first - 1])


def _items_from(pool: Pool, first: int) -> list[int]:
    rows = [first]
    while len(rows) < LIST_MOST and follows(pool, rows[-1]) and pool.sentence_kinds[rows[-1] + 1] == _ITEM:
        rows.append(rows[-1] + 1)
    return rows


def _table_below(pool: Pool, row: int, texts: Mapping[int, str]) -> Listed | None:
    """Return the lines of the table that stands below a sentence, or below one of the next two."""
    if _COLUMNS in texts[row]:
        return None
    head = row + 1
    for _ in range(FURTHEST_TABLE):
        if not follows(pool, head - 1):
            return None
        if _COLUMNS in texts[head]:
            break
        if pool.sentence_kinds[head] == _HEADING:
            return None
        head += 1
    rows: list[int] = []
    at = head - 1
    while len(rows) <= LIST_MOST and follows(pool, at) and _COLUMNS in texts[at + 1]:
        at += 1
        rows.append(at)
    return Listed(rows[1:], rows[0]) if len(rows) >= SHORTEST_TABLE else None
