"""Access: who may do what over HTTP, and from which pages and under which names.

Decides only; what a refusal looks like is ``problems.py``'s matter, and ``guard.py`` asks at every request.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from indexer import InputError
from service.keys import Key, Keyring, Scope
from service.problems import Problem
from service.settings import Settings

PAGE_FILES = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "page-answer.js": "text/javascript",
    "page-article.js": "text/javascript",
    "page-elements.js": "text/javascript",
    "page-icon.svg": "image/svg+xml",
}
"""What the page to ask on is made of, beside itself, with media types."""

OPEN_PATHS = frozenset({"/healthz", "/readyz", "/", "/llms.txt", *(f"/{name}" for name in PAGE_FILES)})
"""What orchestrators ask, which have no key, and what says nothing of any article."""


PROBED = ("/healthz", "/readyz")
"""What orchestrators and load balancers ask for."""

_PAGES_NOT = ("/v1/feedback", "/mcp")
"""Reading that no page of another origin may ask for: it leaves something behind, or acts for an agent."""


@lru_cache(256)  # few addresses serve or are named, and three are looked at for each request
def is_loopback(host: str) -> bool:
    """Tell whether an address can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def scope_needed(method: str, path: str) -> Scope:
    """Return what a request needs: changing articles is writing, reading what people said is the admin's."""
    if path == "/v1/articles" or path.startswith("/v1/articles/"):
        return "read" if method in ("GET", "HEAD", "OPTIONS") else "write"
    return "admin" if path == "/v1/feedback" and method != "POST" else "read"


@dataclass(frozen=True, slots=True)
class Access:
    """The rules of one server; ``keyring`` follows what the command line makes and revokes."""

    settings: Settings
    keyring: Keyring

    def check_binding(self) -> None:
        """Raise InputError when other machines could reach the server and nobody decided who may use it."""
        if self._local or self.settings.open_reading or self.keyring.any_valid():
            return
        if self.settings.remote_writes:
            raise InputError(
                "remote_writes",
                "other machines could change articles that they may not read, as there is no key",
                "set open_reading, too, or make a key with 'civicite key create'",
            )
        raise InputError(
            f"--host {self.settings.host}",
            "other machines can reach it, and there is no key",
            "make one with 'civicite key create', or let anybody read with the setting open_reading",
        )

    def admit(self, method: str, path: str, headers: Mapping[str, str]) -> Key | None:
        """Return the key that a request carries, None when it has none; raises Problem when it is refused."""
        host = headers.get("host", "")
        # Probes ask by address; a page that a name server leads here (DNS rebinding) asks by its own name.
        if path not in PROBED or not _is_address(host):
            self._check_host(host)
        needed = scope_needed(method, path)
        if method not in ("GET", "HEAD", "OPTIONS") and (needed != "read" or path in _PAGES_NOT):
            self._check_page(headers)
        # A browser asks beforehand without its key (CORS); what it is told, everybody may know.
        if path in OPEN_PATHS or method == "OPTIONS":
            return None
        key = self._key(headers.get("authorization"))
        if key is None and not self._open(needed):
            raise Problem("key-required", "send a key as 'Authorization: Bearer …'")
        if key is not None and not key.allows(needed):
            raise Problem("scope-missing", f"this key may {key.scope}; a key that may {needed} is needed")
        return key

    def _key(self, authorization: str | None) -> Key | None:
        if authorization is None:
            return None
        scheme, _, secret = authorization.partition(" ")
        key = self.keyring.find(secret.strip()) if scheme.lower() == "bearer" else None
        # A client that knows of no keys may have to send something: where none is needed, that is no harm.
        if key is None and (self.settings.require_keys or self.keyring.any_made()):
            raise Problem("key-unknown", "there is no such key, or it was revoked")
        return key

    def _open(self, needed: Scope) -> bool:
        """Tell whether a request without a key may do what needs a scope."""
        if self.settings.require_keys:
            return False
        if needed == "read":
            return self._local or self.settings.open_reading
        told = self._local or (self.settings.remote_writes and needed == "write")
        return told and not self.keyring.any_made()

    def _check_host(self, host: str) -> None:
        """Refuse names that lead here only because somebody's name server says so (DNS rebinding)."""
        name, allowed = _name_in(host), self.settings.allowed_hosts
        anybody = not (self._local or allowed)
        # What is no name at all is refused everywhere: nothing further in can make an address of it.
        if name is not None and (
            name in allowed or name == self.settings.host or anybody or is_loopback(name)
        ):
            return
        raise Problem("unknown-host", "this server is not known by that name; see the setting allowed_hosts")

    def _check_page(self, headers: Mapping[str, str]) -> None:
        """Refuse changes that a web page of another origin asks for (cross-site request forgery)."""
        origin, host = headers.get("origin"), headers.get("host")
        if origin is None:
            foreign = headers.get("sec-fetch-site") == "cross-site"
        else:
            foreign = origin not in (*self.settings.cors_origins, f"http://{host}", f"https://{host}")
        if foreign:
            raise Problem("foreign-origin", "pages of other origins may not change anything here")

    @property
    def _local(self) -> bool:
        return is_loopback(self.settings.host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(_name_in(host) or "")
    except ValueError:
        return False
    return True


def _name_in(host: str) -> str | None:
    """Return the name or address of a Host header, None when it is malformed."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return None
