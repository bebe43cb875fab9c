"""The pages: what a browser and a program find at the root, and what they may load."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from building import article, put
from commandline import ENVIRONMENT, served

PAGE = Path(__file__).parents[1] / "service" / "page"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("pages") / "index"
    put(place, [article("well", "The old well was opened in 1880.", "The well")])
    return place


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[httpx.Client]:
    with served(folder) as address, httpx.Client(base_url=address) as client:
        yield client


def test_a_program_finds_where_to_go(client: httpx.Client) -> None:
    found = client.get("/")
    pointer = found.json()
    assert pointer["name"] == "civicite"
    for name in ("openapi", "llms"):
        assert client.get(pointer[name]).status_code == 200
    assert client.post(pointer["ask"], json={"question": "q"}).status_code == 200
    assert "Accept" in found.headers["vary"]


def test_a_browser_finds_a_page_that_loads_nothing_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/", headers=BROWSER)
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"https?:|<style|style=|\son\w+=|<script>", page.text)
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert {"page.css", "page.js", "page-icon.svg"} <= set(loaded)
    for address in loaded:
        assert client.get(f"/{address}").status_code == 200, address
    assert client.get("/page.js").headers["content-type"].startswith("text/javascript")
    assert client.get("/page.css").headers["content-type"].startswith("text/css")


OPEN = ["/", "/healthz", "/readyz", "/llms.txt", "/page.js", "/page.css", "/page-icon.svg"]


@pytest.mark.parametrize("address", OPEN)
def test_what_is_open_to_all_is_answered_to_head_without_a_body(address: str, client: httpx.Client) -> None:
    whole, head = client.get(address), client.head(address)
    assert (whole.status_code, head.status_code, head.content) == (200, 200, b"")
    for name in ("content-type", "etag", "cache-control"):
        assert head.headers.get(name) == whole.headers.get(name)


@pytest.mark.parametrize("address", [*OPEN, "/metrics"])
def test_pages_are_found_by_links_to_which_others_added_something(address: str, client: httpx.Client) -> None:
    assert client.get(address, params={"utm_source": "a"}).status_code == 200


@pytest.mark.parametrize("address", ["/", "/page.js", "/page.css", "/page-icon.svg", "/llms.txt"])
def test_what_a_browser_has_of_the_page_is_not_sent_again(client: httpx.Client, address: str) -> None:
    first = client.get(address, headers=BROWSER)
    again = client.get(address, headers={**BROWSER, "If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert ("Accept" in again.headers.get("vary", "")) == (address == "/")
    for name in ("etag", "content-security-policy", "cache-control"):
        assert again.headers.get(name) == first.headers.get(name)
    assert client.get(address, headers={**BROWSER, "If-None-Match": 'W/"other"'}).status_code == 200


def test_what_articles_say_is_never_markup_to_the_page() -> None:
    scripts = [path.read_text(encoding="utf-8") for path in PAGE.glob("*.js")]
    assert len(scripts) > 2
    script = "\n".join(scripts)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(", script)


def test_a_form_field_has_a_label_and_news_are_announced() -> None:
    page = (PAGE / "page.html").read_text(encoding="utf-8")
    fields = re.findall(r'<input id="([^"]+)"', page)
    assert len(fields) > 2
    for identity in fields:
        assert f'<label for="{identity}">' in page
    assert '<html lang="en">' in page
    assert 'aria-live="polite"' in page


def test_llms_txt_names_addresses_that_are_there_and_a_policy(client: httpx.Client) -> None:
    text = client.get("/llms.txt").text
    assert text.startswith("# civicite\n\n> ")
    assert "## What may be copied" in text
    described = client.get("/openapi.json").json()["paths"]
    named = set(re.findall(r"(?:GET|POST) (/v1/[\w/]+)", text))
    assert len(named) >= 6
    assert named <= set(described)


def test_pages_are_open_where_answers_need_a_key(folder: Path) -> None:
    wanted = {**ENVIRONMENT, "CIVICITE_REQUIRE_KEYS": "true"}
    with served(folder, environment=wanted) as address, httpx.Client(base_url=address) as client:
        for path in ("/", "/llms.txt", *(f"/{file.name}" for file in PAGE.glob("page*.[!h]*"))):
            assert client.get(path).status_code == 200
        assert client.post("/v1/ask", json={"question": "q"}).status_code == 401


def test_every_endpoint_has_an_example_of_its_request_or_needs_none(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), f"{method} {path}"
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                if kind == "application/json":
                    schema = described["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
                    assert schema.get("examples") or content.get("example"), f"{method} {path}"
