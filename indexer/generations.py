"""Generations: all passages made by one recipe, of which one answers.

Knows the rows of the ``generations`` table; what a recipe is made of is known to ``recipe.py``, how a
generation is filled to ``rebuilding.py``.
"""

import sqlite3
from dataclasses import dataclass

from indexer.errors import InputError, RecipeMismatch
from indexer.marks import watermark
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


@dataclass(frozen=True, slots=True)
class GenerationState:
    """A generation beside the others.

    ``complete`` is the commit up to which it has every passage, None while it was never wholly built;
    ``behind`` counts the commits since.
    """

    generation: Generation
    active: bool
    pinned: bool
    complete: int | None
    behind: int

    @property
    def state(self) -> str:
        """``active``, ``kept`` or ``half built``."""
        return "active" if self.active else "half built" if self.complete is None else "kept"


def active_generation(connection: sqlite3.Connection) -> Generation | None:
    """Return the generation that answers, None before the first article."""
    row = connection.execute(f"{_GENERATION} WHERE active = 1").fetchone()
    return _generation(row) if row else None


def generation_by(connection: sqlite3.Connection, number: int) -> Generation | None:
    """Return a generation by its number, None when there is none."""
    row = connection.execute(f"{_GENERATION} WHERE id = ?", (number,)).fetchone()
    return _generation(row) if row else None


def answering_generation(connection: sqlite3.Connection, recipe: Recipe) -> Generation | None:
    """Return the generation that a reader of this recipe answers from.

    That is the active one, or, while another recipe's is active, the newest that was wholly built.
    """
    row = connection.execute(
        f"{_GENERATION} WHERE recipe = ? AND (active = 1 OR complete IS NOT NULL)"
        " ORDER BY active DESC, id DESC LIMIT 1",
        (recipe.to_json(),),
    ).fetchone()
    return _generation(row) if row else None


def all_generations(connection: sqlite3.Connection) -> list[GenerationState]:
    """List the generations by their numbers."""
    now = watermark(connection).commit
    rows = connection.execute(
        "SELECT id, recipe, passages, active, pinned, complete FROM generations ORDER BY id"
    ).fetchall()
    return [
        GenerationState(
            _generation(row[:3]),
            bool(active),
            bool(pinned),
            now if active else complete,
            0 if active else now - (complete or 0),
        )
        for *row, active, pinned, complete in rows
    ]


def start_generation(connection: sqlite3.Connection, recipe: Recipe, *, active: bool = True) -> Generation:
    """Begin a generation; the first one of an index is the one that answers from the start."""
    cursor = connection.execute(
        "INSERT INTO generations (recipe, active) VALUES (?, ?)", (recipe.to_json(), int(active))
    )
    return Generation(int(cursor.lastrowid or 0), recipe, 0)


def prepared(connection: sqlite3.Connection, recipe: Recipe) -> Generation:
    """Return the newest generation of a recipe, begun now when there is none."""
    row = connection.execute(
        f"{_GENERATION} WHERE recipe = ? ORDER BY active DESC, id DESC LIMIT 1", (recipe.to_json(),)
    ).fetchone()
    return _generation(row) if row else start_generation(connection, recipe, active=False)


def complete_to(connection: sqlite3.Connection, number: int) -> int | None:
    """Return the commit up to which a generation has every passage, None while it was never wholly built."""
    row = connection.execute("SELECT complete FROM generations WHERE id = ?", (number,)).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def note_complete(connection: sqlite3.Connection, number: int, commit: int) -> None:
    """Note that a generation has every passage up to a commit."""
    connection.execute("UPDATE generations SET complete = ? WHERE id = ?", (commit, number))


def activate(connection: sqlite3.Connection, number: int, commit: int) -> None:
    """Let a generation answer from a commit on; the one before it stays, complete up to there."""
    connection.execute("UPDATE generations SET active = 0, complete = ? WHERE active = 1", (commit,))
    connection.execute("UPDATE generations SET active = 1, complete = ? WHERE id = ?", (commit, number))


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
        "use the model and version it was built with, or build it anew for these with 'civicite rebuild'"
    )


def found(connection: sqlite3.Connection, number: int) -> Generation:
    """Return a generation that somebody named; raises InputError when there is none."""
    generation = generation_by(connection, number)
    if generation is None:
        raise InputError(
            f"generation {number}", "there is none", "see 'civicite generations' for those there are"
        )
    return generation


_GENERATION = "SELECT id, recipe, passages FROM generations"


def _generation(row: tuple[int, str, int]) -> Generation:
    return Generation(row[0], Recipe.from_json(row[1]), row[2])
