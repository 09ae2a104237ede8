"""Cases about the GET stream of a session that is cut, resumed and replaced (mcp 1.30.0, by hand)."""

import secrets

import anyio
import raw
from running import Book, World, check, same
from tracks import HERE, THERE, Track, carries, count, release, with_each_server

book = Book()

LIST_CHANGES = {f"notifications/{kind}/list_changed" for kind in ("tools", "prompts", "resources")}


def check_only(track: Track, *labels: str) -> None:
    """What was sent to other sessions is not here, nor what belongs to calls."""
    texts = [str(each.get("params", {}).get("data")) for each in track.messages]
    strange = [text for text in texts if not text.startswith(("ready-", *labels))]
    same(strange, [], "messages that do not belong on this GET stream")


@book.case("url", "events_url", "tally")
async def get_stream_cut_in_the_flood(world: World) -> None:
    """100 messages; the stream is cut several times while they are sent, and resumed at once."""

    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        track = Track(peer)
        async with track.connected(HERE) as coming:
            await carries(track, coming)
            async with anyio.create_task_group() as group:
                group.start_soon(peer.answers, raw.call("announce", label=label, n=100, pause=0.005))
                while len(track.numbers(label)) < 20:
                    await track.read(coming, 1)
        for node in (THERE, HERE, THERE):
            await track.take(node, 20)
        async with track.connected(HERE) as coming:
            while len(track.numbers(label)) < 100:
                await track.read(coming, 1)
        same(track.numbers(label), list(range(1, 101)), "the numbers")
        same(len(set(track.ids)), len(track.ids), "different event ids")
        check_only(track, label)

    await with_each_server(world, scene, times=2)


@book.case("url", "events_url", "tally")
async def get_stream_waits_for_its_client(world: World) -> None:
    """100 messages while the client is away: the resume brings exactly them, and what comes later follows."""

    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        track = Track(peer)
        async with track.connected(HERE) as coming:
            await carries(track, coming)
        await peer.answers(raw.call("announce", label=label, n=100))
        async with track.connected(THERE) as coming:
            while len(track.numbers(label)) < 100:
                await track.read(coming, 1)
            await peer.answers(raw.call("announce", label="later", n=3))
            while len(track.numbers("later")) < 3:
                await track.read(coming, 1)
        same(track.numbers(label), list(range(1, 101)), "the numbers")
        check_only(track, label, "later")
        same(track.numbers("later"), [1, 2, 3], "the numbers of the later messages")

    await with_each_server(world, scene)


@book.case("url", "events_url", "tally", through=True)
async def more_than_a_get_stream_keeps_is_told(world: World) -> None:
    """400 messages while the client is away: it hears that all lists may have changed, and then goes on."""

    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        track = Track(peer)
        async with track.connected(HERE) as coming:
            await carries(track, coming)
        sent: list[int] = []

        async def send() -> None:
            await peer.answers(raw.call("announce", label="lost", n=400))
            sent.extend(range(1, 401))

        def is_told(message: raw.Message) -> bool:
            """What is kept begins behind a hole, or with the word that there is one."""
            text = str(message.get("params", {}).get("data"))
            return message["method"] in LIST_CHANGES or text.startswith("lost ") and text != "lost 1"

        async with track.connected_after_loss(THERE, is_told, send) as (late, coming):
            while len({each["method"] for each in late.messages} & LIST_CHANGES) < 3:
                await late.read(coming, 1)
            await peer.answers(raw.call("announce", label=label, n=3))
            while len(late.numbers(label)) < 3:
                await late.read(coming, 1)
        same(late.numbers(label), [1, 2, 3], "the numbers of the later messages")
        lost = late.numbers("lost")
        check(0 < len(lost) < len(sent), f"{len(lost)} of {len(sent)} messages were kept")
        same(lost, sent[-len(lost):], "the numbers of what was kept, to the last and once each")

    await with_each_server(world, scene)


@book.case("url", "events_url", "tally")
async def newer_get_replaces_the_older(world: World) -> None:
    """The older stream ends by itself; the newer carries everything from then on."""

    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        older, newer = Track(peer), Track(peer)
        async with older.connected(HERE) as first:
            await carries(older, first)
            async with newer.connected(THERE) as second:
                await older.drain(first)
                await peer.answers(raw.call("announce", label=label, n=10))
                while len(newer.numbers(label)) < 10:
                    await newer.read(second, 1)
        same(newer.numbers(label), list(range(1, 11)), "the numbers on the newer stream")
        same(older.numbers(label), [], "the numbers on the older stream")

    await with_each_server(world, scene)


@book.case("url", "events_url", "tally")
async def call_is_resumed_beside_an_open_get_stream(world: World) -> None:
    """Both are GET; the resume of a call must neither replace the GET stream nor get its messages."""

    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        quiet, track = Track(peer), Track(peer, count(label, 6, hold=3))
        async with quiet.connected(THERE) as listening:
            await carries(quiet, listening)
            await track.take(HERE, 3)
            async with track.connected(THERE) as coming:
                await peer.answers(raw.call("announce", label="between", n=3))
                await release(peer, label)
                await track.read(coming, 4)
            while len(quiet.numbers("between")) < 3:
                await quiet.read(listening, 1)
        same(track.numbers(label), [1, 2, 3, 4, 5, 6], "the numbers of the call")
        same(len(track.events), 7, "messages of the call")
        check_only(quiet, "between")
        same(quiet.numbers("between"), [1, 2, 3], "the numbers of the GET stream")

    await with_each_server(world, scene)


@book.case("url", "events_url", "tally")
async def get_stream_moves_from_node_to_node(world: World) -> None:
    """Without Last-Event-ID it is a new stream each time, and it works wherever it is opened."""

    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        for turn, node in enumerate((HERE, THERE, HERE, THERE)):
            track = Track(peer)
            async with track.connected(node) as coming:
                await carries(track, coming)
                own = f"{label}-{turn}"
                await peer.answers(raw.call("announce", label=own, n=3))
                while len(track.numbers(own)) < 3:
                    await track.read(coming, 1)
            same(track.numbers(own), [1, 2, 3], "the numbers")
        await peer.answers(raw.call("whoami", label=label))

    await with_each_server(world, scene)


@book.case("url", "events_url", through=True)
async def priming_event_by_revision(world: World) -> None:
    """2025-11-25 begins each stream with an id and nothing else; older clients would stumble over that."""

    async def scene(url: str, revision: str, primings: int) -> None:
        async with raw.peer(url) as peer:
            await peer.open(revision)
            label = secrets.token_hex(6)
            call = Track(peer, count(label, 3))
            await call.finish(HERE)
            same(call.numbers(label), [1, 2, 3], f"the numbers with {revision}")
            check(all(call.ids), f"messages without id with {revision}: {call.ids}")
            same(len(set(call.ids)), 4, f"different ids with {revision}")
            same(call.primings, primings, f"priming events of a call with {revision}")
            quiet = Track(peer)
            async with quiet.connected(THERE) as coming:
                await carries(quiet, coming)
            check(all(quiet.ids), f"messages without id with {revision}: {quiet.ids}")
            same(quiet.primings, primings, f"priming events of the GET stream with {revision}")

    async with anyio.create_task_group() as group:
        for url in (world.url, world.events_url):
            for revision, primings in (("2025-03-26", 0), ("2025-06-18", 0), ("2025-11-25", 1)):
                group.start_soon(scene, url, revision, primings)


@book.case("url", "events_url", through=True)
async def priming_event_stands_first(world: World) -> None:
    """Also before an answer that comes at once, and before a tool has said anything."""
    for url in (world.url, world.events_url):
        async with raw.peer(url) as peer:
            await peer.open()
            bodies = [raw.call("whoami"), raw.request("ping"), raw.call("slow", seconds=1), None]
            for body in bodies:
                async with peer.stream("POST" if body else "GET", body) as response:
                    coming = raw.events(response)
                    with anyio.fail_after(0.8):
                        first = await anext(coming)
                        while first.comment is not None:
                            first = await anext(coming)
                check(first.id != "" and not any(first.data), f"the first event of {body} is {first}")


@book.case("sse_url", through=True)
async def no_event_ids_in_2024_11_05(world: World) -> None:
    async with raw.peer(world.sse_url) as peer, peer.stream("GET") as stream:
        coming = raw.events(stream)
        endpoint = raw.httpx.URL(world.sse_url).join("".join((await raw.next_event(coming)).data))
        for body in (raw.initialize("2024-11-05"), raw.notification("notifications/initialized")):
            same((await peer.http.post(endpoint, json=body)).status_code, 202, "the status of a posted message")
        seen = [await raw.next_event(coming)]
        same((await peer.http.post(endpoint, json=count("old", 3))).status_code, 202, "the status of a call")
        seen += [await raw.next_event(coming) for _ in range(4)]
        same([event.id for event in seen], [""] * 5, "the event ids")
        same(raw.text_of(seen[-1].message), "old done", "the result")
