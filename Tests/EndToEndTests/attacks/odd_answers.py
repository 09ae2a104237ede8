"""No answer of an instance, however framed, reaches another request; the node lives; the caller gets one whole answer
or a cut.

Each odd answer is given to one call on a keep-alive connection; ordinary calls follow on other client connections (in
parallel: 4), each of which must get its own text back. Bytes behind an answer ("leftovers") hold a complete forged
response: it must never be delivered. VERBOSE=1 shows what each caller got.
"""
from lab import *

FORGED = json.dumps(result(2, "FORGED")).encode()
J = b"Content-Type: application/json\r\n"
FORGED_RESPONSE = b"HTTP/1.1 200 OK\r\n" + J + b"Content-Length: %d\r\n\r\n" % len(FORGED) + FORGED
OK = json.dumps(result(2, "odd")).encode()
QUESTION = {"jsonrpc": "2.0", "id": "q" * 200, "method": "sampling/createMessage", "params": {}}
PING = {"jsonrpc": "2.0", "id": "q" * 250, "method": "ping"}


def fixed(body, extra=b"", status=b"200 OK", version=b"HTTP/1.1"):
    return version + b" " + status + b"\r\n" + J + extra + b"Content-Length: %d\r\n\r\n" % len(body) + body


def plain(lines, body=b"", status=b"200 OK"):
    """An answer with just these lines. Each `|` in them is a line end."""
    return b"HTTP/1.1 " + status + b"\r\n" + lines.replace(b"|", b"\r\n") + b"\r\n" + body


def coded(lines, body):
    return plain(J + lines, body)


def chunked(end=b"\r\n"):
    """The ordinary answer as one chunk, and what follows the last one."""
    return b"%x\r\n" % len(OK) + OK + b"\r\n0\r\n" + end


def sse(events, lines=b"Connection: close\r\n"):
    return plain(b"Content-Type: text/event-stream\r\n" + lines, events)


def data(message):
    return b"data: " + (message if isinstance(message, bytes) else json.dumps(message).encode()) + b"\n\n"


LENGTH = b"Content-Length: %d\r\n" % len(FORGED_RESPONSE)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
NONE, UNCHANGED = b"204 No Content", b"304 Not Modified"
FRAMING = {
    "leftover after length": fixed(OK) + FORGED_RESPONSE,
    "leftover later": [fixed(OK), 0.02, FORGED_RESPONSE],
    "leftover later 2": [fixed(OK), 0.2, FORGED_RESPONSE],
    "204 with body": plain(LENGTH, FORGED_RESPONSE, NONE),
    "204 chunked": plain(CHUNKED, FORGED_RESPONSE, NONE),
    "204 later": [plain(LENGTH, b"", NONE), 0.02, FORGED_RESPONSE],
    "204 chunked later": [plain(CHUNKED, b"", NONE), 0.02, FORGED_RESPONSE],
    "304 with body": plain(LENGTH, FORGED_RESPONSE, UNCHANGED),
    "304 later": [plain(CHUNKED, b"", UNCHANGED), 0.02, FORGED_RESPONSE],
    "304 length later": [plain(LENGTH, b"", UNCHANGED), 0.02, FORGED_RESPONSE],
    "202 zero then more": [plain(b"Content-Length: 0|", b"", b"202 Accepted"), 0.02, FORGED_RESPONSE],
    "205 with body": plain(LENGTH, FORGED_RESPONSE, b"205 Reset Content"),
    "100 then 200": plain(b"", b"", b"100 Continue") + fixed(OK),
    "103 with fields": plain(
        b"Link: </x>|Content-Length: 900|Transfer-Encoding: chunked|", b"", b"103 Early Hints") + fixed(OK),
    "103 with length": plain(b"Content-Length: 900|", b"", b"103 Early Hints") + fixed(OK),
    "1000 x 102": plain(b"", b"", b"102 Processing") * 1000 + fixed(OK),
    "101": plain(b"Upgrade: x|Connection: Upgrade|", FORGED_RESPONSE, b"101 Switching Protocols"),
    "two lengths": coded(b"Content-Length: 5\r\nContent-Length: %d\r\n" % len(OK), OK),
    "length list": coded(b"Content-Length: %d, %d\r\n" % (len(OK), len(OK)), OK),
    "length and chunks": coded(b"Content-Length: 5\r\n" + CHUNKED, chunked()),
    "xchunked": coded(b"Transfer-Encoding: xchunked\r\n", OK),
    "gzip, chunked": coded(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"),
    "chunked twice": coded(CHUNKED + CHUNKED, chunked()),
    "huge chunk": coded(CHUNKED, b"ffffffffffffffff\r\n" + OK),
    "chunk overflow": coded(CHUNKED, b"100000001\r\n" + OK),
    "negative chunk": coded(CHUNKED, b"-1\r\n" + OK),
    "huge length": coded(b"Content-Length: 99999999999999999999\r\n", OK),
    "max length": [coded(b"Content-Length: 999999999999999999\r\n", OK), "close"],
    "short length": [coded(b"Content-Length: 9999\r\n", OK), "close"],
    "bad chunk trailer": coded(CHUNKED, chunked(b"Content-Length: 10\r\n\r\n") + FORGED_RESPONSE),
    "good chunk trailer": coded(CHUNKED, chunked(b"X-A: b\r\n\r\n")),
    "bare lf": fixed(OK).replace(b"\r\n", b"\n"),
    "folded": coded(b"X: a\r\n b\r\nContent-Length: %d\r\n" % len(OK), OK),
    "until close": [coded(b"", OK), "close"],
}
HEADS = {
    "http/1.0": [fixed(OK, version=b"HTTP/1.0"), FORGED_RESPONSE],
    "http/1.0 keep": fixed(OK, b"Connection: keep-alive\r\n", version=b"HTTP/1.0"),
    "http/1.0 chunked": b"HTTP/1.0 200 OK\r\n" + J + CHUNKED + b"\r\n0\r\n\r\n",
    "http/2": b"HTTP/2 200\r\n" + J + b"\r\n",
    "status 000": fixed(OK, status=b"000 X"), "status 999": fixed(OK, status=b"999 X"),
    "status 20": fixed(OK, status=b"20 X"), "status 600": fixed(OK, status=b"600 X"),
    "no reason": fixed(OK, status=b"200"),
    "nul": fixed(OK, b"X: a\x00b\r\n"), "cr": fixed(OK, b"X: a\rb\r\n"),
    "session id": fixed(OK, b"Mcp-Session-Id: evil\r\n"), "set-cookie": fixed(OK, b"Set-Cookie: a=b\r\n"),
    "headers 200": fixed(OK, b"".join(b"X-%d: y\r\n" % n for n in range(200))),
    "header 40k": fixed(OK, b"X: " + b"y" * 40000 + b"\r\n"),
    "redirect": plain(b"Location: http://169.254.169.254/|Content-Length: 0|", b"", b"307 T"),
    "garbage": os.urandom(3000), "empty": ["close"], "half head": [b"HTTP/1.1 200 OK\r\nContent-", "close"],
    "keep-alive huge": fixed(OK, b"Keep-Alive: timeout=99999999999999999999, max=999\r\n"),
    "keep-alive 999999": fixed(OK, b"Keep-Alive: timeout=999999\r\n"),
    "keep-alive -1": fixed(OK, b"Keep-Alive: timeout=-1\r\n"),
    "retry-after": fixed(OK, b"Retry-After: 999999999999999999999999\r\n", status=b"503 X"),
}
STREAMS = {
    "sse with length": sse(b"data: {}\n\ndata: {}\n\n" + FORGED_RESPONSE, b"Content-Length: 20\r\n"),
    "sse nul id": [sse(b"id: a\x00b\n" + data(OK)), "close"],
    "sse retry huge": [sse(b"retry: 99999999999999999999999\nid: " + b"9" * 5000 + b"\n" + data(OK)), "close"],
    "sse cr only": [sse(b"data: " + OK + b"\r\r"), "close"],
    "sse bom": [sse(b"\xef\xbb\xbf" + data(OK)), "close"],
    "sse 5 MiB event": [sse(data(b"x" * (5 << 20))), "close"],
    "sse huge id question": [sse(data(QUESTION) + data(OK)), "close"],
    "sse ping big id": [sse(data(PING) + data(OK)), "close"],
}
ODD = {**FRAMING, **HEADS, **STREAMS}

# Bytes that nothing announced and that come when the connection has its next request already.
UNAVOIDABLE = {"leftover later", "202 zero then more"}
# What a call is told that met a connection which the odd answer had ruined.
EXPLICIT = (b"outcome is unknown", b"could not be reached")


def serve(self, head, body, s):
    if b'"odd:' not in body:
        return ordinary(self, head, body, s)
    parts = ODD[argument(json.loads(body))[4:]]
    for part in parts if isinstance(parts, list) else [parts]:
        if part == "close":
            return False
        if isinstance(part, float):
            time.sleep(part)
        else:
            s.sendall(part)
    time.sleep(0.02)
    return True


def provoke(gateway, session, name, problems):
    """One call that gets the odd answer."""
    shown = None
    c = Client(gateway.port, 10)  # less than timeouts.sse_comment, so that a stream without an end is cut
    try:
        c.post(call("odd:" + name), session)
        status, fields, answer = c.response()
        shown = (status, len(answer))
        if b"FORGED" in answer:
            problems.append(f"{name}: the caller itself got forged bytes: {status}")
        if status != 204 and answer[:1] == b"{":
            try:
                json.loads(answer)
            except ValueError:
                problems.append(f"{name}: answered {status} with broken JSON")
        if "set-cookie" in fields or fields.get("mcp-session-id") == "evil":
            problems.append(f"{name}: an instance's own header line came through: {fields}")
    except EOFError:
        shown = "cut"
    except (OSError, ValueError, OverflowError) as e:
        shown = repr(e)[:80]
    c.close()
    if os.environ.get("VERBOSE"):
        print(f"{name}: {shown}")


def follow(gateway, session, text, bad):
    """An ordinary call of another client, again if it met the connection that was ruined."""
    for _ in range(3):
        try:
            status, _, answer = ask(gateway.port, call(text), session)
        except Exception as e:
            bad.append(f"{text}: {e!r}")
            return
        if b"FORGED" not in answer and json.dumps(text).encode() in answer:
            return
        if not any(each in answer for each in EXPLICIT):
            bad.append(f"{text}: {status} {answer[:150]!r}")
            return


def main():
    problems = []
    instance = Instance(serve)
    gateway = Gateway(config([instance.url], upstream_extra="    answer_timeout: 5s"))
    try:
        session = initialize(gateway.port)
        for name in ODD:
            provoke(gateway, session, name, problems)
            if not gateway.alive:
                problems.append(f"{name}: THE NODE DIED: {gateway.stderr[-300:]}")
                break
            bad = []
            threads = [threading.Thread(target=follow, args=(gateway, session, f"{name}/{n}", bad)) for n in range(4)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
            if bad and name in UNAVOIDABLE:
                print(f"note: {name}: a following call of another client got these bytes (no proxy can tell)")
            elif bad:
                problems.append(f"{name}: a following call got something else: {bad[0]}")
    finally:
        gateway.stop()
    verdict(problems)


main()
