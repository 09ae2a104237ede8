"""A server on mcp 2.3.0 that speaks both eras at one endpoint: 2026-07-28 without sessions, and what came before it.

Started by the end-to-end tests, usually three at once. Each process seals `requestState` with a key of its own and
refuses cursors of other processes, as unchanged servers do, so a retry only works at the instance that it came from.
"""

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import mcp_types as types
from hosting import Tally, options, serve
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ServerEvent,
    ToolsListChanged,
)
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

RESOURCES = [f"note://{number}" for number in range(1, 8)]
PAGE = 3
EVENTS: dict[str, ServerEvent] = {
    "tools": ToolsListChanged(),
    "prompts": PromptsListChanged(),
    "resources": ResourcesListChanged(),
}
WORD_SCHEMA = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
QUESTION = types.ElicitRequestFormParams(message="a word?", requested_schema=WORD_SCHEMA)

Context = ServerRequestContext[Any, Any]
Answer = str | types.InputRequiredResult
Tool = Callable[["Instance", Context, types.CallToolRequestParams], Awaitable[Answer]]


class Instance:
    """One server process: its name, its tally, and what only it knows."""

    def __init__(self, name: str, tally: Tally) -> None:
        self.name = name
        self.tally = tally
        self.bus = InMemorySubscriptionBus()
        self.identity = secrets.token_hex(8)
        self.counts: Counter[str] = Counter()


def label_of(params: types.CallToolRequestParams) -> str:
    return str((params.arguments or {}).get("label", "-"))


def header_of(context: Context, name: str) -> str:
    return context.request.headers.get(name, "-") if context.request else "-"


async def whoami(instance: Instance, context: Context, params: types.CallToolRequestParams) -> Answer:
    return instance.name


async def counter(instance: Instance, context: Context, params: types.CallToolRequestParams) -> Answer:
    """Counts per session (only the older revisions have any)."""
    session = header_of(context, "mcp-session-id")
    instance.counts[session] += 1
    return str(instance.counts[session])


async def echo(instance: Instance, context: Context, params: types.CallToolRequestParams) -> Answer:
    return str((params.arguments or {}).get("text", ""))


async def big_result(instance: Instance, context: Context, params: types.CallToolRequestParams) -> Answer:
    pattern = "0123456789abcdef"
    size = int((params.arguments or {}).get("bytes", 0))
    return (pattern * (size // len(pattern) + 1))[:size]


async def progress(instance: Instance, context: Context, params: types.CallToolRequestParams) -> Answer:
    n = int((params.arguments or {}).get("n", 3))
    for step in range(1, n + 1):
        await context.session.report_progress(step, n, f"step {step}")
    return str(n)


async def ask(instance: Instance, context: Context, params: types.CallToolRequestParams) -> Answer:
    """Asks for `rounds` words, one round trip each. Says who asked, who finished, and the words."""
    if context.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        answer = await context.session.elicit_form(QUESTION.message, WORD_SCHEMA, context.request_id)
        return f"{instance.name} {instance.name} {(answer.content or {}).get('word')}"
    known = params.request_state.split() if params.request_state else [instance.name]
    for given in (params.input_responses or {}).values():
        if isinstance(given, types.ElicitResult) and given.content:
            known.append(str(given.content["word"]))
    if len(known) <= int((params.arguments or {}).get("rounds", 1)):
        questions: types.InputRequests = {f"word{len(known)}": types.ElicitRequest(params=QUESTION)}
        return types.InputRequiredResult(input_requests=questions, request_state=" ".join(known))
    return " ".join([known[0], instance.name, *known[1:]])


async def regional(instance: Instance, context: Context, params: types.CallToolRequestParams) -> Answer:
    """Says what the header `Mcp-Param-Region` was when it arrived here."""
    return header_of(context, "mcp-param-region")


async def slow(instance: Instance, context: Context, params: types.CallToolRequestParams) -> Answer:
    try:
        await anyio.sleep(float((params.arguments or {}).get("seconds", 1)))
    except anyio.get_cancelled_exc_class():
        instance.tally.add("slow", label_of(params), "cancelled")
        raise
    instance.tally.add("slow", label_of(params), "finished")
    return "slept"


async def change(instance: Instance, context: Context, params: types.CallToolRequestParams) -> Answer:
    """Publishes a change of `kind` (tools, prompts, resources), or of the resource `uri`."""
    arguments = params.arguments or {}
    event = ResourceUpdated(str(arguments["uri"])) if "uri" in arguments else EVENTS[str(arguments["kind"])]
    await instance.bus.publish(event)
    return instance.name


TOOLS: dict[str, Tool] = {
    tool.__name__: tool for tool in (whoami, counter, echo, big_result, progress, ask, regional, slow, change)
}


def schema_of(tool: str) -> dict[str, Any]:
    if tool == "regional":
        return {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}}
    return {"type": "object", "properties": {}}


def build(instance: Instance) -> Server[Any]:
    async def list_tools(context: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(
            tools=[
                types.Tool(name=name, description=tool.__doc__ or name, input_schema=schema_of(name))
                for name, tool in TOOLS.items()
            ]
        )

    async def call_tool(
        context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        if params.name not in TOOLS:
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {params.name!r}")
        instance.tally.add(params.name, label_of(params))
        answer = await TOOLS[params.name](instance, context, params)
        if isinstance(answer, str):
            return types.CallToolResult(content=[types.TextContent(text=answer)])
        return answer

    async def list_resources(
        context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        start = 0
        if params is not None and params.cursor is not None:
            owner, _, place = params.cursor.partition(".")
            if owner != instance.identity or not place.isdecimal():
                raise MCPError(types.INVALID_PARAMS, "this cursor is not from this process")
            start = int(place)
        end = start + PAGE
        page = [types.Resource(uri=uri, name=f"{uri} at {instance.name}") for uri in RESOURCES[start:end]]
        return types.ListResourcesResult(
            resources=page, next_cursor=f"{instance.identity}.{end}" if end < len(RESOURCES) else None
        )

    async def read_resource(context: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        return types.ReadResourceResult(
            contents=[types.TextResourceContents(uri=params.uri, text=f"{params.uri} at {instance.name}")]
        )

    server: Server[Any] = Server(
        "modern",
        version="1",
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_read_resource=read_resource,
        on_subscriptions_listen=ListenHandler(instance.bus),
    )
    # What MCPServer installs by default: a key made now and known to this process only.
    server.middleware.append(RequestStateBoundary(RequestStateSecurity.ephemeral(), default_audience="modern"))
    return server


def main() -> None:
    chosen = options(__doc__).parse_args()
    server = build(Instance(chosen.name, Tally(chosen.name, chosen.tally)))
    serve(server.streamable_http_app(json_response=chosen.json), chosen)


if __name__ == "__main__":
    main()
