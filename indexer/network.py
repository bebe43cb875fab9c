"""Connections that cannot be led astray: to public machines only, and never for longer than a deadline.

A host's name is resolved here, each address is judged, and the connection is made to the very address that
was judged: a name that resolves differently a moment later changes nothing. Knows nothing of what is sent.
"""

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import httpcore
import httpx

from indexer.errors import FetchError

MOST_TRIED = 4
"""Addresses of one host that are tried in turn."""
NAT64 = ip_network("64:ff9b::/96")


class NotPublic(Exception):
    """None of a host's addresses may be connected to."""


class UnknownHost(Exception):
    """A host's name has no address; ``lasting`` when the name service is sure of it."""

    def __init__(self, problem: str, *, lasting: bool) -> None:
        super().__init__(problem)
        self.lasting = lasting


class OutOfTime(httpcore.TimeoutException):
    """The deadline of the whole exchange has passed."""


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public Internet.

    An IPv4 address within an IPv6 one is what counts there.
    """
    ip = ip_address(address.partition("%")[0])
    inner = _inner(ip) if isinstance(ip, IPv6Address) else None
    if inner is not None:
        return is_public(str(inner))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


def _inner(ip: IPv6Address) -> IPv4Address | None:
    if ip in NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


class GuardedTransport(httpx.BaseTransport):
    """Carries httpx's requests; whatever goes wrong is a FetchError that names the address and the mend.

    ``deadline`` is a time of ``time.monotonic``. No connection is used for a second request.
    """

    def __init__(self, tls: ssl.SSLContext, deadline: float, *, allow_private: bool) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_keepalive_connections=0,
            network_backend=GuardedBackend(deadline, allow_private=allow_private),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; the body is read later, by whoever iterates over it."""
        where, url = str(request.url), request.url
        with _named(where):
            response = self._pool.handle_request(
                httpcore.Request(
                    request.method,
                    httpcore.URL(
                        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response, where))

    def close(self) -> None:
        """Close whatever is open."""
        self._pool.close()


class GuardedBackend(httpcore.NetworkBackend):
    """Resolves and judges before it connects; every wait ends at the deadline."""

    def __init__(self, deadline: float, *, allow_private: bool) -> None:
        self._deadline, self._allow_private = deadline, allow_private
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first of the host's permitted addresses that answers."""
        failure: Exception | None = None
        for address in self._permitted(host, port)[:MOST_TRIED]:
            try:
                stream = self._plain.connect_tcp(
                    address, port, _left(self._deadline, timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return TimedStream(stream, self._deadline)
        raise failure or NotPublic(host)

    def _permitted(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise UnknownHost(str(error.strerror), lasting=error.errno != socket.EAI_AGAIN) from error
        except UnicodeError as error:
            raise UnknownHost(str(error), lasting=True) from error
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        return addresses if self._allow_private else [each for each in addresses if is_public(each)]


class TimedStream(httpcore.NetworkStream):
    """A connection whose every operation ends at the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there, at most so many bytes."""
        with _ending(self._deadline):
            return self._stream.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it."""
        with _ending(self._deadline):
            self._stream.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Encrypt; the certificate must be that of the host's name, not of its address."""
        with _ending(self._deadline):
            stream = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline, timeout))
        return TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """What the connection knows about itself."""
        return self._stream.get_extra_info(info)


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response, where: str) -> None:
        self._response, self._where = response, where

    def __iter__(self) -> Iterator[bytes]:
        with _named(self._where):
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


def _left(deadline: float, timeout: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise OutOfTime
    return left if timeout is None else min(left, timeout)


@contextmanager
def _ending(deadline: float) -> Iterator[None]:
    try:
        yield
    except httpcore.TimeoutException as error:
        raise (OutOfTime() if time.monotonic() >= deadline else error) from error


@contextmanager
def _named(where: str) -> Iterator[None]:
    """Turn whatever a connection raises into one line about the address."""
    try:
        yield
    except NotPublic:
        raise FetchError(
            where,
            "leads to a private or reserved network address",
            "allow such addresses with --allow-private-addresses if it is meant",
        ) from None
    except UnknownHost as error:
        problem = f"its host is not known ({error})"
        raise FetchError(where, problem, "check the address", passing=not error.lasting) from error
    except OutOfTime as error:
        raise FetchError(
            where, "is sent too slowly", "try again later, or allow more with fetch_seconds"
        ) from error
    except httpcore.TimeoutException as error:
        raise FetchError(where, "does not answer", "try again later", passing=True) from error
    except httpcore.ConnectError as error:
        raise _unconnected(where, error) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        problem = f"breaks off or is no proper HTTP ({error or type(error).__name__})"
        raise FetchError(where, problem, "try again later", passing=True) from error
    except httpcore.UnsupportedProtocol as error:
        raise FetchError(where, f"cannot be fetched ({error})", "use http or https") from error


def _unconnected(where: str, error: Exception) -> FetchError:
    if isinstance(error.__context__, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY" in str(error):
        return FetchError(
            where,
            f"its certificate is not trusted ({error})",
            "check the address, or name the authority's certificate in SSL_CERT_FILE",
        )
    return FetchError(
        where, f"cannot be connected to ({error})", "check the address and the network", passing=True
    )
