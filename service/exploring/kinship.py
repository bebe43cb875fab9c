"""Which articles of a collection repeat one another, and which only nearly do.

Asks the index passage by passage for copies and article by article for variants; decides neither.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from indexer import ArticleState, Index, Moment, Stretch, View, precedence


@dataclass(frozen=True, slots=True)
class CopyGroup:
    """Articles that share at least one passage; ``earliest`` is the one that is cited.

    ``shared`` is the number of the earliest article's passages that are found in another of the group.
    """

    earliest: ArticleState
    others: tuple[ArticleState, ...]
    shared: int


@dataclass(frozen=True, slots=True)
class NearCopy:
    """Two articles that are nearly the same; ``differences`` pairs sentences, the first article's first."""

    one: ArticleState
    other: ArticleState
    differences: tuple[tuple[str, str], ...]


def copy_groups(index: Index, *, as_of: Moment | None = None) -> list[CopyGroup]:
    """List the groups of articles with passages in common, by the id of the article that is cited."""
    with index.view(as_of) as view:
        links, articles = _links(view)
        groups = [_group(links, articles, keys) for keys in _components(links)]
    return sorted(groups, key=lambda group: group.earliest.id)


def near_copies(index: Index, *, as_of: Moment | None = None) -> list[NearCopy]:
    """List pairs of articles that differ in little, each pair once, the earlier article first."""
    with index.view(as_of) as view:
        pairs = list(_pairs(view))
    return sorted(pairs, key=lambda pair: (pair.one.id, pair.other.id))


Links = dict[int, dict[int, set[int]]]
"""Revision key to the revision keys of its copies to the passages of the first that the other repeats."""


def _links(view: View) -> tuple[Links, dict[int, ArticleState]]:
    pool = view.pool(view.keys())
    stretches = [
        Stretch(revision, *span)
        for revision, span in zip(pool.revisions.tolist(), pool.spans.tolist(), strict=True)
    ]
    links: Links = defaultdict(lambda: defaultdict(set))
    for row, (stretch, kin) in enumerate(zip(stretches, view.copies(stretches), strict=True)):
        for copy in kin.copies:
            if copy.is_member:
                links[stretch.revision][copy.revision].add(row)
                links[copy.revision].setdefault(stretch.revision, set())
    return links, view.articles_of(links)


def _components(links: Links) -> Iterator[list[int]]:
    seen: set[int] = set()
    for start in links:
        found, waiting = [], [start]
        while waiting:
            key = waiting.pop()
            if key not in seen:
                seen.add(key)
                found.append(key)
                waiting.extend(links[key])
        if len(found) > 1:
            yield found


def _group(links: Links, articles: dict[int, ArticleState], keys: list[int]) -> CopyGroup:
    first, *others = sorted(keys, key=lambda key: precedence(articles[key]))
    shared = set[int]().union(*links[first].values())
    return CopyGroup(articles[first], tuple(articles[key] for key in others), len(shared))


def _pairs(view: View) -> Iterator[NearCopy]:
    after = ""
    while page := view.articles(after):
        for identity, revision, _ in page:
            article = view.article(identity, revision)
            for variant in view.variants(identity):
                if precedence(article) < precedence(variant.article):
                    yield NearCopy(article, variant.article, variant.differences)
        after = page[-1][0]
