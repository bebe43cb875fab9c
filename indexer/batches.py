"""Batches: how much of what is taken in becomes one commit."""

from collections.abc import Iterable, Iterator

from indexer.errors import ReadError
from indexer.sources import Found

ARTICLES_PER_COMMIT = 256
"""A kill loses at most so many articles that were read but not yet committed."""

CHARACTERS_PER_COMMIT = 100_000
"""A batch ends with the text that reaches this length: others wait no longer, however long articles are."""


def batches(found: Iterable[Found | ReadError]) -> Iterator[list[Found | ReadError]]:
    """Yield what is found in batches, each of which is committed by itself."""
    batch, characters = list[Found | ReadError](), 0
    for one in found:
        batch.append(one)
        characters += len(one.article.text) if isinstance(one, Found) else 0
        if len(batch) == ARTICLES_PER_COMMIT or characters >= CHARACTERS_PER_COMMIT:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
