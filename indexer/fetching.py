"""Fetching one address: politely, within limits of size and time, and again where that may help.

Knows HTTP: redirects, conditional requests, status codes, compression. Robots are asked at every hop and
connections are guarded by ``network.py``. Knows nothing of formats, articles or feeds.
"""

import ssl
import time
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from importlib.metadata import version
from urllib.parse import urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from indexer.addresses import Validators, normal_address
from indexer.errors import FetchError, ReadError
from indexer.network import GuardedTransport
from indexer.robots import AGENT, Robots

REDIRECTS = frozenset((301, 302, 303, 307, 308))
PASSING = frozenset((408, 425, 429, 500, 502, 503, 504))
"""Status codes after which a later try may succeed."""
MENDS = {
    401: "it needs a login: save the page and index the file",
    403: "the site refuses programs: save the page and index the file",
    404: "check the address",
    410: "the publisher has taken it away",
    429: "try again later",
}
ACCEPT = "text/html, application/xhtml+xml, application/rss+xml, application/atom+xml, */*;q=0.8"


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much and how long; ``total_seconds`` bounds one try with all its redirects."""

    most_bytes: int = 50_000_000
    connect_seconds: float = 10.0
    read_seconds: float = 20.0
    total_seconds: float = 60.0
    redirects: int = 10
    attempts: int = 3
    backoff_seconds: float = 1.0
    """Before the second try; doubled before each further one."""
    longest_pause: float = 30.0
    """A server that asks to wait for longer is not waited for, nor is a site's wish between two requests."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The bytes at ``address``, which is where redirects led; ``media_type`` is empty when not said."""

    address: str
    content: bytes
    media_type: str
    charset: str | None
    validators: Validators | None


Wanted = Callable[[str, str], object]
"""Called with media type and address before the body is read; raises ReadError for what is not wanted."""


class Fetcher:
    """Fetches addresses one after the other; remembers what sites ask for for as long as it lives."""

    def __init__(self, limits: FetchLimits | None = None, *, allow_private: bool = False) -> None:
        self._limits = limits or FetchLimits()
        self._allow_private = allow_private
        self._robots = Robots(self._robots_txt)
        self._last: dict[str, float] = {}

    def fetch(
        self, address: str, known: Validators | None = None, wanted: Wanted = lambda kind, at: None
    ) -> Fetched | None:
        """Return what is at an address, None when it is what ``known`` stands for.

        Raises FetchError when it cannot be had, and whatever ``wanted`` raises.
        """
        return self._tried(lambda: self._followed(address, known, wanted, self._robots.check))

    def _robots_txt(self, address: str) -> bytes:
        found = self._tried(lambda: self._followed(address, None, lambda kind, at: None, lambda at: 0.0))
        return found.content if found else b""

    def _tried(self, once: Callable[[], Fetched | None]) -> Fetched | None:
        again = Retrying(
            retry=retry_if_exception(self._is_passing),
            stop=stop_after_attempt(self._limits.attempts),
            wait=self._pause,
            reraise=True,
        )
        return again(once)

    def _is_passing(self, error: BaseException) -> bool:
        soon = isinstance(error, FetchError) and (error.retry_after or 0) <= self._limits.longest_pause
        return soon and isinstance(error, FetchError) and error.passing

    def _pause(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, FetchError) and error.retry_after is not None:
            return error.retry_after
        return self._limits.backoff_seconds * 2.0 ** (state.attempt_number - 1)

    def _followed(
        self, address: str, known: Validators | None, wanted: Wanted, check: Callable[[str], float]
    ) -> Fetched | None:
        """One try: from address to address until one answers with something else than another address."""
        self._wait(address, check(address))
        deadline = time.monotonic() + self._limits.total_seconds
        transport = GuardedTransport(self._tls, deadline, allow_private=self._allow_private)
        with httpx.Client(
            transport=transport, headers=_headers(), timeout=self._timeout, trust_env=False
        ) as client:
            at = address
            for hop in range(self._limits.redirects + 1):
                if hop:
                    self._wait(at, check(at))
                conditions = _conditions(known if known and known.address == at else None)
                with closing(_asked(client, at, conditions)) as response:
                    if response.status_code not in REDIRECTS or "location" not in response.headers:
                        return self._answer(at, response, bool(conditions), wanted)
                    at = _next(at, response.headers["location"])
        raise FetchError(
            address, f"is redirected more than {self._limits.redirects} times", "check it in a browser"
        )

    def _answer(self, at: str, response: httpx.Response, conditional: bool, wanted: Wanted) -> Fetched | None:
        if response.status_code == 304 and conditional:
            return None
        if response.status_code != 200:
            raise _refusal(at, response)
        media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        wanted(media_type, at)
        content = self._body(at, response)
        return Fetched(at, content, media_type, response.charset_encoding, _validators(at, response))

    def _body(self, at: str, response: httpx.Response) -> bytes:
        most = self._limits.most_bytes
        size = response.headers.get("content-length", "")
        if size.isdecimal() and int(size) > most:
            raise _too_large(at, most)
        unpacked = _unpacking(at, response.headers.get("content-encoding", ""), most)
        raw, pieces, total = 0, [], 0
        for chunk in response.iter_raw():
            raw += len(chunk)
            piece = unpacked.feed(chunk)
            pieces.append(piece)
            total += len(piece)
            if max(raw, total) > most:
                raise _too_large(at, most)
        unpacked.end()
        return b"".join(pieces)

    def _wait(self, address: str, pause: float) -> None:
        """Keep the distance between two requests that a site asks for."""
        host = urlsplit(address).netloc
        if pause and host in self._last:
            left = self._last[host] + min(pause, self._limits.longest_pause) - time.monotonic()
            time.sleep(max(0.0, left))
        self._last[host] = time.monotonic()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()

    @property
    def _timeout(self) -> httpx.Timeout:
        return httpx.Timeout(self._limits.read_seconds, connect=self._limits.connect_seconds)


@dataclass(slots=True)
class _Plain:
    """A body that is sent as it is."""

    def feed(self, chunk: bytes) -> bytes:
        return chunk

    def end(self) -> None:
        return


class _Gzip:
    """A body that is sent compressed; never unpacks more than one byte beyond the limit at once."""

    def __init__(self, where: str, most: int) -> None:
        self._where, self._most = where, most
        self._stream = zlib.decompressobj(wbits=31)

    def feed(self, chunk: bytes) -> bytes:
        pieces: list[bytes] = []
        try:
            while chunk and sum(map(len, pieces)) <= self._most:
                if self._stream.eof:  # another member follows
                    self._stream = zlib.decompressobj(wbits=31)
                pieces.append(self._stream.decompress(chunk, self._most + 1))
                chunk = self._stream.unused_data
        except zlib.error as error:
            raise FetchError(
                self._where, f"its compression is broken ({error})", "try again later", passing=True
            ) from error
        return b"".join(pieces)

    def end(self) -> None:
        if not self._stream.eof:
            raise FetchError(self._where, "breaks off", "try again later", passing=True)


def _unpacking(where: str, coding: str, most: int) -> _Plain | _Gzip:
    match coding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Gzip(where, most)
    raise FetchError(where, f"is sent as {coding!r}, which was not asked for", "save it and index the file")


def _headers() -> dict[str, str]:
    return {
        "User-Agent": f"{AGENT}/{version(AGENT)}",
        "Accept": ACCEPT,
        "Accept-Encoding": "gzip",
        "Connection": "close",
    }


def _asked(client: httpx.Client, at: str, conditions: dict[str, str]) -> httpx.Response:
    """Return an answer whose body is still to be read."""
    request = client.build_request("GET", at, headers=conditions)
    try:
        return client.send(request, stream=True)
    except (httpx.RemoteProtocolError, httpx.InvalidURL, ValueError) as error:
        # Where a redirection leads is looked at though it is not followed.
        raise FetchError(
            at, f"is redirected to what is no address ({error})", "check it in a browser"
        ) from error


def _conditions(known: Validators | None) -> dict[str, str]:
    named = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified} if known else {}
    # What goes beyond ASCII may be received, but not sent.
    return {name: value for name, value in named.items() if value and value.isascii()}


def _validators(at: str, response: httpx.Response) -> Validators | None:
    etag, modified = response.headers.get("etag"), response.headers.get("last-modified")
    return Validators(at, etag, modified) if etag or modified else None


def _next(at: str, location: str) -> str:
    try:
        return normal_address(str(httpx.URL(at).join(location)))
    except (httpx.InvalidURL, ValueError, ReadError) as error:
        raise FetchError(at, f"is redirected to {location[:80]!r}", "check it in a browser") from error


def _refusal(at: str, response: httpx.Response) -> FetchError:
    code, after = response.status_code, _retry_after(response.headers.get("retry-after", ""))
    asks = f" and asks to wait {after:.0f} seconds" if after else ""
    return FetchError(
        at,
        f"answers {code} {response.reason_phrase}".rstrip() + asks,
        MENDS.get(code, "try again later" if code in PASSING else "check it in a browser"),
        passing=code in PASSING,
        status=code,
        retry_after=after,
    )


def _retry_after(written: str) -> float | None:
    if written.strip().isdecimal():
        return float(written)
    try:
        when = parsedate_to_datetime(written)
    except (ValueError, OverflowError):
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _too_large(at: str, most: int) -> FetchError:
    return FetchError(at, f"is larger than {most:,} bytes", "raise fetch_bytes, or leave it out")


def chosen_limits(seconds: float, most_bytes: int) -> FetchLimits:
    """Return the usual limits with this much time for each address and so many bytes."""
    usual = FetchLimits()
    return FetchLimits(
        most_bytes=most_bytes,
        connect_seconds=min(usual.connect_seconds, seconds),
        read_seconds=min(usual.read_seconds, seconds),
        total_seconds=seconds,
    )
