"""Replies for an agent that has room for so many tokens: what fits, and a cursor to go on with.

A model's tokens are estimated: four characters of ASCII, one of any other script. Knows nothing of tools.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from indexer import InputError

USUAL_TOKENS, FEWEST_TOKENS, MOST_TOKENS = 1000, 100, 20_000

T = TypeVar("T")


def tokens(text: str) -> int:
    """Estimate the tokens of a text, rather too many than too few."""
    plain = sum(character.isascii() for character in text)
    return -(-plain // 4) + len(text) - plain


def fitting(items: Sequence[T], cost: Callable[[T], int], room: int) -> int:
    """Return how many of the items, from the first, fit; at least one, so that a reader gets on."""
    spent = 0
    for number, item in enumerate(items):
        spent += cost(item)
        if spent > room and number:
            return number
    return len(items)


def cut(text: str, room: int) -> str:
    """Return the beginning of a text that fits, ended at white space if possible; at least a character."""
    if tokens(text) <= room:
        return text
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if tokens(text[:middle]) <= room else (low, middle - 1)
    end = max(text.rfind(" ", low // 2, low), text.rfind("\n", low // 2, low)) + 1
    return text[: end or low]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a reply ended: the number of the next item or character, and the commit or revision it is of."""

    first: int
    state: int

    def write(self, *asked: object) -> str:
        """Return it as text that belongs to what was asked."""
        written = json.dumps([self.first, self.state, _digest(asked)]).encode()
        return base64.urlsafe_b64encode(written).decode().rstrip("=")

    @classmethod
    def read(cls, text: str, *asked: object) -> "Cursor":
        """Read one; raises InputError for what is none, or belongs to something else."""
        try:
            padded = text + "=" * (-len(text) % 4)
            first, state, digest = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            cursor = cls(int(first), int(state))
        except (ValueError, TypeError, RecursionError, OverflowError) as error:
            raise InputError(
                "cursor", "it is none", "give the cursor of the reply before, or none"
            ) from error
        if digest != _digest(asked) or cursor.first < 0:
            problem = "it belongs to a call with other parameters"
            raise InputError("cursor", problem, "repeat that call's parameters, or leave the cursor out")
        return cursor


def _digest(asked: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()[:12]
