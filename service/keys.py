"""API keys: made, listed, revoked, and recognised when a request carries one.

A key is ``civicite_`` with its public id and 32 random bytes. Its SHA-256 is all that is kept: what has 256
random bits cannot be guessed from a fast digest, so none of the slow ones that passwords need is called for.
"""

import hashlib
import hmac
import os
import secrets
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from indexer import InputError
from service.store import opened

Scope = Literal["read", "write", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""Each may do what those before it may: read ask and search, write also change articles, admin all else."""

PREFIX = "civicite"

LONGEST_NAME = 100
"""Characters."""


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key; ``digest`` is the SHA-256 of all of it."""

    id: str
    digest: str
    scope: Scope
    name: str
    created: str
    revoked: str | None

    def allows(self, scope: Scope) -> bool:
        """Tell whether it may do what a scope asks for."""
        return self.revoked is None and SCOPES.index(self.scope) >= SCOPES.index(scope)


def create_key(file: Path, scope: Scope, name: str = "") -> tuple[str, Key]:
    """Make a key and return it with what is kept of it; it cannot be shown again."""
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise InputError(
            "--name", "it is too long or cannot be printed", f"use {LONGEST_NAME} characters at most"
        )
    identity = secrets.token_hex(4)
    secret = f"{PREFIX}_{identity}_{secrets.token_urlsafe(32)}"
    key = Key(identity, _digest(secret), scope, name, _now(), None)
    with opened(file, create=True) as connection:
        assert connection is not None  # noqa: S101 - it was to be made
        connection.execute(
            "INSERT INTO keys VALUES (?, ?, ?, ?, ?, NULL)", (identity, key.digest, scope, name, key.created)
        )
    return secret, key


def list_keys(file: Path) -> list[Key]:
    """List all keys in the order in which they were made, revoked ones too."""
    with opened(file) as connection:
        rows = [] if connection is None else connection.execute(_SELECT).fetchall()
    return [Key(*row) for row in rows]


def revoke_key(file: Path, identity: str) -> Key:
    """Revoke a key; raises InputError when there is none by that id. Revoking it again changes nothing."""
    with opened(file) as connection:
        if connection is not None:
            connection.execute(
                "UPDATE keys SET revoked = COALESCE(revoked, ?) WHERE id = ?", (_now(), identity)
            )
    for key in list_keys(file):
        if key.id == identity:
            return key
    raise InputError(identity, "there is no such key", "see 'civicite key list'")


_SELECT = "SELECT id, digest, scope, name, created, revoked FROM keys ORDER BY created, rowid"


class Keyring:
    """The keys as they are now: read again whenever the file has changed; safe to use from many threads."""

    def __init__(self, file: Path) -> None:
        self._file, self._lock = file, threading.Lock()
        self._seen: tuple[int, ...] | None = None
        self._keys: dict[str, Key] = {}

    def any_valid(self) -> bool:
        """Tell whether there is a key that was not revoked."""
        return any(key.revoked is None for key in self._current().values())

    def any_made(self) -> bool:
        """Tell whether there ever was a key: revoking the last one opens nothing to anybody."""
        return bool(self._current())

    def find(self, secret: str) -> Key | None:
        """Return the valid key that a secret is, compared in constant time, or None."""
        prefix, _, rest = secret.partition("_")
        key = self._current().get(rest.partition("_")[0])
        expected = key.digest if key is not None else "0" * 64
        same = hmac.compare_digest(_digest(secret), expected)
        return key if same and prefix == PREFIX and key is not None and key.revoked is None else None

    def _current(self) -> dict[str, Key]:
        try:
            found = os.stat(self._file)  # noqa: PTH116 - every request with a key asks it
        except FileNotFoundError:
            return {}
        seen = found.st_ino, found.st_mtime_ns, found.st_size
        if seen != self._seen:
            with self._lock:
                self._keys = {key.id: key for key in list_keys(self._file)}
                self._seen = seen
        return self._keys


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
