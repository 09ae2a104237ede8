"""Whatever clients and instances fill at once, a node stays below the memory that its default limits come to: 4 GiB.

Two event loops, default limits (the times are longer, so that nothing goes meanwhile). At the same time, until each has
met its bound, is done, or a minute is over: stalled uploads; heads that never end; calls whose large bodies the
instance does not read, and calls that run on with large bodies, whose clients leave; clients that read nothing of large
answers, of streams of large events, of 2026-07-28 results that are held, of pipelined answers; large events kept of
streams whose clients left, living and ended; events and results that hostile instances never finish; 10,000 sessions;
24,000 questions that nobody answers; pings; a log that nobody reads. The highest resident memory is printed, must stay
below 4 GiB, and the node must live and serve one more client of another address within 60 s.
"""
from lab import *

BIG = int(3.9 * (1 << 20))
BOUND_MIB = 4096
# First what others would keep from being filled: what has to pass through is not, once nothing passes any more.
FIRST_SECONDS, SECONDS = 20, 60


class Filling:
    """What fills one thing, in a thread of its own, until the time is over. What it opens stays open."""

    kept = []

    def __init__(self, name, deed):
        self.name, self.count, self.failures = name, 0, 0
        self.thread = threading.Thread(target=self.run, args=(deed,), daemon=True)
        self.thread.start()

    def run(self, deed):
        for step in deed:
            if time.time() > self.end:
                return
            try:
                kept = step()
                Filling.kept.append(kept)
                self.count += 1
            except (OSError, EOFError, AssertionError, KeyError, ValueError):
                self.failures += 1
                time.sleep(0.05)


# ---------------------------------------------------------------- instances

def answer(self, message, s):
    """A result of 12 MiB, or one that never ends."""
    if argument(message) == "big":
        return reply(s, 200, result(message["id"], "y" * (12 << 20), resultType="complete"))
    s.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {10 << 20}\r\n\r\n".encode())
    s.sendall(b'{"jsonrpc":"2.0","id":1,"result":{"content":"' + b"y" * (9 << 20))
    hold(s, 300)
    return False


def half_event(s):
    sse_head(s)
    chunk(s, b"data: " + b"p" * BIG)
    hold(s, 300)
    return False


def stateful(self, head, body, s):
    message = json.loads(body) if body else {}
    with self.lock:
        self.requests.clear()
    if head.method == "GET":
        what = self.state["get"]
        if what == "half":
            return half_event(s)
        sse_head(s)
        name = head.fields["mcp-session-id"]
        chunk(s, "".join("data: " + json.dumps(
            {"jsonrpc": "2.0", "id": f"{name}-{n}", "method": "roots/list" if n % 4 else "ping"}) + "\n\n"
            for n in range(80)))
        hold(s, 300)
        return False
    what = argument(message)
    if what == "json":
        return reply(s, 200, result(message["id"], "y" * (12 << 20)))
    if what in ("events", "keep", "end"):
        sse_head(s)
        for _ in range(12 if what == "events" else 1):
            event(s, notice("e" * (BIG if what != "events" else 1 << 20)))
        if what == "end":
            event(s, result(message["id"], "done"))
            end_chunks(s)
            return True
    if what in ("events", "keep", "run"):
        hold(s, 300)
        return False
    if what == "half":
        return half_event(s)
    return ordinary(self, head, body, s, version="2025-11-25")


def deaf(self, head, s, buffer):
    """Before the body is read: that of a call is not."""
    if int(head.fields.get("content-length", "0")) > 1 << 20:
        time.sleep(300)
        return False


# ---------------------------------------------------------------- clients

def opened(port, text, receives=None, read=0):
    """A connection on which this was sent, as far as it was taken."""
    c = Client(port, 5, receives=receives)
    with contextlib.suppress(TimeoutError):
        c.send(text)
    if read:
        c.exactly(read)
    return c


def post_text(message, session=None, lines="", path="/mcp", length=None):
    body = json.dumps(message)
    named = f"Mcp-Session-Id: {session}\r\n" if session else ""
    return (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {ACCEPT}\r\nContent-Type: application/json\r\n{lines}"
            f"{named}Content-Length: {length or len(body)}\r\n\r\n{body}")


def left(port, text, read=0):
    """A client that leaves once its request is there, or once it has read so much."""
    c = opened(port, text, read=read)
    if not read:
        time.sleep(0.02)
    c.close()


def rounds(most, step):
    for n in range(most):
        yield lambda: step(n)


def first_fillings(port):
    """What grows while everything still works."""
    sessions = [initialize(port, "2025-11-25") for _ in range(60)]
    any_session = lambda n: sessions[n % 60]
    yield "kept events", rounds(90, lambda n: left(port, post_text(call("keep", id=n), any_session(n)), BIG))
    yield "kept events of ended streams", rounds(40, lambda n: left(
        port, post_text(call("end", id=n), any_session(n)), BIG))
    yield "bodies of calls that run on", rounds(60, lambda n: left(
        port, post_text(call("run", id=n, big="x" * BIG), any_session(n))))
    yield "sessions", rounds(10_000, lambda n: initialize(port))


def fillings(port):
    sessions = [initialize(port, "2025-11-25") for _ in range(60)]
    deaf_sessions = [initialize(port, "2025-11-25", path="/deaf") for _ in range(10)]
    any_session = lambda n: sessions[n % 60]
    stalled = post_text(call("x"), length=4 << 20) + "x" * BIG
    head = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + "h" * (31 << 10)
    yield "questions", rounds(400, lambda n: listening(port))
    yield "stalled uploads", rounds(120, lambda n: opened(port, stalled))
    yield "heads without an end", rounds(2000, lambda n: opened(port, head))
    yield "bodies that nobody reads", rounds(120, lambda n: opened(
        port, post_text(call("x", id=n, big="x" * BIG), deaf_sessions[n % 10], path="/deaf")))
    yield "deaf to answers", rounds(80, lambda n: opened(port, post_text(call("json", id=n), any_session(n)), 4096))
    yield "deaf to events", rounds(80, lambda n: opened(port, post_text(call("events", id=n), any_session(n)), 4096))
    yield "deaf to held results", rounds(80, lambda n: opened(
        port, post_text(modern_call("big"), lines=MODERN, path="/modern"), 4096))
    yield "deaf to pipelined answers", rounds(60, lambda n: opened(
        port, "GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 40_000, 4096))
    yield "events without an end", rounds(80, lambda n: opened(port, post_text(call("half", id=n), any_session(n))))
    yield "results without an end", rounds(60, lambda n: opened(
        port, post_text(modern_call("stall"), lines=MODERN, path="/modern")))


def listening(port):
    c = Client(port, 20)
    c.get(initialize(port, "2025-11-25", path="/asking"), path="/asking")
    return c


def watch(gateway, fillings, end):
    """The highest memory until all are done, or that time has come."""
    peak = 0
    while time.time() < end and gateway.alive and peak <= BOUND_MIB and any(f.thread.is_alive() for f in fillings):
        peak = max(peak, gateway.memory)
        time.sleep(0.1)
    return peak


def main():
    problems = []
    threading.stack_size(256 * 1024)
    labs = [Instance(stateful), Instance(receives=4096), Instance(stateful)]
    labs += [Instance(lambda self, head, body, s: modern(self, head, body, s, answer)) for _ in range(2)]
    labs[0].state["get"], labs[2].state["get"], labs[1].state["early"] = "half", "ask", deaf
    rows = "".join(f"\n  - {{name: {name}, path: /{name}, instances: {json.dumps([each.url for each in instances])}}}"
                   for name, instances in (("deaf", labs[1:2]), ("asking", labs[2:3]), ("modern", labs[3:])))
    unread, stderr = os.pipe()
    gateway = Gateway(config(
        [labs[0].url], "access_log: true\nlog_level: debug\nquestion_timeout: 10m\n"
        "timeouts: {head: 5m, body: 5m, write: 5m, keep_alive: 10m}", upstream_extra=rows.lstrip("\n"), loops=2),
        stderr=stderr)
    peak = before = gateway.memory
    try:
        Filling.end = time.time() + SECONDS
        running = [Filling(name, deed) for name, deed in first_fillings(gateway.port)]
        peak = max(peak, watch(gateway, running[:3], Filling.end - SECONDS + FIRST_SECONDS))
        running += [Filling(name, deed) for name, deed in fillings(gateway.port)]
        peak = max(peak, watch(gateway, running, Filling.end))
        for each in running:
            print(f"note: {each.name}: {each.count}, {each.failures} refused or cut off")
        if not gateway.alive:
            problems.append("the node has died")
        else:
            began = time.time()
            status = honest(gateway.port)
            print(f"note: another client gets {status} after {time.time() - began:.1f} s")
            if status != 200:
                problems.append(f"a client of another address gets {status}")
            peak, text = max(peak, gateway.memory), ""
            with contextlib.suppress(OSError):
                text = metrics(gateway.admin)
            for line in text.splitlines():
                if re.match(r"patchbay_(held|waiting|bound|connection|sessions|streams|exchanges|slow)", line):
                    print("note:", line)
        print(f"note: memory {before} -> {peak} MiB at most, {gateway.memory if gateway.alive else '-'} at the end")
        if peak > BOUND_MIB:
            problems.append(f"resident memory of {peak} MiB")
    finally:
        gateway.stop()
        os.close(unread)
    verdict(problems)


def honest(port):
    """Status of a small call of a client from elsewhere, tried for a minute."""
    status, end = None, time.time() + 60
    while status != 200 and time.time() < end:
        try:
            session = initialize(port, source="127.0.0.9", timeout=20)
            status, _, body = ask(port, call("mark"), session, source="127.0.0.9", timeout=20)
            status = status if b"mark" in body else f"{status} {body[:120]!r}"
        except (OSError, EOFError, AssertionError) as e:
            status = repr(e)[:120]
            time.sleep(0.2)
    return status


main()
