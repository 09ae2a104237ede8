"""A server on mcp 1.30.0 with sessions (revisions up to 2025-11-25) and one tool for each thing a gateway must carry.

Started by the end-to-end tests, usually three at once. Modes: SSE or JSON answers, with or without sessions, with an
event store, with HTTP+SSE (2024-11-05) at /sse beside Streamable HTTP at /mcp.
"""

import contextlib
from collections.abc import AsyncIterator
from itertools import count
from typing import Any
from weakref import WeakSet

from hosting import Tally, options, serve
from mcp import types
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.models import InitializationOptions
from mcp.server.sse import SseServerTransport
from mcp.server.streamable_http import EventCallback, EventMessage, EventStore
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import AnyUrl
from session_tools import LEVELS, TOOLS, Arguments, Call, Memory
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

NOTES = {"note://one": "first", "note://two": "second"}
SECURITY = TransportSecuritySettings(allowed_hosts=["127.0.0.1:*"], allowed_origins=["http://127.0.0.1:*"])


class FullServer(Server[None, Request]):
    """Announces what it can do; the SDK says no to subscriptions and changed lists unless told."""

    def create_initialization_options(self, *_: Any, **__: Any) -> InitializationOptions:
        announced = super().create_initialization_options(NotificationOptions(True, True, True))
        assert announced.capabilities.resources is not None
        announced.capabilities.resources.subscribe = True
        return announced


def build(name: str, tally: Tally) -> FullServer:
    server = FullServer(name, version="1")
    memory = Memory()

    @server.list_tools()
    async def list_tools() -> list[types.Tool]:
        schema = {"type": "object", "properties": {}, "additionalProperties": True}
        return [
            types.Tool(name=tool, description=(run.__doc__ or tool), inputSchema=schema) for tool, run in TOOLS.items()
        ]

    @server.call_tool(validate_input=False)
    async def call_tool(tool: str, arguments: Arguments) -> list[types.TextContent]:
        if tool not in TOOLS:
            raise ValueError(f"there is no tool {tool!r}")
        context = server.request_context
        call = Call(
            server=name,
            memory=memory,
            tally=tally,
            session=context.session,
            request=context.request,
            request_id=str(context.request_id),
            progress_token=context.meta.progressToken if context.meta else None,
            arguments=arguments,
        )
        tally.add(tool, call.label)
        return [types.TextContent(type="text", text=await TOOLS[tool](call))]

    @server.set_logging_level()
    async def set_level(level: types.LoggingLevel) -> None:
        memory.levels[server.request_context.session] = LEVELS.index(level)

    add_resources(server, memory)
    add_prompts(server)
    return server


def add_resources(server: FullServer, memory: Memory) -> None:
    @server.list_resources()
    async def list_resources() -> list[types.Resource]:
        return [types.Resource(uri=AnyUrl(uri), name=uri) for uri in NOTES]

    @server.read_resource()
    async def read_resource(uri: AnyUrl) -> str:
        return NOTES[str(uri)]

    @server.subscribe_resource()
    async def subscribe(uri: AnyUrl) -> None:
        memory.subscribers.setdefault(str(uri), WeakSet()).add(server.request_context.session)

    @server.unsubscribe_resource()
    async def unsubscribe(uri: AnyUrl) -> None:
        memory.subscribers.get(str(uri), WeakSet()).discard(server.request_context.session)


def add_prompts(server: FullServer) -> None:
    @server.list_prompts()
    async def list_prompts() -> list[types.Prompt]:
        return [types.Prompt(name="greet", arguments=[types.PromptArgument(name="who", required=True)])]

    @server.get_prompt()
    async def get_prompt(name: str, arguments: dict[str, str] | None) -> types.GetPromptResult:
        text = types.TextContent(type="text", text=f"Say hello to {(arguments or {}).get('who', 'nobody')}.")
        return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=text)])

    @server.completion()
    async def complete(ref: object, argument: types.CompletionArgument, context: object) -> types.Completion:
        names = [name for name in ("alice", "albert", "bob") if name.startswith(argument.value)]
        return types.Completion(values=names, total=len(names), hasMore=False)


class MemoryEventStore(EventStore):
    """Keeps every event for ever. Event ids are SERVER-NUMBER, so a test sees at once whose they are.

    The SDK names streams by request id only, so streams of two sessions with equal request ids mix; tests that resume
    use request ids of their own.
    """

    def __init__(self, server: str) -> None:
        self._server = server
        self._numbers = count(1)
        self._events: list[tuple[str, str, types.JSONRPCMessage | None]] = []

    async def store_event(self, stream_id: str, message: types.JSONRPCMessage | None) -> str:
        event_id = f"{self._server}-{next(self._numbers)}"
        self._events.append((event_id, stream_id, message))
        return event_id

    async def replay_events_after(self, last_event_id: str, send_callback: EventCallback) -> str | None:
        places = {event_id: place for place, (event_id, _, _) in enumerate(self._events)}
        if last_event_id not in places:
            return None
        stream = self._events[places[last_event_id]][1]
        for event_id, stream_id, message in self._events[places[last_event_id] + 1 :]:
            if stream_id == stream and message is not None:
                await send_callback(EventMessage(message, event_id))
        return stream


def sse_routes(server: FullServer) -> list[Route | Mount]:
    transport = SseServerTransport("/messages/", security_settings=SECURITY)

    async def open_stream(request: Request) -> Response:
        async with transport.connect_sse(request.scope, request.receive, request._send) as (read, write):
            await server.run(read, write, server.create_initialization_options())
        return Response()

    return [Route("/sse", open_stream, methods=["GET"]), Mount("/messages/", app=transport.handle_post_message)]


class Endpoint:
    """The session manager as an ASGI app; Starlette's Route tells classes from request handlers."""

    def __init__(self, manager: StreamableHTTPSessionManager) -> None:
        self._manager = manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._manager.handle_request(scope, receive, send)


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--stateless", action="store_true", help="hand out no sessions")
    parser.add_argument("--event-store", action="store_true", help="number events and replay them")
    parser.add_argument("--sse", action="store_true", help="offer HTTP+SSE (2024-11-05) at /sse, too")
    chosen = parser.parse_args()
    server = build(chosen.name, Tally(chosen.name, chosen.tally))
    manager = StreamableHTTPSessionManager(
        server,
        event_store=MemoryEventStore(chosen.name) if chosen.event_store else None,
        json_response=chosen.json,
        stateless=chosen.stateless,
        security_settings=SECURITY,
    )

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with manager.run():
            yield

    routes: list[Route | Mount] = [Route("/mcp", Endpoint(manager))]
    if chosen.sse:
        routes += sse_routes(server)
    serve(Starlette(routes=routes, lifespan=lifespan), chosen)


if __name__ == "__main__":
    main()
