"""What a check of an index found: one value, made by the checks and shown by the command line."""

from dataclasses import dataclass
from typing import Literal

FROM_BACKUP = "restore a backup, or index the articles into a new folder"
"""The mend where the catalog itself is damaged."""

ACCEPT = (
    "restore a backup, or accept what is left with 'civicite verify --repair' and index the articles again"
)
"""The mend where commits are lost."""

GONE = "is gone, and with it every article that was taken in"
"""What is wrong with a catalog that is not there."""

AGAIN = "index it again, or restore a backup"
"""The mend where an article is damaged."""

GIVE_UP = "run 'civicite verify --repair', which gives it up, or restore a backup"
"""The mend where only the past of an article is damaged: what is current cannot bring that back."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be: where, what, and the mend.

    ``lost`` is what was damaged once and is given up: it is known, and no question comes across it.

    Damage that is confined to articles says to which row keys: to a ``revision`` with its passages, to a
    ``description``, or to whole ``articles``. Any other concerns the catalog as a whole.
    """

    kind: Literal["damage", "stale", "lost"]
    where: str
    problem: str
    mend: str
    articles: tuple[int, ...] = ()
    revision: int | None = None
    description: int | None = None

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.kind}: {self.where}: {self.problem}; {self.mend}"


def unreadable(where: str, error: BaseException | None) -> Finding:
    """Return the finding for a file, or a folder, of which the system does not give what is in it."""
    reason = getattr(error, "strerror", None) or str(error)
    return Finding("damage", where, f"cannot be read ({reason})", "check its permissions")


def shown(identity: bytes | None) -> str:
    """Return an article's id as findings show it; it was read as bytes, because it may be damaged."""
    return repr((identity or b"?").decode("utf-8", "replace"))
