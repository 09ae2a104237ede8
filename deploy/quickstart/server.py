"""One ordinary MCP server for the demo, written with the official Python SDK as its users write theirs.

Started by demo.sh, several times. It knows nothing of gateways: its sessions live in its own memory.
"""

import argparse
import socket
from weakref import WeakKeyDictionary

import uvicorn
from mcp.server.fastmcp import Context, FastMCP
from mcp.server.session import ServerSession
from pydantic import BaseModel


class Booking(BaseModel):
    """What the booking tool asks the user in the middle of its call."""

    people: int
    window_seat: bool


def build(name: str) -> FastMCP:
    server = FastMCP(name, log_level="WARNING")
    counts: WeakKeyDictionary[ServerSession, int] = WeakKeyDictionary()

    @server.tool()
    def counter(ctx: Context) -> dict[str, str | int]:
        """Counts its calls in this session; says which server counted."""
        counts[ctx.session] = counts.get(ctx.session, 0) + 1
        return {"server": name, "count": counts[ctx.session]}

    @server.tool()
    async def work(steps: int, ctx: Context) -> dict[str, str]:
        """Works in steps and reports each."""
        for step in range(1, steps + 1):
            await ctx.report_progress(step, steps, f"step {step} of {steps}")
        return {"server": name}

    @server.tool()
    async def book_table(ctx: Context) -> dict[str, str | int | bool]:
        """Asks the user for the details before it books."""
        answer = await ctx.elicit("A table for how many, and at the window?", Booking)
        if answer.action != "accept":
            return {"server": name, "booked": False}
        return {"server": name, "booked": True, **answer.data.model_dump()}

    return server


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--name", required=True)
    options.add_argument("--port", type=int, default=0, help="0 picks a free one")
    chosen = options.parse_args()
    # The protocol is named because asyncio switches Nagle's delay off only where it is.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", chosen.port))
    listener.listen()
    config = uvicorn.Config(build(chosen.name).streamable_http_app(), log_level="warning", timeout_graceful_shutdown=1)
    # The socket listens already: whoever connects from here on is served.
    print(f"ready {listener.getsockname()[1]}", flush=True)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
