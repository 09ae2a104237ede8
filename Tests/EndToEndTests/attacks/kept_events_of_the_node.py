"""What is kept for clients that may come back is bounded for the whole node: of living streams and of ended ones.

limits.replay_live: 32MiB and limits.replay_total: 16MiB, two event loops. Of 60 calls whose clients leave, each says a
notification of 3.9 MiB and runs on; another 60 say the same and end: 468 MiB of newest events. The node's memory must
not grow by more than 32 + 16 MiB and what sockets and allocator take for that (150 MiB in all). A stream that kept what
the bound allows is then resumed in whole, or its client is told that it was not kept.
"""
from lab import *

BIG = "x" * int(3.9 * (1 << 20))


def serve(self, head, body, s):
    if b'"tools/call"' not in body[:300]:
        return ordinary(self, head, body, s, version="2025-11-25")
    message = json.loads(body)
    sse_head(s)
    event(s, notice(BIG))
    if argument(message) == "running":
        self.state["go"].wait(120)
    event(s, result(message["id"], "done"))
    end_chunks(s)
    return True


def main():
    problems, ids = [], []
    instance = Instance(serve)
    instance.state["go"] = threading.Event()
    gateway = Gateway(config([instance.url], "limits: {replay_live: 32MiB, replay_total: 16MiB}", loops=2))
    try:
        sessions = [initialize(gateway.port, "2025-11-25") for _ in range(3)]
        before = gateway.memory
        for n in range(120):
            c = Client(gateway.port, 60)
            session = sessions[n % 3]
            c.post(call("running" if n % 2 else "ending", id=n), session)
            c.head()
            ids.append((session, n, c.event()[0]))  # it has read the large one
            c.close()
        time.sleep(1)
        after = gateway.memory
        print(f"note: memory {before} -> {after} MiB")
        if after - before > 150:
            problems.append(f"memory grew by {after - before} MiB for what is kept of 120 streams")
        instance.state["go"].set()
        time.sleep(1)
        told = {"done": 0, "lost": 0}
        for session, n, event_id in ids[-10:]:
            c = Client(gateway.port)
            c.get(session, f"Last-Event-ID: {event_id}\r\n")
            status, fields = c.head()
            last = [m for m in (c.messages(5) if status == 200 else []) if m.get("id") == n]
            if not last:
                problems.append(f"the resume of call {n} gets {status} and no verdict on it")
            else:
                told["done" if "result" in last[-1] else "lost"] += 1
            c.close()
        print("note: of the last 10 streams resumed", told)
    finally:
        gateway.stop()
    verdict(problems)


main()
