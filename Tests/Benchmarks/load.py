"""One measurement each: sessions, throughput with CPU, latency at a fixed rate, memory per held stream.

Called by bench.py round by round. Every answer that is not a success makes the measurement fail: a proxy that refuses
quickly must not look fast.
"""

import http.client
import json
import time

from children import Failure, require, resident_kib, schedule_us

SESSIONS = 64
CONNECTIONS = 48
PACED_RATE = 2_000
# Short turns and many of them: a disturbance spoils the p99 of a whole turn, and the median then drops that turn.
PACED_MILLISECONDS = 500
PACED_CONNECTIONS = 32
STREAMS = 5_000

# The kinds of answer: the name is that of the tool which backend.c answers so.
TOOLS = {"JSON": "answer", "SSE": "events"}

INITIALIZE = json.dumps({
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}})
INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}'
HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


def post(connection, body, session=None, path="/mcp"):
    headers = dict(HEADERS)
    if session:
        headers |= {"Mcp-Session-Id": session, "MCP-Protocol-Version": "2025-11-25"}
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status >= 300:
        raise Failure(f"a POST to port {connection.port} got {answer.status}: {text[:300]!r}")
    return answer.headers.get("Mcp-Session-Id"), text


def make_session(connection, path="/mcp"):
    """A session through whatever listens there; returns its id."""
    session, _ = post(connection, INITIALIZE, path=path)
    if not session:
        raise Failure(f"initialize at port {connection.port} gave no Mcp-Session-Id")
    post(connection, INITIALIZED, session, path)
    return session


def session_file(variant, directory):
    connection = http.client.HTTPConnection("127.0.0.1", variant.port, timeout=10)
    path = directory / f"sessions-{variant.name}.txt"
    path.write_text("".join(make_session(connection) + "\n" for _ in range(SESSIONS)))
    connection.close()
    return path


def throughput(children, variant, kind, seconds, core, folder):
    """Saturates the variant; CPU is that of the proxy alone, load and servers run on the other core."""
    before = schedule_us(variant.child.pid) if variant.child else None
    outcome = saturated(children, variant, kind, seconds, core, folder)
    after = schedule_us(variant.child.pid) if variant.child else None
    return {
        "cpu_us": (after[0] - before[0]) / outcome["requests"] if before else None,
        "waited": (after[1] - before[1]) / outcome["duration_us"] if before else None,
        "rate": outcome["requests"] * 1e6 / outcome["duration_us"],
        "p50_us": outcome["p50_us"],
        "p99_us": outcome["p99_us"],
    }


def saturated(children, variant, kind, seconds, core, folder):
    """What wrk says, all requests answered: requests, duration_us, p50_us, p99_us."""
    text = children.output(
        [require("wrk", "wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", folder / "calls.lua",
         f"http://127.0.0.1:{variant.port}/mcp", "--", children.directory / f"sessions-{variant.name}.txt",
         TOOLS[kind]],
        core, "wrk", seconds + 20)
    lines = [line for line in text.splitlines() if line.startswith("outcome ")]
    if not lines:
        raise Failure(f"wrk printed no outcome for {variant.name}:\n{text}{children.log_end('wrk')}")
    outcome = json.loads(lines[0].removeprefix("outcome "))
    if outcome["errors"] or outcome["requests"] == 0:
        raise Failure(f"{variant.name}, {kind}: {outcome['errors']} of {outcome['requests']} requests failed")
    return outcome


def paced(children, variant, program, core, rate=PACED_RATE):
    """Latency at a fixed rate far below saturation."""
    text = children.output(
        [program, variant.port, rate, PACED_MILLISECONDS, PACED_CONNECTIONS,
         children.directory / f"sessions-{variant.name}.txt"],
        core, "pace", 30)
    return json.loads(text)


def settled_kib(pid):
    """VmRSS once two readings in a row agree, or after 3 s."""
    deadline = time.monotonic() + 3
    last = resident_kib(pid)
    while time.monotonic() < deadline:
        time.sleep(0.2)
        now = resident_kib(pid)
        if now == last:
            break
        last = now
    return last


def idle_streams(children, variant, program, core):
    """RSS of a freshly started proxy per session and per idle stream held through it."""
    pid = variant.child.pid
    before = settled_kib(pid)
    holder = children.start([program, variant.port, STREAMS], core, "streams")

    def step(word):
        said, count = children.line(holder, 120).split()
        if said != word:
            raise Failure(f"streams said '{said}' instead of '{word}'")
        return int(count)

    def go_on():
        holder.stdin.write(b"\n")
        holder.stdin.flush()

    step("sessions")
    with_sessions = settled_kib(pid)
    go_on()
    step("streams")
    with_streams = settled_kib(pid)
    go_on()
    still_open = step("open")
    children.stop(holder)
    return {
        "streams": still_open,
        "kib_per_session": (with_sessions - before) / STREAMS,
        "kib_per_stream": (with_streams - with_sessions) / STREAMS,
    }
