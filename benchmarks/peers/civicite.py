"""civicite itself, asked as the peers are, so that its time and memory stand in the same table.

Runs where civicite is installed, not in the peers' environment. Its index is built by the command.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.peers.engine import Hits, arguments, main


class Civicite:
    """The articles of the passages that rank best, as ``civicite search --format trec`` gives them."""

    def build(self, articles: Sequence[tuple[str, str]], folder: Path) -> None:
        """Refuse: ``civicite index`` builds it."""
        raise NotImplementedError("build it with 'civicite index'")

    def open(self, folder: Path) -> Callable[[str, int], Hits]:
        """Open an index folder."""
        from service.assistant import Assistant

        assistant = Assistant.open(folder)

        def search(question: str, count: int) -> Hits:
            found = assistant.search_articles(question, top_k=count)
            return [(hit.article_id, hit.score) for hit in found.hits]

        return search


if __name__ == "__main__":
    main("civicite", Civicite(), arguments())
