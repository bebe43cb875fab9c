"""Dataclasses as dictionaries for JSON: what ``dataclasses.asdict`` gives, without copying every value.

An answer is made of values that never change; copying them deeply took longer than writing the JSON.
"""

from dataclasses import fields
from typing import Any

_PLAIN = (str, int, float, bool, type(None))


def dictionary(value: Any) -> dict[str, Any]:
    """Return a dataclass of dataclasses, lists, tuples, dictionaries and plain values as a dictionary."""
    return {name: _written(getattr(value, name)) for name in _names(type(value))}


def _written(value: Any) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is tuple or kind is list:
        return [_written(one) for one in value]
    if kind is dict:
        return {key: _written(one) for key, one in value.items()}
    return {name: _written(getattr(value, name)) for name in _names(kind)}


_NAMES: dict[type, tuple[str, ...]] = {}


def _names(kind: type) -> tuple[str, ...]:
    found = _NAMES.get(kind)
    if found is None:
        found = _NAMES[kind] = tuple(one.name for one in fields(kind))
    return found
