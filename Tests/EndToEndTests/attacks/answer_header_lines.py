"""Header lines of an instance command nobody: what is not on a list of harmless ones does not reach the client.

An instance adds header lines to each sort of answer (JSON, an event stream, a receipt, an error, the answer to GET,
DELETE and initialize, 2026-07-28, 2024-11-05, and in the trailer of a chunked body) that proxies and browsers obey, a
forged line and a forged cookie of the affinity, and a forged session id. None may come through, in whatever case it is
written. `WWW-Authenticate` and `Retry-After` do, and so does what forward_answer_headers lists, but for what is the
gateway's own.
"""
from lab import *

ORDERS = [
    "X-Accel-Redirect: /internal/secret", "x-accel-redirect: /internal/secret", "X-ACCEL-BUFFERING: yes",
    "X-Accel-Expires: 86400", "X-Accel-Limit-Rate: 1", "X-Accel-Charset: utf-7", "X-Sendfile: /etc/passwd",
    "X-LIGHTTPD-send-file: /etc/passwd", "X-Sendfile2: /etc/passwd 0-", "X-Reproxy-URL: http://evil.example/",
    "Alt-Svc: h3=\"evil.example:443\"", "Strict-Transport-Security: max-age=99999999", "Clear-Site-Data: \"*\"",
    "Set-Cookie: a=b", "Set-Cookie2: a=b", "Refresh: 0; url=http://evil.example/", "Link: <http://evil.example/>; "
    "rel=preload", "Location: http://evil.example/", "Content-Location: http://evil.example/",
    "Content-Security-Policy: default-src *", "Access-Control-Allow-Origin: *",
    "Access-Control-Allow-Credentials: true", "Access-Control-Expose-Headers: *", "Public-Key-Pins: x",
    "Report-To: {}", "NEL: {}", "SourceMap: /x",
    "Service-Worker-Allowed: /", "Proxy-Authenticate: Basic", "Via: 1.1 evil", "Upgrade: h2c", "Trailer: X-Late",
    "Surrogate-Control: max-age=9999", "Edge-Control: x", "CDN-Cache-Control: max-age=9999", "Age: 1",
    "patchbay-node: forged", "Patchbay-Node: forged", "Set-Cookie: patchbay-node=forged", "Mcp-Session-Id: forged",
    "X-Hop: secret", "Proxy-Connection: keep-alive", "Keep-Alive: timeout=99999", "Early-Data: 1",
]
HARMLESS = ["WWW-Authenticate: Bearer realm=\"x\"", "Retry-After: 7"]
CONNECTION = "Connection: X-Hop"
# The gateway's own lines, in what it has written itself.
OWN = {"content-type", "content-length", "transfer-encoding", "connection", "date", "mcp-session-id", "cache-control",
       "x-accel-buffering", "vary", "allow", "patchbay-node", "set-cookie", "content-encoding", "mcp-protocol-version"}
LINES = "".join(f"{line}\r\n" for line in [*ORDERS, *HARMLESS, "X-Listed: yes", CONNECTION])


def stream(s, message):
    sse_head(s, LINES)
    event(s, message)
    # A trailer section is no place for orders either.
    s.sendall(b"0\r\nX-Accel-Redirect: /internal/secret\r\nX-Late: forged\r\n\r\n")


def serve(self, head, body, s):
    message = json.loads(body) if body else {}
    if head.target.startswith("/sse"):
        sse_head(s, LINES)
        chunk(s, "event: endpoint\ndata: /messages?session_id=1\n\n")
        hold(s, 20)
        return False
    if is_probe(head, message) or head.fields.get("mcp-session-id") == "patchbay-check":
        if message.get("method") == "server/discover":
            return modern(self, head, body, s)
        return ordinary(self, head, body, s)
    if head.method == "GET":
        return stream(s, notice("x"))
    if head.method == "DELETE":
        return reply(s, 200, b"", extra=LINES)
    if message.get("method") == "initialize":
        lines = LINES.replace("Mcp-Session-Id: forged\r\n", f"Mcp-Session-Id: {self.begin()}\r\n")
        return reply(s, 200, initialize_result(message["id"], "2025-11-25"), extra=lines)
    if message.get("id") is None:
        return reply(s, 202, extra=LINES)
    what = argument(message)
    if what == "stream":
        stream(s, result(message["id"], "x"))
        return True
    return reply(s, int(what) if what.isdigit() else 200, result(message["id"], "x"), extra=LINES)


SORTS = {
    "a JSON answer": lambda c, session: c.post(call("x"), session),
    "an event stream": lambda c, session: c.post(call("stream"), session),
    "a receipt": lambda c, session: c.post({"jsonrpc": "2.0", "method": "notifications/x"}, session),
    "401": lambda c, session: c.post(call("401"), session), "500": lambda c, session: c.post(call("500"), session),
    "503": lambda c, session: c.post(call("503"), session),
    "2026-07-28": lambda c, session: c.post(modern_call("x"), lines=MODERN),
    "2026-07-28 as a stream": lambda c, session: c.post(modern_call("stream"), lines=MODERN),
    "initialize": lambda c, session: c.post(initialize_message("2025-11-25")),
    "GET": lambda c, session: c.get(session), "2024-11-05": lambda c, session: c.get(path="/mcp/sse"),
    "DELETE": lambda c, session: c.request("DELETE", "/mcp", f"Mcp-Session-Id: {session}\r\n"),
}


def foreign(raw):
    """Lines of an answer's head that the instance has smuggled in."""
    orders = {line.split(":")[0].lower(): line.split(":", 1)[1].strip() for line in ORDERS}
    for line in raw.decode("latin1").split("\r\n")[1:]:
        name, value = line.split(":", 1)
        name, value = name.lower(), value.strip()
        if name in orders and (name not in OWN or value in ("forged", "yes", "a=b", "patchbay-node=forged")):
            yield line


def main():
    problems = []
    instance = Instance(serve)
    gateway = Gateway(config(
        [instance.both_urls], "affinity: {header: patchbay-node, cookie: patchbay-node}\nnode_name: node-of-the-lab",
        upstream_extra="    forward_answer_headers: [x-listed, x-hop]"))
    try:
        session = initialize(gateway.port, "2025-11-25")
        for what, send in SORTS.items():
            c = Client(gateway.port)
            send(c, session)
            status, fields = c.head()
            for line in foreign(c.raw_head):
                problems.append(f"{what} ({status}): {line}")
            rest = b""
            if what in ("an event stream", "GET"):
                # The GET stream may be opened again and again, so its end is not waited for.
                c.s.settimeout(1)
                end = time.time() + 2
                with contextlib.suppress(OSError):
                    while time.time() < end and (part := c.s.recv(65536)):
                        rest += part
            if b"X-Late" in c.buffer + rest or b"X-Accel-Redirect" in c.buffer + rest:
                problems.append(f"{what}: the trailer of the instance came through")
            if what in ("a JSON answer", "401") and fields.get("x-listed") != "yes":
                problems.append(f"{what}: X-Listed stands in forward_answer_headers and did not come")
            if what in ("401", "503") and (
                    fields.get("www-authenticate") != 'Bearer realm="x"' or fields.get("retry-after") != "7"):
                problems.append(f"{what}: WWW-Authenticate or Retry-After did not come: {fields}")
            if what == "initialize" and fields.get("patchbay-node") != "node-of-the-lab":
                problems.append(f"initialize: the node's own affinity line is {fields.get('patchbay-node')}")
            c.close()
    finally:
        gateway.stop()
    verdict(problems)


main()
