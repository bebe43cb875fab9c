"""What a check of an index found: one value, made by the checks and shown by the command line."""

from dataclasses import dataclass
from typing import Literal

FROM_BACKUP = "restore a backup, or index the articles into a new folder"
"""The mend where the catalog itself is damaged."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be: where, what, and the mend."""

    kind: Literal["damage", "stale"]
    where: str
    problem: str
    mend: str

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.kind}: {self.where}: {self.problem}; {self.mend}"
