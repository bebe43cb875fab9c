"""The seam to a sentence encoder: one forward pass gives a passage's vector and its sentences' vectors.

Knows what is asked of an encoder and how token vectors become passage and sentence vectors; how a
model is loaded and run is each engine's own matter (``indexer/encoders``).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.article import Span

Vectors = NDArray[np.float32]
Progress = Callable[[int], None]
"""Called with the number of documents that were finished since the last call."""


@dataclass(frozen=True, slots=True)
class Document:
    """A passage to encode: its text, and its sentences' spans within that text.

    ``context`` is text put before the passage in the same pass (a title, say); its tokens are attended
    to and are no part of any vector's mean. It is shortened, or left out, where the window is too small.
    """

    text: str
    sentences: tuple[Span, ...]
    context: str = ""


@dataclass(frozen=True, slots=True)
class Encoded:
    """``passage``: float32 of shape (dimension,); ``sentences``: float32 of shape (sentences, dimension).

    Rows have unit length, but for a sentence without any token, which is all zeros.
    """

    passage: Vectors
    sentences: Vectors


class Encoder(Protocol):
    """Turns text into unit vectors whose inner product is a cosine.

    A document's vectors are the same to the bit whatever else is encoded beside it.
    """

    @property
    def dimension(self) -> int:
        """Length of every vector."""

    @property
    def window(self) -> int:
        """Tokens that a passage may have, special tokens and document prompt not counted."""

    @property
    def model(self) -> str:
        """A name for people, e.g. ``all-MiniLM-L6-v2``."""

    @property
    def digest(self) -> str:
        """SHA-256 over everything that decides a vector: weights, tokenizer, pooling and prompts.

        Not over the precision it is computed in: bf16 on one machine and f32 on another share an index.
        """

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens not counted, nothing truncated."""

    def documents(self, documents: Sequence[Document], progress: Progress | None = None) -> Iterator[Encoded]:
        """One :class:`Encoded` a document, in the order given."""

    def question(self, question: str) -> Vectors:
        """float32 of shape (dimension,); a question longer than the window is cut to it."""

    def begin(self, question: str) -> Callable[[], Vectors]:
        """Begin encoding a question; the function that is returned waits for its vector, however often.

        An engine that cannot work by itself meanwhile has it ready before it returns.
        """
