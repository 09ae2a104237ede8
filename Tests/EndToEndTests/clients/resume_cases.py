"""Cases about calls whose client loses its connection and comes back with Last-Event-ID (mcp 1.30.0, by hand).

With several nodes a stream that began at one is resumed at another; with one node it is resumed there.
"""

import random
import secrets

import anyio
import raw
from running import POLL_SECONDS, Book, World, check, same
from tracks import HERE, THERE, Track, carries, check_whole, count, release, with_each_server

book = Book()


@book.case("url", "events_url", "tally", limit=120)
async def call_is_resumed_while_it_runs(world: World) -> None:
    """Cut behind each of its messages, the priming event included, while the tool has nothing to say."""
    for cut in range(6):

        async def scene(world: World, peer: raw.Peer, label: str) -> None:
            track = Track(peer, count(label, 5, hold=cut))  # noqa: B023  (awaited at once)
            await track.take(HERE, cut)  # noqa: B023
            async with track.connected(THERE) as coming:
                await release(peer, label)
                await track.read(coming, 6 - cut)  # noqa: B023
                await track.drain(coming)
            check_whole(track, label, 5)

        await with_each_server(world, scene)


@book.case("url", "events_url", "tally", limit=120)
async def call_is_resumed_after_its_end(world: World) -> None:
    """The rest of the messages and the result come while nobody listens, and wait."""
    for cut in range(6):

        async def scene(world: World, peer: raw.Peer, label: str) -> None:
            track = Track(peer, count(label, 5, hold=cut))  # noqa: B023
            await track.take(HERE, cut)  # noqa: B023
            await release(peer, label)
            await world.tally_says(label, "finished")
            await track.finish(THERE)
            check_whole(track, label, 5)

        await with_each_server(world, scene)


@book.case("url", "events_url", "tally", limit=60)
async def calls_cut_at_random(world: World) -> None:
    """Messages in full flow, each session cut several times and resumed at one node or the other."""
    chance = random.Random(world.seed)

    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        track = Track(peer, count(label, 200, pause=0.003))
        while len(track.events) < 150:
            await track.take(chance.randrange(2), chance.randrange(50))
        await track.finish(chance.randrange(2))
        check_whole(track, label, 200)

    await with_each_server(world, scene, times=4)


@book.case("url", "events_url", "tally")
async def finished_stream_is_resumed_from_any_event(world: World) -> None:
    """The result was sent, but did it arrive? Only the client knows; each of its ids is good, several times."""

    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        whole = Track(peer, count(label, 5))
        primed = Track(peer, whole.body)
        async with whole.connected(HERE) as coming:
            async for event in coming:
                primed.last_id = primed.last_id or event.id
        check_whole(whole, label, 5)
        for node in (HERE, THERE, HERE):
            for place, id in enumerate([primed.last_id, *whole.ids]):
                again = Track(peer, last_id=id)
                async with again.connected(node) as coming:
                    await again.drain(coming)
                same(again.messages, whole.messages[place:], f"the messages behind event {place}")
                same(again.ids, whole.ids[place:], f"the ids behind event {place}")

    await with_each_server(world, scene)


@book.case("url", "events_url", "tally")
async def newer_resume_replaces_the_older(world: World) -> None:
    """A connection that is dead without anybody knowing must not lock its client out: the older one ends."""

    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        track = Track(peer, count(label, 5, hold=3))
        async with track.connected(HERE) as older:
            await track.read(older, 3)
            async with track.connected(THERE) as newer:
                await track.drain(older)
                same(len(track.events), 3, "messages until the older connection ended")
                await release(peer, label)
                await track.read(newer, 3)
        check_whole(track, label, 5)

    await with_each_server(world, scene)


@book.case("url", "events_url", "tally")
async def resumes_at_once_give_it_whole(world: World) -> None:
    """Eight resumes with the same id at the same time: each gets a beginning of what follows, one gets all of it."""

    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        track = Track(peer, count(label, 5, hold=2))
        await track.take(HERE, 2)
        tracks = [Track(peer, last_id=track.last_id) for _ in range(8)]

        async def resume(one: Track, node: int) -> None:
            async with one.connected(node) as coming:
                await one.drain(coming)

        async with anyio.create_task_group() as group:
            for node, one in enumerate(tracks):
                group.start_soon(resume, one, node)
            await release(peer, label)
        full = [one for one in tracks if len(one.events) == 4]
        check(full != [], f"nobody got the rest of the stream, but {[len(one.events) for one in tracks]} messages")
        for one in tracks:
            same(one.messages, full[0].messages[: len(one.events)], "the messages of one of the resumes")
        track.events += full[0].events
        check_whole(track, label, 5)

    await with_each_server(world, scene)


@book.case("url", "events_url", "tally")
async def streams_of_one_session_do_not_mix(world: World) -> None:
    """Five calls and the GET stream at once, each cut and resumed; each gets its own messages only."""

    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        tracks = [Track(peer, count(f"{label}-{number}", 6, hold=3)) for number in range(5)]
        for track in tracks:
            await track.take(HERE, 3)
        quiet = Track(peer)
        async with quiet.connected(THERE) as coming:
            await carries(quiet, coming)
            async with anyio.create_task_group() as group:
                for number, track in enumerate(tracks):
                    group.start_soon(track.finish, number)
                for number in range(5):
                    await release(peer, f"{label}-{number}")
            # Whatever the GET stream has by mistake stands before this.
            await peer.answers(raw.call("announce", label=label))
            while not quiet.numbers(label):
                await quiet.read(coming, 1)
        for number, track in enumerate(tracks):
            check_whole(track, f"{label}-{number}", 6)
        strange = [each for each in quiet.messages if not each["params"]["data"].startswith(("ready-", label + " "))]
        same(strange, [], "messages of calls on the GET stream")

    await with_each_server(world, scene)


@book.case("url", "events_url", "tally", limit=10)
async def resume_is_answered_at_once(world: World) -> None:
    """The head comes while the tool is silent. Without it the client would take the gateway for dead."""

    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        track = Track(peer, count(label, 1, hold=0))
        await track.take(HERE, 0)
        for node in (THERE, HERE, THERE):
            with anyio.fail_after(2):
                async with track.connected(node):
                    pass
        await release(peer, label)
        await track.finish(THERE)
        check_whole(track, label, 1)

    await with_each_server(world, scene)


@book.case("url", "events_url", "tally")
async def large_messages_wait(world: World) -> None:
    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        track = Track(peer, count(label, 6, hold=1, padding=100_000))
        await track.take(HERE, 1)
        await release(peer, label)
        await world.tally_says(label, "finished")
        await track.finish(THERE)
        check_whole(track, label, 6)
        check(all(len("".join(event.data)) > 100_000 for event in track.events[:-1]), "a message lost its padding")

    await with_each_server(world, scene)


@book.case("url", "events_url", "tally", through=True)
async def more_than_is_kept_is_told(world: World) -> None:
    """400 messages while nobody listens are more than a gateway keeps: its client is told so, once, and not fooled."""

    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        track = Track(peer, count(label, 400, hold=1))
        await track.take(HERE, 1)
        await release(peer, label)
        await world.tally_says(label, "finished")
        told = track.connected_after_loss(
            THERE, lambda message: "error" in message, lambda: anyio.sleep(POLL_SECONDS)
        )
        async with told as (late, coming):
            await late.drain(coming)
        error = late.messages[-1]
        same((len(late.events), error["id"]), (2, f"id-{label}"), "the messages and the id of the error")
        same(error["error"]["data"]["reason"], "outcome_unknown", "the reason")

    await with_each_server(world, scene)


@book.case("url", "tally", through=True)
async def batch_streams_have_no_ids(world: World) -> None:
    """2025-03-26: who leaves a batch cannot take it up again, and is promised nothing. Its calls run on, once."""
    label = secrets.token_hex(6)
    async with raw.peer(world.url) as peer:
        await peer.open("2025-03-26")
        track = Track(peer, [raw.call("count", "a", label=label, n=4, hold=2), raw.call("whoami", "b")])
        async with track.connected(HERE) as coming:
            while len(track.events) < 3:
                await anext(coming)
        same(track.ids, [""] * 3, "the event ids of a batch")
        await release(peer, label)
        await world.tally_says(label, "finished")
    same(world.executions(label), 1, "executions")
