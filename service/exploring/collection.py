"""All passages of a collection at one commit: their vectors, texts, articles and the rarity of their terms.

Read once into memory: some 20 kilobytes a passage, so for tens of thousands of passages, not for millions.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from indexer import NO_FILTERS, ArticleState, Filters, Index, Moment, Pool, Span, Vectors, View, terms_of

PORTION = 10_000
"""Terms whose statistics are read at a time."""


@dataclass(frozen=True, slots=True)
class Collection:
    """The passages in rows, in the order of article id and offset; ``articles`` are by revision key.

    ``rarity`` is the catalog's inverse document frequency of every term of the passages' texts, counted in
    passages.
    """

    commit: int
    pool: Pool
    articles: Mapping[int, ArticleState]
    rarity: Mapping[str, float]

    def __len__(self) -> int:
        """Return the number of passages."""
        return len(self.pool)

    @property
    def vectors(self) -> Vectors:
        """The passages' unit vectors: float32 of shape (passages, dimension)."""
        return self.pool.vectors

    def article(self, row: int) -> ArticleState:
        """Return the article that a passage belongs to."""
        return self.articles[int(self.pool.revisions[row])]

    def span(self, row: int) -> Span:
        """Return where a passage stands in its article's text."""
        return Span(*self.pool.spans[row].tolist())

    def text(self, row: int) -> str:
        """Return a passage's text."""
        start, end = self.span(row)
        return self.article(row).text[start:end]

    @property
    def texts(self) -> tuple[str, ...]:
        """The passages' texts, by row."""
        return tuple(self.text(row) for row in range(len(self)))


def read_collection(
    index: Index, *, filters: Filters = NO_FILTERS, as_of: Moment | None = None
) -> Collection:
    """Read the passages that a filter lets through, now or as of a moment."""
    with index.view(as_of) as view:
        allowed = view.allowed(filters)
        pool = view.pool(view.keys() if allowed is None else allowed)
        articles = view.articles_of(dict.fromkeys(pool.revisions.tolist()))
        whole = Collection(view.commit, pool, articles, {})
        terms = dict.fromkeys(term for text in whole.texts for term in terms_of(text))
        return Collection(view.commit, pool, articles, dict(_rarity(view, terms)))


def _rarity(view: View, terms: Iterable[str]) -> Iterator[tuple[str, float]]:
    remaining = iter(terms)
    while portion := tuple(islice(remaining, PORTION)):
        yield from zip(portion, view.statistics(portion).weights.tolist(), strict=True)
