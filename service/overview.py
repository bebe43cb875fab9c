"""What an index holds at a glance, by the names under which every door tells it."""

from typing import Any

from indexer import Overview


def facts_of(seen: Overview) -> dict[str, Any]:
    """Return the counts, the model and how far the projections have come."""
    recipe = seen.recipe
    names = ("commit", "updated", "articles", "withdrawn", "passages", "sentences", "generation")
    return {
        **{name: getattr(seen, name) for name in names},
        "model": recipe.model if recipe else None,
        "model_digest": recipe.model_digest if recipe else None,
        "recipe": recipe.name if recipe else None,
        "size_bytes": seen.size,
        "projections": {"vectors": seen.vectors, "terms": seen.terms},
    }
