"""User-space instructions per request under callgrind, and the checked-in figures that they are compared with.

Unlike times they hardly depend on the machine's load, so a change of a few percent in them is a change of the code.
Start-up and shut-down cancel out: each figure is the difference of two runs that differ in the number of requests only.
"""

import http.client
import json
import re
import socket
from pathlib import Path

from children import Failure, require, wait_until_idle
from load import HEADERS, TOOLS, make_session
from variants import start_nginx, start_patchbay

FIGURES = Path(__file__).with_name("callgrind.json")
TOLERANCE = 0.05
WARM_UP = 200
MEASURED = 1_000
START_SECONDS = 180
STOP_SECONDS = 60


def call(line, request):
    """Sends one request in one piece, because a request that comes in two costs more, and reads the whole answer."""
    line.sendall(request)
    answer = b""
    while not answer.endswith(b"\r\n0\r\n\r\n" if b"chunked" in answer else b"}}"):
        received = line.recv(65536)
        if not received:
            raise Failure(f"the connection was closed after {answer[:300]!r}")
        answer += received
    if b'"result"' not in answer:
        raise Failure(f"an answer without a result: {answer[:300]!r}")


def call_request(port, session, kind):
    body = json.dumps({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {"name": TOOLS[kind], "arguments": {"text": "y" * 100}}}, separators=(",", ":"))
    headers = HEADERS | {
        "Host": f"127.0.0.1:{port}", "MCP-Protocol-Version": "2025-11-25", "Mcp-Session-Id": session,
        "Content-Length": len(body)}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /mcp HTTP/1.1\r\n{lines}\r\n{body}".encode()


def count(children, name, backends, core, calls):
    """The instructions of a whole life: start, a session, `calls` = {kind: number} one after another, stop."""
    out = children.directory / f"callgrind-{name}.out"
    instrument = [require("valgrind", "valgrind"), "--tool=callgrind", f"--callgrind-out-file={out}"]
    if name == "patchbay":
        variant = start_patchbay(children, backends, core, instrument, START_SECONDS)
    else:
        variant = start_nginx(children, backends, core, instrument)
    connection = http.client.HTTPConnection("127.0.0.1", variant.port, timeout=60)
    session = make_session(connection)
    connection.close()
    with socket.create_connection(("127.0.0.1", variant.port), timeout=60) as line:
        for kind, number in calls.items():
            request = call_request(variant.port, session, kind)
            for _ in range(number):
                call(line, request)
    # A signal that meets nginx at work can be left lying until its next event.
    wait_until_idle(variant.child.pid)
    code = children.stop(variant.child, STOP_SECONDS)
    found = re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE) if out.exists() else None
    if not found:
        raise Failure(f"callgrind wrote no total for {name} (exit code {code}):\n{children.log_end(name)}")
    return int(found[1])


def per_request(children, name, backends, core):
    """{kind: instructions per request}."""
    warm = dict.fromkeys(TOOLS, WARM_UP)
    base = count(children, name, backends, core, warm)
    return {
        kind: (count(children, name, backends, core, warm | {kind: WARM_UP + MEASURED}) - base) / MEASURED
        for kind in TOOLS}


def load_figures():
    return json.loads(FIGURES.read_text()) if FIGURES.exists() else {}


def save_figures(measured):
    FIGURES.write_text(json.dumps({kind: round(value) for kind, value in measured.items()}, indent=2) + "\n")


def compare(measured, figures):
    """Lines of what is wrong: a figure is missing, or the measured one is off by more than the tolerance."""
    wrong = []
    for kind, value in measured.items():
        figure = figures.get(kind)
        if figure is None:
            wrong.append(f"{kind}: no checked-in instruction figure; look at the {value:,.0f} measured, then --update")
        elif abs(value / figure - 1) > TOLERANCE:
            wrong.append(
                f"{kind}: {value:,.0f} instructions per request, {value / figure - 1:+.1%} against {figure:,};"
                f" find out why, or accept it with --update")
    return wrong
