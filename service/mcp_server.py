"""The tools over the Model Context Protocol, made with its official package.

One server for each process, over the one collection that the process has open. Knows the protocol's names and
how errors are told to a model; what a tool does is in ``tools.py``.
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import version
from typing import Annotated, Any, TypeVar

import anyio.to_thread
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError, ToolError
from mcp_types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import Field, ValidationError

from indexer import MOST_FACETS, ArticleNotFound, CiviciteError, InputError, shown
from service import tool_replies, tools
from service.answer import Answer, SearchResult
from service.askable import LONGEST_QUESTION, MOST_PASSAGES
from service.budget import FEWEST_TOKENS, MOST_TOKENS, USUAL_TOKENS
from service.collection import LocalCollection
from service.field_problems import LONGEST_FIELD
from service.schemas import Name, Values
from service.settings import Settings
from service.verification import LONGEST_QUOTE

log = logging.getLogger("uvicorn.error")

INSTRUCTIONS = (
    "civicite answers questions about cities from a collection of articles. Every sentence of an answer is a"
    " quotation that was compared with its source character by character; quote it unchanged and name the"
    " source. Start with ask; use search where it abstains, read_article for what stands around a passage,"
    " and verify_quote before you quote from memory. Replies are small: raise max_tokens, or go on by cursor."
)

READING = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)

Question = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_QUESTION, description="A whole question, as one asks a person"),
]
Facets = Annotated[
    dict[Name, Name | Values] | None,
    Field(
        max_length=MOST_FACETS,
        description='Only articles with these facets, e.g. {"city": ["Incheon"]}; see list_facets',
    ),
]
Day = Annotated[
    str | None, Field(max_length=10, description="A day, month or year of publication, e.g. 2020-02")
]
AsOf = Annotated[
    str | int | None, Field(description="What was known by this date (2024-05-31), instant or commit number")
]
Room = Annotated[
    int, Field(ge=FEWEST_TOKENS, le=MOST_TOKENS, description="About how many tokens the reply may have")
]
More = Annotated[
    str | None, Field(max_length=500, description="The cursor of the reply before, with the same parameters")
]
Identity = Annotated[str, Field(min_length=1, max_length=512, description="As in search and ask")]
Offset = Annotated[int, Field(ge=0, le=2**31 - 1)]

Noted = Callable[[Any, Answer | SearchResult], None]
"""Is told of each answer; the first argument is the HTTP request that asked, None on standard input."""

R = TypeVar("R", bound=tool_replies.Reply)


class Server(MCPServer[Any]):
    """Refuses parameters that a tool does not have, and names those that it has."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool by its name."""
        known = {tool.name: tool.input_schema for tool in await self.list_tools()}
        if name not in known:
            raise ToolError(f"there is no tool {shown(name)}; use one of {', '.join(known)}")
        strange = [one for one in arguments if one not in known[name].get("properties", {})]
        if strange:
            raise ToolError(
                f"{strange[0][:LONGEST_FIELD]}: {name} has no such parameter; {_parameters(known[name])}"
            )
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            cause = error.__cause__
            if isinstance(cause, ValidationError):
                raise ToolError(f"{_first_problem(cause)}; {_parameters(known[name])}") from error
            if isinstance(cause, ToolError):
                raise ToolError(str(cause)) from error
            raise


def _not_noted(request: object, answer: Answer | SearchResult) -> None:
    """Note nothing: where nothing is counted, nothing is told."""


def create_server(collection: LocalCollection, settings: Settings, noted: Noted = _not_noted) -> Server:
    """Return the server over a collection; ``settings`` hold where a call does not say otherwise."""
    server = Server(
        "civicite",
        instructions=INSTRUCTIONS,
        version=version("civicite"),
        log_level="WARNING",
        # Nothing is ever notified, and over HTTP a subscription is a request that never ends.
        subscriptions=False,
    )
    add = partial(server.tool, annotations=READING)

    @add(title="Search passages")
    async def search(
        context: Context[Any, Any],
        question: Question,
        top_k: Annotated[
            int, Field(ge=1, le=MOST_PASSAGES, description="Passages in all replies together")
        ] = settings.top_k,
        filters: Facets = None,
        published_from: Day = None,
        published_to: Day = None,
        as_of: AsOf = None,
        max_tokens: Room = USUAL_TOKENS,
        cursor: More = None,
    ) -> Annotated[CallToolResult, tool_replies.SearchReply]:
        """Find the passages nearest to a question, verbatim, with their places in the articles."""
        return await _replied(
            lambda: tools.search(
                collection,
                question,
                top_k=top_k,
                filters=tools.filters_of(filters, published_from, published_to),
                as_of=as_of,
                max_tokens=max_tokens,
                cursor=cursor,
                noted=partial(noted, context.request_context.request),
            )
        )

    @add(title="Ask a question")
    async def ask(
        context: Context[Any, Any],
        question: Question,
        filters: Facets = None,
        published_from: Day = None,
        published_to: Day = None,
        min_confidence: Annotated[
            float | None, Field(ge=0, le=1, description="Answer from this confidence on; 0 answers always")
        ] = None,
        as_of: AsOf = None,
        max_tokens: Room = USUAL_TOKENS,
        cursor: More = None,
    ) -> Annotated[CallToolResult, tool_replies.AskReply]:
        """Answer a question with verified quotations and their sources, or say why there is no answer."""
        return await _replied(
            lambda: tools.ask(
                collection,
                question,
                top_k=settings.top_k,
                filters=tools.filters_of(filters, published_from, published_to),
                min_confidence=settings.min_confidence if min_confidence is None else min_confidence,
                as_of=as_of,
                max_tokens=max_tokens,
                cursor=cursor,
                noted=partial(noted, context.request_context.request),
            )
        )

    @add(title="Read an article")
    async def read_article(
        article_id: Identity,
        start: Annotated[Offset, Field(description="First character, from 0")] = 0,
        end: Annotated[Offset | None, Field(description="The character behind the last one")] = None,
        revision: Annotated[Offset | None, Field(description="As a quotation names it")] = None,
        max_tokens: Room = USUAL_TOKENS,
        cursor: More = None,
    ) -> Annotated[CallToolResult, tool_replies.ReadReply]:
        """Read an article's text from a place on: what stands around a quotation or passage."""
        return await _replied(
            lambda: tools.read_article(
                collection,
                article_id,
                start=start,
                end=end,
                revision=revision,
                max_tokens=max_tokens,
                cursor=cursor,
            )
        )

    @add(title="Verify a quotation")
    async def verify_quote(
        quote: Annotated[str, Field(min_length=1, max_length=LONGEST_QUOTE, description="The quoted words")],
        article_id: Annotated[Identity | None, Field(description="Where they are said to stand")] = None,
        max_tokens: Room = USUAL_TOKENS,
    ) -> Annotated[CallToolResult, tool_replies.VerifyReply]:
        """Say whether words stand in the articles, character for character, and what is nearest if not."""
        return await _replied(
            lambda: tools.verify_quote(collection, quote, article_id=article_id, max_tokens=max_tokens)
        )

    @add(title="List facets")
    async def list_facets(
        name: Annotated[str | None, Field(max_length=200, description="One facet alone, e.g. city")] = None,
        max_tokens: Room = USUAL_TOKENS,
        cursor: More = None,
    ) -> Annotated[CallToolResult, tool_replies.FacetsReply]:
        """List the facets that ask and search can filter by, with the number of articles for each value."""
        return await _replied(
            lambda: tools.list_facets(collection, name, max_tokens=max_tokens, cursor=cursor)
        )

    @add(title="Status")
    async def status() -> Annotated[CallToolResult, tool_replies.StatusReply]:
        """Say how many articles there are, and how new."""
        return await _replied(lambda: tools.status(collection))

    @server.resource(
        "civicite://articles/{+article_id}",
        title="Article",
        description="The canonical text of a current article",
        mime_type="text/plain",
    )
    async def article(article_id: str) -> str:
        try:
            return (await anyio.to_thread.run_sync(collection.article, article_id)).text
        except ArticleNotFound as error:
            raise ResourceNotFoundError(f"{error.where}: {error.problem}") from error
        except CiviciteError as error:
            log.error("mcp: %s", error)
            raise ResourceError("the article cannot be read; the server's log says why") from error

    return server


async def _replied(work: Callable[[], R]) -> CallToolResult:
    """Do the work in a thread and return its reply as text and as values."""
    try:
        reply = await anyio.to_thread.run_sync(work)
    except InputError as error:
        raise ToolError(str(error)) from error
    except CiviciteError as error:
        # The message may name folders of this machine: it belongs in the log.
        log.error("mcp: %s", error)
        raise ToolError("the index cannot be used; the server's log says why") from error
    text = TextContent(type="text", text=reply.shown())
    return CallToolResult(content=[text], structured_content=reply.model_dump())


def _parameters(schema: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    shown = [f"{name} (required)" if name in required else name for name in schema.get("properties", {})]
    return f"its parameters are {', '.join(shown)}" if shown else "it has no parameters"


def _first_problem(error: ValidationError) -> str:
    found = error.errors()
    # Of what may be of two types the first error only says that it is not of the other.
    first = next((one for one in found if not one["type"].endswith("_type")), found[0])
    return f"{'.'.join(str(part) for part in first['loc'][:1])}: {first['msg']}"
