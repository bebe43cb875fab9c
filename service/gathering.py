"""Questions that are asked at the same time are encoded together: one pass reads the model's weights once.

Whoever comes while no pass runs waits for nothing; whoever comes during a pass goes with the others in the
next. An encoder's vectors do not depend on their batch, so nobody can tell. Knows nothing of HTTP.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from indexer import Document, Encoded, LoadedEncoder, Vectors

MOST = 16
"""Questions of one pass: beyond that a pass takes as much longer as it holds more."""


class _Waiting:
    """One caller: its question, and its vector, its error, or the word that it leads the next pass."""

    __slots__ = ("error", "leads", "question", "told", "vector")

    def __init__(self, question: str) -> None:
        self.question = question
        self.vector: Vectors | None = None
        self.error: BaseException | None = None
        self.leads = False
        self.told = threading.Lock()
        self.told.acquire()  # released when there is something to know


class GatheringEncoder:
    """An encoder shared by many threads; ``observe`` is told how many questions a pass held."""

    def __init__(self, encoder: LoadedEncoder) -> None:
        self._encoder = encoder
        self.observe: Callable[[int], None] | None = None
        self._lock = threading.Lock()
        self._queue: deque[_Waiting] = deque()
        self._busy = False
        self.dimension, self.window = encoder.dimension, encoder.window
        self.model, self.digest = encoder.model, encoder.digest
        self.runtime, self.precision = encoder.runtime, encoder.precision

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens not counted, nothing truncated."""
        return self._encoder.count_tokens(texts)

    def documents(
        self, documents: Sequence[Document], progress: Callable[[int], None] | None = None
    ) -> Iterator[Encoded]:
        """One :class:`Encoded` a document, in the order given."""
        return self._encoder.documents(documents, progress)

    def questions(self, questions: Sequence[str]) -> Sequence[Vectors]:
        """One vector a question."""
        return self._encoder.questions(questions)

    def question(self, question: str) -> Vectors:
        """float32 of shape (dimension,), the same to the bit in any company."""
        mine = _Waiting(question)
        with self._lock:
            self._queue.append(mine)
            mine.leads, self._busy = not self._busy, True
        if not mine.leads:
            mine.told.acquire()
        if mine.leads:
            self._lead()
        if mine.error is not None:
            raise mine.error
        assert mine.vector is not None  # noqa: S101 - a leader's own question is in its pass
        return mine.vector

    def _lead(self) -> None:
        """Encode the first of those who wait, the leader among them, and name the next leader."""
        with self._lock:
            batch = [self._queue.popleft() for _ in range(min(MOST, len(self._queue)))]
        try:
            vectors = self._encoder.questions([one.question for one in batch])
            for one, vector in zip(batch, vectors, strict=True):
                one.vector = vector
        except BaseException as error:
            for one in batch:
                one.error = error
        with self._lock:
            following = self._queue[0] if self._queue else None
            if following is None:
                self._busy = False
            else:
                following.leads = True
        if following is not None:
            following.told.release()
        for one in batch:
            if not one.leads:
                one.told.release()
        if self.observe is not None:
            self.observe(len(batch))
