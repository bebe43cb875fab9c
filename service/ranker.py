"""The ranker file: every learned number that decides an answer, in one readable JSON file.

Holds a model for passages, one for sentences and one for confidence, each with the names of the features
that it was trained on, and the record of how it was trained. Where the file is absent a fixed formula
stands in. Training happens elsewhere and offline.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from indexer import InputError
from service.confidence import CONFIDENCE_FEATURES
from service.evidence import SENTENCE_FEATURES
from service.features import PASSAGE_FEATURES
from service.scores import Floats
from service.trees import Trees

DEFAULT_FILE = Path(__file__).with_name("ranker.json")


class Model(Protocol):
    """Turns rows of features into one score a row."""

    def score(self, features: Floats) -> Floats:
        """Return float64 of shape (rows,); greater is better."""


@dataclass(frozen=True, slots=True)
class Linear:
    """A weighted sum; ``weights`` has shape (features,)."""

    weights: Floats
    intercept: float = 0.0

    def score(self, features: Floats) -> Floats:
        """Return the weighted sum of each row."""
        total: Floats = features @ self.weights + self.intercept
        return total


@dataclass(frozen=True, slots=True)
class Ranker:
    """The three models, the threshold below which an answer is withheld, and a name for reports."""

    name: str
    passages: Model
    sentences: Model
    confidence: Model
    threshold: float

    @classmethod
    def load(cls, file: Path = DEFAULT_FILE) -> "Ranker":
        """Read a ranker file, or the fixed formula where none is; raises InputError when it does not fit."""
        if not file.is_file():
            return FIXED
        content = file.read_bytes()
        try:
            written = json.loads(content)
            return cls(
                name=f"{written['name']}-{hashlib.sha256(content).hexdigest()[:8]}",
                passages=model_from(written["passages"], PASSAGE_FEATURES),
                sentences=model_from(written["sentences"], SENTENCE_FEATURES),
                confidence=model_from(written["confidence"], CONFIDENCE_FEATURES),
                threshold=float(written["threshold"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                str(file), f"not a ranker file of this version ({error})", "train it anew"
            ) from error


def model_from(written: dict[str, Any], features: tuple[str, ...]) -> Model:
    """Read one model of a ranker file; raises ValueError when it was trained on other features."""
    if tuple(written["features"]) != features:
        raise ValueError(f"trained on other features: {', '.join(written['features'])}")
    if "trees" in written:
        return Trees.from_json(written["trees"])
    return Linear(np.array(written["weights"], np.float64), float(written["intercept"]))


def _fixed(features: tuple[str, ...], weights: dict[str, float], intercept: float = 0.0) -> Linear:
    return Linear(np.array([weights.get(name, 0.0) for name in features]), intercept)


FIXED = Ranker(
    name="fixed",
    passages=_fixed(
        PASSAGE_FEATURES,
        {"cosine": 0.2, "sentence_cosine": 0.2, "bm25_share": 0.3, "sentence_bm25_share": 0.3},
    ),
    sentences=_fixed(SENTENCE_FEATURES, {"passage_score": 1.0, "cosine": 1.0, "bm25": 0.5, "heading": -1.0}),
    confidence=_fixed(CONFIDENCE_FEATURES, {"coverage": 6.0, "cosine": 4.0}, -6.0),
    threshold=0.5,
)
"""Stands in where no ranker file is: passage and best late-chunked sentence cosine, BM25 of both, equally."""
