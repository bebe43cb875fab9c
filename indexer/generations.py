"""Generations: all passages made by one recipe, of which one answers.

Knows the rows of the ``generations`` table; what a recipe is made of is known to ``recipe.py``.
"""

import sqlite3
from dataclasses import dataclass

from indexer.errors import RecipeMismatch
from indexer.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation as the catalog has it; ``passages`` counts those alive."""

    id: int
    recipe: Recipe
    passages: int

    @property
    def dimension(self) -> int:
        """Length of its vectors."""
        return self.recipe.dimension


def active_generation(connection: sqlite3.Connection) -> Generation | None:
    """Return the generation that answers, None before the first article."""
    row = connection.execute("SELECT id, recipe, passages FROM generations WHERE active = 1").fetchone()
    return Generation(row[0], Recipe.from_json(row[1]), row[2]) if row else None


def start_generation(connection: sqlite3.Connection, recipe: Recipe) -> Generation:
    """Begin the first generation of an index and make it the one that answers."""
    cursor = connection.execute("INSERT INTO generations (recipe, active) VALUES (?, 1)", (recipe.to_json(),))
    return Generation(int(cursor.lastrowid or 0), recipe, 0)


def check_recipe(generation: Generation, recipe: Recipe) -> None:
    """Raise RecipeMismatch when passages of this recipe do not belong into the generation."""
    if generation.recipe == recipe:
        return
    differing = [
        f"{name} is {getattr(recipe, name)!r}, was {getattr(generation.recipe, name)!r}"
        for name in Recipe.__slots__
        if getattr(recipe, name) != getattr(generation.recipe, name)
    ]
    raise RecipeMismatch(
        f"the index was built with another recipe: {'; '.join(differing)}; "
        "use the model and version it was built with, or index the articles into a new folder"
    )
