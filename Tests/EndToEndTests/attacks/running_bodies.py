"""Calls that run do not keep their request bodies in memory, whoever waits for them.

Two instances, so that a call of 2026-07-28 may go to either; two event loops. 60 clients of sessions and 60 of
2026-07-28 post calls of 3.9 MiB to a tool that answers late, and wait. 468 MiB are what the bodies are; once the
instances have them, the node's memory must not have grown by more than 200 MiB. All calls are then answered.
"""
from lab import *

BIG = "x" * int(3.9 * (1 << 20))


def serve(self, head, body, s):
    if b'"tools/call"' not in body[:200]:
        return ordinary(self, head, body, s)
    with self.lock:
        self.requests[:] = []
    self.count("running")
    self.state["go"].wait(120)
    message = json.loads(body)
    return reply(s, 200, result(message["id"], "done", resultType="complete"))


def main():
    problems = []
    one, two = Instance(serve), Instance(serve)
    one.state["go"] = two.state["go"] = threading.Event()
    gateway = Gateway(config([one.url, two.url], upstream_extra="    era: both", loops=2))
    try:
        sessions = [initialize(gateway.port) for _ in range(4)]
        before = gateway.memory
        waiting = []
        running = lambda: one.state.get("running", 0) + two.state.get("running", 0)
        plain = json.dumps(call(id=7, big=BIG))
        modern_text = modern_call(id=7)
        modern_text["params"]["arguments"]["big"] = BIG
        modern_text = json.dumps(modern_text)
        for n in range(120):
            c = Client(gateway.port, 60)
            if n % 2:
                c.post(plain, sessions[n // 2 % 4])
            else:
                c.post(modern_text, lines=MODERN)
            waiting.append(c)
            eventually(lambda: running() > n, 20)
        time.sleep(1)
        after = gateway.memory
        print(f"note: {running()} calls run; memory {before} -> {after} MiB")
        if running() != 120:
            problems.append(f"only {running()} of 120 calls reached the instances")
        if after - before > 200:
            problems.append(f"memory grew by {after - before} MiB for 120 running calls")
        one.state["go"].set()
        done = [c.response()[2].count(b'"done"') for c in waiting]
        if sum(done) != 120:
            problems.append(f"only {sum(done)} of 120 calls were answered")
    finally:
        gateway.stop()
    verdict(problems)


main()
