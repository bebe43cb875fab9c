"""Compiled forms of one model in OpenVINO, each from the cache or made and cached.

Knows OpenVINO, its precisions and its streams, and the cache of converted and compiled models. It must not
know torch: a model that is not in the cache yet is converted by another process.
"""

import contextlib
import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np

from indexer.encoders import Precision
from indexer.encoders.conversion import GRAPH, convert, silence_telemetry
from indexer.encoders.sealed import intact, seal
from indexer.errors import EncoderError
from indexer.modelfolder import ModelFolder

Notice = Callable[[str], None]

_BLOB = "model.blob"
_WEIGHTS = "model.bin"


class Form:
    """A compiled model and its requests; any number of threads may share it."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._idle: list[Any] = []

    def take(self) -> Any:
        """Return an inference request that nobody else uses; taking from and adding to a list is atomic."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._compiled.create_infer_request()

    def give(self, request: Any) -> None:
        """Give a request back that is done."""
        self._idle.append(request)


class Forms:
    """The forms of one model: for rows of any length, or for single rows of one.

    The latter is quicker, because nothing has to be prepared for a length that differs from the last. Forms
    are loaded at first use, and read the same file of weights. Raises EncoderError where the model cannot
    be converted.
    """

    def __init__(
        self,
        folder: ModelFolder,
        cache: Path,
        precision: Precision,
        threads: int,
        streams: int,
        notice: Notice,
    ) -> None:
        self._openvino = import_openvino()
        self._core = self._openvino.Core()
        self.precision = _supported(self._core, precision)
        self._cache, self._graph = cache, cache / "graph"
        self._settings = {
            "NUM_STREAMS": streams,
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": self.precision,
            # Not bound to cores: a stream would wait for whatever else runs on its own.
            "ENABLE_CPU_PINNING": False,
            # A form is cached without weights, which are read from the graph's file: half a megabyte, not 45.
            "CACHE_MODE": "OPTIMIZE_SIZE",
        }
        self._forms: dict[int | None, Form] = {}
        self._loading = threading.Lock()
        if not intact(self._graph):
            notice("Converting the model once, about 15 seconds")
            convert(folder, self._graph)

    def of(self, length: int | None) -> Form:
        """Return the form for single rows of one length, None for any; raises EncoderError."""
        found = self._forms.get(length)
        if found is None:
            with self._loading:
                found = self._forms.get(length) or self._forms.setdefault(length, Form(self._load(length)))
        return found

    def release(self) -> None:
        """Let go of all of it: its threads must end before the interpreter, or that ends with SIGABRT."""
        self._forms.clear()

    def _load(self, length: int | None) -> Any:
        """The compiled model, from the cache when it is there for this processor."""
        cached = self._cache / f"form-{length or 'any'}-{self._machine()}"
        if intact(cached):
            with contextlib.suppress(RuntimeError):  # another build of OpenVINO wrote it: compile anew
                blob = self._openvino.Tensor(np.memmap(cached / _BLOB, np.uint8, mode="r"))
                weights = {"WEIGHTS_PATH": str(self._graph / _WEIGHTS)}
                return self._core.import_model(blob, "CPU", self._settings | weights)
        compiled = self._compile(length)
        with contextlib.suppress(OSError):  # a cache that cannot be written costs time, not answers
            seal(cached, lambda draft: _export(compiled, draft / _BLOB))
        return compiled

    def _compile(self, length: int | None) -> Any:
        try:
            model = self._core.read_model(str(self._graph / GRAPH))
            if length is not None:
                model.reshape({one.any_name: [1, length] for one in model.inputs})
            return self._core.compile_model(model, "CPU", self._settings)
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise EncoderError(
                f"{self._graph}: OpenVINO cannot compile it ({reason}); use the runtime torch"
            ) from error

    def _machine(self) -> str:
        """Short digest of what a compiled model depends on beside the model."""
        facts = [
            self._openvino.get_version(),
            self._core.get_property("CPU", "FULL_DEVICE_NAME"),
            self.precision,
        ]
        capabilities = sorted(self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
        return hashlib.sha256("\n".join([*facts, *capabilities]).encode()).hexdigest()[:16]


def import_openvino() -> Any:
    """Import it, without its telemetry."""
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
