"""The agent's door, used by the protocol's own client: a subprocess on stdio and a server over HTTP."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio.from_thread
import httpx
import pytest
from building import article, put
from commandline import COMMAND, ENVIRONMENT, served
from mcp import Client, MCPError, StdioServerParameters, stdio_client

from service.budget import tokens

WELL = "The old well was opened in 1880. It is nine metres deep."
LONG = " ".join(f"Lamp {number} stands in street {number}." for number in range(400))
ARTICLES = [
    article("wells/old", WELL, "The well", city="Oldtown", published="2020-02", publisher="Town Board"),
    article("mill", "The mill burned down in 1911.", "The mill", city=["Milltown", "Newtown"]),
    article("long", LONG, "Lamps"),
    *(article(f"bridge/{n}", f"Bridge {n} crosses the river at mile {n}.", city=f"T{n}") for n in range(60)),
]
QUESTION = "When was the old well opened?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("mcp") / "index"
    put(place, ARTICLES)
    return place


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[str]:
    with served(folder) as address:
        yield address


class Agent:
    """The client, without the waiting."""

    def __init__(self, client: Client, portal: anyio.from_thread.BlockingPortal) -> None:
        self._client, self._portal = client, portal

    def do(self, act: Callable[[Client], Any]) -> Any:
        return self._portal.call(act, self._client)

    def call(self, tool: str, **arguments: Any) -> Any:
        return self.do(lambda client: client.call_tool(tool, arguments))

    def reply(self, tool: str, **arguments: Any) -> dict[str, Any]:
        result = self.call(tool, **arguments)
        assert not result.is_error, result.content
        assert result.content[0].text
        return dict(result.structured_content)

    def error(self, tool: str, **arguments: Any) -> str:
        result = self.call(tool, **arguments)
        assert result.is_error
        return str(result.content[0].text)


@pytest.fixture(scope="module", params=["stdio", "http"])
def agent(request: pytest.FixtureRequest, folder: Path) -> Iterator[Agent]:
    if request.param == "stdio":
        told = StdioServerParameters(command=COMMAND, args=["mcp", "--index", str(folder)], env=ENVIRONMENT)
        transport: Any = stdio_client(told)
    else:
        transport = f"{request.getfixturevalue('server')}/mcp"
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Client(transport)) as client,
    ):
        yield Agent(client, portal)


def test_the_tools_are_there_and_change_nothing(agent: Agent) -> None:
    tools = agent.do(lambda client: client.list_tools()).tools
    assert [tool.name for tool in tools] == [
        "search", "ask", "read_article", "verify_quote", "list_facets", "status",
    ]  # fmt: skip
    for tool in tools:
        assert tool.annotations.read_only_hint
        assert tool.description
        assert tool.output_schema
        for name, parameter in tool.input_schema["properties"].items():
            assert parameter.get("description"), f"{tool.name}: {name}"


def test_an_answer_is_text_and_values_with_quotations_at_their_places(agent: Agent) -> None:
    result = agent.call("ask", question=QUESTION, min_confidence=0, filters={"city": "Oldtown"})
    reply = result.structured_content
    assert reply["answer"].startswith("The old well was opened in 1880. [1]")
    for cited in reply["quotations"]:
        assert WELL[cited["start"] : cited["end"]] == cited["quote"]
    assert (reply["quotations"][0]["article_id"], reply["quotations"][0]["publisher"]) == (
        "wells/old",
        "Town Board",
    )
    assert '[1] "The old well was opened in 1880."' in result.content[0].text
    assert (reply["abstained"], reply["nearest"], reply["cursor"]) == (False, [], None)


def test_values_under_two_spellings_of_one_facet_are_all_wanted(agent: Agent) -> None:
    filters = {"City": ["Oldtown"], "city": "Milltown"}
    hits = agent.reply("search", question="well or mill", filters=filters)["hits"]
    assert {hit["article_id"] for hit in hits} == {"wells/old", "mill"}


def test_an_abstention_has_its_reason_and_the_nearest_passages(agent: Agent) -> None:
    reply = agent.reply("ask", question=QUESTION, min_confidence=1)
    assert (reply["abstained"], reply["answer"], reply["quotations"]) == (True, None, [])
    assert reply["reason"]
    assert reply["message"]
    assert 0 < len(reply["nearest"]) <= 3


def test_replies_are_small_and_a_cursor_leads_through_all_of_them_once(agent: Agent) -> None:
    asked: dict[str, Any] = {"question": "Which bridge crosses the river?", "top_k": 40, "max_tokens": 400}
    found, cursor, pages = [], None, 0
    while True:
        result = agent.call("search", **asked, **({"cursor": cursor} if cursor else {}))
        reply = result.structured_content
        assert tokens(json.dumps(reply, ensure_ascii=False)) <= 400
        assert tokens(result.content[0].text) <= 400
        found += [(hit["article_id"], hit["start"]) for hit in reply["hits"]]
        pages, cursor = pages + 1, reply["cursor"]
        if cursor is None:
            break
    whole = agent.reply("search", **{**asked, "max_tokens": 20_000})
    assert whole["cursor"] is None
    assert found == [(hit["article_id"], hit["start"]) for hit in whole["hits"]]
    assert len(found) == 40
    assert pages > 3


def test_a_long_article_is_read_stretch_by_stretch_without_a_gap(agent: Agent) -> None:
    text, cursor = "", None
    while True:
        reply = agent.reply(
            "read_article", article_id="long", max_tokens=1500, **({"cursor": cursor} if cursor else {})
        )
        assert reply["start"] == len(text)
        text += reply["text"]
        assert reply["end"] == len(text)
        cursor = reply["cursor"]
        if cursor is None:
            break
    assert text == LONG


def test_a_span_of_an_article_is_read_by_its_place(agent: Agent) -> None:
    reply = agent.reply("read_article", article_id="wells/old", start=4, end=12, revision=1)
    assert (reply["text"], reply["length"], reply["cursor"]) == (WELL[4:12], len(WELL), None)


@pytest.mark.parametrize(
    ("quote", "article_id", "status"),
    [
        ("It is nine metres deep.", None, "verified"),
        ("It is nine metres deep.", "mill", "misattributed"),
        ("The old well was opened in 1881.", "wells/old", "altered"),
        ("Nobody ever said a thing like this.", None, "not_found"),
    ],
)
def test_a_quotation_is_classed_and_its_true_place_shown(
    quote: str, article_id: str | None, status: str, agent: Agent
) -> None:
    more = {"article_id": article_id} if article_id else {}
    reply = agent.reply("verify_quote", quote=quote, **more)
    assert reply["status"] == status
    if status == "not_found":
        assert reply["found"] is None
    else:
        assert WELL[reply["found"]["start"] : reply["found"]["end"]] == reply["found"]["text"]
    assert bool(reply["differences"]) == (status == "altered")


def test_facets_are_counted_and_paged(agent: Agent) -> None:
    reply = agent.reply("list_facets", name="City", max_tokens=200)
    assert reply["cursor"]
    assert {one["facet"] for one in reply["facets"]} == {"city"}
    again = agent.reply("list_facets", name="City", max_tokens=200, cursor=reply["cursor"])
    assert again["facets"]
    assert not {one["value"] for one in reply["facets"]} & {one["value"] for one in again["facets"]}
    assert len(agent.reply("list_facets", name="city", max_tokens=20_000)["facets"]) == 63


def test_status_says_what_is_asked(agent: Agent) -> None:
    reply = agent.reply("status")
    assert (reply["articles"], reply["commit"]) == (len(ARTICLES), 1)


def test_an_article_is_a_resource(agent: Agent) -> None:
    read = agent.do(lambda client: client.read_resource("civicite://articles/wells/old"))
    assert read.contents[0].text == WELL
    with pytest.raises(MCPError, match="nowhere"):
        agent.do(lambda client: client.read_resource("civicite://articles/nowhere"))


@pytest.mark.parametrize(
    ("tool", "arguments", "expected"),
    [
        ("search", {"query": "well"}, r"query: search has no such parameter.*question \(required\), top_k"),
        ("search", {}, r"question: .*required.*question \(required\)"),
        ("search", {"question": "q", "top_k": 0}, r"top_k: .*top_k"),
        ("ask", {"question": "  "}, r"question: it is empty; ask something"),
        ("ask", {"question": "q", "as_of": "soon"}, r"as_of: "),
        ("ask", {"question": "q", "published_from": "soon"}, r"published_from: .*write it as"),
        ("ask", {"question": "q", "max_tokens": 5}, r"max_tokens: "),
        ("ask", {"question": "q", "filters": {f"f{n}": "v" for n in range(51)}}, r"filters: .*at most 50"),
        ("search", {"question": "q", "filters": {"city": ["v"] * 101}}, r"filters: .*at most 100"),
        ("search", {"question": "q", "filters": {"city": ["v" * 201]}}, r"filters: .*at most 200"),
        ("search", {"question": "q", "filters": {"city": "v" * 201}}, r"filters: .*at most 200"),
        ("search", {"question": "q", "filters": {"n" * 201: "v"}}, r"filters: .*at most 200"),
        ("search", {"question": "q", "filters": {"published": "2020"}}, r"filters: published is no facet; "),
        ("ask", {"question": "q", "filters": {"Published-From": "2020"}}, r"; write it as published_from$"),
        ("search", {"question": "q", "cursor": "???"}, r"cursor: it is none; give the cursor"),
        ("read_article", {"article_id": "nowhere"}, r"article_id: .*nowhere.*tool search"),
        ("read_article", {"article_id": "mill", "start": 9, "end": 5}, r"start, end: .*use 0 to"),
        ("list_facets", {"name": "mood"}, r"name: there is no facet 'mood'; use one of city"),
        ("status", {"now": True}, r"now: status has no such parameter; it has no parameters"),
        ("find", {}, r"there is no tool 'find'; use one of search, ask"),
    ],
)
def test_an_error_names_the_parameter_and_the_mend(
    tool: str, arguments: dict[str, Any], expected: str, agent: Agent
) -> None:
    message = agent.error(tool, **arguments)
    assert re.search(expected, message, re.DOTALL), message
    assert "Traceback" not in message


HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "0"},
    },
}
SPOKEN = {"Accept": "application/json, text/event-stream"}


def test_a_name_or_page_that_is_not_known_here_is_refused(server: str) -> None:
    hello = httpx.post(f"{server}/mcp", json=HELLO, headers=SPOKEN)
    assert hello.json()["result"]["serverInfo"]["name"] == "civicite"
    for headers, status in (
        ({"Host": "rebound.example"}, 421),
        ({"Origin": "https://rebound.example"}, 403),
        ({"Origin": server}, 200),
    ):
        answer = httpx.post(f"{server}/mcp", json=HELLO, headers={**SPOKEN, **headers})
        assert answer.status_code == status, headers


def test_a_key_is_wanted_where_keys_are(folder: Path) -> None:
    wanted = {**ENVIRONMENT, "CIVICITE_REQUIRE_KEYS": "true"}
    with served(folder, environment=wanted) as address:
        assert httpx.post(f"{address}/mcp", json=HELLO, headers=SPOKEN).status_code == 401


def test_the_protocol_is_imported_only_where_it_is_spoken(folder: Path) -> None:
    for module in ("service.cli", "service.assistant", "service.http"):
        script = f"import {module}, sys; sys.exit('mcp' in sys.modules)"
        subprocess.run([sys.executable, "-c", script], check=True, env=ENVIRONMENT)


def test_without_the_package_the_command_says_what_to_install(folder: Path) -> None:
    script = (
        "import sys; sys.modules['mcp'] = None; from service.cli import run;"
        f" sys.exit(run(['mcp', '--index', {str(folder)!r}]))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=ENVIRONMENT)
    assert found.returncode == 1
    assert found.stderr.strip().endswith("install it with pip install 'civicite[mcp]'")
    assert found.stderr.count("\n") == 1


def called(address: str, tool: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool over HTTP; what it replies as values."""
    told = {"method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    answer = httpx.post(
        f"{address}/mcp", json={"jsonrpc": "2.0", "id": 1, **told}, headers=SPOKEN, timeout=30
    )
    return dict(answer.json()["result"]["structuredContent"])


def test_what_a_call_leaves_out_follows_the_settings_as_at_every_other_door(folder: Path) -> None:
    strict = {**ENVIRONMENT, "CIVICITE_MIN_CONFIDENCE": "1", "CIVICITE_TOP_K": "2"}
    with served(folder, environment=strict) as address:
        assert httpx.post(f"{address}/v1/ask", json={"question": QUESTION}).json()["abstained"]
        assert called(address, "ask", question=QUESTION)["abstained"]
        assert not called(address, "ask", question=QUESTION, min_confidence=0)["abstained"]
        assert len(called(address, "search", question="Which bridge crosses the river?")["hits"]) == 2
    told = StdioServerParameters(command=COMMAND, args=["mcp", "--index", str(folder)], env=strict)
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Client(stdio_client(told))) as client,
    ):
        assert Agent(client, portal).reply("ask", question=QUESTION)["abstained"]


def test_answers_are_counted_and_shown_under_their_route(server: str) -> None:
    def count(name: str) -> float:
        shown = httpx.get(f"{server}/metrics").text
        return sum(float(line.split()[-1]) for line in shown.splitlines() if line.startswith(name))

    names = ("civicite_answers_total", "civicite_abstentions_total", "civicite_stage_seconds_count")
    before = [count(name) for name in names]
    called(server, "ask", question=QUESTION, min_confidence=0)
    called(server, "ask", question=QUESTION, min_confidence=1)
    called(server, "ask", question=QUESTION, min_confidence=1)
    after = [count(name) for name in names]
    assert [now - then for now, then in zip(after[:2], before, strict=False)] == [1, 2]
    assert after[2] > before[2]
    httpx.get(f"{server}/mcp")
    assert count('civicite_requests_total{method="POST",route="/mcp",status="200"}') >= 3
    assert count('civicite_requests_total{method="GET",route="/mcp",status="405"}') >= 1
