"""Calls whose clients have left do not keep their request bodies in memory.

A client posts 150 calls of 3.9 MiB to a tool that answers late, and hangs up after each (four sessions, within
limits.calls_per_session). The node needs the bodies no more once they were sent to the instance (a side effect is never
sent twice). Its memory must not grow by more than 200 MiB; 585 MiB is what the bodies are.
"""
from lab import *

BIG = "x" * int(3.9 * (1 << 20))


def serve(self, head, body, s):
    if b'"hang"' in body[:400]:
        with self.lock:
            self.requests[:] = [(h, b[:300]) for h, b in self.requests]
        self.count("hung")
        time.sleep(90)
        return False
    return ordinary(self, head, body, s)


def main():
    problems = []
    instance = Instance(serve)
    gateway = Gateway(config([instance.url]))
    try:
        sessions = [initialize(gateway.port) for _ in range(4)]
        before = gateway.memory
        message = json.dumps(call("hang", id=1, big=BIG))
        for n in range(150):
            c = Client(gateway.port)
            c.post(message, sessions[n % 4])
            eventually(lambda: instance.state.get("hung", 0) > n, 20)
            c.close()
        time.sleep(1)
        after, hung = gateway.memory, instance.state.get("hung")
        print(f"note: {hung} calls run at the instance; memory {before} -> {after} MiB")
        if hung != 150:
            problems.append(f"only {hung} of 150 calls reached the instance")
        if after - before > 200:
            problems.append(f"memory grew by {after - before} MiB for {hung} calls whose clients have left")
    finally:
        gateway.stop()
    verdict(problems)


main()
