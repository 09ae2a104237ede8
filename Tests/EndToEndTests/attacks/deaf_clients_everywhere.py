"""Clients that do not read do not make the node hold more than limits.queued, whatever they asked for.

limits.queued: 64MiB, timeouts.write: 4s, two event loops. Of each sort 25 clients read nothing: calls of 12 MiB of JSON
(2025-06-18), streams of large events, GET streams, batches of 2025-03-26, calls of 2024-11-05 and pipelined requests
whose answers the gateway has by itself. The node's memory must not grow by more than 64 MiB, what limits.held and
limits.replay_live (32 MiB each here) allow, and what sockets and allocator take for that (300 MiB in all). After 12 s
their connections must be gone, and a client that reads must have got its 12 MiB meanwhile.
"""
from lab import *

BIG, EVENT = "y" * (12 << 20), "e" * (1 << 20)


def legacy_answer(server, message, say):
    for _ in range(12):
        say(notice(EVENT))


legacy = LegacyServer(legacy_answer)


def serve(self, head, body, s):
    if head.target.startswith(("/sse", "/messages")):
        return legacy(self, head, body, s)
    message = json.loads(body) if body else {}
    if isinstance(message, dict) and argument(message) == "big":
        return reply(s, 200, result(message["id"], BIG))
    if head.method == "GET" or isinstance(message, dict) and argument(message) == "events":
        self.count("streams")
        sse_head(s)
        for _ in range(12):
            event(s, notice(EVENT))
        hold(s, 60)
        return False
    version = "2025-03-26" if b"2025-03-26" in body else "2025-11-25"
    return ordinary(self, head, body, s, version=version)


def deaf(gateway, send):
    c = Client(gateway.port, 3, receives=4096)
    with contextlib.suppress(OSError):
        send(c)
    return c


def open_deaf(gateway, n):
    """One client of each sort that reads nothing (or nothing more, for 2024-11-05)."""
    session, batches = initialize(gateway.port, "2025-11-25"), initialize(gateway.port, "2025-03-26")
    batch = [call("big", id=each) for each in range(3)]
    sorts = [
        lambda c: c.post(call("big", id=n), session), lambda c: c.post(call("events", id=n), session),
        lambda c: c.get(session), lambda c: c.post(batch, batches),
        lambda c: c.send("GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 40_000),
    ]
    clients = [deaf(gateway, send) for send in sorts]
    old = LegacyClient(gateway.port)
    old.post(call("x", id=n))
    return clients + [old.stream]


def main():
    problems = []
    instance = Instance(serve)
    gateway = Gateway(config(
        [instance.both_urls], "limits: {queued: 64MiB, held: 32MiB, replay_live: 32MiB}\ntimeouts: {write: 4s}",
        loops=2))
    clients, peak = [], 0
    try:
        before = gateway.memory
        for n in range(25):
            clients += open_deaf(gateway, n)
            peak = max(peak, gateway.memory)
        for _ in range(10):
            time.sleep(0.1)
            peak = max(peak, gateway.memory)
        status, _, body = ask(gateway.port, call("big"), initialize(gateway.port), timeout=30)
        if status != 200 or len(body) < len(BIG):
            problems.append(f"a client that reads gets {status} and {len(body)} bytes")
        time.sleep(12)
        left = connections(gateway.port)
        print(f"note: memory {before} -> {peak} MiB, {gateway.memory} later; {left} of {len(clients)} connections left")
        if peak - before > 300:
            problems.append(f"memory grew by {peak - before} MiB for {len(clients)} clients that do not read")
        if left > 5:
            problems.append(f"{left} connections of clients that do not read are still there after 12 s")
    finally:
        for c in clients:
            c.close()
        gateway.stop()
    verdict(problems)


main()
