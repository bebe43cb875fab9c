"""Groups of passages that speak of the same, and the words that tell each group from the rest.

Names come from class-based TF-IDF (Grootendorst 2022) with the catalog's inverse document frequencies in
place of frequencies over groups, so that a word's rarity is that of the collection.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Literal

import numpy as np
import regex
from numpy.typing import NDArray

from indexer import InputError, Vectors, terms_of
from service.exploring.collection import Collection

Labels = NDArray[np.int64]
"""One a passage: 0 for the largest group, then by size; -1 for a passage that belongs to none."""

Method = Literal["kmeans", "hdbscan"]

MOST_GROUPS = 12
"""Groups that are tried when nobody says how many."""
SMALLEST = 3
"""Passages of a group that HDBSCAN calls one."""

_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*(?:[-'’]\p{L}[\p{L}\p{M}]*)*")


def cluster(vectors: Vectors, count: int | None = None, method: Method = "kmeans") -> Labels:
    """Group unit vectors; the same vectors give the same groups every time.

    ``kmeans`` puts every passage into one of ``count`` groups; without a count the number from 2 to
    MOST_GROUPS with the best mean silhouette (Rousseeuw 1987) is taken. ``hdbscan`` (Campello and others
    2013) finds the number itself and leaves out what is nowhere dense. Raises InputError for a count that
    the vectors do not allow.
    """
    if method == "hdbscan":
        from sklearn.cluster import HDBSCAN

        return _by_size(HDBSCAN(min_cluster_size=SMALLEST, copy=True).fit_predict(vectors))
    most = len(vectors) if count is not None else min(MOST_GROUPS, len(vectors) - 1)
    if most < 2 or (count is not None and not 1 <= count <= most):
        raise InputError("count", f"{count} groups of {len(vectors)} vectors", "use at least 1, at most all")
    if count is not None:
        return _by_size(_kmeans(vectors, count))
    from sklearn.metrics import silhouette_score

    tried = [_kmeans(vectors, number) for number in range(2, most + 1)]
    return _by_size(max(tried, key=lambda labels: float(silhouette_score(vectors, labels))))


def name_groups(collection: Collection, labels: Labels, words: int = 3) -> dict[int, tuple[str, ...]]:
    """Return for each group the words that are frequent in it and rare in the collection, best first.

    A word stands as it is mostly written in the group; numbers and single letters name nothing.
    """
    written: dict[int, dict[tuple[str, ...], Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for text, label in zip(collection.texts, labels.tolist(), strict=True):
        for found in _WORD.findall(text):
            if len(found) > 1 and (terms := tuple(terms_of(found))):
                written[label][terms][found] += 1
    return {
        label: tuple(_telling(groups, collection.rarity, words)) for label, groups in sorted(written.items())
    }


def _telling(
    groups: dict[tuple[str, ...], Counter[str]], rarity: Mapping[str, float], words: int
) -> list[str]:
    total = sum(counts.total() for counts in groups.values())
    scores = {
        terms: counts.total() / total * float(np.mean([rarity.get(term, 0.0) for term in terms]))
        for terms, counts in groups.items()
    }
    best = sorted(scores, key=lambda terms: (-scores[terms], terms))[:words]
    return [min(groups[terms], key=lambda word: (-groups[terms][word], word)) for terms in best]


def _kmeans(vectors: Vectors, count: int) -> Labels:
    from sklearn.cluster import KMeans

    labels: Labels = KMeans(count, n_init=10, random_state=0).fit_predict(vectors).astype(np.int64)
    return labels


def _by_size(labels: Labels) -> Labels:
    """Number groups by size, the largest first; among equals the one whose first passage comes first."""
    sizes = Counter(label for label in labels.tolist() if label >= 0)
    first = {label: int(np.argmax(labels == label)) for label in sizes}
    ordered = sorted(sizes, key=lambda label: (-sizes[label], first[label]))
    renamed = {label: number for number, label in enumerate(ordered)}
    return np.array([renamed.get(label, -1) for label in labels.tolist()], np.int64)
