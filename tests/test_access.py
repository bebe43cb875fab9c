"""Who may do what over HTTP: keys, addresses, pages, rates and limits, at a server that really listens."""

import asyncio
import contextlib
import json
import re
import socket
import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from building import article, put
from commandline import ENVIRONMENT, civicite, served
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from indexer import IndexUnusable, InputError
from service.access import Access, is_loopback, scope_needed
from service.cors import OtherPages
from service.guard import Guard, _Answer
from service.keys import Key, Keyring, create_key, list_keys, revoke_key
from service.keys import Scope as KeyScope
from service.problems import Problem
from service.settings import Settings
from service.store import opened, store_of

LOCAL = {"host": "127.0.0.1:8000"}
ARTICLE = {"title": "Quiet lamps", "text": "Ljubljana dims its street lamps after midnight."}
ANYWHERE = "0.0.0.0"  # noqa: S104 - what people bind to


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "index"
    put(place, [article("well", "The old well was opened in 1880.", "The well")])
    return place


@contextlib.contextmanager
def client_of(folder: Path, *options: str, key: str | None = None, **settings: str) -> Iterator[httpx.Client]:
    variables = {f"CIVICITE_{name.upper()}": value for name, value in settings.items()}
    headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
    with (
        served(folder, *options, environment={**ENVIRONMENT, **variables}) as address,
        httpx.Client(base_url=address, timeout=30, headers=headers) as client,
    ):
        yield client


def kind(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, str(response.json()["type"]).rpartition(":")[2]


def access(tmp_path: Path, **settings: Any) -> Access:
    return Access(Settings(**settings), Keyring(store_of(tmp_path / "index")))


async def unasked() -> Message:
    raise AssertionError("nobody asks for what a request holds")


def refused(rules: Access, method: str, path: str, **headers: str) -> str | None:
    try:
        rules.admit(
            method, path, {**LOCAL, **{name.replace("_", "-"): value for name, value in headers.items()}}
        )
    except Problem as problem:
        return problem.kind
    return None


def test_a_key_is_shown_once_and_kept_nowhere(folder: Path) -> None:
    made = civicite("key", "create", "--name", "city hall", "--index", folder)
    secret = made.stdout.strip()
    assert re.fullmatch(r"civicite_[0-9a-f]{8}_[\w-]{43}", secret)
    file = store_of(folder)
    assert secret.encode() not in file.read_bytes()
    assert secret.split("_", 2)[2].encode() not in file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    listed = civicite("key", "list", "--json", "--index", folder)
    assert secret not in listed.stdout
    assert {**json.loads(listed.stdout), "created": ""} == {
        "id": secret.split("_")[1], "scope": "write", "name": "city hall", "created": "", "revoked": None,
    }  # fmt: skip


def test_the_service_database_lies_beside_the_index_and_verify_does_not_mind(folder: Path) -> None:
    civicite("key", "create", "--index", folder)
    assert store_of(folder).parent == folder.parent
    assert civicite("verify", "--index", folder).returncode == 0


def test_a_damaged_service_database_is_named(folder: Path) -> None:
    store_of(folder).write_bytes(b"not a database" * 100)
    for command in (("key", "list"), ("key", "create")):
        done = civicite(*command, "--index", folder)
        assert done.returncode == 1
        assert "index.service.sqlite" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_newer_service_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "index.service.sqlite"
    create_key(file, "read")
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(IndexUnusable, match="newer"), opened(file):
        pass


@pytest.fixture(scope="module")
def one_key(tmp_path_factory: pytest.TempPathFactory) -> tuple[Keyring, Key]:
    file = tmp_path_factory.mktemp("keys") / "index.service.sqlite"
    return Keyring(file), create_key(file, "read")[1]


@given(text=st.text(max_size=80))
def test_no_other_text_is_taken_for_a_key(one_key: tuple[Keyring, Key], text: str) -> None:
    ring, key = one_key
    assert ring.find(text) is None
    assert ring.find(f"civicite_{key.id}_{text}") is None


def test_a_key_is_found_until_it_is_revoked_and_a_changed_one_never(tmp_path: Path) -> None:
    file = tmp_path / "index.service.sqlite"
    ring = Keyring(file)
    assert not ring.any_valid()
    secret, key = create_key(file, "read", "reader")
    assert ring.find(secret) == key
    for at in range(len(secret)):
        changed = secret[:at] + ("x" if secret[at] != "x" else "y") + secret[at + 1 :]
        assert ring.find(changed) is None
    revoke_key(file, key.id)
    assert ring.find(secret) is None
    assert not ring.any_valid()
    assert [one.revoked is not None for one in list_keys(file)] == [True]
    with pytest.raises(InputError, match="no such key"):
        revoke_key(file, "deadbeef")


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v1/ask", "read"),
        ("GET", "/v1/articles", "read"),
        ("GET", "/v1/articles/a/b", "read"),
        ("PUT", "/v1/articles/a", "write"),
        ("DELETE", "/v1/articles/a", "write"),
        ("POST", "/v1/articles", "write"),
        ("PATCH", "/v1/articles/a", "write"),
        ("POST", "/v1/feedback", "read"),
        ("GET", "/v1/feedback", "admin"),
    ],
)
def test_what_a_request_needs(method: str, path: str, scope: str) -> None:
    assert scope_needed(method, path) == scope


@pytest.mark.parametrize(
    ("scope", "may"),
    [("read", ["read"]), ("write", ["read", "write"]), ("admin", ["read", "write", "admin"])],
)
def test_each_scope_may_what_those_before_it_may(scope: KeyScope, may: list[KeyScope]) -> None:
    every: tuple[KeyScope, ...] = ("read", "write", "admin")
    key = Key("1", "", scope, "", "", None)
    assert [one for one in every if key.allows(one)] == may
    revoked = Key("1", "", scope, "", "", "2026-01-01")
    assert not revoked.allows("read")


def test_on_this_machine_writing_needs_a_key_as_soon_as_there_is_one(folder: Path) -> None:
    with client_of(folder) as client:
        assert client.put("/v1/articles/lamps", json=ARTICLE).status_code == 201
        writer, key = create_key(store_of(folder), "write")
        reader, _ = create_key(store_of(folder), "read")
        refusal = client.put("/v1/articles/lamps", json=ARTICLE)
        assert kind(refusal) == (401, "key-required")
        assert refusal.headers["www-authenticate"] == "Bearer"
        assert client.post("/v1/ask", json={"question": "Who dims lamps?"}).status_code == 200
        client.headers["Authorization"] = f"Bearer {reader}"
        assert kind(client.delete("/v1/articles/lamps")) == (403, "scope-missing")
        assert client.get("/v1/articles/lamps").status_code == 200
        client.headers["Authorization"] = f"Bearer {writer}"
        assert client.delete("/v1/articles/lamps").status_code == 204
        revoke_key(store_of(folder), key.id)
        assert kind(client.get("/v1/articles/well")) == (401, "key-unknown")


def test_revoking_the_last_key_opens_nothing(tmp_path: Path) -> None:
    rules = access(tmp_path, host=ANYWHERE, remote_writes=True, open_reading=True)
    assert refused(rules, "PUT", "/v1/articles/x") is None
    secret, key = create_key(store_of(tmp_path / "index"), "write")
    assert refused(rules, "PUT", "/v1/articles/x") == "key-required"
    revoke_key(store_of(tmp_path / "index"), key.id)
    assert refused(rules, "PUT", "/v1/articles/x") == "key-required"
    assert refused(rules, "GET", "/v1/articles", authorization=f"Bearer {secret}") == "key-unknown"
    local = access(tmp_path)
    assert refused(local, "DELETE", "/v1/articles/x") == "key-required"
    assert refused(local, "GET", "/v1/feedback") == "key-required"
    assert refused(local, "POST", "/v1/ask") is None


def test_whoever_tries_keys_is_slowed_down_as_all_others_are(folder: Path) -> None:
    with client_of(folder, require_keys="true", requests_per_minute="3") as client:
        tried = [client.get("/v1/facets", headers={"Authorization": f"Bearer {n}"}) for n in range(5)]
        assert [one.status_code for one in tried] == [401] * 3 + [429] * 2


def test_every_request_needs_a_key_where_the_settings_say_so(folder: Path) -> None:
    secret, _ = create_key(store_of(folder), "read")
    with client_of(folder, require_keys="true") as client:
        assert kind(client.get("/v1/articles")) == (401, "key-required")
        assert client.get("/healthz").status_code == 200
        assert client.get("/v1/articles", headers={"Authorization": f"Bearer {secret}"}).status_code == 200


def test_other_machines_are_served_only_when_somebody_decided_who_may_ask(folder: Path) -> None:
    done = civicite("serve", "--host", ANYWHERE, "--port", "0", "--index", folder)
    assert done.returncode == 1
    assert "civicite key create" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    with client_of(folder, "--host", ANYWHERE, open_reading="true") as client:
        assert client.get("/v1/articles/well").status_code == 200
        assert kind(client.put("/v1/articles/new", json=ARTICLE)) == (401, "key-required")
    secret, _ = create_key(store_of(folder), "write")
    with client_of(folder, "--host", ANYWHERE) as client:
        assert kind(client.get("/v1/articles/well")) == (401, "key-required")
        client.headers["Authorization"] = f"Bearer {secret}"
        assert client.get("/v1/articles/well").status_code == 200
        assert client.put("/v1/articles/new", json=ARTICLE).status_code == 201


def test_beyond_this_machine_nobody_may_write_what_they_may_not_read(folder: Path, tmp_path: Path) -> None:
    alone = {**ENVIRONMENT, "CIVICITE_REMOTE_WRITES": "true"}
    done = civicite("serve", "--host", ANYWHERE, "--port", "0", "--index", folder, environment=alone)
    assert done.returncode == 1
    assert "open_reading" in done.stderr
    assert "civicite key create" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    access(tmp_path, host=ANYWHERE, remote_writes=True, open_reading=True).check_binding()
    access(tmp_path, remote_writes=True).check_binding()


def test_anybody_may_write_beyond_this_machine_only_where_that_was_set_and_no_key_was_made(
    folder: Path,
) -> None:
    with client_of(folder, "--host", ANYWHERE, remote_writes="true", open_reading="true") as client:
        assert client.put("/v1/articles/new", json=ARTICLE).status_code == 201
        create_key(store_of(folder), "write")
        assert kind(client.delete("/v1/articles/new")) == (401, "key-required")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "[", "[//", "//[", "[]", "@"]
)
def test_a_name_that_only_a_foreign_name_server_knows_is_refused(host: str, tmp_path: Path) -> None:
    assert refused(access(tmp_path), "GET", "/v1/articles", host=host) == "unknown-host"


@pytest.mark.parametrize("host", ["[", "[//", "a]"])
def test_what_is_no_name_at_all_is_refused_even_where_every_name_is_known(host: str, tmp_path: Path) -> None:
    rules = access(tmp_path, host=ANYWHERE, open_reading=True)
    assert refused(rules, "GET", "/v1/articles", host="city.example") is None
    assert refused(rules, "GET", "/v1/articles", host=host) == "unknown-host"


@pytest.mark.parametrize("host", ["10.1.2.3:8370", "[fd00::7]"])
def test_probes_by_address_are_answered_whatever_names_are_set(host: str, tmp_path: Path) -> None:
    rules = access(tmp_path, host=ANYWHERE, open_reading=True, allowed_hosts=["city.example"])
    for path in ("/healthz", "/readyz"):
        assert refused(rules, "GET", path, host=host) is None
        assert refused(rules, "GET", path, host="evil.example") == "unknown-host"
    assert refused(rules, "GET", "/v1/articles", host=host) == "unknown-host"


def test_a_malformed_name_is_answered_as_a_foreign_one(folder: Path) -> None:
    with client_of(folder) as client:
        for path in ("/v1/facets", "/", "/mcp", "/v1/models", "/healthz"):
            assert client.get(path, headers={"Host": "[//"}).status_code == 421


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000", "city.example"])
def test_names_of_this_machine_and_those_in_the_settings_are_known(host: str, tmp_path: Path) -> None:
    assert (
        refused(access(tmp_path, allowed_hosts=("city.example",)), "GET", "/v1/articles", host=host) is None
    )


@pytest.mark.parametrize("path", ["/v1/articles/a", "/v1/feedback"])
@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"origin": "https://evil.example"}, "foreign-origin"),
        ({"origin": "null"}, "foreign-origin"),
        ({"origin": "http://127.0.0.1:9000"}, "foreign-origin"),
        ({"origin": "http://["}, "foreign-origin"),
        ({"sec_fetch_site": "cross-site"}, "foreign-origin"),
        ({"origin": "http://127.0.0.1:8000"}, None),
        ({"origin": "https://city.example"}, None),
        ({"sec_fetch_site": "same-origin"}, None),
        ({}, None),
    ],
)
def test_a_page_of_another_origin_changes_nothing(
    path: str, headers: dict[str, str], kind: str | None, tmp_path: Path
) -> None:
    rules = access(tmp_path, cors_origins=("https://city.example",))
    assert refused(rules, "POST", path, **headers) == kind


def test_a_page_that_hides_its_origin_changes_nothing_where_no_host_is_named(tmp_path: Path) -> None:
    rules = access(tmp_path, host=ANYWHERE, remote_writes=True, open_reading=True)
    assert refused(rules, "PUT", "/v1/articles/a", host="", origin="null") == "foreign-origin"


def test_a_browser_form_is_no_json_and_changes_nothing(folder: Path) -> None:
    with client_of(folder) as client:
        body = json.dumps(ARTICLE)
        for content_type in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
        ):
            response = client.put("/v1/articles/new", content=body, headers={"Content-Type": content_type})
            assert response.status_code == 422
        assert client.get("/v1/articles/new").status_code == 404


def test_pages_may_use_the_interface_only_where_their_origin_is_set(folder: Path) -> None:
    preflight = {"Origin": "https://city.example", "Access-Control-Request-Method": "POST"}
    with client_of(folder) as client:
        assert "access-control-allow-origin" not in client.options("/v1/ask", headers=preflight).headers
    with client_of(folder, cors_origins="https://city.example") as client:
        allowed = client.options("/v1/ask", headers=preflight)
        assert allowed.headers["access-control-allow-origin"] == "https://city.example"
        other = client.options("/v1/ask", headers={**preflight, "Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


PAGE = {"Origin": "https://city.example"}
ASKED = {
    **PAGE,
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "authorization,content-type,if-match",
}


def test_a_browser_that_asks_beforehand_needs_no_key_and_is_told_of_every_header(folder: Path) -> None:
    with client_of(folder, cors_origins=PAGE["Origin"], require_keys="true") as client:
        allowed = client.options("/v1/articles/well", headers=ASKED)
        assert allowed.status_code == 200
        assert "If-Match" in allowed.headers["access-control-allow-headers"]
        assert allowed.headers["x-content-type-options"] == "nosniff"


def readable(response: httpx.Response) -> tuple[int, str]:
    """Return the problem, which a page of the origin that is set may read."""
    assert response.headers["access-control-allow-origin"] == PAGE["Origin"]
    assert "Origin" in response.headers["vary"]
    shown = response.headers["access-control-expose-headers"]
    assert {"Retry-After", "RateLimit", "RateLimit-Policy"} <= {one.strip() for one in shown.split(",")}
    assert response.headers["content-type"] == "application/problem+json"
    return kind(response)


def test_a_page_whose_origin_is_set_can_read_why_it_was_refused(folder: Path) -> None:
    reader, _ = create_key(store_of(folder), "read")
    key = {"Authorization": f"Bearer {reader}"}
    with client_of(folder, cors_origins=PAGE["Origin"], requests_per_minute="6") as client:
        client.headers.update(PAGE)
        huge = b"[" + b" " * 1_000_000
        refusals = [
            client.put("/v1/articles/new", json=ARTICLE),
            client.put("/v1/articles/new", json=ARTICLE, headers=key),
            client.get("/nowhere"),
            client.post("/v1/ask", json={}),
            client.post("/v1/ask", content=huge),
            client.get("/v1/facets", headers={"Host": "evil.example"}),
            *(client.get("/v1/facets") for _ in range(2)),
        ]
        assert [readable(one) for one in refusals] == [
            (401, "key-required"),
            (403, "scope-missing"),
            (404, "not-found"),
            (422, "invalid-request"),
            (413, "body-too-large"),
            (421, "unknown-host"),
            *[(429, "too-many-requests")] * 2,
        ]
        # Its browser asks beforehand all the same, and is not counted.
        assert client.options("/v1/articles/well", headers=ASKED).status_code == 200


def test_a_page_of_another_origin_is_told_beforehand_by_a_problem_that_it_may_not(folder: Path) -> None:
    with client_of(folder, cors_origins=PAGE["Origin"]) as client:
        foreign = client.options("/v1/ask", headers={**ASKED, "Origin": "https://evil.example"})
        assert kind(foreign) == (403, "foreign-origin")
        assert "access-control-allow-origin" not in foreign.headers
        header = client.options("/v1/ask", headers={**ASKED, "Access-Control-Request-Headers": "x-other"})
        assert kind(header) == (403, "foreign-origin")
        for response in (foreign, header):
            assert response.headers["x-content-type-options"] == "nosniff"
        refusal = client.post("/v1/ask", json={}, headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in refusal.headers


def test_a_page_can_read_that_a_request_took_too_long_or_met_a_bug() -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("a bug")

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.3)

    async def call(app: ASGIApp) -> tuple[int, dict[str, str]]:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        rules = Access(Settings(request_seconds=0.1), Keyring(Path("/nowhere")))
        pages = OtherPages(Guard(app, rules), [PAGE["Origin"]])
        headers = [(b"host", b"localhost"), (b"origin", PAGE["Origin"].encode())]
        scope = {"type": "http", "method": "GET", "path": "/v1/x", "headers": headers}
        with contextlib.suppress(RuntimeError):
            await pages(scope, unasked, send)
        told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return int(str(sent[0]["status"])), told

    for app, status in ((failing, 500), (slow, 503)):
        found, headers = asyncio.run(call(app))
        assert found == status
        assert headers["access-control-allow-origin"] == PAGE["Origin"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-request-id"]


def test_every_answer_has_the_headers_that_keep_browsers_from_harm(folder: Path) -> None:
    with client_of(folder) as client:
        for response in (client.get("/v1/articles"), client.get("/nowhere"), client.post("/v1/ask", json={})):
            assert response.headers["content-security-policy"].startswith("default-src 'none'")
            assert response.headers["x-content-type-options"] == "nosniff"
            assert response.headers["x-frame-options"] == "DENY"
            assert response.headers["referrer-policy"] == "no-referrer"
            assert "server" not in response.headers


def test_a_request_keeps_the_id_that_it_came_with_and_gets_one_otherwise(folder: Path) -> None:
    with client_of(folder) as client:
        given_id = client.get("/nowhere", headers={"X-Request-Id": "trace-7.a:b"})
        assert given_id.headers["x-request-id"] == given_id.json()["request_id"] == "trace-7.a:b"
        for unfit in ("a b", "x" * 129, "<script>", "é".encode("latin-1").decode("latin-1")):
            response = client.get("/nowhere", headers=[(b"X-Request-Id", unfit.encode("latin-1"))])
            assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])


def test_more_requests_than_a_minute_allows_are_told_when_to_come_back(folder: Path) -> None:
    with client_of(folder, requests_per_minute="5") as client:
        answers = [client.get("/v1/facets") for _ in range(8)]
        assert [one.status_code for one in answers] == [200] * 5 + [429] * 3
        assert kind(answers[-1]) == (429, "too-many-requests")
        assert 0 < int(answers[-1].headers["retry-after"]) <= 60
        assert client.get("/healthz").status_code == 200
        # A key counts for itself, whatever its address has used up.
        secret, _ = create_key(store_of(folder), "read")
        assert client.get("/v1/facets", headers={"Authorization": f"Bearer {secret}"}).status_code == 200


@pytest.mark.parametrize(
    ("trusted", "expected"),
    [("", [200, 200, 429, 429]), ("127.0.0.1", [200] * 4), ("10.0.0.0/8", [200, 200, 429, 429])],
)
def test_a_header_makes_nobody_another_client_unless_its_proxy_is_trusted(
    folder: Path, trusted: str, expected: list[int]
) -> None:
    with client_of(folder, requests_per_minute="2", trusted_proxies=trusted) as client:
        asked = [
            client.get("/v1/facets", headers={"X-Forwarded-For": f"203.0.113.{number}"})
            for number in range(4)
        ]
        assert [one.status_code for one in asked] == expected
        again = [client.get("/v1/facets", headers={"X-Forwarded-For": "203.0.113.9"}) for _ in range(3)]
        assert again[-1].status_code == 429


def rate(response: httpx.Response) -> tuple[int, int, int, int]:
    """Return quota, window, what remains, and seconds, of the fields of the IETF's draft."""
    policy = re.fullmatch(r'"requests";q=(\d+);w=(\d+)', response.headers["ratelimit-policy"])
    left = re.fullmatch(r'"requests";r=(\d+);t=(\d+)', response.headers["ratelimit"])
    assert policy is not None
    assert left is not None
    return int(policy[1]), int(policy[2]), int(left[1]), int(left[2])


def test_every_answer_that_counts_says_how_many_requests_are_left(folder: Path) -> None:
    with client_of(folder, requests_per_minute="5") as client:
        answers = [
            client.get("/v1/facets"),
            client.get("/nowhere"),
            client.post("/v1/ask", json={}),
            client.get("/v1/facets", headers={"Host": "evil.example"}),
            client.get("/v1/models/none"),
            client.get("/v1/facets"),
        ]
        assert [one.status_code for one in answers] == [200, 404, 422, 421, 404, 429]
        assert [rate(one)[:3] for one in answers] == [(5, 60, left) for left in (4, 3, 2, 1, 0, 0)]
        assert all(0 < rate(one)[3] <= 60 for one in answers)
        assert answers[-1].headers["retry-after"] == str(rate(answers[-1])[3])
        assert "ratelimit" not in client.get("/healthz").headers
    with client_of(folder) as client:
        assert "ratelimit" not in client.get("/v1/facets").headers


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/v1/ask", 1_000_001, 413),
        ("/v1/verify", 4_000_001, 413),
        ("/v1/ask", 999_999, 422),
    ],
)
def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(
    folder: Path, path: str, size: int, status: int
) -> None:
    with client_of(folder) as client:
        told = client.post(path, content=b"[" + b" " * (size - 1))
        assert told.status_code == status
        untold = client.post(path, content=iter([b"[", *[b" " * 65536] * (size // 65536 + 1)]))
        assert untold.status_code in (status, 413)


def test_a_server_with_too_many_requests_under_way_says_so_and_a_slow_one_is_given_up() -> None:
    release = threading.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.to_thread(release.wait, 10)

    async def call(guard: Guard) -> tuple[int, str]:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/v1/x", "headers": [(b"host", b"localhost")]}
        await guard(scope, unasked, send)
        assert b"retry-after" in dict(sent[0]["headers"])
        body = b"".join(bytes(one.get("body", b"")) for one in sent)
        assert [one["type"] for one in sent].count("http.response.start") == 1
        return int(str(sent[0]["status"])), str(json.loads(body)["type"]).rpartition(":")[2]

    async def main() -> list[tuple[int, str]]:
        rules = Access(Settings(max_requests=2, request_seconds=0.2), Keyring(Path("/nowhere")))
        guard = Guard(slow, rules)
        waiting = [asyncio.create_task(call(guard)) for _ in range(2)]
        await asyncio.sleep(0)
        refusal = await call(guard)
        await asyncio.sleep(0.4)
        release.set()
        return [refusal, *await asyncio.gather(*waiting)]

    assert asyncio.run(main()) == [(503, "overloaded"), (503, "too-slow"), (503, "too-slow")]


def test_a_request_that_ends_in_the_moment_it_is_given_up_is_told_so_whole() -> None:
    async def ending(scope: Scope, receive: Receive, send: Send) -> None:
        assert isinstance(send, _Answer)
        send._expire()

    async def main() -> list[str]:
        sent: list[str] = []

        async def send(message: Message) -> None:
            sent.append(str(message["type"]))

        guard = Guard(ending, Access(Settings(), Keyring(Path("/nowhere"))))
        scope = {"type": "http", "method": "GET", "path": "/v1/x", "headers": [(b"host", b"localhost")]}
        await guard(scope, unasked, send)
        return list(sent)

    assert asyncio.run(main()) == ["http.response.start", "http.response.body"]


def test_a_request_that_is_no_http_harms_nothing(folder: Path) -> None:
    with client_of(folder) as client:
        with socket.create_connection((client.base_url.host, client.base_url.port)) as raw:
            raw.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
            raw.recv(1000)
        assert client.get("/v1/facets").status_code == 200


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        (ANYWHERE, False),
        ("::", False),
        ("example.org", False),
        ("", False),
    ],
)
def test_what_is_this_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_the_command_lists_revokes_and_refuses_what_is_none(folder: Path) -> None:
    assert civicite("key", "list", "--index", folder).stdout == ""
    assert civicite("key", "create", "--scope", "all", "--index", folder).returncode == 2
    secret = civicite("key", "create", "--scope", "admin", "--index", folder).stdout.strip()
    identity = secret.split("_")[1]
    assert civicite("key", "revoke", identity, "--index", folder).stdout == f"revoked {identity}\n"
    assert "revoked" in civicite("key", "list", "--index", folder).stdout
    unknown = civicite("key", "revoke", "nobody", "--index", folder)
    assert (unknown.returncode, len(unknown.stderr.splitlines())) == (1, 1)
