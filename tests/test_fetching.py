"""Fetching from a server that misbehaves, and from addresses that must not be fetched from."""

import gzip
import itertools
import socket
import ssl
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import trustme
from website import Request, Site, closed_port, website

from indexer import network
from indexer.addresses import Validators, identity_of, normal_address
from indexer.errors import FetchError, ReadError
from indexer.fetching import Fetched, Fetcher, FetchLimits
from indexer.network import is_public

LIMITS = FetchLimits(most_bytes=1_000_000, backoff_seconds=0.01, total_seconds=30, redirects=4)


@pytest.fixture
def site() -> Iterator[Site]:
    with website() as served:
        yield served


def fetcher(**limits: Any) -> Fetcher:
    chosen = {name: getattr(LIMITS, name) for name in LIMITS.__slots__}
    return Fetcher(FetchLimits(**{**chosen, **limits}), allow_private=True)


def fetched(address: str, **limits: Any) -> Fetched:
    found = fetcher(**limits).fetch(address)
    assert found is not None
    return found


def refusal(address: str, **limits: Any) -> str:
    with pytest.raises(ReadError) as caught:
        fetcher(**limits).fetch(address)
    return str(caught.value)


def test_content_comes_with_its_type_encoding_and_validators(site: Site) -> None:
    address = site("/a", "trams", "text/plain; charset=euc-kr", etag='"1"')
    assert fetched(address) == Fetched(
        address, b"trams", "text/plain", "euc-kr", Validators(address, '"1"', None)
    )


def test_every_request_names_civicite_and_its_version(site: Site) -> None:
    fetched(site("/a", "trams"))
    assert {headers["User-Agent"] for _, headers in site.requests} == {f"civicite/{version('civicite')}"}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "2130706433", "0x7f.1", "[::1]", "127.1"])
def test_this_machine_is_not_fetched_from_unless_that_is_allowed(site: Site, host: str) -> None:
    address = site("/a", "secret").replace("localhost", host)
    with pytest.raises(FetchError, match=r"private or reserved network address; .*--allow-private-addresses"):
        Fetcher(LIMITS).fetch(address)
    assert site.requests == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("127.0.0.1", False),
        ("0.1.2.3", False),
        ("169.254.169.254", False),
        ("192.0.2.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("::127.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d70e", True),
        ("2001:db8::1", False),
    ],
)
def test_only_addresses_of_the_public_internet_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_the_connection_goes_to_the_address_that_was_judged_though_the_name_resolves_to_another_one_next(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(site("/a", "secret").split(":")[2].split("/")[0])
    real, answers = socket.getaddrinfo, itertools.chain(["203.0.113.1"], itertools.repeat("127.0.0.1"))
    judged: list[str] = []

    def rebinding(host: Any, *arguments: Any, **named: Any) -> Any:
        return real(next(answers) if host == "rebinding.test" else host, *arguments, **named)

    def judge(address: str) -> bool:
        judged.append(address)
        return address == "203.0.113.1"

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(network, "is_public", judge)
    limits = FetchLimits(attempts=1, connect_seconds=0.2)
    with pytest.raises(FetchError, match=r"cannot be connected to|does not answer"):
        Fetcher(limits).fetch(f"http://rebinding.test:{port}/a")
    assert judged == ["203.0.113.1"]
    assert site.requests == []


@pytest.mark.parametrize("target", ["http://10.0.0.1/", "http://169.254.169.254/latest", "http://[::1]/"])
def test_a_redirect_to_a_private_address_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.setattr(network, "is_public", lambda address: address in ("127.0.0.1", "::ffff:127.0.0.1"))
    address = site("/a", status=302, location=target)
    with pytest.raises(FetchError, match="private or reserved network address") as caught:
        Fetcher(LIMITS).fetch(address)
    assert caught.value.where == target


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "ftp://example.org/a",
        "http://u:p@localhost/",
        "http://[",
        "http://xn--a/",
        "//[::1",
        "http://localhost:port/",
        f"http://localhost:{'9' * 30}/",
    ],
)
def test_a_redirect_to_what_is_no_web_address_is_refused(site: Site, target: str) -> None:
    assert "is redirected to" in refusal(site("/a", status=301, location=target))


def test_redirects_are_followed_and_the_last_address_is_what_was_fetched(site: Site) -> None:
    site("/c", "trams")
    site("/b", status=307, location=f"{site.address}/c#top")
    address = site("/a", status=301, location="b")
    assert fetched(address).address == f"{site.address}/c"
    assert site.paths() == ["/a", "/b", "/c"]


def test_a_redirect_loop_is_left_after_the_limit(site: Site) -> None:
    site("/b", status=302, location="/a")
    assert "is redirected more than 4 times" in refusal(site("/a", status=302, location="/b"))
    assert len(site.paths()) == 5


def dripping(piece: bytes, start: bytes = b"") -> Any:
    def answer(request: Request) -> None:
        request.wfile.write(start)
        for _ in range(200):
            request.wfile.write(piece)
            request.wfile.flush()
            time.sleep(0.02)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        dripping(b"x", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
        dripping(b"X-Slow: 1\r\n", b"HTTP/1.1 200 OK\r\n"),
    ],
    ids=["body", "headers"],
)
def test_a_server_that_drips_is_left_when_the_time_is_over_and_not_asked_again(
    site: Site, answer: Any
) -> None:
    site.routes["/a"] = answer
    assert "is sent too slowly" in refusal(f"{site.address}/a", total_seconds=1.0)
    assert site.paths() == ["/a"]


def test_a_server_that_says_nothing_is_asked_again_and_then_left(site: Site) -> None:
    site.routes["/a"] = lambda request: time.sleep(2)
    assert "does not answer" in refusal(f"{site.address}/a", read_seconds=0.5, attempts=2)
    assert site.paths() == ["/a", "/a"]


def test_an_endless_stream_is_left_at_the_limit(site: Site) -> None:
    sent = itertools.count()

    def endless(request: Request) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        while next(sent) < 10_000:
            request.wfile.write(b"x" * 10_000)

    site.routes["/a"] = endless
    assert "is larger than 1,000,000 bytes" in refusal(f"{site.address}/a")
    assert next(sent) < 10_000


def test_a_body_whose_stated_length_is_beyond_the_limit_is_not_read(site: Site) -> None:
    site.routes["/a"] = lambda request: request.wfile.write(
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"
    )
    assert "is larger than 1,000,000 bytes" in refusal(f"{site.address}/a")


def test_compressed_content_is_unpacked_whatever_its_parts(site: Site) -> None:
    packed = gzip.compress(b"trams ") + gzip.compress(b"run")
    assert fetched(site("/a", packed, content_encoding="gzip")).content == b"trams run"


def test_a_small_body_that_unpacks_beyond_the_limit_is_refused(site: Site) -> None:
    bomb = gzip.compress(bytes(200_000_000), 1)
    assert len(bomb) < 1_000_000
    assert "is larger than 1,000,000 bytes" in refusal(site("/a", bomb, content_encoding="gzip"))


@pytest.mark.parametrize("coding", ["br", "gzip, gzip", "zstd"])
def test_a_coding_that_was_not_asked_for_is_refused(site: Site, coding: str) -> None:
    assert "which was not asked for" in refusal(site("/a", b"x", content_encoding=coding))


@pytest.mark.parametrize(
    "answer",
    [
        lambda request: request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
        lambda request: request.wfile.write(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf"
        ),
        lambda request: request.reply(
            200, gzip.compress(bytes(5000))[:-9], {"Content-Encoding": "gzip", "Content-Type": "text/plain"}
        ),
        lambda request: request.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n"),
        lambda request: None,
    ],
    ids=["content-length", "chunked", "gzip", "no HTTP", "nothing"],
)
def test_a_body_that_breaks_off_is_never_taken_for_whole(site: Site, answer: Any) -> None:
    site.routes["/a"] = answer
    assert "breaks off" in refusal(f"{site.address}/a", attempts=2)
    assert site.paths() == ["/a", "/a"]


def test_what_failed_once_is_had_at_the_second_try(site: Site) -> None:
    answers = iter([503, 200])
    site.routes["/a"] = lambda request: request.reply(next(answers), b"trams", {"Retry-After": "0"})
    assert fetched(f"{site.address}/a").content == b"trams"


def test_a_server_that_asks_to_wait_for_long_is_not_asked_again_and_the_time_is_named(site: Site) -> None:
    message = refusal(site("/a", status=429, retry_after="3600"))
    assert "answers 429 Too Many Requests and asks to wait 3600 seconds; try again later" in message
    assert site.paths() == ["/a"]


def test_a_time_to_wait_may_be_a_date(site: Site) -> None:
    site("/a", status=503, retry_after="Fri, 31 Dec 2999 23:59:59 GMT")
    assert "asks to wait" in refusal(f"{site.address}/a")
    for number, unread in enumerate(("soon", f"Mon, 01 Jan 2024 00:00:00 +{'9' * 17}")):
        address = site(f"/b{number}", status=503, retry_after=unread)
        assert "asks to wait" not in refusal(address, attempts=1)


def test_what_is_not_found_is_not_asked_for_again(site: Site) -> None:
    assert refusal(f"{site.address}/a") == f"{site.address}/a: answers 404 Not Found; check the address"
    assert site.paths() == ["/a"]


def test_what_is_unchanged_is_not_sent_again(site: Site) -> None:
    address = site("/a", "trams", etag='"1"', last_modified="Mon, 02 Mar 2020 10:00:00 GMT")
    known = fetched(address).validators
    assert fetcher().fetch(address, known) is None
    assert site.requests[-1][1]["If-None-Match"] == '"1"'
    assert site.requests[-1][1]["If-Modified-Since"] == "Mon, 02 Mar 2020 10:00:00 GMT"


def test_a_validator_that_cannot_be_sent_is_left_out(site: Site) -> None:
    address = site("/a", "trams", etag='"\xe9"', last_modified="Mon, 02 Mar 2020 10:00:00 GMT")
    known = fetched(address).validators
    assert known is not None
    assert fetched(address) == fetcher().fetch(address, known)
    assert "If-None-Match" not in site.requests[-1][1]
    assert "If-Modified-Since" in site.requests[-1][1]


def test_validators_are_sent_only_to_the_address_that_gave_them(site: Site) -> None:
    site("/b", "trams", etag='"1"')
    address = site("/a", status=302, location="/b")
    known = fetched(address).validators
    assert fetcher().fetch(address, known) is None
    asked = [(path, "If-None-Match" in headers) for path, headers in site.requests if path != "/robots.txt"]
    assert asked[2:] == [("/a", False), ("/b", True)]


def test_a_type_that_is_not_wanted_is_refused_before_the_body_is_read(site: Site) -> None:
    def wanted(media_type: str, address: str) -> None:
        raise ReadError(address, f"is {media_type}", "leave it out")

    site.routes["/a"] = lambda request: request.wfile.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: IMAGE/png; x=y\r\nContent-Length: 5\r\n\r\n"
    )
    with pytest.raises(ReadError, match="is image/png"):
        fetcher().fetch(f"{site.address}/a", wanted=wanted)


def test_what_robots_txt_forbids_is_not_fetched_and_the_rest_is(site: Site) -> None:
    rules = "User-agent: *\nDisallow: /\n\nUser-agent: civicite\nDisallow: /*.html$\nAllow: /open.html\n"
    site("/robots.txt", rules, "text/plain")
    fetching = fetcher()
    assert fetching.fetch(site("/open.html", "trams")) is not None
    with pytest.raises(FetchError, match=r"robots\.txt asks programs to stay away"):
        fetching.fetch(site("/closed.html", "trams"))
    assert [path for path, _ in site.requests] == ["/robots.txt", "/open.html"]


def test_the_robots_txt_of_every_site_on_the_way_is_heeded(site: Site) -> None:
    with website() as other:
        other("/robots.txt", "User-agent: *\nDisallow: /", "text/plain")
        address = site("/a", status=302, location=other("/b", "trams"))
        assert "stay away" in refusal(address)
        assert other.paths() == []


@pytest.mark.parametrize("status", [404, 403, 410])
def test_a_site_that_has_no_robots_txt_may_be_fetched_from(site: Site, status: int) -> None:
    site("/robots.txt", status=status)
    assert fetched(site("/a", "trams")).content == b"trams"


@pytest.mark.parametrize("status", [500, 429])
def test_a_site_whose_robots_txt_cannot_be_read_is_left_alone(site: Site, status: int) -> None:
    site("/robots.txt", status=status)
    fetching = fetcher(attempts=2)
    for path in ("/a", "/b"):
        with pytest.raises(FetchError, match=rf"robots.txt cannot be read \(answers {status}"):
            fetching.fetch(site(path, "trams"))
    assert [path for path, _ in site.requests] == ["/robots.txt"] * 2


@pytest.mark.parametrize(("asked", "kept"), [(40, 40), (100, 60)])
def test_the_pause_that_a_site_asks_for_is_kept_within_bounds(
    site: Site, monkeypatch: pytest.MonkeyPatch, asked: int, kept: int
) -> None:
    pauses: list[float] = []
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=pauses.append)
    monkeypatch.setattr("indexer.fetching.time", clock)
    site("/robots.txt", f"User-agent: *\nCrawl-delay: {asked}\n", "text/plain")
    fetching = fetcher(longest_pause=60.0)
    for _ in range(2):
        fetching.fetch(site("/a", "trams"))
    # One after robots.txt, one after the first page; what went by meanwhile is part of each.
    assert [kept - 20 < pause <= kept for pause in pauses] == [True, True]


def test_encryption_goes_by_the_hosts_name_and_an_unknown_authority_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    with website(context) as site:
        address = site("/a", "trams")
        assert "certificate" in refusal(address, attempts=1)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        assert fetched(address).content == b"trams"
        assert "certificate" in refusal(address.replace("localhost", "127.0.0.1"), attempts=1)


def test_a_machine_that_does_not_listen_is_named_with_the_mend() -> None:
    address = f"http://127.0.0.1:{closed_port()}/a"
    message = refusal(address, attempts=1)
    assert message.startswith(f"{address}: cannot be connected to (")
    assert message.endswith("check the address and the network")


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("HTTP://Example.ORG", "http://example.org/"),
        ("https://example.org:443/a/../b#part", "https://example.org/b"),
        ("https://example.org/a?utm_source=x&id=7&fbclid=y&UTM_medium=z", "https://example.org/a?id=7"),
        ("https://example.org/?gclid=1", "https://example.org/"),
        ("https://example.org/a?source=7&ref=b&empty=&x", "https://example.org/a?source=7&ref=b&empty=&x"),
        (" https://example.org/부산 시 ", "https://example.org/%EB%B6%80%EC%82%B0%20%EC%8B%9C"),
        ("https://서울.kr/", "https://xn--2i4bq6h.kr/"),
    ],
)
def test_an_address_has_one_written_form(given: str, normal: str) -> None:
    assert normal_address(given) == normal
    assert normal_address(normal) == normal


@pytest.mark.parametrize(
    "given",
    [
        "ftp://example.org/a",
        "https://",
        "https://[",
        "mailto:a@b.c",
        "",
        "//x/y",
        "http://xn--a/",
        "http://xn--zz99--zz.example/",
        "http://localhost:65536/",
    ],
)
def test_what_is_no_web_address_is_refused(given: str) -> None:
    with pytest.raises(ReadError, match=r"write it as https://example\.org/page"):
        normal_address(given)


def test_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(ReadError, match="name or password") as caught:
        normal_address("https://anna:geheim@example.org/a")
    assert "geheim" not in str(caught.value)


def test_an_id_shows_letters_as_letters_and_leaves_everything_else_escaped() -> None:
    assert identity_of("https://example.org/%EB%B6%80%EC%82%B0%20%EC%8B%9C%2Fa%C2%A0%FF") == (
        "https://example.org/부산%20시%2Fa%C2%A0%FF"
    )
