"""Two encoders of different recipes, and all that a generation holds, by value."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypedDict

from building import ENCODER

from indexer import Article, Editor, Encoded, Encoder, Found, Rebuilt, rebuild
from indexer.catalog import Catalog
from indexer.encoder import Document, Progress, Vectors
from indexer.encoders.hashing import HashingEncoder
from indexer.layout import Layout
from indexer.pooling import unit
from indexer.storage import offsets


class NarrowEncoder(HashingEncoder):
    """The hashing encoder's vectors folded to 64 numbers, with half its window: another recipe."""

    model = "hashing-64"
    digest = hashlib.sha256(b"hashing, folded to 64").hexdigest()
    dimension = 64
    window = 128

    def documents(self, documents: Sequence[Document], progress: Progress | None = None) -> Iterator[Encoded]:
        for encoded in super().documents(documents, progress):
            rows = encoded.sentences.reshape(-1, 6, 64).sum(axis=1)
            yield Encoded(_folded(encoded.passage), unit(rows))

    def question(self, question: str) -> Vectors:
        return _folded(super().question(question))


def _folded(vector: Vectors) -> Vectors:
    return unit(vector.reshape(6, 64).sum(axis=0))


NARROW = NarrowEncoder()


class Holdings(TypedDict):
    """What one generation holds."""

    passages: list[tuple[object, ...]]
    frequencies: list[tuple[str, int]]
    totals: tuple[int, int]


def rebuilt(
    folder: Path,
    encoder: Encoder = NARROW,
    step: Callable[[Rebuilt], None] = lambda rebuilt: None,
    to: int | None = None,
) -> Rebuilt:
    return rebuild(folder, lambda: encoder, step, to=to)


def holdings(folder: Path, generation: int) -> Holdings:
    """Every passage that a generation has or had, with its time, and its statistics; no keys."""
    with closing(Catalog(Layout(folder))) as catalog, catalog.reading() as connection:
        words = dict(connection.execute("SELECT key, term FROM terms").fetchall())
        passages = connection.execute(
            "SELECT a.id, r.number, p.from_commit, p.ordinal, p.to_commit, p.start, p.stop, p.vector,"
            " parts.context, parts.spans, parts.kinds, parts.vectors, parts.counts, parts.terms"
            " FROM passages p JOIN articles a ON a.key = p.article JOIN revisions r ON r.key = p.revision"
            " JOIN parts ON parts.passage = p.key WHERE p.generation = ? ORDER BY 1, 2, 3, 4",
            (generation,),
        ).fetchall()
        frequencies = connection.execute(
            "SELECT term, passages FROM frequencies WHERE generation = ? AND passages != 0", (generation,)
        ).fetchall()
        totals = connection.execute(
            "SELECT passages, terms FROM generations WHERE id = ?", (generation,)
        ).fetchone()
    return {
        "passages": [(*row, [words[key] for key in offsets(terms)]) for *row, terms in passages],
        "frequencies": sorted((words[term], count) for term, count in frequencies),
        "totals": totals,
    }


def edit(folder: Path, changes: Sequence[Article | str], encoder: Encoder = ENCODER) -> None:
    """Make each change a commit of its own: an article is put, an id withdrawn if it is there."""
    for change in changes:
        with Editor(folder, lambda: encoder) as editor:
            if isinstance(change, Article):
                editor.put([Found(change, named=True)])
            elif editor._current(change) is not None:
                editor.withdraw([change])
