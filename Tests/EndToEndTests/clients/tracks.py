"""A client by hand that loses its connection and comes back with Last-Event-ID, and keeps book of what it got.

Imported by the cases about resumption. A track judges the form of each answer and nothing of its content.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import raw
from running import World, check, same

HERE, THERE = 0, 1
"""The node that a stream begins at, and another one if there is another."""

LOGGED = "notifications/message"

Scene = Callable[[World, raw.Peer, str], Awaitable[None]]


def check_id(id: str) -> None:
    check(all("!" <= character <= "~" for character in id), f"the event id {id!r} is not visible ASCII")
    check(len(id) <= 512, f"an event id has {len(id)} characters")


@dataclass
class Track:
    """One stream of a session, read over any number of connections: the answer to `body`, or the GET stream."""

    peer: raw.Peer
    body: Any = None
    last_id: str = ""
    events: list[raw.Event] = field(default_factory=list)
    primings: int = 0
    is_open: bool = False

    @asynccontextmanager
    async def connected(self, node: int) -> AsyncIterator[AsyncIterator[raw.Event]]:
        """One connection to this node: the first asks, the later ones resume. Leaving it cuts it."""
        peer = self.peer.at(node)
        headers: dict[str, str | None] = {"last-event-id": self.last_id} if self.last_id else {}
        asks = self.body is not None and not self.is_open
        check(asks or self.body is None or bool(self.last_id), "there is no event id to resume with")
        async with peer.stream("POST" if asks else "GET", self.body if asks else None, headers) as response:
            if response.status_code != 200:
                await response.aread()
            same(response.status_code, 200, f"the status of a stream ({response.text if response.is_closed else ''})")
            check(response.headers["content-type"].startswith("text/event-stream"), f"a stream: {response.headers}")
            self.is_open = True
            yield self._noted(response)

    async def _noted(self, response: raw.httpx.Response) -> AsyncIterator[raw.Event]:
        async for event in raw.events(response):
            if event.id:
                check_id(event.id)
                self.last_id = event.id
            if any(event.data):
                self.events.append(event)
            elif event.id:
                self.primings += 1
            if event.comment is None:
                yield event

    async def take(self, node: int, count: int) -> None:
        """Reads until `count` events with content have come over this connection, then cuts it.

        With 0 it waits for the first event of any kind that has an id, which is the priming event where there is one.
        """
        async with self.connected(node) as coming:
            await self.read(coming, count)

    async def read(self, coming: AsyncIterator[raw.Event], count: int) -> None:
        """Reads on until `count` more events with content have come."""
        wanted = len(self.events) + count
        while len(self.events) < wanted or not self.last_id:
            try:
                await anext(coming)
            except StopAsyncIteration:
                check(False, f"the stream ended after {self.messages[-3:]}, {wanted} events were expected")

    async def finish(self, node: int) -> raw.Message:
        """Reads to the end of the stream; returns the last message there ever was on it."""
        async with self.connected(node) as coming:
            await self.drain(coming)
        check(self.events != [], "the stream ended without any message")
        return self.events[-1].message

    @asynccontextmanager
    async def connected_after_loss(
        self, node: int, is_told: Callable[[raw.Message], bool], before: Callable[[], Awaitable[None]]
    ) -> AsyncIterator[tuple[Track, AsyncIterator[raw.Event]]]:
        """Resumes from here, with `before` before each attempt, until the first message shows that something was lost.

        A server is done some time before the gateway has all that it sent. Gives the track of that last connection.
        """
        while True:
            await before()
            again = replace(self, events=list(self.events))
            async with again.connected(node) as coming:
                await again.read(coming, 1)
                if is_told(again.messages[-1]):
                    yield again, coming
                    return

    async def drain(self, coming: AsyncIterator[raw.Event]) -> None:
        """Reads to the end of this connection's stream. A stream that was cut on the way ends there."""
        try:
            async for _ in coming:
                pass
        except raw.httpx.TransportError:
            pass

    # What came

    @property
    def messages(self) -> list[raw.Message]:
        return [event.message for event in self.events]

    @property
    def ids(self) -> list[str]:
        return [event.id for event in self.events]

    def numbers(self, label: str) -> list[int]:
        """The numbers of the log messages `LABEL NUMBER` in their order."""
        found = [each["params"]["data"].split() for each in self.messages if each.get("method") == LOGGED]
        return [int(words[1]) for words in found if words[0] == label]


def check_whole(track: Track, label: str, n: int) -> None:
    """The messages 1 to n and the result, each once and in order, and nothing else."""
    same(track.numbers(label), list(range(1, n + 1)), f"the numbers of {label}")
    same(len(track.events), n + 1, f"all messages of {label}")
    same(raw.text_of(track.events[-1].message), f"{label} done", f"the result of {label}")
    same(track.events[-1].message["id"], track.body["id"], "the id of the result")
    same(len(set(track.ids)), n + 1, "different event ids")


async def release(peer: raw.Peer, label: str) -> None:
    """Lets a tool go on that waits at its `hold`."""
    same(raw.text_of((await peer.answers(raw.call("release", gate=label)))[-1]), "released", "the answer of release")


async def carries(track: Track, coming: AsyncIterator[raw.Event]) -> None:
    """Waits until the GET stream carries what the server sends; a server without event store drops it until then."""
    arrived = anyio.Event()

    async def knock() -> None:
        attempts = 0
        while not arrived.is_set():
            attempts += 1
            await track.peer.answers(raw.call("announce", label=f"ready-{attempts}"))
            with anyio.move_on_after(0.1):
                await arrived.wait()

    async with anyio.create_task_group() as group:
        group.start_soon(knock)
        await track.read(coming, 1)
        arrived.set()


async def with_each_server(world: World, scene: Scene, times: int = 1) -> None:
    """Plays a scene with servers without an event store, and with ones that have one, several times at once.

    Each gets a session and a label of its own. A tool that was called with the label must have run exactly once.
    """

    async def play(url: str) -> None:
        label = secrets.token_hex(6)
        async with raw.peer(url) as peer:
            await peer.open()
            await scene(world, peer, label)
        same(world.executions(label), 1, f"executions of {label}")

    async with anyio.create_task_group() as group:
        for _ in range(times):
            for url in (world.url, world.events_url):
                group.start_soon(play, url)


def count(label: str, n: int, **more: object) -> raw.Message:
    """A call that sends n messages and a result; its id is its own, see MemoryEventStore of the servers."""
    return raw.call("count", f"id-{label}", label=label, n=n, **more)
