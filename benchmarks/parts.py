"""Cuts a collection's questions into the part that choices were made on and the part that is reported.

Knows titles and paragraphs in SQuAD's form ``Title#number``; nothing of measures.
"""

import re
from dataclasses import dataclass
from typing import Literal

from benchmarks.collection import Question

Unit = Literal["titles", "paragraphs"]

_WRITTEN = re.compile(r"(?:(?P<name>[^=]+)=)?(?P<side>first|rest):(?P<count>\d+)")


@dataclass(frozen=True, slots=True)
class Part:
    """The questions about the first ``count`` titles or paragraphs, or about all others.

    Titles are counted in alphabetical (code point) order, paragraphs in the questions' own order.
    ``name`` restricts the part to one collection; None means every collection.
    """

    unit: Unit
    side: Literal["first", "rest"]
    count: int
    name: str | None = None

    def __str__(self) -> str:
        return f"{self.unit} {self.side}:{self.count}"

    def of(self, questions: tuple[Question, ...]) -> frozenset[str]:
        """Return the ids of the part's questions; questions without a paragraph are in no part."""
        units = {one.id: _unit(one.paragraph, self.unit) for one in questions if one.paragraph}
        ordered = list(dict.fromkeys(units.values()))
        if self.unit == "titles":
            ordered.sort()
        first = set(ordered[: self.count])
        return frozenset(
            identity for identity, unit in units.items() if (unit in first) == (self.side == "first")
        )


def read_part(written: str, unit: Unit) -> Part:
    """Read ``[NAME=]first:8`` or ``[NAME=]rest:8``; raises ValueError for anything else."""
    match = _WRITTEN.fullmatch(written)
    if match is None:
        raise ValueError(
            f"{written!r}: write first:COUNT or rest:COUNT, with NAME= before it for one collection"
        )
    side: Literal["first", "rest"] = "first" if match["side"] == "first" else "rest"
    return Part(unit, side, int(match["count"]), match["name"])


def _unit(paragraph: str, unit: Unit) -> str:
    return paragraph.partition("#")[0] if unit == "titles" else paragraph
