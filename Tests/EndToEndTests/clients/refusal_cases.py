"""Cases about what a session refuses: event ids, session ids and answers that are not its own (mcp 1.30.0, by hand).

Needs a gateway with `principal_from: x-test-principal`.
"""

import secrets
from contextlib import AsyncExitStack
from dataclasses import dataclass

import anyio
import raw
from running import Book, World, check, same
from tracks import HERE, THERE, Track, carries, count, release

book = Book()

PRINCIPAL = "x-test-principal"

Refusal = tuple[int, str, bytes]
"""Status, content type and body: what two refusals may not differ in."""


async def sent(peer: raw.Peer, node: int, method: str, body: object, headers: dict[str, str | None]) -> Refusal:
    answer = await peer.at(node).send(method, body, headers)
    return answer.status_code, answer.headers.get("content-type", ""), answer.content


GARBAGE = ("0", "1-1", "garbage", "....", "A.B.C.1", "x" * 4000)


def altered(id: str) -> list[str]:
    """The id with one character changed, at many places."""
    places = range(0, len(id), max(1, len(id) // 24))
    changed = [id[:place] + other + id[place + 1 :] for place in places for other in "Aw5"]
    return [each for each in changed if each != id]


@book.case("url", "events_url", through=True)
async def wrong_event_ids_are_400(world: World) -> None:
    """Garbage and other sessions' ids, all alike and at every node; the stream is untouched."""
    for url in (world.url, world.events_url):
        async with raw.peer(url) as peer, raw.peer(url) as other:
            await peer.open()
            await other.open()
            label = secrets.token_hex(6)
            track, foreign = Track(peer, count(label, 6, hold=3)), Track(other, count(label + "-foreign", 3, hold=2))
            await track.take(HERE, 3)
            await foreign.take(HERE, 2)
            own_id = track.last_id
            wrong = [*GARBAGE, *foreign.ids, own_id[1:], own_id + ".", own_id * 2, own_id.swapcase()]
            seen = {
                await sent(peer, node, "GET", None, {"last-event-id": id}) for node in (HERE, THERE) for id in wrong
            }
            same([status for status, _, _ in seen], [400], f"answers to wrong event ids: {seen}")
            await release(peer, label)
            await track.finish(THERE)
            same(track.numbers(label), [1, 2, 3, 4, 5, 6], "the numbers")


@book.case("url", "events_url", through=True, limit=120)
async def altered_event_ids_bring_nothing_foreign(world: World) -> None:
    """An id may be readable in part. Whoever changes it is refused, or gets what is the session's own anyway."""

    async def scene(url: str, node: int) -> None:
        async with raw.peer(url) as peer, raw.peer(url) as other:
            await peer.open()
            await other.open()
            label = secrets.token_hex(6)
            track, foreign = Track(peer, count(label, 6, hold=3)), Track(other, count(label + "-foreign", 6, hold=3))
            await track.take(HERE, 3)
            await foreign.take(HERE, 3)
            refused = [await refused_or_own(peer.at(node), id, label) for id in altered(track.last_id)]
            check(sum(refused) >= 10, f"only {sum(refused)} altered ids were refused")
            await release(peer, label)
            await track.finish(THERE)
            same(track.numbers(label), [1, 2, 3, 4, 5, 6], "the numbers")

    async with anyio.create_task_group() as group:
        for url in (world.url, world.events_url):
            for node in (HERE, THERE):
                group.start_soon(scene, url, node)


async def refused_or_own(peer: raw.Peer, id: str, label: str) -> bool:
    """True for 400. Otherwise what comes at once is read: it must be of this session."""
    async with peer.stream("GET", headers={"last-event-id": id}) as response:
        if response.status_code == 400:
            return True
        same(response.status_code, 200, f"the status of a resume with the altered id {id}")
        with anyio.move_on_after(0.1):
            async for event in raw.events(response):
                if any(event.data):
                    text = event.message.get("params", {}).get("data", f"{label} ")
                    check(text.startswith(f"{label} "), f"the altered id {id} brought {event.message}")
    return False


@dataclass
class Party:
    """A principal with a session in which a call waits behind its question, and the ids that the client holds."""

    peer: raw.Peer
    call: Track
    quiet: Track
    label: str
    question: raw.Message

    @property
    def session(self) -> str:
        return self.peer.headers[raw.SESSION]


async def party(stack: AsyncExitStack, url: str, principal: str | None) -> Party:
    peer = await stack.enter_async_context(raw.peer(url))
    if principal:
        peer.headers[PRINCIPAL] = principal
    await peer.open()
    label = secrets.token_hex(6)
    call, quiet = Track(peer, raw.call("elicit", f"id-{label}", label=label)), Track(peer)
    async with quiet.connected(HERE) as coming:
        await carries(quiet, coming)
    await call.take(HERE, 1)
    return Party(peer, call, quiet, label, call.messages[0])


async def finish(one: Party) -> None:
    """The session is as it was: its question waits, its call ends with this answer, once, and nothing else came."""
    accepted = {"action": "accept", "content": {"word": "own"}}
    given = {"jsonrpc": "2.0", "id": one.question["id"], "result": accepted}
    same((await one.peer.post(given)).status_code, 202, "the status of one's own answer")
    same(raw.text_of(await one.call.finish(THERE)), "accept own", "the result of one's own call")
    same(len(one.call.events), 2, "the messages of one's own call")


def verbs(one: Party, label: str) -> list[tuple[str, object, dict[str, str | None]]]:
    """Everything that can be asked with a session id, with the ids of that session."""
    wrong = {"action": "accept", "content": {"word": "foreign"}}
    return [
        ("POST", raw.call("counter", 1, label=label), {}),
        ("POST", raw.request("ping", id=1), {}),
        ("POST", raw.notification("notifications/initialized"), {}),
        ("POST", raw.notification("notifications/cancelled", {"requestId": one.call.body["id"]}), {}),
        ("POST", {"jsonrpc": "2.0", "id": one.question["id"], "result": wrong}, {}),
        ("POST", {"jsonrpc": "2.0", "id": one.question["id"], "error": {"code": 1, "message": "foreign"}}, {}),
        ("GET", None, {}),
        ("GET", None, {"last-event-id": one.call.last_id}),
        ("GET", None, {"last-event-id": one.quiet.last_id}),
        ("DELETE", None, {}),
    ]


@book.case("url", "events_url", "tally", through=True, limit=90)
async def foreign_sessions_are_refused_alike(world: World) -> None:
    """Every verb at every node, with another principal's session id, or with none: as if the session did not exist."""
    for url in (world.url, world.events_url):
        async with AsyncExitStack() as stack:
            parties = {name: await party(stack, url, name) for name in ("alice", "bob", None)}
            label = secrets.token_hex(6)
            for owner, owned in parties.items():
                for thief in (*parties, "Alice"):
                    if thief == owner:
                        continue
                    for node in (HERE, THERE):
                        for method, body, headers in verbs(owned, label):
                            same_as = await sent(
                                owned.peer, node, method, body, {**headers, PRINCIPAL: thief, raw.SESSION: "unknown"}
                            )
                            same(same_as[0], 404, f"the status of {method} with an unknown session")
                            seen = await sent(owned.peer, node, method, body, {**headers, PRINCIPAL: thief})
                            same(seen, same_as, f"{method} {headers or body} of {owner} by {thief} at node {node}")
            for owned in parties.values():
                await finish(owned)
                same(raw.text_of((await owned.peer.answers(raw.call("counter")))[-1]), "1", "the counter")
            same(world.executions(label), 0, "calls in foreign sessions")


@book.case("sse_url", "tally", through=True)
async def foreign_http_sse_sessions_are_refused_alike(world: World) -> None:
    """2024-11-05: the session is in the address that the stream names; it is of no use to anybody else."""
    label = secrets.token_hex(6)
    async with raw.peer(world.sse_url) as peer:
        peer.headers[PRINCIPAL] = "alice"
        async with peer.stream("GET") as stream:
            coming = raw.events(stream)
            address = str(raw.httpx.URL(world.sse_url).join("".join((await raw.next_event(coming)).data)))
            own = raw.Peer(peer.http, address)
            own.headers = peer.headers
            same((await own.post(raw.initialize("2024-11-05"))).status_code, 202, "the status of a posted message")
            await raw.next_event(coming)
            wrong = raw.Peer(peer.http, address.partition("=")[0] + "=unknown")
            for node in (HERE, THERE):
                for body in (raw.call("counter", 1, label=label), raw.notification("notifications/initialized")):
                    expected = await sent(wrong, node, "POST", body, {PRINCIPAL: "bob"})
                    same(expected[0], 404, "the status with an unknown session")
                    for thief in ("bob", None, "Alice"):
                        seen = await sent(own, node, "POST", body, {PRINCIPAL: thief})
                        same(seen, expected, f"a message of {thief} in a session of alice at node {node}")
            same((await own.post(raw.call("counter"))).status_code, 202, "the status of one's own call")
            same(raw.text_of((await raw.next_event(coming)).message), "1", "the counter")
    same(world.executions(label), 0, "calls in a foreign session")


@book.case("url", "events_url", through=True, limit=90)
async def foreign_ids_in_ones_own_session_are_refused_alike(world: World) -> None:
    """Event ids and answers of another session, of another principal or of one's own: refused as garbage is."""
    for url in (world.url, world.events_url):
        async with AsyncExitStack() as stack:
            own, second = [await party(stack, url, "alice") for _ in range(2)]
            foreign = await party(stack, url, "bob")
            wrong = {"action": "accept", "content": {"word": "foreign"}}
            for node in (HERE, THERE):
                garbage = await sent(own.peer, node, "GET", None, {"last-event-id": "garbage"})
                same(garbage[0], 400, "the status of a resume with garbage")
                unknown = await sent(own.peer, node, "POST", {"jsonrpc": "2.0", "id": "garbage", "result": wrong}, {})
                for other in (second, foreign):
                    for id in (*other.call.ids, *other.quiet.ids):
                        seen = await sent(own.peer, node, "GET", None, {"last-event-id": id})
                        same(seen, garbage, f"a resume with another session's event id at node {node}")
                    for reply in ({"result": wrong}, {"error": {"code": 1, "message": "foreign"}}):
                        given = {"jsonrpc": "2.0", "id": other.question["id"], **reply}
                        seen = await sent(own.peer, node, "POST", given, {})
                        same(seen, unknown, f"an answer to another session's question at node {node}")
            for one in (own, second, foreign):
                await finish(one)
