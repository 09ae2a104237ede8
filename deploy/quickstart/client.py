"""The demo's client: the official Python SDK, given nothing but the gateway's address.

Started by demo.sh. It says in plain words what it did and what it saw, and exits 1 if anything was not as it must be.
"""

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.context import RequestContext
from mcp.types import CallToolResult, ElicitRequestParams, ElicitResult, TextContent

SERVERS = 3
MOST_SESSIONS = 24
DEADLINE_SECONDS = 60.0


class Failed(Exception):
    """A check of the demo did not hold."""


def check(held: bool, otherwise: str) -> None:
    if not held:
        raise Failed(otherwise)


def answer(result: CallToolResult) -> dict[str, Any]:
    first = result.content[0] if result.content else None
    check(not result.isError and isinstance(first, TextContent), f"a call failed: {result}")
    assert isinstance(first, TextContent)
    return json.loads(first.text)


async def say_yes(context: RequestContext[ClientSession, Any], params: ElicitRequestParams) -> ElicitResult:
    print(f'    the server asks, in the middle of the call: "{params.message}"')
    print("    the client answers:                         2 people, at the window")
    return ElicitResult(action="accept", content={"people": 2, "window_seat": True})


async def open_session(stack: AsyncExitStack, url: str) -> tuple[ClientSession, str]:
    read, write, session_id = await stack.enter_async_context(streamable_http_client(url))
    session = await stack.enter_async_context(
        ClientSession(read, write, read_timeout_seconds=timedelta(seconds=20), elicitation_callback=say_yes)
    )
    await session.initialize()
    return session, session_id() or ""


async def show_sessions(stack: AsyncExitStack, url: str) -> ClientSession:
    """Opens sessions until every server has one; counts three times in each."""
    print("\n1. Sessions. Each counts three times; the count lives in the memory of one server.")
    seen: set[str] = set()
    first: ClientSession | None = None
    for number in range(1, MOST_SESSIONS + 1):
        session, session_id = await open_session(stack, url)
        first = first or session
        answers = [answer(await session.call_tool("counter")) for _ in range(3)]
        counted = [each["count"] for each in answers]
        servers = {each["server"] for each in answers}
        print(f"    session {number} ({session_id[:8]}...): counted {counted} on {', '.join(sorted(servers))}")
        check(len(servers) == 1, "calls of one session reached different servers")
        check(counted == [1, 2, 3], "a session lost its state")
        seen |= servers
        if len(seen) == SERVERS and number >= 2 * SERVERS:
            break
    check(len(seen) == SERVERS, f"{MOST_SESSIONS} sessions reached only {sorted(seen)} of {SERVERS} servers")
    print(f"    every session stuck to its server, and together they use all {SERVERS}")
    assert first is not None
    return first


async def show_parallel(session: ClientSession) -> None:
    print("\n2. Twenty calls at once in session 1.")
    answers = await asyncio.gather(*(session.call_tool("counter") for _ in range(20)))
    counted = sorted(answer(each)["count"] for each in answers)
    check(counted == list(range(4, 24)), f"the counts should be 4 to 23, but are {counted}")
    print("    counted on from 4 to 23: none lost, none doubled, all on the same server")


async def show_progress(session: ClientSession) -> None:
    print("\n3. Progress of a running call.")
    reported: list[str] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        reported.append(message or "")
        print(f"    {message}")

    answer(await session.call_tool("work", {"steps": 5}, progress_callback=on_progress))
    check(reported == [f"step {step} of 5" for step in range(1, 6)], f"progress came as {reported}")


async def show_question(session: ClientSession) -> None:
    print("\n4. A question in the middle of a call. The answer travels in a request of its own.")
    booked = answer(await session.call_tool("book_table"))
    check(booked.get("booked") is True and booked.get("people") == 2, f"the booking came back as {booked}")
    print(f"    booked by {booked['server']}: the answer found the waiting call")


async def demo(url: str) -> None:
    async with AsyncExitStack() as stack:
        session = await show_sessions(stack, url)
        await show_parallel(session)
        await show_progress(session)
        await show_question(session)
    print("\n5. All sessions ended. Everything was as it must be.")


def cause_of(error: BaseException) -> BaseException:
    """The SDK wraps what happened in groups; the first leaf says it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: client.py URL", file=sys.stderr)
        return 64
    try:
        asyncio.run(asyncio.wait_for(demo(sys.argv[1]), DEADLINE_SECONDS))
    except TimeoutError:
        print(f"\nFAILED: not done after {DEADLINE_SECONDS:.0f} seconds", file=sys.stderr)
        return 1
    except Exception as error:
        cause = cause_of(error)
        print(f"\nFAILED: {cause if isinstance(cause, Failed) else repr(cause)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
