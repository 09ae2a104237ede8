"""Cases about sessions: they stick, they spread, they end, and nobody uses one that is not theirs (mcp 1.30.0)."""

import string
from contextlib import AsyncExitStack
from datetime import timedelta

import anyio
import raw
from mcp import types
from mcp.shared.exceptions import McpError
from running import Book, World, check, same
from sdk import Connected, connect

book = Book()


@book.case()
async def sessions_stick(world: World) -> None:
    async with AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(connect(world.url)) for _ in range(6)]
        homes = [await each.call("whoami") for each in sessions]
        for turn in range(1, 6):
            counted = [await each.call("counter") for each in sessions]
            same(counted, [str(turn)] * 6, "the counters of six sessions used in turn")
        same([await each.call("whoami") for each in sessions], homes, "the servers of the sessions")


@book.case(through=True)
async def sessions_spread(world: World) -> None:
    async with AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(connect(world.url)) for _ in range(12)]
        homes = [await each.call("whoami") for each in sessions]
        same(len(set(homes)), world.instances, f"servers used by 12 sessions ({sorted(homes)})")


@book.case()
async def sessions_at_once(world: World) -> None:
    """Ten sessions opened, used and ended at the same time."""

    async def use() -> None:
        async with connect(world.url) as session:
            for turn in range(1, 6):
                same(await session.call("counter"), str(turn), "the counter")

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(use)


@book.case()
async def parallel_calls(world: World) -> None:
    answers: dict[int, str] = {}

    async def ask(session: Connected, number: int) -> None:
        answers[number] = await session.call("echo", text=f"text {number}")

    async with connect(world.url) as session:
        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(ask, session, number)
        same(answers, {number: f"text {number}" for number in range(20)}, "the answers to 20 calls at once")


@book.case(through=True)
async def session_id_is_the_gateways(world: World) -> None:
    async with connect(world.url) as session:
        theirs = await session.call("session_id")
        check(theirs != "" and session.id != "", "a session without an id")
        check(theirs not in session.id, "the client's session id holds the server's")
        check(len(session.id) <= 256, f"the session id has {len(session.id)} characters")
        check(all("!" <= character <= "~" for character in session.id), "the session id is not visible ASCII")


@book.case(through=True)
async def instance_sees_its_own_host(world: World) -> None:
    async with connect(world.url) as session:
        arrived = await session.call("host")
        gateway = world.url.split("/")[2]
        check(arrived != gateway and arrived.startswith("127.0.0.1:"), f"the Host header arrived as {arrived}")


@book.case()
async def client_timeout_leaves_session_usable(world: World) -> None:
    async with connect(world.url) as session:
        await session.call("counter")
        try:
            await session.session.call_tool("slow", {"seconds": 1.5}, read_timeout_seconds=timedelta(seconds=0.3))
            check(False, "the call did not time out")
        except McpError as error:
            same(error.error.code, 408, "the code of the client's own timeout")
        same(await session.call("counter"), "2", "the counter right after the timeout")
        # Longer than the abandoned call, so that its late answer arrives while this one waits.
        same(await session.call("slow", seconds=2), "slept", "a call during which the late answer arrives")
        same(await session.call("counter"), "3", "the counter after the late answer")


async def refused(peer: raw.Peer, id: str, body: raw.Message) -> list[tuple[int, str, bytes]]:
    """How GET, POST and DELETE with this session id are answered."""
    answers = [
        await peer.send(method, body if method == "POST" else None, {raw.SESSION: id})
        for method in ("GET", "POST", "DELETE")
    ]
    return [(each.status_code, each.headers.get("content-type", ""), each.content) for each in answers]


@book.case()
async def unknown_session_is_404(world: World) -> None:
    async with raw.peer(world.url) as peer:
        peer.headers[raw.VERSION] = "2025-11-25"
        for id in ("unknown", "0" * 32, "x" * 250):
            statuses = [status for status, _, _ in await refused(peer, id, raw.call("whoami"))]
            same(statuses, [404] * 3, f"GET, POST, DELETE with the session id {id[:20]!r}")


@book.case(through=True)
async def tampered_and_foreign_sessions_are_404_alike(world: World) -> None:
    """Whatever is wrong with the id, the answers are byte for byte the same, and the real session is untouched."""
    async with raw.peer(world.url) as peer, connect(world.url) as other:
        await peer.open()
        own = peer.headers[raw.SESSION]
        body = raw.call("whoami")
        expected = await refused(peer, "unknown", body)
        same([status for status, _, _ in expected], [404] * 3, "GET, POST, DELETE with an unknown id")
        wrong = [
            await other.call("session_id"),
            own[:-1],
            own + "A",
            own.swapcase(),
            own + "=",
            other.id[: len(own) // 2] + own[len(own) // 2 :],
        ]
        for place in range(0, len(own), max(1, len(own) // 16)):
            wrong.append(own[:place] + ("A" if own[place] != "A" else "B") + own[place + 1 :])
        # The last character may hold unused bits: each other one there must be refused as well.
        wrong += [own[:-1] + last for last in string.ascii_letters + string.digits + "-_" if last != own[-1]]
        for id in wrong:
            same(await refused(peer, id, body), expected, f"GET, POST, DELETE with {id!r} instead of {own!r}")
        same(raw.text_of((await peer.answers(raw.call("counter")))[-1]), "1", "the counter of the real session")


@book.case()
async def missing_session_id_is_400(world: World) -> None:
    async with raw.peer(world.url) as peer:
        peer.headers[raw.VERSION] = "2025-11-25"
        statuses = [
            (await peer.send(method, raw.call("whoami") if method == "POST" else None)).status_code
            for method in ("GET", "POST", "DELETE")
        ]
        same(statuses, [400] * 3, "GET, POST, DELETE without a session id")


@book.case()
async def delete_ends_the_session(world: World) -> None:
    async with raw.peer(world.url) as peer:
        await peer.open()
        same(raw.text_of((await peer.answers(raw.call("counter")))[-1]), "1", "the counter")
        check((await peer.send("DELETE")).status_code in (200, 204), "DELETE was refused")
        statuses = [status for status, _, _ in await refused(peer, peer.headers[raw.SESSION], raw.call("counter"))]
        same(statuses, [404] * 3, "GET, POST, DELETE after DELETE")


@book.case("url", "tally")
async def delete_ends_it_upstream(world: World) -> None:
    """A server of SDK 1.30.0 cancels the running calls of a session that is deleted, and only then."""
    async with raw.peer(world.url) as peer, anyio.create_task_group() as group:
        await peer.open()
        label = peer.headers[raw.SESSION][-12:]
        group.start_soon(peer.post, raw.call("slow", seconds=25, label=label))
        await world.tally_starts(label)
        check((await peer.send("DELETE")).status_code in (200, 204), "DELETE was refused")
        await world.tally_says(label, "cancelled")
        group.cancel_scope.cancel()


@book.case()
async def delete_ends_the_get_stream(world: World) -> None:
    async with raw.peer(world.url) as peer:
        await peer.open()
        async with peer.stream("GET") as stream:
            same(stream.status_code, 200, "the GET stream")
            check((await peer.send("DELETE")).status_code in (200, 204), "DELETE was refused")
            async for _ in raw.events(stream):
                pass


@book.case()
async def idle_connections_are_replaced(world: World) -> None:
    """The servers close connections that idle for 5 seconds; a call at that moment must not be lost."""
    async with connect(world.url) as session:
        same(await session.call("counter"), "1", "the counter")
        await anyio.sleep(5)
        same(await session.call("counter"), "2", "the counter after a pause")


@book.case("json_url")
async def json_server(world: World) -> None:
    async with connect(world.json_url) as session:
        for turn in range(1, 4):
            same(await session.call("counter"), str(turn), "the counter")
        size = 3_000_000
        same(len(await session.call("big_result", bytes=size)), size, "the length of a large JSON answer")
    async with raw.peer(world.json_url) as peer:
        await peer.open()
        answer = await peer.post(raw.call("whoami"))
        check(answer.headers["content-type"].startswith("application/json"), f"answered as {answer.headers}")


@book.case("stateless_url")
async def stateless_server(world: World) -> None:
    """No id is handed out, so nothing is pinned and calls spread."""
    async with connect(world.stateless_url) as session:
        same(session.id, "", "the session id")
        homes = {await session.call("whoami") for _ in range(30)}
        check(len(homes) > 1 or world.instances == 1, f"30 calls without a session all went to {homes}")
        await session.session.send_ping()
        names = [tool.name for tool in (await session.session.list_tools()).tools]
        check("whoami" in names, f"the tools are {names}")
    async with raw.peer(world.stateless_url) as peer:
        answer = await peer.open()
        check(raw.SESSION not in answer.headers, "a session id where the server gave none")
        check((await peer.send("DELETE")).status_code in (400, 405), "DELETE without a session was accepted")


@book.case()
async def initialize_answers_the_instances_own_words(world: World) -> None:
    async with raw.peer(world.url) as peer:
        for version in ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"):
            (answer,) = await peer.answers(raw.initialize(version))
            same(answer["result"]["protocolVersion"], version, "the negotiated revision")
            same(answer["result"]["capabilities"]["resources"]["subscribe"], True, "a capability of the server")
        (answer,) = await peer.answers(raw.initialize("2099-01-01"))
        same(answer["result"]["protocolVersion"], types.LATEST_PROTOCOL_VERSION, "the answer to an unknown revision")
