"""The encoder on OpenVINO: the default engine, for questions while serving and for many passages at once.

Knows OpenVINO, its precisions and its streams, and the cache of converted and compiled models. It must
not know torch: a model that is not in the cache yet is converted by another process.
"""

import contextlib
import hashlib
import os
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from indexer.encoder import Document, Encoded, Progress, Vectors
from indexer.encoders.batching import QUESTION_MULTIPLE, batches, stacked
from indexer.encoders.conversion import GRAPH, convert, silence_telemetry
from indexer.encoders.sealed import intact, seal
from indexer.encoders.tokens import Tokens
from indexer.errors import EncoderError
from indexer.modelfolder import ModelFolder
from indexer.pooling import Integers, Row, pool

Precision = Literal["auto", "bf16", "f32"]
Notice = Callable[[str], None]

_BLOB = "model.blob"
_WINDOW = 2048
"""Documents that are sorted by length together; what a long run holds in memory at a time."""
_TOKENS = 1024
"""Padded tokens of a batch: they bound its memory."""
_STREAMS = 4
"""Batches that run side by side at most. Each stream costs some megabytes and some milliseconds at start."""


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
            self._openvino = _import_openvino()
            self._core = self._openvino.Core()
            self._tokens = Tokens(folder)
        self.digest = digest.result()
        self.precision = _supported(self._core, precision)
        self._folder = folder
        self._threads = threads or _cores()
        self._streams = min(self._threads, _STREAMS)
        self._cache = cache_dir / self.digest[:16]
        self._notice = notice or (lambda message: None)
        self._idle: list[Any] = []
        self._compiled = [self._load()]
        # Its threads must end before the interpreter does, or the process ends with SIGABRT.
        weakref.finalize(self, _release, self._idle, self._compiled)
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
        return self.questions([question])[0]

    def questions(self, questions: Sequence[str]) -> list[Vectors]:
        """One vector a question, each the same to the bit as if it had been asked alone."""
        return self.begin(questions)()

    def begin(self, questions: Sequence[str]) -> Callable[[], list[Vectors]]:
        """Begin encoding questions; the function that is returned waits for their vectors."""
        rows = [self._tokens.question_row(question) for question in questions]
        together = list(batches(rows, self._folder.max_length, _TOKENS, QUESTION_MULTIPLE))
        running = [
            self._start(request, rows, numbers, length)
            for request, (length, numbers) in zip(self._take(len(together)), together, strict=True)
        ]

        @cache
        def finish() -> list[Vectors]:
            found: dict[int, Encoded] = {}
            for one in running:
                self._collect(one, rows, found)
            self._idle.extend(one.request for one in running)
            return [found[number].passage for number in range(len(rows))]

        return finish

    def _encode_many(self, rows: Sequence[Row], progress: Progress) -> list[Encoded]:
        found: dict[int, Encoded] = {}
        # Twice as many as streams: while one batch is collected, each stream has the next before it.
        idle = self._take(2 * self._streams)
        running: deque[_Pass] = deque()

        def finish() -> None:
            self._collect(running[0], rows, found)
            done = running.popleft()
            idle.append(done.request)
            progress(len(done.numbers))

        try:
            for length, numbers in batches(rows, self._folder.max_length, _TOKENS):
                if not idle:
                    finish()
                running.append(self._start(idle.pop(), rows, numbers, length))
            while running:
                finish()
        finally:
            for one in running:
                one.request.wait()
            self._idle += [*idle, *(one.request for one in running)]
        return [found[number] for number in range(len(rows))]

    def _start(self, request: Any, rows: Sequence[Row], numbers: list[int], length: int) -> "_Pass":
        inputs = stacked([rows[number] for number in numbers], length, self._folder.pad_id)
        # Tensor by tensor: the library's own infer takes a tenth of a millisecond for its dictionaries.
        for place, values in enumerate(inputs):
            request.set_input_tensor(place, self._openvino.Tensor(values, shared_memory=True))
        request.start_async()
        return _Pass(request, numbers, inputs)

    def _collect(self, started: "_Pass", rows: Sequence[Row], found: dict[int, Encoded]) -> None:
        """Wait for a pass and keep its vectors."""
        started.request.wait()
        hidden: Vectors = started.request.get_output_tensor(0).data
        for place, number in enumerate(started.numbers):
            found[number] = pool(hidden[place], rows[number], self._folder.pooling)

    def _take(self, count: int) -> list[Any]:
        """Inference requests that no other thread uses; taking from and adding to a list is atomic."""
        taken: list[Any] = []
        while len(taken) < count:
            try:
                taken.append(self._idle.pop())
            except IndexError:
                taken.append(self._compiled[0].create_infer_request())
        return taken

    def _load(self) -> Any:
        """The compiled model, from the cache when it is there for this processor."""
        folder = self._cache / f"compiled-{self._machine()}"
        if intact(folder):
            with contextlib.suppress(RuntimeError):  # another build of OpenVINO wrote it: compile anew
                blob = np.memmap(folder / _BLOB, np.uint8, mode="r")
                return self._core.import_model(self._openvino.Tensor(blob), "CPU", self._settings())
        compiled = self._compile()
        with contextlib.suppress(OSError):  # a cache that cannot be written costs time, not answers
            seal(folder, lambda draft: _export(compiled, draft / _BLOB))
        return compiled

    def _compile(self) -> Any:
        graph = self._cache / "graph"
        if not intact(graph):
            self._notice("Converting the model once, about 15 seconds")
            convert(self._folder, graph)
        try:
            return self._core.compile_model(str(graph / GRAPH), "CPU", self._settings())
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise EncoderError(
                f"{graph}: OpenVINO cannot compile it ({reason}); use the runtime torch"
            ) from error

    def _settings(self) -> dict[str, str | int]:
        return {
            "NUM_STREAMS": self._streams,
            "INFERENCE_NUM_THREADS": self._threads,
            "INFERENCE_PRECISION_HINT": self.precision,
            # Not bound to cores: a stream would wait for whatever else runs on its own.
            "ENABLE_CPU_PINNING": False,
        }

    def _machine(self) -> str:
        """Short digest of what a compiled model depends on beside the model."""
        facts = [
            self._openvino.get_version(),
            self._core.get_property("CPU", "FULL_DEVICE_NAME"),
            self.precision,
        ]
        capabilities = sorted(self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
        return hashlib.sha256("\n".join([*facts, *capabilities]).encode()).hexdigest()[:16]


class _Pass(NamedTuple):
    """A batch under way; the engine reads ``inputs`` until it is done."""

    request: Any
    numbers: list[int]
    inputs: tuple[Integers, ...]


def _unheard(finished: int) -> None:
    """Progress that nobody asked for."""


def _cores() -> int:
    """Processor cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not every system tells
        return os.cpu_count() or 1


def _release(*held: list[Any]) -> None:
    for one in held:
        one.clear()


def _import_openvino() -> Any:
    silence_telemetry()
    try:
        import openvino
    except ImportError as error:
        raise EncoderError("openvino is not installed; run: pip install openvino, or use torch") from error
    return openvino


def _supported(core: Any, precision: Precision) -> Literal["bf16", "f32"]:
    able = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if precision == "bf16" and not able:
        raise EncoderError("precision bf16: this processor has none; use auto or f32")
    return "bf16" if able and precision != "f32" else "f32"


def _export(compiled: Any, file: Path) -> None:
    file.write_bytes(compiled.export_model().getbuffer())
