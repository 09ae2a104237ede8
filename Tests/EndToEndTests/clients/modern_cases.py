"""The end-to-end cases with the official client of mcp 2.3.0: revision 2026-07-28, and older ones at the same door.

    python modern_cases.py --url http://127.0.0.1:8080/mcp [--json-url URL] [--tally FILE...] [--case NAME...]
                           [--direct]

Each case prints `ok NAME SECONDS`, `FAIL NAME SECONDS: REASON` or `skip NAME: REASON`; the last line is
`N passed, M failed`. Exits 1 if any failed.
"""

import secrets
import sys
from typing import Any

import anyio
import mcp_types as types
import modern_wire_cases
from mcp import Client
from mcp.client import ClientRequestContext
from mcp.client.subscriptions import ResourcesListChanged, ResourceUpdated, ToolsListChanged
from mcp.shared.exceptions import MCPError
from running import Book, World, check, main, same

MODERN = "2026-07-28"

book = Book()


async def elicited(context: ClientRequestContext, params: types.ElicitRequestParams) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content={"word": "yes"})


def client(url: str, mode: str = "auto") -> Client:
    return Client(url, mode=mode, elicitation_callback=elicited, read_timeout_seconds=20, cache=None)


async def call(connected: Client, tool: str, **arguments: Any) -> str:
    """The text that a tool answers."""
    result = await connected.call_tool(tool, arguments)
    first = result.content[0] if result.content else None
    check(not result.is_error and isinstance(first, types.TextContent), f"{tool} failed: {first}")
    assert isinstance(first, types.TextContent)
    return first.text


@book.case()
async def discover(world: World) -> None:
    async with client(world.url) as connected:
        same(connected.protocol_version, MODERN, "the revision that an automatic client settles on")
        check(connected.server_capabilities.tools is not None, "the server announced no tools")


@book.case()
async def calls(world: World) -> None:
    async with client(world.url) as connected:
        names = [tool.name for tool in (await connected.list_tools()).tools]
        check("whoami" in names, f"the tools are {names}")
        answers: dict[int, str] = {}

        async def ask(number: int) -> None:
            answers[number] = await call(connected, "echo", text=f"text {number}")

        async with anyio.create_task_group() as group:
            for number in range(30):
                group.start_soon(ask, number)
        same(answers, {number: f"text {number}" for number in range(30)}, "the answers to 30 calls at once")


@book.case(through=True)
async def calls_spread(world: World) -> None:
    async with client(world.url) as connected:
        homes = {await call(connected, "whoami") for _ in range(60)}
        same(len(homes), world.instances, f"instances used by 60 calls ({sorted(homes)})")


@book.case()
async def big_arguments_and_results(world: World) -> None:
    async with client(world.url) as connected:
        text = "0123456789abcdef" * 100_000
        check(await call(connected, "echo", text=text) == text, "1.6 MB did not come back as sent")
        size = 3_000_000
        same(len(await call(connected, "big_result", bytes=size)), size, "the length of a large result")


@book.case()
async def progress(world: World) -> None:
    seen: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append(progress)

    async with client(world.url) as connected:
        await connected.call_tool("progress", {"n": 25}, progress_callback=note)
    same(seen, list(range(1, 26)), "the progress of one call")


@book.case()
async def input_required(world: World) -> None:
    """Every server seals the state with its own key, so each retry must come back to where its question came from."""
    async with client(world.url) as connected:
        askers = set()
        for _ in range(20):
            asker, finisher, *words = (await call(connected, "ask")).split()
            same((finisher, words), (asker, ["yes"]), "who finished a call, and with which words")
            askers.add(asker)
        check(len(askers) > 1 or world.instances == 1, f"20 calls were all answered by {askers}")


@book.case()
async def input_required_in_rounds_and_at_once(world: World) -> None:
    async def ask(connected: Client, rounds: int) -> None:
        asker, finisher, *words = (await call(connected, "ask", rounds=rounds)).split()
        same((finisher, words), (asker, ["yes"] * rounds), "who finished a call, and with which words")

    async with client(world.url) as connected, anyio.create_task_group() as group:
        for rounds in (1, 2, 3, 5, 8) * 3:
            group.start_soon(ask, connected, rounds)


@book.case()
async def cursors_return_to_their_instance(world: World) -> None:
    async with client(world.url) as connected:
        for _ in range(15):
            names: list[str] = []
            cursor: str | None = None
            while True:
                page = await connected.list_resources(cursor=cursor)
                names += [resource.name for resource in page.resources]
                if (cursor := page.next_cursor) is None:
                    break
            owners = {name.split()[-1] for name in names}
            same((len(names), len(owners)), (7, 1), f"resources and instances in one listing ({names})")


@book.case()
async def foreign_cursors_are_refused(world: World) -> None:
    async with client(world.url) as connected:
        for cursor in ("nonsense", "0123456789abcdef.3", ""):
            try:
                await connected.session.list_resources(params=types.PaginatedRequestParams(cursor=cursor))
                check(False, f"the cursor {cursor!r} was accepted")
            except MCPError as error:
                same(error.code, types.INVALID_PARAMS, f"the code for the cursor {cursor!r}")


@book.case()
async def listen(world: World) -> None:
    """Changes reach an open listen. Each happens at some instance, so they are caused until the listen hears one."""
    uri = f"note://{secrets.token_hex(4)}"
    async with client(world.url) as connected:
        listening = connected.listen(tools_list_changed=True, resources_list_changed=True, resource_subscriptions=[uri])
        async with listening as subscription:
            same(subscription.honored.tools_list_changed, True, "the acknowledged filter")
            for arguments, expected in (
                ({"kind": "tools"}, ToolsListChanged()),
                ({"kind": "resources"}, ResourcesListChanged()),
                ({"uri": uri}, ResourceUpdated(uri)),
            ):
                async with anyio.create_task_group() as group:

                    async def cause(arguments: dict[str, str] = arguments) -> None:
                        while True:
                            await call(connected, "change", **arguments)
                            await anyio.sleep(0.02)

                    group.start_soon(cause)
                    # Several changes of the kind before may still be waiting.
                    while await anext(subscription) != expected:
                        pass
                    group.cancel_scope.cancel()


@book.case()
async def listen_hears_nothing_else(world: World) -> None:
    async with client(world.url) as connected, connected.listen(prompts_list_changed=True) as subscription:
        for _ in range(10):
            await call(connected, "change", kind="tools")
            await call(connected, "change", uri="note://1")
        with anyio.move_on_after(0.3):
            check(False, f"an event that nobody asked for arrived: {await anext(subscription)}")


@book.case("url", "tally", limit=10)
async def abandoned_calls_are_cancelled(world: World) -> None:
    """In this revision the client cancels by closing the response; the SDK does so when its caller goes away."""
    label = f"abandoned-{secrets.token_hex(4)}"
    async with client(world.url) as connected:
        async with anyio.create_task_group() as group:

            async def run() -> None:
                await call(connected, "slow", seconds=25, label=label)

            group.start_soon(run)
            await world.tally_starts(label)
            group.cancel_scope.cancel()
        await world.tally_says(label, "cancelled")
        check(await call(connected, "whoami") != "", "the next call failed")


@book.case()
async def parameter_headers(world: World) -> None:
    """A parameter that its tool wants mirrored in a header arrives in that header, encoded where it must be."""
    async with client(world.url) as connected:
        same(await call(connected, "regional", region="eu-1"), "eu-1", "the header Mcp-Param-Region")
        same(await call(connected, "regional", region="süd"), "=?base64?c8O8ZA==?=", "the header, encoded")


@book.case("json_url")
async def json_server(world: World) -> None:
    async with client(world.json_url) as connected:
        same(connected.protocol_version, MODERN, "the revision")
        asker, finisher, *_ = (await call(connected, "ask", rounds=2)).split()
        same(asker, finisher, "who finished a call")


@book.case()
async def older_client_at_the_same_door(world: World) -> None:
    async with client(world.url, "legacy") as one, client(world.url, "legacy") as two:
        same(one.protocol_version, "2025-11-25", "the revision of an older client")
        for turn in range(1, 6):
            for connected in (one, two):
                same(await call(connected, "counter"), str(turn), "the counter")
        for connected in (one, two):
            asker, finisher, word = (await call(connected, "ask")).split()
            same((finisher, word), (asker, "yes"), "a question in mid-call")


@book.case()
async def both_eras_at_once(world: World) -> None:
    async def older() -> None:
        async with client(world.url, "legacy") as connected:
            for turn in range(1, 11):
                same(await call(connected, "counter"), str(turn), "the counter")

    async def newer() -> None:
        async with client(world.url, MODERN) as connected:
            for _ in range(10):
                asker, finisher, _ = (await call(connected, "ask")).split()
                same(asker, finisher, "who finished a call")

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(older)
            group.start_soon(newer)


if __name__ == "__main__":
    book.cases.update(modern_wire_cases.book.cases)
    sys.exit(main(book, __doc__))
