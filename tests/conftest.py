"""What several test modules share: the real model, converted once and kept between runs."""

import socket
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from indexer.encoders import LoadedEncoder, load_encoder

# The same examples at every run: a failure tells of the code, not of luck. `make proof` draws others.
# A slow machine fails nothing: speed is measured elsewhere.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("fresh", deadline=None)
settings.load_profile("same")


@pytest.fixture(scope="session")
def encoder_cache(request: pytest.FixtureRequest) -> Path:
    return request.config.rootpath / ".pytest_cache" / "civicite-encoders"


@pytest.fixture(scope="session")
def encoder(encoder_cache: Path) -> LoadedEncoder:
    return load_encoder(cache_dir=encoder_cache)


def _only_here(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse, in the tests' own process, every connection and every name that is not of this machine."""
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a path is a socket of this machine
        is_allowed = host is None or _is_here(str(host))
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]
        is_allowed = not host or _is_here(str(host)) or _is_address(str(host))
    else:
        return
    if not is_allowed:
        raise RuntimeError(f"a test tried to leave this machine: {host}")


def _is_here(host: str) -> bool:
    # 203.0.113.0/24 is for examples and leads nowhere (RFC 5737).
    return host in ("localhost", "::1") or host.startswith(("127.", "203.0.113."))


def _is_address(host: str) -> bool:
    """Nobody is asked what an address means, however it is written."""
    try:
        socket.inet_aton(host)
    except OSError:
        return ":" in host
    return True


sys.addaudithook(_only_here)
