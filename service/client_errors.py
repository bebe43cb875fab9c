"""What a server's problem document is in Python: the error that a folder would have raised.

CiviciteError
├── …                      those of indexer/errors.py
└── ServiceError           the server cannot be reached, or refuses
    └── ServerBusy         it may answer when it is asked again
"""

from collections.abc import Mapping
from typing import Any

from indexer import (
    ArticleErased,
    ArticleNotFound,
    CiviciteError,
    IndexDamaged,
    IndexLocked,
    IndexNotFound,
    IndexUnusable,
    InputError,
    RecipeMismatch,
)


class ServiceError(CiviciteError):
    """A server cannot be reached, or refuses; ``kind`` and ``status`` are its problem's, if it sent one."""

    def __init__(self, message: str, kind: str | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.kind, self.status = kind, status


class ServerBusy(ServiceError):
    """The server may answer when it is asked again, after ``retry_after`` seconds where it says so."""

    def __init__(
        self,
        message: str,
        kind: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, kind, status)
        self.retry_after = retry_after


_INPUT: dict[str, type[InputError]] = {
    "invalid-request": InputError,
    "span-not-there": InputError,
    "article-not-found": ArticleNotFound,
    "article-erased": ArticleErased,
}
_INDEX: dict[str, type[IndexUnusable]] = {
    "index-locked": IndexLocked,
    "index-empty": IndexNotFound,
    "index-damaged": IndexDamaged,
    "index-unusable": IndexUnusable,
    "model-changed": RecipeMismatch,
}
_PASSING = (429, 503)


def error_from(document: Mapping[str, Any], retry_after: str | None = None) -> CiviciteError:
    """Return the error that a problem document stands for; ``retry_after`` is the header."""
    kind = str(document.get("type", "")).rpartition(":")[2] or None
    status = int(document.get("status", 0)) or None
    detail = str(document.get("detail", ""))
    if kind in _INPUT:
        return _INPUT[kind](*_told(kind, detail, document.get("errors")))
    # Nobody need wait for an index that somebody has to mend.
    if status in _PASSING and kind != "model-changed":
        return ServerBusy(f"the server is busy: {detail}", kind, status, _seconds(retry_after))
    if kind in _INDEX:
        return _INDEX[kind](f"on the server: {detail}")
    return ServiceError(f"the server refuses: {detail}", kind, status)


def _told(kind: str, detail: str, errors: object) -> tuple[str, str, str]:
    """Return where, problem and mend as the server told them; ids and values may hold what parts them."""
    if isinstance(errors, list) and errors and isinstance(errors[0], Mapping):
        where, rest = str(errors[0].get("field", "")), str(errors[0].get("problem", ""))
    elif kind.startswith("article-"):
        where, _, problem = detail.rpartition(": ")
        return where, problem, _NO_MEND
    else:
        where, _, rest = detail.partition(": ")
    problem, _, mend = rest.rpartition("; ") if "; " in rest else (rest, "", _NO_MEND)
    return where, problem or "it cannot be used", mend


_NO_MEND = "see the server's description"


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and header.isascii() and header.isdecimal() else None
