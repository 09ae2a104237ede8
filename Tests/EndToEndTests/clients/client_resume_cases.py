"""Cases about the official client's own ways to resume: by itself after a cut, and with a token it was given."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx
from mcp import ClientSession, types
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import ClientMessageMetadata
from mcp.types import LoggingMessageNotification
from running import Book, World, same
from sdk import connect

book = Book()

TIMEOUT = httpx.Timeout(20)


class Cut(httpx.AsyncByteStream):
    """The beginning of a stream, up to an event."""

    def __init__(self, whole: Any, events: int) -> None:
        self._whole = whole
        self._events = events

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._events
        rest = b""
        async for piece in self._whole:
            rest += piece.replace(b"\r\n", b"\n")
            while b"\n\n" in rest:
                event, _, rest = rest.partition(b"\n\n")
                yield event + b"\n\n"
                left -= not event.startswith(b":")
                if left == 0:
                    return

    async def aclose(self) -> None:
        await self._whole.aclose()


class CuttingTransport(httpx.AsyncHTTPTransport):
    """Ends event streams behind a number of events, as a proxy with a time limit does: cleanly, to the client's eye."""

    def __init__(self, events: int, *methods: str) -> None:
        super().__init__()
        self._events = events
        self._methods = methods
        self.cuts = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        if response.headers.get("content-type", "").startswith("text/event-stream") and request.method in self._methods:
            self.cuts += 1
            response.stream = Cut(response.stream, self._events)
        return response


@book.case("url", "events_url", through=True, limit=60)
async def client_reconnects_by_itself(world: World) -> None:
    """Each stream of the call ends after eight events; the client comes back a second later, wherever it lands."""

    async def scene(url: str) -> None:
        seen: list[float] = []

        async def note(progress: float, total: float | None, message: str | None) -> None:
            seen.append(progress)

        async with httpx.AsyncClient(transport=CuttingTransport(8, "POST", "GET"), timeout=TIMEOUT) as http:
            async with connect(url, http=http) as session:
                result = await session.session.call_tool("progress", {"n": 25}, progress_callback=note)
        same([getattr(each, "text", "") for each in result.content], ["25"], "the result")
        same(seen, list(range(1, 26)), "the progress of a call whose stream was cut several times")

    async with anyio.create_task_group() as group:
        for url in (world.url, world.events_url):
            group.start_soon(scene, url)


@book.case("url", "events_url", through=True, limit=60)
async def clients_get_stream_reconnects_by_itself(world: World) -> None:
    """The GET stream ends after 30 events; the client opens it again with the last id, and misses nothing."""

    async def scene(url: str) -> None:
        label = secrets.token_hex(6)
        async with httpx.AsyncClient(transport=CuttingTransport(30, "GET"), timeout=TIMEOUT) as http:
            async with connect(url, http=http) as session:
                await session.get_stream_is_open()
                await session.call("announce", label=label, n=100)

                def numbers() -> list[int]:
                    sent = [each.root for each in session.inbox.notifications]
                    texts = [str(each.params.data) for each in sent if isinstance(each, LoggingMessageNotification)]
                    return [int(text.split()[1]) for text in texts if text.startswith(label)]

                await session.inbox.until(lambda: len(numbers()) >= 100)
                same(numbers(), list(range(1, 101)), "the numbers")

    async with anyio.create_task_group() as group:
        for url in (world.url, world.events_url):
            group.start_soon(scene, url)


@book.case("url", "events_url", "tally")
async def client_resumes_with_its_token(world: World) -> None:
    """A client that was ended in mid-call starts anew, with the session id and the token that it had noted."""

    async def scene(url: str) -> None:
        label = secrets.token_hex(6)
        call = types.CallToolRequest(
            params=types.CallToolRequestParams(name="count", arguments={"label": label, "n": 6, "hold": 3})
        )
        request = types.ClientRequest(call)
        numbers: list[int] = []
        tokens: list[str] = []

        async def note(message: Any) -> None:
            if isinstance(message, types.ServerNotification):
                params = message.root.params
                if isinstance(params, types.LoggingMessageNotificationParams):
                    numbers.append(int(str(params.data).split()[1]))

        async def hold_token(token: str) -> None:
            tokens.append(token)

        async def leave_behind_the_third() -> None:
            """One token is the priming event's."""
            while len(tokens) < 4 or len(numbers) < 3:
                await anyio.sleep(0.02)
            group.cancel_scope.cancel()

        async with streamable_http_client(url, terminate_on_close=False) as (read, write, session_id):
            async with ClientSession(read, write, message_handler=note) as session:
                opened = await session.initialize()
                id = session_id() or ""
                async with anyio.create_task_group() as group:
                    group.start_soon(leave_behind_the_third)
                    noting = ClientMessageMetadata(on_resumption_token_update=hold_token)
                    await session.send_request(request, types.CallToolResult, metadata=noting)
        headers = {"mcp-session-id": id, "mcp-protocol-version": str(opened.protocolVersion)}
        async with httpx.AsyncClient(headers=headers, timeout=TIMEOUT) as http:
            async with streamable_http_client(url, http_client=http) as (read, write, _):
                async with ClientSession(read, write, message_handler=note) as session, anyio.create_task_group() as on:
                    # Ids that the first client has used belong to its requests.
                    session._request_id = 100
                    release = types.CallToolRequestParams(name="release", arguments={"gate": label})
                    on.start_soon(
                        session.send_request,
                        types.ClientRequest(types.CallToolRequest(params=release)),
                        types.CallToolResult,
                    )
                    resuming = ClientMessageMetadata(resumption_token=tokens[-1])
                    result = await session.send_request(request, types.CallToolResult, metadata=resuming)
        same([getattr(each, "text", "") for each in result.content], [f"{label} done"], "the result")
        same(numbers, [1, 2, 3, 4, 5, 6], "the numbers")
        same(world.executions(label), 1, "executions")

    async with anyio.create_task_group() as group:
        for url in (world.url, world.events_url):
            group.start_soon(scene, url)
