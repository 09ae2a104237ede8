"""Cases about the wire rules of the revisions with sessions: batches, versions, origins, methods (mcp 1.30.0)."""

from typing import Any

import raw
from running import Book, World, check, same

book = Book()


@book.case(through=True)
async def batch_of_2025_03_26(world: World) -> None:
    async with raw.peer(world.url) as peer:
        await peer.open("2025-03-26")
        batch = [raw.call("counter", id=1), raw.notification("notifications/none"), raw.call("whoami", id="b")]
        answers = {answer["id"]: answer for answer in await peer.answers(batch)}
        same(set(answers), {1, "b"}, "the ids of the answers to a batch of two requests and a notification")
        same(raw.text_of(answers[1]), "1", "the counter, called in a batch")
        await peer.answers([raw.call("counter", id=number) for number in range(20)])
        same(raw.text_of((await peer.answers(raw.call("counter")))[-1]), "22", "the counter after a batch of 20")


@book.case(through=True)
async def batch_without_version_header(world: World) -> None:
    """A 2025-03-26 client sends no version header; its session knows the revision."""
    async with raw.peer(world.url) as peer:
        await peer.open("2025-03-26")
        del peer.headers[raw.VERSION]
        answers = await peer.answers([raw.call("counter", id=1), raw.request("ping", id=2)])
        same({answer["id"] for answer in answers}, {1, 2}, "the ids of the answers")


@book.case(through=True)
async def batch_with_a_question(world: World) -> None:
    async with raw.peer(world.url) as peer:
        await peer.open("2025-03-26")
        seen: set[object] = set()
        async with peer.stream("POST", [raw.call("elicit", id=1), raw.call("whoami", id=2)]) as stream:
            async for event in raw.events(stream):
                found: Any = event.message if any(event.data) else []
                for message in found if isinstance(found, list) else [found]:
                    if message.get("method") == "elicitation/create":
                        accepted = {"action": "accept", "content": {"word": "yes"}}
                        answer = [{"jsonrpc": "2.0", "id": message["id"], "result": accepted}]
                        same((await peer.post(answer)).status_code, 202, "the status of a batch of answers")
                    else:
                        seen.add(message.get("id"))
        same(seen, {1, 2}, "the ids of the answers")


@book.case(through=True)
async def batch_of_notifications(world: World) -> None:
    async with raw.peer(world.url) as peer:
        await peer.open("2025-03-26")
        answer = await peer.post([raw.notification("notifications/none"), raw.notification("notifications/none")])
        same((answer.status_code, answer.content), (202, b""), "the answer to a batch of notifications")


@book.case()
async def batch_refused_elsewhere(world: World) -> None:
    async with raw.peer(world.url) as peer:
        await peer.open("2025-06-18")
        for batch in ([raw.call("whoami")], [raw.notification("notifications/none")], []):
            same((await peer.post(batch)).status_code, 400, "the status of an array in a 2025-06-18 session")
        same((await peer.post(raw.call("whoami"))).status_code, 200, "the status of the next good request")


@book.case()
async def initialize_refused_in_a_batch(world: World) -> None:
    async with raw.peer(world.url) as peer:
        answer = await peer.post([raw.initialize("2025-03-26")])
        same(answer.status_code, 400, "the status of initialize in an array")


@book.case()
async def unsupported_version_header_is_400(world: World) -> None:
    async with raw.peer(world.url) as peer:
        await peer.open()
        for version in ("2099-01-01", "1", "2025-11-25, 2025-11-25"):
            answer = await peer.post(raw.call("whoami"), {raw.VERSION: version})
            same(answer.status_code, 400, f"the status of the version {version!r}")
        same((await peer.post(raw.call("whoami"))).status_code, 200, "the status of the next good request")


@book.case()
async def notifications_are_accepted_empty(world: World) -> None:
    async with raw.peer(world.url) as peer:
        await peer.open()
        for method in ("notifications/roots/list_changed", "notifications/unheard_of"):
            answer = await peer.post(raw.notification(method))
            same((answer.status_code, answer.content), (202, b""), f"the answer to {method}")


@book.case()
async def other_methods_are_405(world: World) -> None:
    async with raw.peer(world.url) as peer:
        await peer.open()
        for method in ("PUT", "PATCH", "OPTIONS"):
            answer = await peer.send(method, {})
            same(answer.status_code, 405, f"the status of {method}")
            allowed = {part.strip() for part in answer.headers.get("allow", "").split(",")}
            check({"GET", "POST", "DELETE"} <= allowed, f"Allow after {method} is {allowed}")


@book.case()
async def foreign_origins_are_403(world: World) -> None:
    async with raw.peer(world.url) as peer:
        for origin in ("http://evil.example", "http://127.0.0.1.evil.example:80", "null"):
            answer = await peer.post(raw.initialize("2025-11-25"), {"origin": origin})
            same(answer.status_code, 403, f"the status of the origin {origin}")
        same((await peer.post(raw.initialize("2025-11-25"))).status_code, 200, "the status without an origin")


@book.case()
async def foreign_hosts_are_refused(world: World) -> None:
    """A page in the user's browser that lets its own name point here (DNS rebinding) is found out by its Host."""
    async with raw.peer(world.url) as peer:
        refused = 421 if world.direct else 403
        for host in ("evil.example", "127.0.0.1.evil.example:80"):
            answer = await peer.post(raw.initialize("2025-11-25"), {"host": host})
            same(answer.status_code, refused, f"the status of the host {host}")


@book.case()
async def bad_bodies_are_400(world: World) -> None:
    async with raw.peer(world.url) as peer:
        await peer.open()
        for body in (b"", b"{", b"nonsense", b"1", b'"x"', b"null", b'{"jsonrpc":"2.0"}'):
            same((await peer.post(body)).status_code, 400, f"the status of the body {body!r}")
        same((await peer.post(raw.call("whoami"))).status_code, 200, "the status of the next good request")


@book.case()
async def too_large_bodies_are_413(world: World) -> None:
    async with raw.peer(world.url) as peer:
        await peer.open()
        answer = await peer.post(raw.call("echo", text="x" * (4 * 1024 * 1024)))
        same(answer.status_code, 413, "the status of more than 4 MiB")
        same((await peer.post(raw.call("whoami"))).status_code, 200, "the status of the next good request")


@book.case()
async def unknown_fields_arrive(world: World) -> None:
    """Nothing between client and server may drop what it does not know, or change a number's digits."""
    async with raw.peer(world.url) as peer:
        await peer.open()
        body = (
            b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "later": {"a": [1.0, 1e2]},'
            b' "params": {"name": "echo", "_meta": {"vendor/x": 1}, "arguments": {"text": 12345678901234567890}}}'
        )
        same(raw.text_of((await peer.answers(body))[-1]), "12345678901234567890", "a large number")
