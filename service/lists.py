"""Lists: all items of the list that a sentence opens or belongs to, across passages where it runs on."""

import re
from collections.abc import Mapping

from indexer import KINDS, Pool
from service.reading import follows

LIST_MOST = 20
"""Items of a list that an answer holds at most."""

SHORTEST_TABLE = 3
"""Lines of the shortest table, with its head."""

_COLUMNS = " | "
_HEADING, _ITEM = KINDS.index("heading"), KINDS.index("item")
_OPENS_LIST = re.compile(r"[:：]\s*$|\b(?:below|following|as follows)\b|다음과 같", re.IGNORECASE)


def opens_list(text: str) -> bool:
    """Tell whether a sentence announces that something is listed after it."""
    return _OPENS_LIST.search(text) is not None


def list_around(pool: Pool, row: int, texts: Mapping[int, str], *, wanted: bool) -> list[int]:
    """Return the rows of the whole list that a sentence introduces or belongs to, or nothing.

    An item alone is answered alone unless a list was asked for.
    """
    is_item = pool.sentence_kinds[row] == _ITEM
    before_items = not is_item and follows(pool, row) and pool.sentence_kinds[row + 1] == _ITEM
    if before_items and pool.sentence_kinds[row] == _HEADING:
        return _items_from(pool, row + 1)
    if before_items and opens_list(texts[row]):
        return [row, *_items_from(pool, row + 1)]
    if wanted and not is_item and (table := _lines_of_table(pool, row, texts)):
        return [row, *table]
    if not (wanted and is_item):
        return []
    first = row
    while first > 0 and pool.sentence_kinds[first - 1] == _ITEM and follows(pool, first - 1):
        first -= 1
    return _items_from(pool, first)


def _items_from(pool: Pool, first: int) -> list[int]:
    rows = [first]
    while len(rows) < LIST_MOST and follows(pool, rows[-1]) and pool.sentence_kinds[rows[-1] + 1] == _ITEM:
        rows.append(rows[-1] + 1)
    return rows


def _lines_of_table(pool: Pool, row: int, texts: Mapping[int, str]) -> list[int]:
    """Return the lines of the table that stands below a sentence, its head among them."""
    rows: list[int] = []
    at = row
    while len(rows) < LIST_MOST and follows(pool, at) and _COLUMNS in texts[at + 1]:
        at += 1
        rows.append(at)
    return rows if len(rows) >= SHORTEST_TABLE and _COLUMNS not in texts[row] else []
