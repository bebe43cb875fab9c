"""Batches whose rows do not feel each other.

Knows the rule that keeps a passage's vectors the same to the bit in any company: each row is padded to a
length that follows from its own length alone, and only rows of one padded length share a batch.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from indexer.pooling import Integers, Row

PASSAGE_MULTIPLE = 16
"""Padding to it costs about five percent more tokens for passages of 150."""

QUESTION_MULTIPLE = 8
"""Questions are encoded alone; few distinct lengths only save the engine's preparing for each."""


def padded_length(tokens: int, longest: int, multiple: int = PASSAGE_MULTIPLE) -> int:
    """The length that a row of so many tokens is padded to, at most ``longest``."""
    return min(-(-tokens // multiple) * multiple, longest)


def batches(rows: Sequence[Row], longest: int, budget: int) -> Iterator[tuple[int, list[int]]]:
    """Padded length and row numbers of each batch, of at most ``budget`` padded tokens or one row.

    Every length is a multiple of ``PASSAGE_MULTIPLE``, or ``longest``. The longest come first, so that
    parallel streams end at nearly the same time.
    """
    groups: dict[int, list[int]] = {}
    for number, row in enumerate(rows):
        groups.setdefault(padded_length(len(row.ids), longest), []).append(number)
    for length, members in sorted(groups.items(), reverse=True):
        size = max(1, budget // length)
        for start in range(0, len(members), size):
            yield length, members[start : start + size]


def stacked(rows: Sequence[Row], length: int, pad_id: int) -> tuple[Integers, Integers]:
    """Token ids and attention mask, both int64 of shape (rows, length)."""
    ids = np.full((len(rows), length), pad_id, np.int64)
    mask = np.zeros((len(rows), length), np.int64)
    for number, row in enumerate(rows):
        ids[number, : len(row.ids)] = row.ids
        mask[number, : len(row.ids)] = 1
    return ids, mask
