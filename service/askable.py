"""What can be asked, whichever door it comes through: how long a question may be, how much it may ask for."""

from indexer import InputError, is_text

LONGEST_QUESTION = 2000
"""Characters."""

MOST_PASSAGES = 1000
"""Passages or articles that one request may ask for."""


def checked_question(text: str) -> str:
    """Return a question that can be asked; raises InputError when it is blank, too long or no text."""
    if not text.strip():
        raise InputError("question", "it is empty", "ask something")
    if len(text) > LONGEST_QUESTION:
        raise InputError("question", f"it has {len(text)} characters", f"use {LONGEST_QUESTION} at most")
    if not is_text(text):
        raise InputError("question", "it is not valid text", "write it in UTF-8")
    return text


def check_top_k(top_k: int) -> None:
    """Raise InputError for a number of passages that cannot be asked for."""
    if not 1 <= top_k <= MOST_PASSAGES:
        raise InputError("top_k", f"{top_k} is out of range", f"use 1 to {MOST_PASSAGES}")


def check_confidence(least: float | None) -> None:
    """Raise InputError for a threshold that is no confidence; None is the ranker's own."""
    # Written so that what is no number at all does not pass either.
    if least is not None and not 0 <= least <= 1:
        raise InputError("min_confidence", f"{least} is out of range", "use 0 to 1")
