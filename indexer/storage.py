"""How an encoded passage lies in the catalog: the bytes of its vectors, spans and terms, and their digest.

Knows byte layouts only; which rows exist at which commit is known to ``committing.py`` and ``view.py``.
Vectors are float16, because half the space moves no cosine by more than 0.0005 and passages are ranked
by float32 arithmetic on exactly these stored values, whatever engine found them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xxhash
from numpy.typing import NDArray

from indexer.article import Passage, Sentence, SentenceKind
from indexer.encoder import Encoded, Vectors
from indexer.terms import terms_of

VERSION = "storage-1"
"""Part of the recipe; to be raised with every change of the layouts in this module."""

KINDS: tuple[SentenceKind, ...] = ("prose", "heading", "item", "line")
_OFFSET, _HALF = np.dtype("<i4"), np.dtype("<f2")


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """One passage as the catalog keeps it, but for the term keys, which the catalog gives out.

    ``counts[0]`` terms stem from the context, ``counts[1 + s]`` from sentence ``s``, in this order in
    ``terms``. The bytes are little-endian: float16 vectors, int32 spans and counts, uint8 kinds.
    """

    start: int
    stop: int
    context: str
    vector: bytes
    spans: bytes
    kinds: bytes
    vectors: bytes
    counts: bytes
    terms: tuple[str, ...]


def store(
    text: str, passage: Passage, sentences: Sequence[Sentence], context: str, encoded: Encoded
) -> StoredPassage:
    """Put one encoded passage into the form that the catalog keeps.

    ``sentences`` are all sentences of the article; ``context`` is text that counts as the passage's own
    terms without being part of it.
    """
    own = sentences[passage.first : passage.last]
    found = [terms_of(context)] + [terms_of(text[sentence.start : sentence.end]) for sentence in own]
    return StoredPassage(
        start=passage.start,
        stop=passage.end,
        context=context,
        vector=encoded.passage.astype(_HALF).tobytes(),
        spans=np.array([(s.start, s.end) for s in own], _OFFSET).tobytes(),
        kinds=bytes(KINDS.index(s.kind) for s in own),
        vectors=encoded.sentences.astype(_HALF).tobytes(),
        counts=np.array([len(one) for one in found], _OFFSET).tobytes(),
        terms=tuple(term for one in found for term in one),
    )


def digest(revision: int, ordinal: int, start: int, stop: int, context: str, *blobs: bytes) -> bytes:
    """Return 8 bytes over everything a stored passage is: which one, its offsets, its blobs in order.

    XXH3 guards against damage, not against malice, and costs a question nothing that can be measured.
    """
    head = f"{revision} {ordinal} {start} {stop} {[len(blob) for blob in blobs]} {context}"
    return xxhash.xxh3_64_digest(head.encode() + b"".join(blobs))


def offsets(blob: bytes) -> NDArray[np.int32]:
    """Read int32 values: spans, counts or term keys."""
    return np.frombuffer(blob, _OFFSET)


def readable_offsets(blob: object) -> NDArray[np.int32]:
    """Read int32 values, none where the bytes are no such values any more."""
    return offsets(blob) if isinstance(blob, bytes) and len(blob) % _OFFSET.itemsize == 0 else offsets(b"")


def halves(blob: bytes, dimension: int) -> Vectors:
    """Read float16 rows into float32 of shape (rows, dimension)."""
    return np.frombuffer(blob, _HALF).reshape(-1, dimension).astype(np.float32)


def pack_offsets(values: Sequence[int]) -> bytes:
    """Write int32 values."""
    return np.array(values, _OFFSET).tobytes()
