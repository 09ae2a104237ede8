"""The tools of stateful.py: one for each thing that a gateway must carry in a session.

Imported by stateful.py alone. A tool takes a `Call` and returns text; everything else it does goes over the session.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import anyio
from hosting import Tally
from mcp import types
from mcp.server.session import ServerSession
from mcp.shared.message import ServerMessageMetadata
from pydantic import AnyUrl
from starlette.requests import Request

LEVELS: list[types.LoggingLevel] = [
    "debug",
    "info",
    "notice",
    "warning",
    "error",
    "critical",
    "alert",
    "emergency",
]

Arguments = dict[str, Any]
Tool = Callable[["Call"], Awaitable[str]]


@dataclass
class Memory:
    """What the server remembers of its sessions, in its own process and nowhere else."""

    counts: WeakKeyDictionary[ServerSession, int] = field(default_factory=WeakKeyDictionary)
    levels: WeakKeyDictionary[ServerSession, int] = field(default_factory=WeakKeyDictionary)
    subscribers: dict[str, WeakSet[ServerSession]] = field(default_factory=dict)
    gates: defaultdict[str, anyio.Event] = field(default_factory=lambda: defaultdict(anyio.Event))


@dataclass
class Call:
    """One tool call: its arguments, its session, and the id that ties what it sends to its own stream."""

    server: str
    memory: Memory
    tally: Tally
    session: ServerSession
    request: Request | None
    request_id: str
    progress_token: str | int | None
    arguments: Arguments

    def integer(self, name: str, otherwise: int) -> int:
        return int(self.arguments.get(name, otherwise))

    def text(self, name: str, otherwise: str) -> str:
        return str(self.arguments.get(name, otherwise))

    @property
    def label(self) -> str:
        return self.text("label", "-")


async def counter(call: Call) -> str:
    call.memory.counts[call.session] = call.memory.counts.get(call.session, 0) + 1
    return str(call.memory.counts[call.session])


async def whoami(call: Call) -> str:
    return call.server


async def session_id(call: Call) -> str:
    """The session id as it arrived here, which is this server's own."""
    return call.request.headers.get("mcp-session-id", "") if call.request else ""


async def host(call: Call) -> str:
    """The Host header as it arrived here."""
    return call.request.headers.get("host", "") if call.request else ""


async def echo(call: Call) -> str:
    return call.text("text", "")


async def big_result(call: Call) -> str:
    pattern = "0123456789abcdef"
    size = call.integer("bytes", 0)
    return (pattern * (size // len(pattern) + 1))[:size]


async def progress(call: Call) -> str:
    n = call.integer("n", 3)
    for step in range(1, n + 1):
        if call.progress_token is not None:
            await call.session.send_progress_notification(
                call.progress_token, step, n, f"step {step}", related_request_id=call.request_id
            )
    return str(n)


async def log(call: Call) -> str:
    """Sends n messages of each of debug, info and error; the session's level decides which really go out."""
    lowest = call.memory.levels.get(call.session, 0)
    for number in range(call.integer("n", 1)):
        for level in ("debug", "info", "error"):
            if LEVELS.index(level) >= lowest:
                await call.session.send_log_message(level, f"{level} {number}", related_request_id=call.request_id)
    return LEVELS[lowest]


async def sample(call: Call) -> str:
    question = types.SamplingMessage(role="user", content=types.TextContent(type="text", text=call.text("text", "?")))
    answer = await call.session.create_message([question], max_tokens=100, related_request_id=call.request_id)
    assert isinstance(answer.content, types.TextContent)
    return answer.content.text


async def elicit(call: Call) -> str:
    schema = {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]}
    answer = await call.session.elicit(call.text("text", "a word?"), schema, related_request_id=call.request_id)
    call.tally.add("elicit", call.label, answer.action)
    return f"{answer.action} {(answer.content or {}).get('word', '')}".strip()


async def roots(call: Call) -> str:
    """Asks for the roots on the call's own stream, or (stream=get) on the GET stream, as the SDK's list_roots does."""
    on_get = call.text("stream", "call") == "get"
    answer = await call.session.send_request(
        types.ServerRequest(types.ListRootsRequest()),
        types.ListRootsResult,
        metadata=None if on_get else ServerMessageMetadata(related_request_id=call.request_id),
    )
    return " ".join(str(root.uri) for root in answer.roots)


async def slow(call: Call) -> str:
    try:
        await anyio.sleep(float(call.arguments.get("seconds", 1)))
    except anyio.get_cancelled_exc_class():
        call.tally.add("slow", call.label, "cancelled")
        raise
    call.tally.add("slow", call.label, "finished")
    return "slept"


async def notify(call: Call) -> str:
    n = call.integer("n", 1)
    for _ in range(n):
        await call.session.send_resource_list_changed()
    return str(n)


async def update(call: Call) -> str:
    """Reports a changed resource to every session of this server that subscribed to it, on their GET streams."""
    uri = call.text("uri", "note://one")
    told = list(call.memory.subscribers.get(uri, ()))
    for session in told:
        await session.send_resource_updated(AnyUrl(uri))
    return str(len(told))


async def count(call: Call) -> str:
    """Sends the messages `LABEL 1` to `LABEL n` on the call's stream; behind message `hold` it waits for `release`."""
    n, hold = call.integer("n", 1), call.integer("hold", -1)
    padding = "x" * call.integer("padding", 0)
    for number in range(n + 1):
        if number:
            text = f"{call.label} {number} {padding}".rstrip()
            await call.session.send_log_message("info", text, related_request_id=call.request_id)
        if number == hold:
            call.tally.add("count", call.label, "held")
            await call.memory.gates[call.label].wait()
        await anyio.sleep(float(call.arguments.get("pause", 0)))
    call.tally.add("count", call.label, "finished")
    return f"{call.label} done"


async def release(call: Call) -> str:
    """Lets the `count` with the label `gate` go on."""
    call.memory.gates[call.text("gate", "-")].set()
    return "released"


async def announce(call: Call) -> str:
    """Sends the messages `LABEL 1` to `LABEL n` on the GET stream."""
    for number in range(1, call.integer("n", 1) + 1):
        await call.session.send_log_message("info", f"{call.label} {number}")
        await anyio.sleep(float(call.arguments.get("pause", 0)))
    call.tally.add("announce", call.label, "finished")
    return f"{call.label} done"


TOOLS: dict[str, Tool] = {
    tool.__name__: tool
    for tool in (
        counter,
        whoami,
        session_id,
        host,
        echo,
        big_result,
        progress,
        log,
        sample,
        elicit,
        roots,
        slow,
        notify,
        update,
        count,
        release,
        announce,
    )
}
