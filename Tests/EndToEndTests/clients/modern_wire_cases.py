"""Cases about the wire rules of revision 2026-07-28, spoken by hand (run by modern_cases.py)."""

import secrets

import anyio
import raw
from running import Book, World, check, same

MODERN = "2026-07-28"
PREFIX = "io.modelcontextprotocol"
META = {f"{PREFIX}/protocolVersion": MODERN, f"{PREFIX}/clientCapabilities": {"elicitation": {"form": {}}}}
NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
UNKNOWN_METHOD = -32601
INVALID_PARAMS = -32602
HEADER_MISMATCH = -32020
UNSUPPORTED_VERSION = -32022

book = Book()


def enveloped(message: raw.Message, meta: raw.Message | None = None) -> raw.Message:
    """The message with the fields that every request of this revision carries."""
    return {**message, "params": {**message.get("params", {}), "_meta": META if meta is None else meta}}


def headers_for(message: raw.Message) -> dict[str, str | None]:
    headers: dict[str, str | None] = {raw.VERSION: MODERN, "mcp-method": message["method"]}
    if message["method"] in NAMED:
        headers["mcp-name"] = message["params"][NAMED[message["method"]]]
    return headers


async def post(peer: raw.Peer, message: raw.Message, **changed: str | None) -> raw.httpx.Response:
    """Posts with the headers that belong to the message, some of them changed (`_` for `-`) or (None) left out."""
    changes = {name.replace("_", "-"): value for name, value in changed.items()}
    return await peer.post(message, {**headers_for(message), **changes})


def check_refusal(answer: raw.httpx.Response, status: int, code: int, id: object, what: str) -> None:
    error = answer.json()
    same((answer.status_code, error["error"]["code"], error["id"]), (status, code, id), f"status, code, id: {what}")


@book.case()
async def a_call_by_hand(world: World) -> None:
    async with raw.peer(world.url) as peer:
        answer = await post(peer, enveloped(raw.call("echo", id=1, text="hello")))
        same(answer.status_code, 200, "the status")
        (message,) = await raw.messages(answer)
        same((message["id"], raw.text_of(message)), (1, "hello"), "id and text")
        same(message["result"]["resultType"], "complete", "the result type")
        check(raw.SESSION not in answer.headers, "a session id in a revision without sessions")


@book.case()
async def discover_by_hand(world: World) -> None:
    async with raw.peer(world.url) as peer:
        message = (await post(peer, enveloped(raw.request("server/discover", id=1)))).json()
        check(MODERN in message["result"]["supportedVersions"], f"discover answers {message}")


@book.case()
async def session_ids_are_ignored(world: World) -> None:
    async with raw.peer(world.url) as peer:
        answer = await post(peer, enveloped(raw.call("whoami")), mcp_session_id="unknown", last_event_id="unknown")
        same(answer.status_code, 200, "the status with a session id")
        check(raw.SESSION not in answer.headers, "the session id was echoed")


@book.case()
async def headers_must_equal_the_body(world: World) -> None:
    async with raw.peer(world.url) as peer:
        message = enveloped(raw.call("whoami", id="x"))
        wrong: list[dict[str, str | None]] = [
            {"mcp_method": "tools/list"},
            {"mcp_method": "Tools/Call"},
            {"mcp_method": None},
            {"mcp_name": "echo"},
            {"mcp_name": "WHOAMI"},
            {"mcp_name": None},
            {"mcp_name": "=?base64?ZWNobw==?="},
            {"mcp_name": "=?base64?d2hvYW1p=?="},
        ]
        for change in wrong:
            check_refusal(await post(peer, message, **change), 400, HEADER_MISMATCH, "x", str(change))
        same(
            (await post(peer, message, mcp_name="=?base64?d2hvYW1p?=")).status_code,
            200,
            "the status of an encoded name",
        )


@book.case()
async def repeated_headers_are_refused(world: World) -> None:
    async with raw.peer(world.url) as peer:
        message = enveloped(raw.call("whoami", id=1))
        for name in ("mcp-method", "mcp-name", raw.VERSION):
            usual = peer.merged(headers_for(message))
            answer = await peer.http.post(peer.url, json=message, headers=[*usual.items(), (name, usual[name])])
            check_refusal(answer, 400, HEADER_MISMATCH, 1, f"{name} given twice")


@book.case(through=True)
async def missing_version_header_is_refused(world: World) -> None:
    """The body says which revision it is; SDK servers look at the header only and take it for an older one."""
    async with raw.peer(world.url) as peer:
        message = enveloped(raw.call("whoami", id=1))
        answer = await peer.post(message, {**headers_for(message), raw.VERSION: None})
        check_refusal(answer, 400, HEADER_MISMATCH, 1, "no version header")
        answer = await peer.post(message, {**headers_for(message), raw.VERSION: "2025-11-25"})
        check_refusal(answer, 400, HEADER_MISMATCH, 1, "another revision in the header")


@book.case()
async def unsupported_versions_are_named(world: World) -> None:
    async with raw.peer(world.url) as peer:
        message = enveloped(raw.call("whoami", id=1), {**META, f"{PREFIX}/protocolVersion": "2099-01-01"})
        answer = await peer.post(message, {**headers_for(message), raw.VERSION: "2099-01-01"})
        check_refusal(answer, 400, UNSUPPORTED_VERSION, 1, "an unknown revision")
        details = answer.json()["error"]["data"]
        check(MODERN in details["supported"], f"the supported revisions are {details}")
        same(details["requested"], "2099-01-01", "the requested revision")


@book.case()
async def missing_envelope_is_refused(world: World) -> None:
    async with raw.peer(world.url) as peer:
        for missing in META:
            meta = {key: value for key, value in META.items() if key != missing}
            message = enveloped(raw.call("whoami", id=1), meta)
            check_refusal(await post(peer, message), 400, INVALID_PARAMS, 1, f"no {missing}")
        message = raw.call("whoami", id=1)
        check_refusal(await post(peer, message), 400, INVALID_PARAMS, 1, "no _meta")


@book.case()
async def bodies_that_are_no_single_message(world: World) -> None:
    async with raw.peer(world.url) as peer:
        usual: dict[str, str | None] = {raw.VERSION: MODERN, "mcp-method": "tools/call", "mcp-name": "whoami"}
        message = enveloped(raw.call("whoami", id=1))
        for body, code in (
            (b"{", PARSE_ERROR),
            (b"", PARSE_ERROR),
            ([message], INVALID_REQUEST),
            (b"7", INVALID_REQUEST),
        ):
            answer = await peer.post(body, usual)
            same((answer.status_code, answer.json()["error"]["code"]), (400, code), f"status and code of {body!r}")
        same((await post(peer, message)).status_code, 200, "the status of the next good request")


@book.case()
async def get_and_delete_are_405(world: World) -> None:
    async with raw.peer(world.url) as peer:
        for method in ("GET", "DELETE"):
            answer = await peer.send(method, headers={raw.VERSION: MODERN})
            same((answer.status_code, answer.headers.get("allow")), (405, "POST"), f"status and Allow of {method}")


@book.case()
async def unknown_methods_are_404(world: World) -> None:
    async with raw.peer(world.url) as peer:
        check_refusal(await post(peer, enveloped(raw.request("no/such", id=1))), 404, UNKNOWN_METHOD, 1, "no/such")
        check_refusal(await post(peer, enveloped(raw.request("ping", id=2))), 404, UNKNOWN_METHOD, 2, "ping")


@book.case()
async def notifications_are_accepted_empty(world: World) -> None:
    async with raw.peer(world.url) as peer:
        message = raw.notification("notifications/cancelled", {"requestId": 1})
        answer = await post(peer, message)
        same((answer.status_code, answer.content), (202, b""), "the answer to a notification")


@book.case()
async def wrong_parameter_headers_are_refused(world: World) -> None:
    """The server judges these; its refusal comes back as it gave it."""
    async with raw.peer(world.url) as peer:
        message = enveloped(raw.call("regional", id=1, region="eu"))
        check_refusal(await post(peer, message, mcp_param_region="us"), 400, HEADER_MISMATCH, 1, "another value")
        check_refusal(await post(peer, message), 400, HEADER_MISMATCH, 1, "no header")
        answer = await post(peer, message, mcp_param_region="eu")
        same(raw.text_of(answer.json()), "eu", "the header as it arrived")
        answer = await post(peer, enveloped(raw.call("whoami")), mcp_param_unknown="kept")
        same(answer.status_code, 200, "the status with a header that nobody declared")


@book.case("url", "tally", limit=10)
async def disconnect_cancels(world: World) -> None:
    """At once, that is: a server that has sent nothing yet must hear of it before its first keep-alive (15 s)."""
    label = f"left-{secrets.token_hex(4)}"
    async with raw.peer(world.url) as peer, anyio.create_task_group() as group:
        message = enveloped(raw.call("slow", seconds=25, label=label))
        group.start_soon(post, peer, message)
        await world.tally_starts(label)
        group.cancel_scope.cancel()
    await world.tally_says(label, "cancelled")


@book.case()
async def altered_state_is_refused(world: World) -> None:
    async with raw.peer(world.url) as peer:
        question = (await post(peer, enveloped(raw.call("ask")))).json()["result"]
        same(question["resultType"], "input_required", "the result type")
        state = question["requestState"]
        responses = {key: {"action": "accept", "content": {"word": "w"}} for key in question["inputRequests"]}

        async def retry(state: str) -> raw.httpx.Response:
            message = enveloped(raw.call("ask", id=1))
            message["params"] |= {"inputResponses": responses, "requestState": state}
            return await post(peer, message)

        for place in range(0, len(state), max(1, len(state) // 12)):
            altered = state[:place] + ("A" if state[place] != "A" else "B") + state[place + 1 :]
            check_refusal(await retry(altered), 400, INVALID_PARAMS, 1, f"the character {place} altered")
        check_refusal(await retry(state[:-4]), 400, INVALID_PARAMS, 1, "cut short")
        same((await retry(state)).status_code, 200, "the status of the state as it was")


@book.case()
async def stream_head(world: World) -> None:
    """A call that sends something before its answer is answered by a stream."""
    async with raw.peer(world.url) as peer:
        message = enveloped(raw.call("progress", n=2), {**META, "progressToken": "p"})
        async with peer.stream("POST", message, headers_for(message)) as stream:
            check(stream.headers["content-type"].startswith("text/event-stream"), f"the head is {stream.headers}")
            same(stream.headers.get("x-accel-buffering"), "no", "X-Accel-Buffering")
            caching = {part.strip() for part in stream.headers.get("cache-control", "").split(",")}
            check({"no-cache", "no-transform"} <= caching, f"Cache-Control is {caching}")
            found = await raw.messages(stream)
        steps = [each["params"]["progress"] for each in found[:-1]]
        same((steps, raw.text_of(found[-1])), ([1, 2], "2"), "the progress and the answer")


@book.case()
async def streams_have_no_event_ids(world: World) -> None:
    """2026-07-28 knows no resumption: no ids, no priming events, and Last-Event-ID means nothing."""
    async with raw.peer(world.url) as peer:
        message = enveloped(raw.call("progress", n=2), {**META, "progressToken": "p"})
        async with peer.stream("POST", message, headers_for(message) | {"last-event-id": "x"}) as stream:
            found = [event async for event in raw.events(stream) if event.comment is None]
        same([(event.id, any(event.data)) for event in found], [("", True)] * 3, "ids and content of the events")
        same((await peer.send("GET", headers={raw.VERSION: MODERN, "last-event-id": "x"})).status_code, 405, "a resume")


@book.case()
async def listen_by_hand(world: World) -> None:
    """The acknowledgement comes first, and everything carries the id of the listen, type and all."""
    async with raw.peer(world.url) as peer:
        for id in (7, "7"):
            message = enveloped(raw.request("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, id))
            async with peer.stream("POST", message, headers_for(message)) as stream:
                coming = raw.events(stream)
                first = (await raw.next_event(coming)).message
                same(first["method"], "notifications/subscriptions/acknowledged", "the first message")
                same(first["params"]["_meta"][f"{PREFIX}/subscriptionId"], id, "the subscription id")
                with anyio.CancelScope() as scope:
                    async with anyio.create_task_group() as group:

                        async def cause() -> None:
                            while True:
                                await post(peer, enveloped(raw.call("change", kind="tools")))

                        group.start_soon(cause)
                        changed = (await raw.next_event(coming)).message
                        same(changed["method"], "notifications/tools/list_changed", "the second message")
                        same(changed["params"]["_meta"][f"{PREFIX}/subscriptionId"], id, "the subscription id")
                        scope.cancel()
