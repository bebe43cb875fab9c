"""What was read of the catalog at one commit, kept in memory for the questions that follow at that commit.

Nothing of ``Recent`` outlives its commit, so that nothing has to be found out of date. Each kind is bounded,
what was kept longest makes room, and what is not here is read again. Knows neither SQL nor questions.
"""

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Generic, TypeVar

from indexer.article_state import ArticleState

if TYPE_CHECKING:
    from indexer.copies import Kin, Stretch

K = TypeVar("K")
V = TypeVar("V")

PASSAGES_MOST = 65_536
"""Passages of which it is remembered whether they are valid."""

TERMS_MOST = 65_536
"""Terms whose statistics are remembered."""

CHARACTERS_MOST = 8_000_000
"""Characters of articles that are remembered, and as many again with what repeats passages."""

_OVERHEAD = 2_000
"""What an article or a passage's copies cost beside their texts."""


class Kept(Generic[K, V]):
    """Values by key up to a total weight; threads may share it."""

    def __init__(self, most: int, weight: Callable[[V], int] = lambda value: 1) -> None:
        self._most, self._weight = most, weight
        self._values: dict[K, V] = {}
        self._total = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Return the number of values."""
        return len(self._values)

    def get(self, key: K) -> V | None:
        """Return what is kept under a key; no value that is kept is None."""
        return self._values.get(key)

    def several(self, keys: Iterable[K]) -> list[V | None]:
        """Return what is kept under each key, None where nothing is."""
        return list(map(self._values.get, keys))

    def keep(self, key: K, value: V) -> None:
        """Keep a value, unless it alone is heavier than all may be; what was kept longest makes room."""
        weight = self._weight(value)
        if weight > self._most:
            return
        with self._lock:
            if key in self._values:
                return  # the same, read by another thread
            self._values[key] = value
            self._total += weight
            while self._total > self._most:
                self._let_go(next(iter(self._values)))

    def drop(self, keys: Iterable[K]) -> None:
        """Let values go that nobody will ask for soon."""
        with self._lock:
            for key in keys:
                if key in self._values:
                    self._let_go(key)

    def _let_go(self, key: K) -> None:
        self._total -= self._weight(self._values.pop(key))


class Recent:
    """What may be remembered of one commit."""

    def __init__(self) -> None:
        self.valid: Kept[int, bool] = Kept(PASSAGES_MOST)  # by passage key
        self.size: tuple[int, int] | None = None  # passages and terms of the generation
        self.terms: Kept[str, tuple[int | None, int]] = Kept(TERMS_MOST)  # key and passages that hold it
        self.articles: Kept[int, ArticleState] = Kept(CHARACTERS_MOST, _article_weight)  # by revision key
        self.kin: Kept[Stretch, Kin] = Kept(CHARACTERS_MOST, _kin_weight)


def _article_weight(article: ArticleState) -> int:
    return _OVERHEAD + len(article.text)


def _kin_weight(kin: "Kin") -> int:
    return _OVERHEAD + sum(_article_weight(copy.article) for copy in kin.copies)
