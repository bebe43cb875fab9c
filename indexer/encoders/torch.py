"""The encoder on torch, by way of sentence-transformers: for machines without OpenVINO.

Knows how the transformer inside a sentence-transformers folder is loaded and called. Tokens and pooling
are the same as everywhere; one passage a pass keeps its vectors independent of their company.
"""

import importlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from indexer.encoder import Document, Encoded, Progress, Vectors
from indexer.encoders.batching import padded_length, stacked
from indexer.encoders.tokens import Tokens
from indexer.errors import EncoderError
from indexer.modelfolder import ModelFolder
from indexer.pooling import Row, pool

_WINDOW = 256


class TorchEncoder:
    """Runs the model in f32; torch is imported when this is made."""

    runtime = "torch"
    precision = "f32"

    def __init__(self, folder: ModelFolder, threads: int | None = None) -> None:
        self._folder = folder
        self._tokens = Tokens(folder)
        self._transformer = load_transformer(folder.path)
        if threads is not None:
            import torch

            torch.set_num_threads(threads)
        self.digest = folder.digest()
        self.model = folder.name
        self.dimension = folder.dimension
        self.window = self._tokens.window

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens not counted, nothing truncated."""
        return self._tokens.count(texts)

    def documents(self, documents: Sequence[Document], progress: Progress | None = None) -> Iterator[Encoded]:
        """One :class:`Encoded` a document, in the order given; ValueError for one above the window."""
        for start in range(0, len(documents), _WINDOW):
            for row in self._tokens.rows(documents[start : start + _WINDOW]):
                encoded = self._encode(row)
                if progress:
                    progress(1)
                yield encoded

    def begin(self, question: str) -> Callable[[], Vectors]:
        """Encode a question at once; the function that is returned only hands out its vector."""
        vector = self.question(question)
        return lambda: vector

    def question(self, question: str) -> Vectors:
        """float32 of shape (dimension,); a question longer than the window is cut to it."""
        return self._encode(self._tokens.question_row(question)).passage

    def _encode(self, row: Row) -> Encoded:
        import torch

        length = padded_length(len(row.ids), self._folder.max_length)
        ids, mask = stacked([row], length, self._folder.pad_id)
        with torch.inference_mode():
            found = self._transformer(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask))
        hidden: Vectors = found.last_hidden_state[0].numpy().astype(np.float32, copy=False)
        return pool(hidden, row, self._folder.pooling)


def load_transformer(path: Path) -> Any:
    """The torch module that maps ``input_ids`` and ``attention_mask`` to ``last_hidden_state``, in f32."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations between these two libraries, nothing of ours
        try:
            transformers = importlib.import_module("transformers.utils.logging")
            transformers.set_verbosity_error()
            transformers.disable_progress_bar()
            library = importlib.import_module("sentence_transformers")
            model = library.SentenceTransformer(str(path), device="cpu", local_files_only=True)
        except ImportError as error:
            raise EncoderError(
                f"{error.name} is not installed; run: pip install sentence-transformers"
            ) from error
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise EncoderError(f"{path}: cannot be loaded ({reason}); save the model again") from error
    return model[0].auto_model.float().eval()


def traceable(transformer: Any) -> tuple[Any, dict[str, Any]]:
    """A module that returns the last hidden state alone, and an example of what it takes."""
    import torch

    class LastHiddenState(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    ones = torch.ones((2, 16), dtype=torch.int64)
    return LastHiddenState().eval(), {"input_ids": ones, "attention_mask": ones}
