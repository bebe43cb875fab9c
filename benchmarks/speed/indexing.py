"""Indexing: a whole collection from nothing, and one more article into a full index."""

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import program
from benchmarks.collection import Collection, plain_corpus
from benchmarks.memory import size_mib
from benchmarks.timing import summarise

ROUNDS, ADDED = 3, 7


def measure_indexing(collection: Collection, folder: Path) -> dict[str, object]:
    """Time ``civicite index`` as whole processes: every article into a new index, then one file into it."""
    from indexer import Index

    corpus = plain_corpus(collection, folder)
    whole, added = [], []
    for number in range(ROUNDS):
        with TemporaryDirectory(dir=folder) as place:
            index = Path(place) / "index"
            whole.append(program.index(corpus, index))
            opened = Index.open(index)
            with opened.view() as view:
                articles, passages = view.count_articles(), view.generation.passages
            opened.close()
            size = size_mib(index)
            if number == ROUNDS - 1:
                added = [_add_one(index, Path(place), one) for one in range(ADDED)]
    seconds = summarise(whole)
    return {
        "articles": articles,
        "passages": passages,
        "seconds": asdict(seconds),
        "articles per second": articles / seconds.median,
        "passages per second": passages / seconds.median,
        "index MiB": size,
        "corpus MiB": round(corpus.stat().st_size / 2**20, 2),
        "one more article, seconds": asdict(summarise(added)),
    }


def _add_one(index: Path, folder: Path, number: int) -> float:
    added = folder / f"added-{number}.md"
    added.write_text(
        f"# Tram line {number}\n\nTram line {number} was opened in May. It has {number + 12} stops.\n",
        encoding="utf-8",
    )
    return program.index(added, index)
