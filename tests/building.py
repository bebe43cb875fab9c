"""Small articles and an index of them, for tests that are about the index and not about the model."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from indexer import Article, Editor, Encoder, Found, Index, Metadata, Report
from indexer.encoders.hashing import HashingEncoder

ENCODER = HashingEncoder()


def article(identity: str, text: str, title: str | None = None, **facets: str | Sequence[str]) -> Article:
    """An article as an editor adds it; ``published`` and ``publisher`` are metadata, the rest facets."""
    published, publisher = facets.pop("published", None), facets.pop("publisher", None)
    listed = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in facets.items()}
    metadata = Metadata(
        title=title,
        publisher=str(publisher) if publisher else None,
        published=str(published) if published else None,
        facets=tuple(sorted(listed.items())),
    )
    return Article(identity, text, metadata, "text/plain", "0" * 64)


def put(folder: Path, articles: Iterable[Article], encoder: Encoder = ENCODER) -> Report:
    with Editor(folder, lambda: encoder) as editor:
        return editor.put(Found(one, named=True) for one in articles)


def withdraw(folder: Path, *identities: str) -> Report:
    with Editor(folder, lambda: ENCODER) as editor:
        return editor.withdraw(identities)


def contents(folder: Path) -> dict[str, object]:
    """All that answers depend on: texts, offsets, vectors, terms and statistics, whatever the keys."""
    index = Index.open(folder)
    with index._catalog.reading() as connection:
        passages = connection.execute(
            "SELECT a.id, p.ordinal, p.start, p.stop, p.vector, parts.context, parts.spans, parts.kinds,"
            " parts.vectors, parts.counts, r.text, d.metadata"
            " FROM passages p JOIN articles a ON a.key = p.article"
            " JOIN parts ON parts.passage = p.key JOIN revisions r ON r.key = p.revision"
            " JOIN descriptions d ON d.article = a.key AND d.to_commit IS NULL"
            " JOIN generations g ON g.id = p.generation AND g.active = 1"
            " WHERE p.to_commit IS NULL ORDER BY a.id, p.ordinal"
        ).fetchall()
        frequencies = connection.execute(
            "SELECT t.term, f.passages FROM frequencies f JOIN terms t ON t.key = f.term"
            " JOIN generations g ON g.id = f.generation AND g.active = 1"
            " WHERE f.passages != 0 ORDER BY t.term"
        ).fetchall()
        totals = connection.execute("SELECT passages, terms FROM generations WHERE active = 1").fetchall()
    index.close()
    return {"passages": passages, "frequencies": frequencies, "totals": totals}
