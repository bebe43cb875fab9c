"""The seam to a lexical index: which passages share terms with a question.

An engine proposes candidates in about the order of BM25. They are scored afterwards with the exact
statistics of the catalog, because an engine that merges lazily still counts deleted texts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from indexer.marks import Watermark
from indexer.vectors import Keys


@dataclass(frozen=True, slots=True)
class Posting:
    """A passage as a lexical index sees it: its key and its terms, repeated as often as they occur."""

    key: int
    terms: Sequence[str]


class LexicalIndex(Protocol):
    """Passages that hold any of a question's terms."""

    @property
    def watermark(self) -> Watermark:
        """The commit up to which this index has everything."""

    def search(self, terms: Sequence[str], count: int, allowed: Keys | None = None) -> Keys:
        """Return keys of ``count`` passages, best first; fewer when fewer hold any of the terms.

        Where ``allowed`` is given, only its keys are candidates: ``count`` are found when ``count`` exist.
        """

    def apply(self, mark: Watermark, added: Iterable[Posting], gone: Keys) -> None:
        """Remove and add passages and move to a newer watermark, all at once or not at all.

        ``gone`` names every key that may be there already, those that are added again among them.
        """
