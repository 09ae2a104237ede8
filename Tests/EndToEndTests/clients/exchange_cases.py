"""Cases about what travels in a session: calls of any size, notifications, questions in mid-call (mcp 1.30.0)."""

import anyio
import raw
from mcp import types
from mcp.shared.exceptions import McpError
from pydantic import AnyUrl
from running import Book, World, check, same
from sdk import ROOTS, Connected, connect

book = Book()


@book.case()
async def big_arguments(world: World) -> None:
    async with connect(world.url) as session:
        text = '0123456789äöü\\"\n' * 100_000
        check(len(text) >= 1_500_000, "the text is too short")
        check(await session.call("echo", text=text) == text, "1.5 MB did not come back as sent")


@book.case()
async def big_results(world: World) -> None:
    async with connect(world.url) as session:
        for size in (1, 100_000, 3_000_000):
            text = await session.call("big_result", bytes=size)
            same((len(text), text[:16]), (size, "0123456789abcdef"[:size]), "the length and start of a result")


@book.case()
async def progress(world: World) -> None:
    seen: list[tuple[float, float | None, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append((progress, total, message))

    async with connect(world.url) as session:
        await session.session.call_tool("progress", {"n": 25}, progress_callback=note)
    same(seen, [(step, 25, f"step {step}") for step in range(1, 26)], "the progress of one call")


@book.case()
async def progress_of_parallel_calls(world: World) -> None:
    seen: dict[int, list[float]] = {number: [] for number in range(1, 9)}

    async def run(session: Connected, number: int) -> None:
        async def note(progress: float, total: float | None, message: str | None) -> None:
            same(total, number * 3, "the total of a call's own progress")
            seen[number].append(progress)

        await session.session.call_tool("progress", {"n": number * 3}, progress_callback=note)

    async with connect(world.url) as session, anyio.create_task_group() as group:
        for number in seen:
            group.start_soon(run, session, number)
    for number, steps in seen.items():
        same(steps, list(range(1, number * 3 + 1)), "the progress of one of eight calls at once")


@book.case()
async def logging(world: World) -> None:
    async with connect(world.url) as session:
        expected: dict[types.LoggingLevel, list[str]] = {
            "debug": ["debug", "info", "error"],
            "info": ["info", "error"],
            "error": ["error"],
            "alert": [],
        }
        for level, kinds in expected.items():
            session.inbox.notifications.clear()
            await session.session.set_logging_level(level)
            same(await session.call("log", n=3), level, "the level that the server knows")
            sent = [
                each.root.params.data
                for each in session.inbox.notifications
                if isinstance(each.root, types.LoggingMessageNotification)
            ]
            same(sent, [f"{kind} {number}" for number in range(3) for kind in kinds], f"messages at level {level}")


@book.case()
async def sampling(world: World) -> None:
    async with connect(world.url) as session:
        same(await session.call("sample", text="why"), "answer to why", "the sampled answer")


@book.case()
async def elicitation(world: World) -> None:
    async with connect(world.url) as session:
        same(await session.call("elicit", text="name"), "accept word for name", "the elicited answer")
        same(await session.call("elicit", text="decline"), "decline", "a declined question")


@book.case()
async def roots(world: World) -> None:
    async with connect(world.url) as session:
        same(await session.call("roots"), " ".join(ROOTS), "the roots, asked for on the call's stream")


@book.case()
async def roots_on_the_get_stream(world: World) -> None:
    """This is where SDK 1.30.0 asks for roots: on a stream that another connection holds."""
    async with connect(world.url) as session:
        await session.get_stream_is_open()
        same(await session.call("roots", stream="get"), " ".join(ROOTS), "the roots, asked for on the GET stream")


@book.case()
async def many_questions_at_once(world: World) -> None:
    """Servers number their questions from 0 in every session, so equal ids are open everywhere."""

    async def ask(session: Connected, text: str) -> None:
        same(await session.call("elicit", text=text), f"accept word for {text}", "an answer")

    async with (
        connect(world.url) as one,
        connect(world.url) as two,
        connect(world.url) as three,
        anyio.create_task_group() as group,
    ):
        for number in range(10):
            for name, session in (("one", one), ("two", two), ("three", three)):
                group.start_soon(ask, session, f"{name} {number}")


@book.case()
async def answer_with_an_error(world: World) -> None:
    """The client refuses a question with an error; the server turns it into a failed call."""
    async with raw.peer(world.url) as peer:
        await peer.open()
        async with peer.stream("POST", raw.call("elicit", id=7)) as stream:
            coming = raw.events(stream)
            question = (await raw.next_event(coming)).message
            same(question["method"], "elicitation/create", "the question")
            refusal = {"jsonrpc": "2.0", "id": question["id"], "error": {"code": -1, "message": "not now"}}
            accepted = await peer.post(refusal)
            same((accepted.status_code, accepted.content), (202, b""), "the answer to a posted answer")
            failed = (await raw.next_event(coming)).message
            same((failed["id"], failed["result"]["isError"]), (7, True), "the failed call")
            check("not now" in raw.text_of(failed), f"the refusal is not in {failed}")


@book.case()
async def notifications_on_the_get_stream(world: World) -> None:
    async with connect(world.url) as session:
        await session.get_stream_is_open()
        changed = types.ResourceListChangedNotification
        await session.call("notify", n=10)
        await session.inbox.until(lambda: session.inbox.count(changed) >= 10)
        same(session.inbox.count(changed), 10, "notifications")


@book.case()
async def resource_subscription(world: World) -> None:
    async with connect(world.url) as session:
        await session.get_stream_is_open()
        await session.subscribe("note://one")
        same(await session.call("update", uri="note://one"), "1", "sessions told")
        same(await session.call("update", uri="note://two"), "0", "sessions told of what nobody subscribed to")
        await session.inbox.until(lambda: session.inbox.updated != [])
        same(session.inbox.updated, ["note://one"], "the updates")
        await session.session.unsubscribe_resource(AnyUrl("note://one"))
        same(await session.call("update", uri="note://one"), "0", "sessions told after unsubscribing")


@book.case("url", "tally", limit=10)
async def cancellation(world: World) -> None:
    async with connect(world.url) as session, anyio.create_task_group() as group:
        label = f"cancel-{session.id[-12:]}"
        # The id that the client will use next; the SDK offers no other way to cancel.
        number = session.session._request_id
        failures: list[McpError] = []
        failed = anyio.Event()

        async def run() -> None:
            try:
                await session.call("slow", seconds=25, label=label)
            except McpError as error:
                failures.append(error)
                failed.set()

        group.start_soon(run)
        await world.tally_starts(label)
        cancelled = types.CancelledNotification(params=types.CancelledNotificationParams(requestId=number))
        await session.session.send_notification(types.ClientNotification(cancelled))
        await world.tally_says(label, "cancelled")
        await failed.wait()
        check("cancelled" in failures[0].error.message.lower(), f"the call failed with {failures[0].error}")
        same(await session.call("counter"), "1", "the counter after a cancelled call")


@book.case("url", "tally")
async def disconnect_is_not_cancellation(world: World) -> None:
    async with raw.peer(world.url) as peer:
        await peer.open()
        label = f"leave-{peer.headers[raw.SESSION][-12:]}"
        async with peer.stream("POST", raw.call("slow", seconds=1, label=label)) as stream:
            same(stream.status_code, 200, "the call")
            await world.tally_starts(label)
        await world.tally_says(label, "finished")
        same(raw.text_of((await peer.answers(raw.call("counter")))[-1]), "1", "the counter afterwards")


@book.case("url", "tally")
async def calls_run_once(world: World) -> None:
    async with connect(world.url) as session:
        label = f"once-{session.id[-12:]}"
        for _ in range(5):
            await session.call("counter", label=label)
        same(len(world.tally(label)), 5, "executions of five calls")


@book.case()
async def resources_prompts_completion_ping(world: World) -> None:
    async with connect(world.url) as connected:
        session = connected.session
        uris = [str(resource.uri) for resource in (await session.list_resources()).resources]
        same(uris, ["note://one", "note://two"], "the resources")
        (content,) = (await session.read_resource(AnyUrl("note://two"))).contents
        same(getattr(content, "text", None), "second", "a resource")
        same([prompt.name for prompt in (await session.list_prompts()).prompts], ["greet"], "the prompts")
        (message,) = (await session.get_prompt("greet", {"who": "Ada"})).messages
        same(getattr(message.content, "text", None), "Say hello to Ada.", "a prompt")
        reference = types.PromptReference(type="ref/prompt", name="greet")
        completed = await session.complete(reference, {"name": "who", "value": "al"})
        same(completed.completion.values, ["alice", "albert"], "the completions")
        await session.send_ping()


@book.case()
async def errors_come_as_sent(world: World) -> None:
    async with raw.peer(world.url) as peer:
        await peer.open()
        for id in (1, "1", "a b", 2**53):
            (answer,) = await peer.answers(raw.request("no/such/method", {}, id))
            same((answer["id"], "error" in answer), (id, True), "the answer to an unknown method")
        (answer,) = await peer.answers(raw.call("no_such_tool", id="x"))
        same((answer["id"], answer["result"]["isError"]), ("x", True), "the answer to an unknown tool")
