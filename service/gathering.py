"""Questions that are asked at the same time are encoded together: one pass reads the model's weights once.

Whoever comes while no pass runs waits for nothing; whoever comes during a pass goes with the others in the
next. An encoder's vectors do not depend on their batch, so nobody can tell. Knows nothing of HTTP.
"""

import threading
from collections.abc import Callable, Iterator, Sequence

from indexer import Document, Encoded, LoadedEncoder, Vectors

MOST = 16
"""Questions of one pass: beyond that a pass takes as much longer as it holds more."""


class _Pass:
    """Questions that are encoded together, ``after`` another pass. Any thread may finish it.

    So nobody waits for a thread that began a question and then had no more use for it.
    """

    def __init__(self, encoder: LoadedEncoder, after: "_Pass | None") -> None:
        self.questions: list[str] = []
        self.closed = self.done = False
        self._encoder, self._after = encoder, after
        self._working = threading.Lock()
        self._finish: Callable[[], Sequence[Vectors]] | None = None
        self._vectors: Sequence[Vectors] = ()
        self._error: BaseException | None = None

    def start(self, entry: threading.Lock) -> None:
        """Start it, unless it runs already; nobody joins it from then on."""
        with self._working:
            self._start(entry)

    def vector(self, place: int, entry: threading.Lock, observe: Callable[[int], None] | None) -> Vectors:
        """Return a question's vector, or raise what kept it from being made."""
        self.finish(entry, observe)
        if self._error is not None:
            raise self._error
        return self._vectors[place]

    def finish(self, entry: threading.Lock, observe: Callable[[int], None] | None) -> None:
        """Wait until it is done, and before that until the one before it is."""
        with self._working:
            if self.done:
                return
            if self._after is not None:
                self._after.finish(entry, observe)
                self._after = None
            self._start(entry)
            if self._finish is not None:
                try:
                    self._vectors = self._finish()
                except Exception as error:
                    self._error = error
            self._finish, self.done = None, True
        if observe is not None:
            observe(len(self.questions))

    def _start(self, entry: threading.Lock) -> None:
        with entry:
            if self.closed:
                return
            self.closed = True
        try:
            self._finish = self._encoder.begin(self.questions)
        except Exception as error:
            self._error = error


class GatheringEncoder:
    """An encoder shared by many threads; ``observe`` is told how many questions a pass held."""

    def __init__(self, encoder: LoadedEncoder) -> None:
        self._encoder = encoder
        self.observe: Callable[[int], None] | None = None
        self._entry = threading.Lock()  # held while a question joins a pass, and while one is closed
        self._last: _Pass | None = None
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

    def begin(self, questions: Sequence[str]) -> Callable[[], Sequence[Vectors]]:
        """Begin encoding questions; the function that is returned waits for their vectors."""
        begun = [self._joined(question) for question in questions]
        return lambda: [mine.vector(place, self._entry, self.observe) for mine, place in begun]

    def question(self, question: str) -> Vectors:
        """float32 of shape (dimension,), the same to the bit in any company."""
        return self.begin([question])()[0]

    def _joined(self, question: str) -> tuple[_Pass, int]:
        """Put a question into a pass; returns it and the question's place in it."""
        with self._entry:
            last = self._last
            alone = last is None or last.done
            if last is None or last.closed or len(last.questions) >= MOST:
                last = self._last = _Pass(self._encoder, None if alone else last)
            last.questions.append(question)
            place = len(last.questions) - 1
        if alone:
            last.start(self._entry)
        return last, place
