"""Cases about streams: heads at once, comments, event ids, resumption, HTTP+SSE of 2024-11-05 (mcp 1.30.0)."""

import re
import time
from urllib.parse import parse_qs, urljoin, urlsplit

import anyio
import raw
from running import Book, World, check, same
from sdk import connect, connect_sse

book = Book()


def check_stream_head(response: raw.httpx.Response) -> None:
    same(response.status_code, 200, "the status of a stream")
    check(response.headers["content-type"].startswith("text/event-stream"), f"the type of a stream: {response.headers}")
    same(response.headers.get("x-accel-buffering"), "no", "X-Accel-Buffering")
    caching = {part.strip() for part in response.headers.get("cache-control", "").split(",")}
    check({"no-cache", "no-transform"} <= caching, f"Cache-Control is {caching}")


@book.case()
async def stream_heads_come_at_once(world: World) -> None:
    async with raw.peer(world.url) as peer:
        await peer.open()
        start = time.monotonic()
        async with peer.stream("POST", raw.call("slow", seconds=3)) as stream:
            check_stream_head(stream)
            check(time.monotonic() - start < 2, "the head of a call's stream came only with its answer")
        async with peer.stream("GET") as stream:
            check_stream_head(stream)
            check(time.monotonic() - start < 2.5, "the head of the GET stream came late")


@book.case()
async def events_come_at_once(world: World) -> None:
    """A question is on the wire while its call still waits; nobody may collect events first."""
    async with raw.peer(world.url) as peer:
        await peer.open()
        async with peer.stream("POST", raw.call("elicit")) as stream:
            question = await raw.next_event(raw.events(stream))
            same(question.message.get("method"), "elicitation/create", "the first event")


@book.case("url", "comment_interval", limit=60)
async def quiet_streams_get_comments(world: World) -> None:
    seen: dict[str, float] = {}

    async def listen(peer: raw.Peer, method: str, body: raw.Message | None) -> None:
        start = time.monotonic()
        async with peer.stream(method, body) as stream:
            async for event in raw.events(stream):
                if event.comment is not None:
                    seen[method] = time.monotonic() - start
                    return

    async with raw.peer(world.url) as peer:
        await peer.open()
        with anyio.move_on_after(world.comment_interval * 1.5 + 2):
            async with anyio.create_task_group() as group:
                group.start_soon(listen, peer, "GET", None)
                group.start_soon(listen, peer, "POST", raw.call("slow", seconds=world.comment_interval * 2 + 3))
        check(set(seen) == {"GET", "POST"}, f"a comment came only on {sorted(seen)}")


@book.case("events_url")
async def event_ids_of_an_event_store(world: World) -> None:
    """Through a gateway they are its own, and say nothing of the server's; the one priming event stays one."""
    async with raw.peer(world.events_url) as peer:
        await peer.open("2025-11-25")
        name = raw.text_of((await peer.answers(raw.call("whoami")))[-1])
        async with peer.stream("POST", raw.call("log", n=2)) as stream:
            found = [event async for event in raw.events(stream) if event.comment is None]
        same(len(found), 1 + 6 + 1, "events: the priming one, six messages, the answer")
        same("".join(found[0].data), "", "the content of the priming event")
        same(len({event.id for event in found}), 8, "different event ids")
        for event in found:
            is_theirs = re.fullmatch(f"{name}-\\d+", event.id) is not None
            same(is_theirs, world.direct, f"the event id {event.id!r} is one of {name}")
            check(event.id != "", "an event has no id")


@book.case("events_url")
async def resume_with_last_event_id(world: World) -> None:
    """A client that leaves in the middle of a call gets the rest of its stream, and nothing else."""
    async with raw.peer(world.events_url) as peer:
        await peer.open("2025-11-25")
        question = raw.call("elicit")
        async with peer.stream("POST", question) as stream:
            asked = await raw.next_event(raw.events(stream))
        accepted = {"action": "accept", "content": {"word": "late"}}
        answer = {"jsonrpc": "2.0", "id": asked.message["id"], "result": accepted}
        same((await peer.post(answer)).status_code, 202, "the status of an answer while nobody listens")
        async with peer.stream("GET", headers={"last-event-id": asked.id}) as stream:
            check_stream_head(stream)
            rest = (await raw.next_event(raw.events(stream))).message
            same(rest["id"], question["id"], "the id of the first message after the resume")
            same(raw.text_of(rest), "accept late", "the answer after the resume")


@book.case("events_url")
async def event_store_server_works_with_the_client(world: World) -> None:
    async with connect(world.events_url) as session:
        await session.get_stream_is_open()
        for turn in range(1, 4):
            same(await session.call("counter"), str(turn), "the counter")
        same(await session.call("elicit", text="name"), "accept word for name", "the elicited answer")
        await session.call("notify", n=3)
        await session.inbox.until(lambda: len(session.inbox.notifications) >= 3)


@book.case("sse_url")
async def http_sse_client(world: World) -> None:
    async with connect_sse(world.sse_url) as session:
        home = await session.call("whoami")
        for turn in range(1, 6):
            same(await session.call("counter"), str(turn), "the counter")
        seen: list[float] = []

        async def note(progress: float, total: float | None, message: str | None) -> None:
            seen.append(progress)

        await session.session.call_tool("progress", {"n": 5}, progress_callback=note)
        same(seen, [1, 2, 3, 4, 5], "the progress")
        size = 1_000_000
        same(len(await session.call("big_result", bytes=size)), size, "the length of a large answer")
        same(len(await session.call("echo", text="x" * size)), size, "the length of a large argument")
        same(await session.call("whoami"), home, "the server of the session")


@book.case("sse_url")
async def http_sse_questions(world: World) -> None:
    async with connect_sse(world.sse_url) as one, connect_sse(world.sse_url) as two:
        for session in (one, two):
            same(await session.call("elicit", text="name"), "accept word for name", "the elicited answer")
            same(await session.call("sample", text="why"), "answer to why", "the sampled answer")
        await two.call("notify", n=2)
        await two.inbox.until(lambda: len(two.inbox.notifications) >= 2)
        same(len(one.inbox.notifications), 0, "notifications in the session that did not ask for any")


@book.case("sse_url")
async def http_sse_endpoint(world: World) -> None:
    """The first event names an address of the same origin; other addresses are refused as the SDK does."""
    async with raw.peer(world.sse_url) as peer:
        async with peer.stream("GET") as stream:
            coming = raw.events(stream)
            first = await raw.next_event(coming)
            same(first.event, "endpoint", "the first event")
            endpoint = urljoin(world.sse_url, "".join(first.data))
            same(urlsplit(endpoint)[:2], urlsplit(world.sse_url)[:2], "scheme and host of the endpoint")
            (name,) = parse_qs(urlsplit(endpoint).query)
            accepted = await peer.http.post(endpoint, json=raw.initialize("2024-11-05"))
            same(accepted.status_code, 202, "the status of a posted message")
            answer = (await raw.next_event(coming)).message
            same(answer["result"]["protocolVersion"], "2024-11-05", "the revision")
            bare = endpoint.partition("?")[0]
            same((await peer.http.post(bare, json={})).status_code, 400, "the status without a session")
            same((await peer.http.get(endpoint)).status_code, 405, "the status of GET at the endpoint")
            unknown = f"{bare}?{name}={'0' * 32}"
            same((await peer.http.post(unknown, json={})).status_code, 404, "the status of an unknown session")
        # The stream is the session: once it has gone, so has the session, as soon as that was noticed.
        while (status := (await peer.http.post(endpoint, json=raw.request("ping"))).status_code) == 202:
            await anyio.sleep(0.02)
        same(status, 404, "the status after the stream has gone")
