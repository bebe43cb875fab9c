"""Grams: stretches of a few characters that two texts share, found by their digests in one pass over each.

What makes comparing long texts affordable: the work grows with their lengths, not with the product. Knows
strings only.
"""

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]
Digests = NDArray[np.uint64]

_BASE = 0x9E3779B97F4A7C15  # odd, so that multiplying by it loses nothing modulo 2**64


def digests(text: str, length: int) -> Digests:
    """Return a digest of each stretch ``text[n:n + length]``, uint64 of shape (stretches,)."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    count = max(0, len(codes) - length + 1)
    found = np.zeros(count, np.uint64)
    for shift in range(length):
        found *= np.uint64(_BASE)
        found += codes[shift : shift + count]
    return found


def shared(one: Digests, other: Digests) -> tuple[Places, Places]:
    """Return where stretches that stand in both begin: in the one, in order, and in the other, first."""
    kept, first = np.unique(other, return_index=True)
    if not len(kept):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    places = np.minimum(np.searchsorted(kept, one), len(kept) - 1)
    here = np.flatnonzero(kept[places] == one)
    return here, first[places[here]]
