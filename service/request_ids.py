"""The id of the request that is being answered: in its answer's header, in problems and in the log."""

import re
import uuid
from contextvars import ContextVar

HEADER = "x-request-id"

_current: ContextVar[str | None] = ContextVar("request_id", default=None)
_FITTING = re.compile(r"[A-Za-z0-9._:-]{1,128}\Z")


def begin(given: str | None) -> str:
    """Begin a request with the id that its client gave, or a new one where that is none or does not fit."""
    identity = given if given is not None and _FITTING.match(given) else uuid.uuid4().hex
    _current.set(identity)
    return identity


def current() -> str | None:
    """Return the id of the request that is being answered, None outside of one."""
    return _current.get()
