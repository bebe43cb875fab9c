"""The reference: BM25 over every passage, in plain Python. Engines are tested against it."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from indexer.lexical import Posting
from indexer.marks import EMPTY, Watermark
from indexer.scoring import K1, B, idf
from indexer.vectors import Keys


class ExactTerms:
    """Holds the term counts of all passages in memory."""

    def __init__(self) -> None:
        self._watermark = EMPTY
        self._counts: dict[int, Counter[str]] = {}

    @property
    def watermark(self) -> Watermark:
        """The commit up to which this index has everything."""
        return self._watermark

    def search(self, terms: Sequence[str], count: int, allowed: Keys | None = None) -> Keys:
        """Return keys of the best passages, ties by key."""
        permitted = None if allowed is None else set(allowed.tolist())
        scores = {
            key: self._score(terms, counts)
            for key, counts in self._counts.items()
            if (permitted is None or key in permitted) and any(term in counts for term in terms)
        }
        ranked = sorted(scores, key=lambda key: (-scores[key], key))
        return np.array(ranked[:count], np.int64)

    def apply(self, mark: Watermark, added: Iterable[Posting], gone: Keys) -> None:
        """Add and remove passages and move to a newer watermark."""
        for key in gone.tolist():
            self._counts.pop(key, None)
        self._counts.update({posting.key: Counter(posting.terms) for posting in added})
        self._watermark = mark

    def _score(self, terms: Sequence[str], counts: Counter[str]) -> float:
        average = sum(c.total() for c in self._counts.values()) / len(self._counts)
        norm = K1 * (1 - B + B * counts.total() / average)
        return sum(self._idf(term) * counts[term] * (K1 + 1) / (counts[term] + norm) for term in set(terms))

    def _idf(self, term: str) -> float:
        return idf(len(self._counts), sum(term in counts for counts in self._counts.values()))
