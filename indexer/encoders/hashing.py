"""An encoder without a model: signed feature hashing of words and their character trigrams.

Knows words, not meaning (Weinberger et al. 2009). It needs no weights and no warm-up, so it serves quick
tests and machines where the model cannot be had; texts are near when they share words or parts of words.
"""

import hashlib
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np

from indexer.encoder import Document, Encoded, Progress, Vectors
from indexer.pooling import unit

_WORD = re.compile(r"[^\W_]+")
_DIMENSION = 384
_RECIPE = b"civicite hashing 1: words, trigrams, 384"
_TRIGRAMS_WEIGHT = 0.6
_SHORT_WORD_WEIGHT = 0.25


class HashingEncoder:
    """A word is a token; a passage's context leaves its vectors untouched."""

    runtime = "hashing"
    precision = "f32"
    model = "hashing"
    dimension = _DIMENSION
    window = 256
    digest = hashlib.sha256(_RECIPE).hexdigest()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Words of each text."""
        return [sum(1 for _ in _WORD.finditer(text)) for text in texts]

    def documents(self, documents: Sequence[Document], progress: Progress | None = None) -> Iterator[Encoded]:
        """One :class:`Encoded` a document, in the order given; ValueError for one above the window."""
        for document in documents:
            words = _WORD.findall(document.text)
            if len(words) > self.window:
                raise ValueError(f"a passage has {len(words)} tokens, the encoder's window is {self.window}")
            sentences = np.zeros((len(document.sentences), _DIMENSION), np.float32)
            for number, (start, end) in enumerate(document.sentences):
                sentences[number] = _direction(_WORD.findall(document.text[start:end]))
            encoded = Encoded(_direction(words or [""]), sentences)
            if progress:
                progress(1)
            yield encoded

    def begin(self, question: str) -> Callable[[], Vectors]:
        """Encode a question at once; the function that is returned only hands out its vector."""
        vector = self.question(question)
        return lambda: vector

    def question(self, question: str) -> Vectors:
        """float32 of shape (dimension,); a question longer than the window is cut to it."""
        return _direction(_WORD.findall(question)[: self.window] or [""])


def _direction(words: Sequence[str]) -> Vectors:
    """The unit sum of the words' features, each word weighted by one plus the logarithm of its count."""
    total = np.zeros(_DIMENSION, np.float32)
    for word, count in sorted(Counter(map(_folded, words)).items()):
        places, values = _features(word)
        total[places] += values * np.float32(1 + math.log(count))
    return unit(total)


def _folded(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()


@lru_cache(maxsize=65536)
def _features(word: str) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], Vectors]:
    """Distinct places and their values: the word itself, and its trigrams that share one weight."""
    marked = f"<{word}>"
    trigrams = [marked[start : start + 3] for start in range(len(marked) - 2)]
    share = _TRIGRAMS_WEIGHT / math.sqrt(max(1, len(trigrams)))
    values = np.zeros(_DIMENSION, np.float32)
    for feature, weight in [(word, 1.0), *((f"3:{trigram}", share) for trigram in trigrams)]:
        number = int.from_bytes(hashlib.blake2b(feature.encode("utf-8", "replace"), digest_size=8).digest())
        values[(number >> 1) % _DIMENSION] += weight if number & 1 else -weight
    if word.isascii() and word.isalpha() and len(word) <= 3:
        values *= (
            _SHORT_WORD_WEIGHT  # most words so short hold a sentence together and say nothing of its subject
        )
    places = np.flatnonzero(values)
    return places, values[places]
