"""What clients are told of a failure never names an instance's host, port or path, nor the system's word for the error.

An instance of which clients see only the gateway's path breaks in every way that a call can break (nothing listens, cut
before, in and behind the head, garbage, a head that is too long, an answer that never begins or never ends, streams
that break), for calls of 2025-06-18, of 2026-07-28 and of 2024-11-05, for GET and for initialize. The log says all of
it; the answers must not.
"""
from lab import *

FAULTS = {
    "cut before the head": [], "cut in the head": [b"HTTP/1.1 200 OK\r\nConte"], "garbage": [b"\x00\xff" * 500],
    "long head": [b"HTTP/1.1 200 OK\r\nX: " + b"y" * 40_000 + b"\r\n\r\n"],
    "wrong length": [b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: x\r\n\r\n"],
    "cut in the body": [b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"],
    "cut in the stream": [b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                          b"9\r\ndata: {}\n\r\n2\r\n\n:\r\n"],
    "bad chunk": [b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
    "late": [2.5], "redirect": [b"HTTP/1.1 307 T\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n"],
}
# Of the system's and the library's own words for what goes wrong on a socket.
WORDS = re.compile(rb"errno|econn|epipe|socket|refused\)|reset|broken pipe|no route|hidden-path|nio", re.I)


def serve(self, head, body, s):
    if head.method == "DELETE":
        return ordinary(self, head, body, s)
    message = json.loads(body) if body else {}
    fault = self.state.get("fault")
    if fault is None or is_probe(head, message) or head.fields.get("mcp-session-id") == "patchbay-check":
        if head.method == "POST" and message.get("method") in ("server/discover", "tools/call"):
            return modern(self, head, body, s)
        return ordinary(self, head, body, s)
    for part in FAULTS[fault]:
        if isinstance(part, float):
            time.sleep(part)
        else:
            s.sendall(part.replace(b"{url}", self.url.encode()))
    return False


def answers(gateway, session):
    """Every sort of request, and all that its client is told."""
    sorts = {
        "call": lambda c: c.post(call("x"), session), "list": lambda c: c.post(
            {"jsonrpc": "2.0", "id": 3, "method": "tools/list"}, session),
        "notification": lambda c: c.post({"jsonrpc": "2.0", "method": "notifications/x"}, session),
        "initialize": lambda c: c.post(initialize_message()), "2026-07-28": lambda c: c.post(
            modern_call(), lines=MODERN),
        "GET": lambda c: c.get(session), "GET of 2024-11-05": lambda c: c.get(path="/mcp/sse"),
    }
    for name, send in sorts.items():
        c = Client(gateway.port, 4)
        told = b""
        with contextlib.suppress(EOFError, OSError, ValueError):
            send(c)
            end = time.time() + 4
            while time.time() < end and (part := c.s.recv(65536)):
                told += part
                head, _, body = told.partition(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: *(\d+)", head)
                whole = length and len(body) >= int(length.group(1)) or body.endswith(b"0\r\n\r\n")
                if b"\r\n\r\n" in told and whole:
                    break
        c.close()
        yield name, told


def main():
    problems = []
    instance = Instance(serve)
    url = instance.url.replace("/mcp", "/hidden-path/mcp")
    sse_url = instance.sse_url.replace("/sse", "/hidden-path/sse")
    marks = [f":{instance.port}".encode(), b"hidden-path"]
    gateway = Gateway(config(
        [{"url": url, "sse_url": sse_url}], "timeouts: {sse_comment: 60s}",
        upstream_extra="    answer_timeout: 1s\n    health: {unhealthy_after: 100}"))
    try:
        session = initialize(gateway.port)
        count = 0
        for fault in [*FAULTS, "nothing listens"]:
            instance.state["fault"] = fault
            if fault == "nothing listens":
                instance.close()
            for name, told in answers(gateway, session):
                count += bool(told)
                body = told.partition(b"\r\n\r\n")[2]
                found = [mark for mark in marks if mark in told] + WORDS.findall(body)
                if found:
                    problems.append(f"{fault}, {name}: the client is told {found[0]!r} in {told[-230:]!r}")
        if count < 60:
            problems.append(f"lab: only {count} requests were answered at all")
    finally:
        gateway.stop()
    verdict(problems)


main()
