"""Cases about questions in mid-call whose call, answer and result each go over another node (mcp 1.30.0, by hand)."""

import secrets

import anyio
import raw
from running import Book, World, check, same
from tracks import HERE, THERE, Track, carries, count, with_each_server

book = Book()


def answer(question: raw.Message, word: str) -> raw.Message:
    return {"jsonrpc": "2.0", "id": question["id"], "result": {"action": "accept", "content": {"word": word}}}


async def answered(peer: raw.Peer, node: int, question: raw.Message, word: str) -> None:
    same(question.get("method"), "elicitation/create", "the question")
    same((await peer.at(node).post(answer(question, word))).status_code, 202, "the status of an answer")


def elicit(label: str) -> raw.Message:
    return raw.call("elicit", f"id-{label}", label=label, text=label)


@book.case("url", "events_url", "tally")
async def call_here_answer_there_result_here(world: World) -> None:
    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        track = Track(peer, elicit(label))
        async with track.connected(HERE) as coming:
            await track.read(coming, 1)
            await answered(peer, THERE, track.messages[0], "there")
            await track.read(coming, 1)
        same(raw.text_of(track.messages[1]), "accept there", "the result")

    await with_each_server(world, scene, times=3)


@book.case("url", "events_url", "tally")
async def call_here_answer_there_beside_a_get_stream_there(world: World) -> None:
    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        track, quiet = Track(peer, elicit(label)), Track(peer)
        async with quiet.connected(THERE) as listening, track.connected(HERE) as coming:
            await carries(quiet, listening)
            await track.read(coming, 1)
            await answered(peer, THERE, track.messages[0], "there")
            await track.read(coming, 1)
            await peer.answers(raw.call("announce", label="later"))
            while not quiet.numbers("later"):
                await quiet.read(listening, 1)
        same(raw.text_of(track.messages[1]), "accept there", "the result")
        strange = [each for each in quiet.messages if each.get("method") == "elicitation/create" or "id" in each]
        same(strange, [], "the call's messages on the GET stream")

    await with_each_server(world, scene)


@book.case()
async def question_on_the_get_stream_there(world: World) -> None:
    """The server asks on the GET stream at one node, of a call at the other; the answer goes to either."""
    for node in (HERE, THERE):
        async with raw.peer(world.url) as peer:
            await peer.open()
            quiet, track = Track(peer), Track(peer, raw.call("roots", stream="get"))
            async with quiet.connected(THERE) as listening:
                await carries(quiet, listening)
                async with track.connected(HERE) as coming:
                    while quiet.messages[-1].get("method") != "roots/list":
                        await quiet.read(listening, 1)
                    roots = {"roots": [{"uri": "file:///one"}]}
                    given = {"jsonrpc": "2.0", "id": quiet.messages[-1]["id"], "result": roots}
                    same((await peer.at(node).post(given)).status_code, 202, "the status of an answer")
                    await track.read(coming, 1)
            same(raw.text_of(track.messages[0]), "file:///one", "the result")


@book.case("url", "events_url", "tally")
async def answer_while_nobody_listens(world: World) -> None:
    """The call is cut behind its question, the answer goes to another node, the result is there on the resume."""

    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        track = Track(peer, elicit(label))
        await track.take(HERE, 1)
        await answered(peer, THERE, track.messages[0], "late")
        result = await track.finish(THERE)
        same((len(track.events), raw.text_of(result)), (2, "accept late"), "the messages and the result")

    await with_each_server(world, scene)


@book.case("url", "events_url", "tally")
async def question_is_sent_again_on_resume(world: World) -> None:
    """The connection was cut before the question was read: the resume brings it, and it can be answered."""

    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        first = Track(peer, elicit(label))
        primed = ""
        async with first.connected(HERE) as coming:
            async for event in coming:
                primed = primed or event.id
                if first.events:
                    break
        again = Track(peer, last_id=primed)
        async with again.connected(THERE) as coming:
            await again.read(coming, 1)
            same(again.messages, first.messages, "the question")
            same(again.ids, first.ids, "its event id")
            await answered(peer, HERE, again.messages[0], "again")
            await again.read(coming, 1)
        same(raw.text_of(again.messages[1]), "accept again", "the result")

    await with_each_server(world, scene)


@book.case("url", "events_url", "tally", through=True)
async def first_answer_wins(world: World) -> None:
    """Two answers at the same time, one at each node: the server gets one, and both clients are told the same."""

    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        track = Track(peer, elicit(label))
        statuses: dict[str, int] = {}

        async def give(node: int, word: str) -> None:
            statuses[word] = (await peer.at(node).post(answer(track.messages[0], word))).status_code

        async with track.connected(HERE) as coming:
            await track.read(coming, 1)
            async with anyio.create_task_group() as group:
                group.start_soon(give, HERE, "here")
                group.start_soon(give, THERE, "there")
            await track.read(coming, 1)
            check(raw.text_of(track.messages[1]) in ("accept here", "accept there"), f"the result: {track.messages[1]}")
            await give(THERE, "later")
        check(set(statuses.values()) <= {202}, f"the statuses of answers to one question: {statuses}")
        same(raw.text_of((await peer.answers(raw.call("counter")))[-1]), "1", "the counter afterwards")

    await with_each_server(world, scene, times=3)


@book.case("url", "events_url", "tally")
async def cancelled_while_away(world: World) -> None:
    """The cancellation goes to another node than the call; the server hears of it, and the resume ends."""

    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        track = Track(peer, raw.call("slow", f"id-{label}", label=label, seconds=25))
        await track.take(HERE, 0)
        await world.tally_starts(label)
        cancelled = raw.notification("notifications/cancelled", {"requestId": f"id-{label}"})
        same((await peer.at(THERE).post(cancelled)).status_code, 202, "the status of the cancellation")
        await world.tally_says(label, "cancelled")
        result = await track.finish(THERE)
        check("error" in result and result["id"] == f"id-{label}", f"the cancelled call ended with {result}")

    await with_each_server(world, scene)


@book.case("url", "events_url", "tally")
async def deleted_while_away(world: World) -> None:
    """DELETE at another node ends the call and everything that could be resumed, at every node."""

    async def scene(world: World, peer: raw.Peer, label: str) -> None:
        track = Track(peer, raw.call("slow", f"id-{label}", label=label, seconds=25))
        await track.take(HERE, 0)
        await world.tally_starts(label)
        check((await peer.at(THERE).send("DELETE")).status_code in (200, 204), "DELETE was refused")
        for node in (HERE, THERE):
            resumed = await peer.at(node).send("GET", headers={"last-event-id": track.last_id})
            same(resumed.status_code, 404, "the status of a resume after DELETE")
        await world.tally_says(label, "cancelled")

    await with_each_server(world, scene)


@book.case("url", limit=60)
async def three_hundred_sessions_used_at_once_elsewhere(world: World) -> None:
    """An id is good everywhere the moment that `initialize` is answered, before anything else is said."""
    label = secrets.token_hex(6)
    failures: list[str] = []

    async def use(peer: raw.Peer) -> None:
        opened = await peer.at(HERE).post(raw.initialize("2025-11-25"))
        peer.headers |= {raw.SESSION: opened.headers[raw.SESSION], raw.VERSION: "2025-11-25"}
        begun = await peer.at(THERE).post(raw.notification("notifications/initialized"))
        used = await peer.at(THERE).post(count(label, 1))
        if (begun.status_code, used.status_code) != (202, 200):
            failures.append(f"{begun.status_code} {used.status_code} {used.text[:100]}")

    async with raw.peer(world.url) as shared:
        room = anyio.Semaphore(16)

        async def one() -> None:
            async with room:
                await use(raw.Peer(shared.http, world.url))

        async with anyio.create_task_group() as group:
            for _ in range(300):
                group.start_soon(one)
    same(failures, [], "failed uses of 300 sessions")
    same(world.executions(label), 300, "calls that were executed")
