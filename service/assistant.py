"""The assistant: one object that answers questions from an index folder, for Python, HTTP and terminal alike."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from indexer import NO_FILTERS, Encoder, Filters, Index
from service.answer import Answer, SearchResult


class Assistant:
    """Open with :meth:`open`; safe to use from many threads. Sees new commits by itself."""

    def __init__(self, index: Index, encoder: Encoder) -> None:
        raise NotImplementedError

    @classmethod
    def open(cls, folder: str | Path) -> "Assistant":
        """Open an index folder with the model and ranker it was built for."""
        raise NotImplementedError

    def ask(
        self,
        question: str,
        *,
        top_k: int = 10,
        filters: Filters = NO_FILTERS,
        min_confidence: float | None = None,
    ) -> Answer:
        """Answer a question with verified quotations, or abstain and say why.

        ``min_confidence`` moves the threshold below which it abstains; 0 answers whenever any passage
        exists. ``top_k`` is the number of passages shown beside the answer.
        """
        raise NotImplementedError

    def search(self, question: str, *, top_k: int = 10, filters: Filters = NO_FILTERS) -> SearchResult:
        """Return the passages nearest to a question; each as it ranks, several of one article possible."""
        raise NotImplementedError

    def search_articles(self, question: str, *, top_k: int = 10, filters: Filters = NO_FILTERS) -> SearchResult:
        """Return the best passage of each of the ``top_k`` nearest articles."""
        raise NotImplementedError
