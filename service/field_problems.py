"""What is wrong with each field of a request, by names that whoever sent it knows.

Pydantic places an error also by which of several types it was tried as: that is no name of the request's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

LONGEST_FIELD = 200
"""Characters of a field's name: in a body anything may be one."""


_OBJECTS = ("dict_type", "model_type", "model_attributes_type")
"""Errors whose message speaks of Python where who sent JSON thinks of an object."""


class FieldProblem(BaseModel):
    """What is wrong with one field of a request."""

    field: str
    problem: str


@dataclass(frozen=True, slots=True)
class _Placed:
    """An error with its place in the request, and the place that may hold one of several types, if any."""

    place: tuple[str, ...]
    choice: tuple[str, ...] | None
    kind: str
    message: str

    @property
    def says_only_of_another_type(self) -> bool:
        return self.place == self.choice and self.kind.endswith("_type")


def field_problems(errors: Sequence[Mapping[str, Any]], body: object) -> list[FieldProblem]:
    """Return pydantic's errors, one for each field; ``body`` is what was sent, None where that is a query."""
    placed = [_placed(one, body) for one in errors]
    # Of what may be of two types the errors of the one that it is tell more than that it is not the other.
    told = {one.choice for one in placed if one.choice is not None and not one.says_only_of_another_type}
    messages: dict[tuple[str, ...], list[str]] = {}
    for one in placed:
        if not (one.says_only_of_another_type and one.choice in told):
            messages.setdefault(one.place, []).append(one.message)
    return [FieldProblem(field=_shown(place), problem=_joined(found)) for place, found in messages.items()]


def _placed(error: Mapping[str, Any], body: object) -> _Placed:
    kind, message = str(error["type"]), str(error["msg"]).removeprefix("Value error, ")
    # What the header does not call JSON comes here as its bytes.
    if error["loc"] == ("body",) and isinstance(error.get("input"), bytes):
        message = "it is not marked as JSON; send it as JSON with the header content-type: application/json"
    elif kind in _OBJECTS:
        message = "Input should be a valid object"
    elif "UploadFile" in message:
        message = "it is no file; send it as a part of the form that has a file's name"
    whole, *parts = error["loc"]
    known, first = (parts, None) if body is None else _followed(body, parts, is_missing=kind == "missing")
    place = tuple(map(str, known)) or (str(whole),)
    choice = None if first is None else place[:first] or (str(whole),)
    return _Placed(place, choice, kind, message.encode("utf-8", "replace").decode())


def _followed(
    body: object, parts: Sequence[str | int], *, is_missing: bool
) -> tuple[list[str | int], int | None]:
    """Return the parts of a place that lead through what was sent, and where the first other one stood."""
    here: Any = body
    known: list[str | int] = []
    first: int | None = None
    for at, part in enumerate(parts):
        leads = (
            part in here if isinstance(here, Mapping) else isinstance(here, list) and isinstance(part, int)
        )
        if leads:
            here = here[part]
        if leads or (is_missing and at == len(parts) - 1):
            known.append(part)
        elif first is None:
            first = len(known)
    return known, first


def _shown(place: Sequence[str]) -> str:
    return ".".join(place)[:LONGEST_FIELD].encode("utf-8", "replace").decode()


def _joined(messages: Sequence[str]) -> str:
    first, *others = dict.fromkeys(messages)
    return " or ".join([first, *(one.removeprefix("Input should be ") for one in others)])
