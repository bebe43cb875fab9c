"""How many families of copies a collection has, what finding them costs, and pairs to inspect by hand.

    python -m benchmarks.families CORPUS.jsonl.gz [--sample FILE]

Takes the collection into a catalog without passages, because copies depend on texts alone. ``--sample``
writes 50 evenly spaced pairs of copies, and as many of variants, for a person to judge.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from indexer import Article, Stretch, articles, find
from indexer.article_state import ArticleState, read_articles
from indexer.catalog import Catalog
from indexer.committing import Put, commit
from indexer.copies import read_kin
from indexer.generations import start_generation
from indexer.layout import Layout
from indexer.prints import prints
from indexer.recipe import Recipe
from indexer.variants import bands, read_variants

ARTICLES_PER_COMMIT = 256
PAIRS = 50
FEW, SINGLES = 1000, 100
"""Articles in the small collection, and articles that are then committed one by one."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--sample", type=Path, help="write pairs here")
    options = parser.parse_args()
    taken = [
        found.article
        for source in find([options.corpus])
        for found in articles(source)
        if hasattr(found, "article")
    ]
    with tempfile.TemporaryDirectory() as folder:
        catalog = Catalog(Layout(Path(folder, "index")), create=True)
        print(json.dumps({"articles": len(taken), **take_in(catalog, taken)}))
        figures, copies, variants = families(catalog)
        print(json.dumps(figures))
        catalog.close()
    if options.sample:
        with options.sample.open("w", encoding="utf-8") as file:
            for kind, pairs in (("copy", copies), ("variant", variants)):
                for one in pairs[:: max(1, len(pairs) // PAIRS)][:PAIRS]:
                    file.write(json.dumps({"kind": kind, **one}, ensure_ascii=False) + "\n")


def take_in(catalog: Catalog, taken: Sequence[Article]) -> dict[str, Any]:
    """Commit the articles; return milliseconds for one: of prints, of bands, and of commits by quarters."""
    started = time.perf_counter()
    for article in taken:
        prints(article.text)
    printed = time.perf_counter()
    for article in taken:
        bands(article.text)
    banded = time.perf_counter()
    with catalog.writing() as connection:
        generation = start_generation(connection, Recipe("none", "", 256, 1))
    spent, alone = [], []
    few, rest, last = taken[:FEW], taken[FEW : -2 * SINGLES], taken[-2 * SINGLES :]
    for articles_now, singles in ((few, last[:SINGLES]), (rest, last[SINGLES:])):
        for at in range(0, len(articles_now), ARTICLES_PER_COMMIT):
            spent.append(_committed(catalog, generation.id, articles_now[at : at + ARTICLES_PER_COMMIT]))
        alone.append(statistics.median(_committed(catalog, generation.id, [article]) for article in singles))
    quarter = max(1, len(spent) // 4)
    with catalog.reading() as connection:
        rows = {
            name: connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0]
            for name in ("prints", "bands")
        }
    return {
        "prints_ms": round((printed - started) / len(taken) * 1000, 3),
        "bands_ms": round((banded - printed) / len(taken) * 1000, 3),
        "commit_ms_first_quarter": round(statistics.median(spent[:quarter]), 3),
        "commit_ms_last_quarter": round(statistics.median(spent[-quarter:]), 3),
        "one_alone_ms_after_few": round(alone[0], 3),
        "one_alone_ms_after_all": round(alone[1], 3),
        "rows": rows,
    }


def _committed(catalog: Catalog, generation: int, batch: Sequence[Article]) -> float:
    begun = time.perf_counter()
    commit(catalog, generation, [Put(article, ()) for article in batch])
    return (time.perf_counter() - begun) / len(batch) * 1000


def families(catalog: Catalog) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """Look up every article's copies and variants; return figures and both kinds of pairs."""
    parents: dict[int, int] = {}
    copies, variants, spent, varied = [], [], [], []
    with catalog.reading() as connection:
        last = connection.execute("SELECT MAX(id) FROM commits").fetchone()[0]
        read = partial(read_articles, connection, last)
        keys = [row[0] for row in connection.execute("SELECT key FROM revisions ORDER BY key")]
        for key in keys:
            article = read([key])[key]
            begun = time.perf_counter()
            kin = read_kin(connection, last, [Stretch(key, 0, len(article.text))], read)[0]
            spent.append((time.perf_counter() - begun) * 1000)
            begun = time.perf_counter()
            other = read_variants(connection, last, article.id, read)
            varied.append((time.perf_counter() - begun) * 1000)
            for copy in (one for one in kin.copies if one.is_member):
                parents[_root(parents, key)] = _root(parents, copy.revision)
                if key < copy.revision:
                    copies.append(_pair(article, copy.article))
            variants += [
                {**_pair(article, one.article), "differences": one.differences}
                for one in other
                if article.id < one.article.id
            ]
    sizes: dict[int, int] = {}
    for key in parents:
        sizes[_root(parents, key)] = sizes.get(_root(parents, key), 0) + 1
    figures = {
        "families": len(sizes),
        "articles_in_families": sum(sizes.values()),
        "largest": max(sizes.values(), default=0),
        "pairs": len(copies),
        "variant_pairs": len(variants),
        "lookup_ms": _spread(spent),
        "variants_ms": _spread(varied),
    }
    return figures, copies, variants


def _root(parents: dict[int, int], key: int) -> int:
    while parents.setdefault(key, key) != key:
        key = parents[key]
    return key


def _pair(one: ArticleState, other: ArticleState) -> dict[str, Any]:
    return {
        "ids": [one.id, other.id],
        "titles": [one.metadata.title, other.metadata.title],
        "texts": [one.text, other.text],
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered), 3),
        "p99": round(ordered[int(0.99 * len(ordered))], 3),
    }


if __name__ == "__main__":
    main()
