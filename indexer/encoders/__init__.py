"""The engines behind the encoder's seam, and the one function that chooses among them.

Each engine is imported only when it is asked for: none pays for another's imports.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

from indexer.encoder import Encoder
from indexer.errors import EncoderError
from indexer.modelfolder import find_model

Runtime = Literal["openvino", "torch", "hashing"]
Precision = Literal["auto", "bf16", "f32"]


class LoadedEncoder(Encoder, Protocol):
    """An encoder that also says how it computes: provenance, no part of a recipe."""

    @property
    def runtime(self) -> str:
        """``openvino``, ``torch`` or ``hashing``."""

    @property
    def precision(self) -> str:
        """``bf16`` or ``f32``."""


def load_encoder(
    model: str | None = None,
    *,
    runtime: Runtime = "openvino",
    cache_dir: Path,
    precision: Precision = "auto",
    threads: int | None = None,
    notice: Callable[[str], None] | None = None,
) -> LoadedEncoder:
    """Load a model by the path of its sentence-transformers folder; None is the default model.

    What OpenVINO needs is prepared once below ``cache_dir``; ``notice`` is told before such slow work.
    ``threads`` limits the processor cores, None takes all that the process may use. Raises EncoderError.
    """
    if runtime == "hashing":
        from indexer.encoders.hashing import HashingEncoder

        return HashingEncoder()
    folder = find_model(model)
    if runtime == "openvino":
        from indexer.encoders.openvino import OpenVinoEncoder

        return OpenVinoEncoder(folder, cache_dir, precision, threads, notice)
    if runtime == "torch":
        from indexer.encoders.torch import TorchEncoder

        if precision == "bf16":
            raise EncoderError("precision bf16: the torch runtime computes in f32; use auto or openvino")
        return TorchEncoder(folder, threads)
    raise EncoderError(f"runtime {runtime}: there is none by that name; use openvino, torch or hashing")
