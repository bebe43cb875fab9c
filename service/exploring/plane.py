"""Passages on a sheet of paper: vectors of many dimensions as points of two.

Both ways give the same points for the same vectors every time. Knows vectors and nothing of articles.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from indexer import InputError, Vectors

Method = Literal["pca", "umap"]

LEAST = 3
"""Passages that a map needs."""


@dataclass(frozen=True, slots=True)
class Plane:
    """``points``: float64 of shape (n, 2), centred, no coordinate beyond -1 or 1.

    ``kept`` is the share of the vectors' variance that the two axes keep, each; None where a method has no
    such number.
    """

    points: NDArray[np.float64]
    kept: tuple[float, float] | None


def on_a_plane(vectors: Vectors, method: Method = "pca") -> Plane:
    """Lay vectors on a plane: ``pca`` keeps distances as well as two axes can, ``umap`` neighbourhoods.

    Principal components come from a singular value decomposition; UMAP (McInnes, Healy and Melville 2018)
    needs the ``umap`` extra. Raises InputError for fewer vectors than LEAST, or when the extra is missing.
    """
    if len(vectors) < LEAST:
        raise InputError("vectors", f"there are {len(vectors)}", f"a map needs {LEAST} passages at least")
    return _umap(vectors) if method == "umap" else _principal(vectors)


def _principal(vectors: Vectors) -> Plane:
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    _, lengths, axes = np.linalg.svd(centred, full_matrices=False)
    # An axis may point either way: its largest entry points up, so that maps do not flip between machines.
    largest = np.abs(axes[:2]).argmax(axis=1)
    signs = np.sign(axes[np.arange(2), largest])
    points = centred @ (axes[:2] * signs[:, None]).T
    shares = lengths**2 / max(float((lengths**2).sum()), 1e-12)
    return Plane(_scaled(points), (float(shares[0]), float(shares[1])))


def _umap(vectors: Vectors) -> Plane:
    try:
        from umap import UMAP
    except ImportError as error:
        raise InputError(
            "method", "UMAP is not installed", "run pip install 'civicite[umap]', or use pca"
        ) from error
    neighbours = min(15, len(vectors) - 1)
    # One thread: several would make the points depend on which of them is faster.
    model = UMAP(n_neighbors=neighbours, metric="cosine", random_state=0, n_jobs=1, init="random")
    points: NDArray[np.float64] = np.asarray(model.fit_transform(vectors), np.float64)
    return Plane(_scaled(points - points.mean(axis=0)), None)


def _scaled(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return points / max(float(np.abs(points).max()), 1e-12)
