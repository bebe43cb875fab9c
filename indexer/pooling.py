"""From the vectors of tokens to the vectors of a passage and of its sentences.

Knows which tokens count for which mean ('late chunking', Günther et al. 2024: the sentences are pooled
from one pass over the whole passage). It must not know how tokens or their vectors come about.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.article import Span
from indexer.encoder import Encoded, Vectors
from indexer.modelfolder import Pooling

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Row:
    """The tokens of one text, as the model takes them.

    ``pooled`` is true where a token counts for the passage's vector. ``sentences`` of shape (sentences, 2)
    are half-open ranges of tokens; an empty range is a sentence without a token.
    """

    ids: Integers
    pooled: NDArray[np.bool_]
    sentences: Integers


def sentence_tokens(offsets: Integers, sentences: Sequence[Span]) -> Integers:
    """Range of tokens of each sentence, shape (sentences, 2), by the tokens' offsets of shape (tokens, 2).

    A token belongs where its last character lies: some tokenizers count the space before a word to it.
    """
    if not sentences:
        return np.zeros((0, 2), np.int64)
    places = np.maximum(offsets[:, 0], offsets[:, 1] - 1)
    spans = np.array(sentences, np.int64)
    first = np.searchsorted(places, spans[:, 0])
    return np.stack([first, np.maximum(first, np.searchsorted(places, spans[:, 1]))], axis=1)


def pool(hidden: Vectors, row: Row, pooling: Pooling) -> Encoded:
    """Unit vectors of passage and sentences; ``hidden`` is float32 (tokens, dimension) and may be padded."""
    hidden = hidden[: len(row.ids)]
    pooled = hidden[row.pooled]
    passage = pooled.mean(axis=0, dtype=np.float32) if pooling == "mean" else pooled[0]
    # A question has no sentences, and nothing to spend on them.
    sentences = _sums(hidden, row.sentences)
    return Encoded(unit(passage), unit(sentences) if len(sentences) else sentences)


def unit(vectors: Vectors) -> Vectors:
    """The same directions with length one along the last axis; zeros stay zeros."""
    lengths = np.sqrt(np.sum(vectors * vectors, axis=-1, keepdims=True))
    scaled = vectors / np.where(lengths > 0, lengths, np.float32(1))
    return scaled.astype(np.float32, copy=False)


def _sums(hidden: Vectors, ranges: Integers) -> Vectors:
    """Sum of each range's rows: the direction of their mean."""
    sums = np.zeros((len(ranges), hidden.shape[1]), np.float32)
    filled = ranges[:, 0] < ranges[:, 1]
    if filled.any():
        # reduceat cannot end a range at the very end: one row of zeros makes room for it.
        rows = np.concatenate([hidden, np.zeros((1, hidden.shape[1]), np.float32)])
        sums[filled] = np.add.reduceat(rows, ranges[filled].ravel(), axis=0)[::2]
    return sums
