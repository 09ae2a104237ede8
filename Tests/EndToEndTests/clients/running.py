"""Runs named cases one after the other and reports each in one line.

Imported by cases.py and modern_cases.py. A case is an async function that takes a `World` and raises when something is
not as it must be; this file decides which cases run, how long they may take, and what is printed.
"""

import argparse
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio
import nodes

LIMIT_SECONDS = 30.0
POLL_SECONDS = 0.02


class Failed(Exception):
    """Something was not as it must be."""


def check(held: bool, otherwise: str) -> None:
    if not held:
        raise Failed(otherwise)


def same(seen: object, expected: object, what: str) -> None:
    if seen != expected:
        raise Failed(f"{what}: expected {shortened(expected)}, saw {shortened(seen)}")


def shortened(value: object, most: int = 300) -> str:
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}... ({len(text)} characters)"


@dataclass(frozen=True)
class World:
    """What there is to test against; an address that was not given is empty."""

    url: str
    json_url: str
    stateless_url: str
    sse_url: str
    events_url: str
    tallies: tuple[Path, ...]
    instances: int
    direct: bool
    comment_interval: float
    seed: int

    def tally(self, label: str) -> list[str]:
        """What the servers wrote about executions with this label: `SERVER TOOL LABEL [NOTE]` each."""
        lines = [line for path in self.tallies for line in path.read_text().splitlines()]
        return [line for line in lines if label in line.split()]

    def executions(self, label: str) -> int:
        """How many times tools with this label were begun."""
        return sum(line.endswith(f" {label}") for line in self.tally(label))

    async def tally_starts(self, label: str) -> None:
        """Waits for the first line with this label: the call has reached a server."""
        while not self.tally(label):
            await anyio.sleep(POLL_SECONDS)

    async def tally_says(self, label: str, note: str) -> str:
        """Waits for a line with this label and note."""
        while True:
            for line in self.tally(label):
                if line.endswith(f" {note}"):
                    return line
            await anyio.sleep(POLL_SECONDS)


Run = Callable[[World], Awaitable[None]]


@dataclass(frozen=True)
class Case:
    """A named check. `needs` names fields of World that must be given; `through`: it only makes sense at a gateway."""

    name: str
    run: Run
    needs: tuple[str, ...]
    through: bool
    limit: float

    def reason_to_skip(self, world: World) -> str:
        if self.through and world.direct:
            return "makes sense only through a gateway"
        missing = [name for name in self.needs if not getattr(world, name)]
        return f"needs {', '.join('--' + name.replace('_', '-') for name in missing)}" if missing else ""


class Book:
    """The cases of one client version, in the order in which they are written."""

    def __init__(self) -> None:
        self.cases: dict[str, Case] = {}

    def case(self, *needs: str, through: bool = False, limit: float = LIMIT_SECONDS) -> Callable[[Run], Run]:
        def add(run: Run) -> Run:
            name = getattr(run, "__name__", "?")
            check(name not in self.cases, f"two cases are named {name}")
            self.cases[name] = Case(name, run, needs or ("url",), through, limit)
            return run

        return add


def leaf(error: BaseException) -> BaseException:
    """Task groups wrap what happened; the first leaf says it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def outcome(case: Case, world: World) -> str:
    """Runs a case; says why it failed, or nothing."""
    scope = anyio.CancelScope(deadline=anyio.current_time() + case.limit)
    try:
        with scope:
            await case.run(world)
    except Exception as error:
        cause = leaf(error)
        text = str(cause) if isinstance(cause, Failed) else f"{type(cause).__name__}: {cause}"
        return " ".join(text.split()) or type(cause).__name__
    return f"not done after {case.limit:.0f} seconds" if scope.cancelled_caught else ""


async def run_one(case: Case, world: World, results: Counter[bool]) -> None:
    """Runs a case, prints how it went and counts it as passed (true) or failed; a skipped one is not counted."""
    if reason := case.reason_to_skip(world):
        print(f"skip {case.name}: {reason}", flush=True)
        return
    start = time.monotonic()
    reason = await outcome(case, world)
    seconds = time.monotonic() - start
    print(f"FAIL {case.name} {seconds:.2f}: {reason}" if reason else f"ok {case.name} {seconds:.2f}", flush=True)
    results[not reason] += 1


async def run_all(cases: Sequence[Case], world: World, at_once: int) -> int:
    """Runs the cases, `at_once` of them at the same time, begun in order; returns how many failed."""
    results: Counter[bool] = Counter()
    waiting = iter(cases)

    async def work() -> None:
        for case in waiting:
            await run_one(case, world, results)

    async with anyio.create_task_group() as group:
        for _ in range(at_once):
            group.start_soon(work)
    print(f"{results[True]} passed, {results[False]} failed", flush=True)
    return results[False]


def main(book: Book, description: str | None) -> int:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--url", default="", help="the endpoint of an upstream with several instances")
    parser.add_argument("--json-url", default="", help="one whose instances answer with JSON")
    parser.add_argument("--stateless-url", default="", help="one whose instances hand out no sessions")
    parser.add_argument("--sse-url", default="", help="the HTTP+SSE (2024-11-05) stream address of one")
    parser.add_argument("--events-url", default="", help="one whose instances have an event store")
    parser.add_argument("--tally", type=Path, nargs="*", default=[], help="the tally files of the servers behind it")
    parser.add_argument("--instances", type=int, default=3, help="how many instances each upstream has")
    parser.add_argument("--node", nargs="*", default=[], metavar="ORIGIN", help="nodes beside the one in the addresses")
    parser.add_argument("--at-once", type=int, default=1, help="how many cases run at the same time")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32), help="of what is random in the cases")
    parser.add_argument("--direct", action="store_true", help="the addresses are servers: skip what needs a gateway")
    parser.add_argument(
        "--comment-interval", type=float, default=0, help="expect a comment this often (seconds) on a quiet stream"
    )
    parser.add_argument("--case", nargs="*", default=[], metavar="NAME", help="run only these")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    chosen = parser.parse_args()
    if chosen.list:
        print("\n".join(book.cases))
        return 0
    if unknown := [name for name in chosen.case if name not in book.cases]:
        parser.error(f"no such case: {', '.join(unknown)} (--list names them)")
    world = World(
        url=chosen.url,
        json_url=chosen.json_url,
        stateless_url=chosen.stateless_url,
        sse_url=chosen.sse_url,
        events_url=chosen.events_url,
        tallies=tuple(chosen.tally),
        instances=1 if chosen.direct else chosen.instances,
        direct=chosen.direct,
        comment_interval=chosen.comment_interval,
        seed=chosen.seed,
    )
    if chosen.node:
        nodes.alternate([chosen.url, *chosen.node])
    # Cases provoke failures; the SDK's own account of them would drown the lines that count.
    logging.disable(logging.CRITICAL)
    cases = [book.cases[name] for name in chosen.case] or list(book.cases.values())
    print(f"seed {chosen.seed}", file=sys.stderr, flush=True)
    return 1 if anyio.run(run_all, cases, world, chosen.at_once) else 0
