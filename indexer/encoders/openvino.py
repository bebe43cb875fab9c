"""The encoder on OpenVINO: the default engine, for questions while serving and for many passages at once.

Knows how rows go through a compiled model, alone and in batches; how a model is compiled and cached is not
its matter.
"""

import os
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from indexer.encoder import Document, Encoded, Progress, Vectors
from indexer.encoders import Precision
from indexer.encoders.batching import QUESTION_MULTIPLE, batches, padded_length, stacked
from indexer.encoders.compiled import Form, Forms, Notice, import_openvino
from indexer.encoders.tokens import Tokens
from indexer.modelfolder import ModelFolder
from indexer.pooling import Row, pool

_WINDOW = 2048
"""Documents that are sorted by length together; what a long run holds in memory at a time."""
_TOKENS = 1024
"""Padded tokens of a batch: they bound its memory."""
_STREAMS = 4
"""Batches that run side by side at most. Each stream costs some megabytes and some milliseconds at start."""
_SHORT = 16
"""Tokens of most questions: a form of the model is compiled for them."""


class OpenVinoEncoder:
    """Encodes with OpenVINO; any number of threads may share it.

    ``threads`` limits the processor cores used, None takes those that the process may use. They are divided
    among streams: a question is quicker on a core of its own than on two that wait for each other.
    """

    runtime = "openvino"

    def __init__(
        self,
        folder: ModelFolder,
        cache_dir: Path,
        precision: Precision = "auto",
        threads: int | None = None,
        notice: Notice | None = None,
    ) -> None:
        # Hashing the weights takes as long as the import, and neither keeps the other from running.
        with ThreadPoolExecutor(1) as aside:
            digest = aside.submit(folder.digest)
            import_openvino()
            self._tokens = Tokens(folder)
        self.digest = digest.result()
        self._folder = folder
        threads = threads or _cores()
        self._streams = min(threads, _STREAMS)
        self._forms = Forms(
            folder, cache_dir / self.digest[:16], precision, threads, self._streams, notice or _unheard
        )
        weakref.finalize(self, self._forms.release)
        self.precision = self._forms.precision
        self.model = folder.name
        self.dimension = folder.dimension
        self.window = self._tokens.window

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens not counted, nothing truncated."""
        return self._tokens.count(texts)

    def documents(self, documents: Sequence[Document], progress: Progress | None = None) -> Iterator[Encoded]:
        """One :class:`Encoded` a document, in the order given; ValueError for one above the window.

        Works ahead by some thousand documents at most. ``progress`` is called in the caller's thread.
        """
        for start in range(0, len(documents), _WINDOW):
            rows = self._tokens.rows(documents[start : start + _WINDOW])
            yield from self._encode_many(rows, progress or _unheard)

    def question(self, question: str) -> Vectors:
        """float32 of shape (dimension,); a question longer than the window is cut to it."""
        return self.begin(question)()

    def begin(self, question: str) -> Callable[[], Vectors]:
        """Begin encoding a question; the function that is returned waits for its vector."""
        row = self._tokens.question_row(question)
        short = len(row.ids) <= min(_SHORT, self._folder.max_length)
        length = _SHORT if short else padded_length(len(row.ids), self._folder.max_length, QUESTION_MULTIPLE)
        form = self._forms.of(_SHORT if short else None)
        request = self._started(form, [row], length)

        @cache
        def finish() -> Vectors:
            return self._collected(form, request, [row])[0].passage

        return finish

    def _encode_many(self, rows: Sequence[Row], progress: Progress) -> list[Encoded]:
        found: dict[int, Encoded] = {}
        form = self._forms.of(None)
        running: deque[tuple[Any, list[int]]] = deque()  # requests, and the numbers of their rows

        def finish() -> None:
            request, numbers = running.popleft()
            found.update(zip(numbers, self._collected(form, request, _chosen(rows, numbers)), strict=True))
            progress(len(numbers))

        try:
            for length, numbers in batches(rows, self._folder.max_length, _TOKENS):
                # Twice as many as streams: while one batch is collected, each stream has the next before it.
                if len(running) == 2 * self._streams:
                    finish()
                running.append((self._started(form, _chosen(rows, numbers), length), numbers))
            while running:
                finish()
        finally:
            for request, _ in running:
                request.wait()
                form.give(request)
        return [found[number] for number in range(len(rows))]

    def _started(self, form: Form, rows: Sequence[Row], length: int) -> Any:
        """Start a pass over rows of one padded length; returns the request that it occupies."""
        request = form.take()
        # Written into the request's own memory: the library's own infer takes a tenth of a millisecond more.
        for place, values in enumerate(stacked(rows, length, self._folder.pad_id)):
            tensor = request.get_input_tensor(place)
            tensor.shape = values.shape
            tensor.data[:] = values
        request.start_async()
        return request

    def _collected(self, form: Form, request: Any, rows: Sequence[Row]) -> list[Encoded]:
        """Wait for a pass, give its request back, and return the vectors of its rows."""
        request.wait()
        hidden: Vectors = request.get_output_tensor(0).data
        pooled = [pool(hidden[place], row, self._folder.pooling) for place, row in enumerate(rows)]
        form.give(request)
        return pooled


def _chosen(rows: Sequence[Row], numbers: Sequence[int]) -> list[Row]:
    return [rows[number] for number in numbers]


def _unheard(told: object) -> None:
    """What nobody asked to be told."""


def _cores() -> int:
    """Processor cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not every system tells
        return os.cpu_count() or 1
