"""MCP spoken by hand over plain HTTP, for what an SDK client never does or never shows.

Imported by the case files of both SDK versions. It sends exactly what it is told and judges nothing.
"""

import itertools
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

try:
    import httpx
except ImportError:  # mcp 2.x comes with the successor, which has the same interface
    import httpx2 as httpx  # type: ignore[no-redef]

SESSION = "mcp-session-id"
VERSION = "mcp-protocol-version"
TIMEOUT = httpx.Timeout(20)

Message = dict[str, Any]


def request(method: str, params: Message | None = None, id: int | str | None = None) -> Message:
    """A request; without `id`, one that nobody else uses."""
    body: Message = {"jsonrpc": "2.0", "id": secrets.token_hex(6) if id is None else id, "method": method}
    return body if params is None else {**body, "params": params}


def call(tool: str, id: int | str | None = None, **arguments: Any) -> Message:
    return request("tools/call", {"name": tool, "arguments": arguments}, id)


def notification(method: str, params: Message | None = None) -> Message:
    body: Message = {"jsonrpc": "2.0", "method": method}
    return body if params is None else {**body, "params": params}


def initialize(version: str) -> Message:
    client = {"name": "raw", "version": "1"}
    return request("initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": client})


@dataclass
class Event:
    """One SSE event, or one comment line (then `comment` is set and the rest is empty)."""

    id: str = ""
    event: str = ""
    retry: str = ""
    data: list[str] = field(default_factory=list)
    comment: str | None = None

    @property
    def message(self) -> Message:
        return json.loads("\n".join(self.data))


async def events(response: httpx.Response) -> AsyncIterator[Event]:
    """The events and comments of a stream, as they come."""
    event = Event()
    async for line in response.aiter_lines():
        if line.startswith(":"):
            yield Event(comment=line[1:].strip())
        elif line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                event.data.append(value)
            elif name in ("id", "event", "retry"):
                setattr(event, name, value)
        elif event != Event():
            yield event
            event = Event()


async def next_event(stream: AsyncIterator[Event]) -> Event:
    """The next event that carries something: no comment, no priming event. Raises StopAsyncIteration at the end."""
    while True:
        event = await anext(stream)
        if any(event.data):
            return event


async def messages(response: httpx.Response) -> list[Message]:
    """All JSON-RPC messages of an answer, however it is framed."""
    if response.headers.get("content-type", "").startswith("text/event-stream"):
        found = [event.message async for event in events(response) if any(event.data)]
    else:
        found = [json.loads(await response.aread())]
    return list(itertools.chain.from_iterable(each if isinstance(each, list) else [each] for each in found))


def text_of(message: Message) -> str:
    """The text of a tool's answer."""
    return message["result"]["content"][0]["text"]


class Peer:
    """A client by hand: one endpoint, and the headers that it sends every time."""

    def __init__(self, http: httpx.AsyncClient, url: str, node: int | None = None) -> None:
        self.http = http
        self.url = url
        self.node = node
        self.headers = {"accept": "application/json, text/event-stream", "content-type": "application/json"}

    def at(self, node: int) -> "Peer":
        """The same client, but all of its requests go to this node (see nodes.py)."""
        other = Peer(self.http, self.url, node)
        other.headers = self.headers
        return other

    def merged(self, headers: dict[str, str | None] | None) -> dict[str, str]:
        """The usual headers with these on top; None takes one away."""
        both: dict[str, str | None] = {**self.headers, **(headers or {})}
        return {name: value for name, value in both.items() if value is not None}

    async def open(self, version: str = "2025-11-25") -> httpx.Response:
        """Initializes a session and keeps its id; returns the answer to `initialize`."""
        answer = await self.post(initialize(version))
        answer.raise_for_status()
        self.headers[VERSION] = version
        if SESSION in answer.headers:
            self.headers[SESSION] = answer.headers[SESSION]
        accepted = await self.post(notification("notifications/initialized"))
        accepted.raise_for_status()
        return answer

    async def send(self, method: str, body: Any = None, headers: dict[str, str | None] | None = None) -> httpx.Response:
        """One HTTP request, its answer read to the end. A body that is not bytes is sent as JSON."""
        async with self.stream(method, body, headers) as response:
            await response.aread()
            return response

    async def post(self, body: Any, headers: dict[str, str | None] | None = None) -> httpx.Response:
        return await self.send("POST", body, headers)

    @asynccontextmanager
    async def stream(
        self, method: str, body: Any = None, headers: dict[str, str | None] | None = None
    ) -> AsyncIterator[httpx.Response]:
        """One HTTP request, its answer open; leaving closes the connection if the answer is not at its end."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        chosen = {} if self.node is None else {"node": self.node}
        async with self.http.stream(
            method, self.url, content=content, headers=self.merged(headers), extensions=chosen
        ) as response:
            yield response

    async def answers(self, body: Any, headers: dict[str, str | None] | None = None) -> list[Message]:
        """Posts and returns all messages of the answer."""
        async with self.stream("POST", body, headers) as response:
            return await messages(response)


@asynccontextmanager
async def peer(url: str) -> AsyncIterator[Peer]:
    async with httpx.AsyncClient(timeout=TIMEOUT) as http:
        yield Peer(http, url)
