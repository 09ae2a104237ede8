"""The official client (mcp 1.30.0) as the cases use it: one call connects it and collects what the server sends.

Imported by the case files for mcp 1.30.0.
"""

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import anyio
import httpx
from mcp import ClientSession, types
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.context import RequestContext
from mcp.shared.session import RequestResponder
from pydantic import AnyUrl
from running import check

READ_TIMEOUT = timedelta(seconds=20)
ROOTS = ["file:///one", "file:///two"]

Incoming = RequestResponder[types.ServerRequest, types.ClientResult] | types.ServerNotification | Exception
Asked = RequestContext[ClientSession, Any]


@dataclass
class Inbox:
    """Everything that the server sent beside answers."""

    notifications: list[types.ServerNotification] = field(default_factory=list)
    _arrived: anyio.Event = field(default_factory=anyio.Event)

    async def take(self, message: Incoming) -> None:
        if isinstance(message, types.ServerNotification):
            self.notifications.append(message)
            self._arrived.set()
            self._arrived = anyio.Event()

    def count(self, kind: type) -> int:
        return sum(isinstance(each.root, kind) for each in self.notifications)

    @property
    def updated(self) -> list[str]:
        """The resources reported as updated, in order."""
        updates = [each.root for each in self.notifications if isinstance(each.root, types.ResourceUpdatedNotification)]
        return [str(update.params.uri) for update in updates]

    async def until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            await self._arrived.wait()


async def sampled(context: Asked, params: types.CreateMessageRequestParams) -> types.CreateMessageResult:
    question = params.messages[0].content
    text = f"answer to {question.text}" if isinstance(question, types.TextContent) else "?"
    return types.CreateMessageResult(role="assistant", content=types.TextContent(type="text", text=text), model="none")


async def elicited(context: Asked, params: types.ElicitRequestParams) -> types.ElicitResult:
    if params.message == "decline":
        return types.ElicitResult(action="decline")
    return types.ElicitResult(action="accept", content={"word": f"word for {params.message}"})


async def listed_roots(context: Asked) -> types.ListRootsResult:
    return types.ListRootsResult(roots=[types.Root.model_validate({"uri": uri}) for uri in ROOTS])


class Connected:
    """A live session of the official client."""

    def __init__(self, session: ClientSession, inbox: Inbox, session_id: Callable[[], str | None]) -> None:
        self.session = session
        self.inbox = inbox
        self._session_id = session_id

    @property
    def id(self) -> str:
        return self._session_id() or ""

    async def call(self, tool: str, **arguments: Any) -> str:
        """The text that a tool answers."""
        result = await self.session.call_tool(tool, arguments)
        first = result.content[0] if result.content else None
        check(not result.isError and isinstance(first, types.TextContent), f"{tool} failed: {first}")
        assert isinstance(first, types.TextContent)
        return first.text

    async def get_stream_is_open(self) -> None:
        """Waits until the GET stream carries; the client opens it on its own, some time after initializing.

        Each attempt has a resource of its own, so that nothing is under way any more when the last one's has arrived.
        """
        for attempt in itertools.count():
            uri = f"note://ready/{attempt}"
            await self.subscribe(uri)
            await self.call("update", uri=uri)
            with anyio.move_on_after(0.1):
                await self.inbox.until(lambda: uri in self.inbox.updated)  # noqa: B023  (awaited at once)
            if uri in self.inbox.updated:
                self.inbox.notifications.clear()
                return

    async def subscribe(self, uri: str) -> None:
        await self.session.subscribe_resource(AnyUrl(uri))


@asynccontextmanager
async def connect(
    url: str, *, read_timeout: timedelta = READ_TIMEOUT, http: httpx.AsyncClient | None = None
) -> AsyncIterator[Connected]:
    """A session over Streamable HTTP that answers every question; leaving ends it with DELETE."""
    async with (
        streamable_http_client(url, http_client=http) as (read, write, session_id),
        _session(read, write, read_timeout) as (session, inbox),
    ):
        yield Connected(session, inbox, session_id)


@asynccontextmanager
async def connect_sse(url: str) -> AsyncIterator[Connected]:
    """A session over HTTP+SSE (2024-11-05)."""
    async with (
        sse_client(url) as (read, write),
        _session(read, write, READ_TIMEOUT) as (session, inbox),
    ):
        yield Connected(session, inbox, lambda: None)


@asynccontextmanager
async def _session(read: Any, write: Any, read_timeout: timedelta) -> AsyncIterator[tuple[ClientSession, Inbox]]:
    inbox = Inbox()
    async with ClientSession(
        read,
        write,
        read_timeout_seconds=read_timeout,
        sampling_callback=sampled,
        elicitation_callback=elicited,
        list_roots_callback=listed_roots,
        message_handler=inbox.take,
    ) as session:
        await session.initialize()
        yield session, inbox
