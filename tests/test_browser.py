"""The page at ``/`` in a real browser: asked, followed, with a keyboard, on a narrow screen, in the dark.

Drives the Chromium that is installed; nothing is downloaded. Without one these tests are skipped; .ci/run
installs one.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from building import article, put
from commandline import ENVIRONMENT, served
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from service.keys import create_key
from service.store import store_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()
WHY = "no Chromium is installed; on Debian 'apt-get install chromium' brings one"
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHY)

HOSTILE = "<script>alert(1)</script> & <b>the</b> harbour of Solund"
BRIDGE = (
    "Norvik, once a fishing village, is a city on a fjord.\n\n"
    "The Norvik bridge was opened in 1911. It carries trams."
)
ARTICLES = [
    article("bridge", BRIDGE, "The bridge", publisher="Norvik Post", published="2019-05-01", city="Norvik"),
    article(
        "a/hostile 1?",
        "The Solund depot has 26 trams.\n\nOn it stands <img src=x onerror=alert(2)>.",
        HOSTILE,
        published="2019-05",
        city="Solund",
    ),
    article("trams", "The Solund depot has 34 trams.", "Trams of Solund", published="2021", city="Solund"),
    article("mill", "The water mill grinds barley for the bakers of the valley.", "The mill", city="Valley"),
]
ASKED = "When was the Norvik bridge opened?"
TRAMS = "How many trams does the Solund depot have?"
UNKNOWN = "Which volcano erupted near Reykjavik?"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place = tmp_path_factory.mktemp("browser") / "index"
    put(place, ARTICLES)
    with served(place) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, address: str) -> Iterator[Page]:
    """A page that must say nothing on its console, raise nothing and ask nobody but its server."""
    yield from watched(context, address)


def watched(context: BrowserContext, address: str) -> Iterator[Page]:
    page = context.new_page()
    said: list[str] = []
    asked: set[str] = set()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    yield page
    assert said == []
    assert asked == {urlsplit(address).netloc}


def ask(page: Page, address: str, question: str, more: str = "") -> None:
    page.goto(f"{address}/?question={quote(question)}{more}")
    expect(page.locator("#answer")).to_be_visible()


def test_a_question_is_answered_by_numbered_sentences_and_quotation_cards(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_text("This collection holds 4 articles")).to_be_visible()
    page.get_by_label("Your question").fill(ASKED)
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator(".said")).to_contain_text("The Norvik bridge was opened in 1911.")
    expect(page.get_by_role("status")).to_contain_text("1 quotation")
    card = page.locator("#quotation-1")
    expect(card).to_contain_text("The bridge")
    expect(card.locator(".source")).to_have_text("Norvik Post · 1 May 2019")
    expect(card.locator("mark")).to_have_text("The Norvik bridge was opened in 1911.")
    expect(card.locator("blockquote")).to_contain_text("It carries trams.")
    expect(page.locator(".sure")).to_contain_text(
        re.compile(r"^[A-Z][a-z ]+\. Of 100 answers as sure as this")
    )
    page.get_by_role("link", name="quotation 1").click()
    expect(card).to_be_focused()
    assert "question=" in page.url


def test_a_citation_leads_to_its_article_with_the_quote_marked(page: Page, address: str) -> None:
    ask(page, address, ASKED)
    page.get_by_role("link", name="Read it in the article").first.click()
    expect(page.get_by_role("heading", name="The bridge")).to_be_visible()
    quoted = page.locator("#quote")
    expect(quoted).to_have_text("The Norvik bridge was opened in 1911.")
    expect(quoted).to_be_in_viewport()
    expect(page.locator(".text")).to_contain_text("Norvik, once a fishing village")
    assert "\n\n".join(page.locator(".text p").all_text_contents()) == BRIDGE
    page.get_by_text("About this article").click()
    expect(page.locator("dl")).to_contain_text("SHA-256")
    page.go_back()
    expect(page.locator(".said")).to_contain_text("1911")


def test_an_abstention_says_why_and_what_to_try_and_shows_the_nearest_passages(
    page: Page, address: str
) -> None:
    ask(page, address, UNKNOWN, "&filter=city%3DNorvik")
    expect(page.locator(".why")).to_contain_text("volcano")
    expect(page.get_by_role("heading", name="What to try")).to_be_visible()
    expect(page.locator(".cards .card").first).to_be_visible()
    page.get_by_role("button", name="Ask all articles").click()
    expect(page.get_by_role("button", name="Ask all articles")).to_have_count(0)
    assert "filter" not in page.url
    page.get_by_role("button", name="Show the likeliest sentence").click()
    expect(page.locator(".sure")).to_contain_text(re.compile("^(Doubtful|Uncertain)"))


def test_sources_that_differ_stand_side_by_side_and_markup_is_text(page: Page, address: str) -> None:
    ask(page, address, TRAMS, "&sure=any")
    sides = page.locator(".conflict .side")
    expect(sides).to_have_count(2)
    assert {one.inner_text() for one in sides.locator(".value").all()} == {"26", "34"}
    expect(page.locator(".conflict")).to_contain_text(HOSTILE)
    boxes = [one.bounding_box() for one in sides.all()]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["y"] == boxes[1]["y"]
    assert page.locator("#answer b, #answer img, #answer script").count() == 0


def test_a_hostile_article_is_shown_as_text(page: Page, address: str) -> None:
    ask(page, address, TRAMS, "&sure=any")
    page.get_by_role("link", name=HOSTILE).first.click()
    expect(page.get_by_role("heading", name=HOSTILE)).to_be_visible()
    expect(page.locator(".text")).to_contain_text("<img src=x onerror=alert(2)>")
    expect(page.locator("#quote")).to_have_text("The Solund depot has 26 trams.")
    assert page.locator("#answer b, #answer img, #answer script").count() == 0
    assert page.title().startswith(HOSTILE)


def test_articles_are_narrowed_by_facet_and_the_address_keeps_it(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_text("Narrow the articles").click()
    page.get_by_label("city").select_option("Solund")
    page.get_by_label("Published from").fill("2020-01-01")
    page.get_by_label("Your question").fill(TRAMS)
    with page.expect_request("**/v1/ask") as sent:
        page.keyboard.press("Enter")
    body = sent.value.post_data_json
    assert body is not None
    assert body["filters"] == {"city": ["Solund"], "published": {"from": "2020-01-01", "to": None}}
    expect(page.get_by_text("(2 filters)")).to_be_visible()
    page.reload()
    expect(page.get_by_text("(2 filters)")).to_be_visible()
    expect(page.locator("#answer")).to_be_visible()


def test_what_somebody_says_of_an_answer_is_kept(page: Page, address: str) -> None:
    ask(page, address, ASKED)
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_text("Thank you")).to_be_visible()
    kept = page.request.get(f"{address}/v1/feedback").json()["feedback"]
    assert [(one["question"], one["verdict"]) for one in kept] == [(ASKED, "right")]


def test_everything_can_be_reached_and_used_with_a_keyboard_alone(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_label("Your question")).to_be_focused()
    page.keyboard.type(ASKED)
    page.keyboard.press("Enter")
    expect(page.locator("#answer")).to_be_visible()
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim()"))
        if reached[-1] == "Read it in the article":
            break
    assert reached[0] == "Ask"
    assert "Narrow the articles" in reached
    ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert ring == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("#quote")).to_be_focused()


@pytest.mark.parametrize("question", [ASKED, TRAMS, UNKNOWN])
def test_a_narrow_screen_needs_no_scrolling_sideways(browser: Browser, address: str, question: str) -> None:
    context = browser.new_context(viewport={"width": 375, "height": 700}, has_touch=True, is_mobile=True)
    for page in watched(context, address):
        ask(page, address, question)
        assert page.evaluate("document.documentElement.scrollWidth") == 375
        page.goto(f"{address}/?article={quote('a/hostile 1?', safe='')}")
        expect(page.locator(".text")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 375
        button = page.get_by_role("button", name="Ask", exact=True).bounding_box()
        assert button is not None
        assert button["height"] >= 40
    context.close()


PLACES = (
    "",
    f"?question={quote(ASKED)}",
    f"?question={quote(TRAMS)}&sure=any",
    f"?question={quote(UNKNOWN)}",
    "?article=bridge&revision=1&start=55&end=92",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_by_axes_rules_in_light_and_dark(
    browser: Browser, address: str, scheme: Literal["light", "dark"]
) -> None:
    # Axe is put into the page from outside, which the page's own policy would forbid.
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)
    for page in watched(context, address):
        for place in PLACES:
            page.goto(f"{address}/{place}")
            expect(page.locator("#answer, #welcome").locator("visible=true")).to_be_visible()
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        lightness = sum(int(one) for one in re.findall(r"\d+", paper)[:3]) / 3
        assert (lightness < 60) == (scheme == "dark")
    context.close()


def test_the_policy_of_the_page_is_in_force(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    page.goto(address)
    refused = page.evaluate(
        """async () => {
            const broken = [];
            const note = (event) => broken.push(event.effectiveDirective);
            document.addEventListener("securitypolicyviolation", note);
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            const image = document.createElement("img");
            image.src = "http://203.0.113.1/x.png";
            document.body.append(image);
            await fetch("http://203.0.113.1/").catch(() => {});
            await new Promise((done) => setTimeout(done, 100));
            return [window.ran === undefined, ...broken.sort()];
        }"""
    )
    assert refused == [True, "connect-src", "img-src", "script-src-elem"]


def test_a_server_that_asks_for_a_key_is_given_one_on_the_page(
    context: BrowserContext, tmp_path: Path
) -> None:
    place = tmp_path / "index"
    put(place, ARTICLES)
    secret, _ = create_key(store_of(place), "read")
    with served(place, environment={**ENVIRONMENT, "CIVICITE_REQUIRE_KEYS": "true"}) as address:
        page = context.new_page()
        page.goto(f"{address}/?question={quote(ASKED)}")
        expect(page.get_by_role("status")).to_contain_text("key")
        page.get_by_label("This server asks for a key").fill(secret)
        page.keyboard.press("Enter")
        expect(page.locator(".said")).to_contain_text("1911")
        assert secret not in page.url


def test_a_page_of_another_origin_reads_answers_and_refusals_where_its_origin_is_set(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    place = tmp_path / "index"
    put(place, ARTICLES)
    create_key(store_of(place), "read")
    # The other origin is the other server's, whose page may ask nobody else: hence without its policy.
    context = browser.new_context(bypass_csp=True)
    variables = {"CIVICITE_CORS_ORIGINS": address, "CIVICITE_REQUESTS_PER_MINUTE": "2"}
    with served(place, environment={**ENVIRONMENT, **variables}) as other:
        page = context.new_page()
        page.goto(address)
        told = page.evaluate(
            """async (other) => {
                const told = [];
                const body = JSON.stringify({ question: "When was the Norvik bridge opened?" });
                const headers = { "Content-Type": "application/json" };
                const put = { method: "PUT", headers, body: JSON.stringify({ text: "A lamp." }) };
                const asked = { method: "POST", headers, body };
                const all = [["/v1/ask", asked], ["/v1/articles/x", put], ["/v1/facets", {}]];
                for (const [path, options] of all) {
                    const response = await fetch(other + path, options);
                    const content = await response.json();
                    const left = response.headers.get("RateLimit");
                    told.push([response.status, content.type || content.answer, left.split(";")[1]]);
                }
                return told;
            }""",
            other,
        )
        assert told == [
            [200, "The Norvik bridge was opened in 1911. [1]", "r=1"],
            [401, "urn:civicite:problem:key-required", "r=0"],
            [429, "urn:civicite:problem:too-many-requests", "r=0"],
        ]
    context.close()
