"""The recipe: whatever decides which passages there are and what is stored for them.

Two recipes never meet in one search: a changed recipe asks for a new generation. What only decides how
fast or on which processor vectors are computed is no part of it.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import lru_cache

from indexer.encoder import Encoder
from indexer.storage import VERSION as STORAGE
from indexer.terms import VERSION as TERMS

SEGMENTATION = "segment-1"
"""To be raised when sentences or passages of the same text would come out differently."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """``title_context`` puts an article's title before every passage that does not hold it."""

    model: str
    model_digest: str
    window: int
    dimension: int
    title_context: bool = True
    segmentation: str = SEGMENTATION
    terms: str = TERMS
    storage: str = STORAGE

    @classmethod
    def of(cls, encoder: Encoder) -> "Recipe":
        """Return the recipe that an encoder and this version of civicite make together."""
        return cls(encoder.model, encoder.digest, encoder.window, encoder.dimension)

    def to_json(self) -> str:
        """One canonical JSON object."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Recipe":
        """Read what :meth:`to_json` wrote."""
        return cls(**json.loads(text))

    @property
    def name(self) -> str:
        """Twelve hexadecimal digits that stand for the recipe in answers and reports."""
        return _name(self)

    def context(self, title: str | None, passage: str) -> str:
        """Return the text that a passage is read with: its article's title, unless it holds it itself."""
        return title if self.title_context and title and title not in passage else ""


@lru_cache(64)  # every answer tells the name of its recipe
def _name(recipe: Recipe) -> str:
    return hashlib.sha256(recipe.to_json().encode()).hexdigest()[:12]
