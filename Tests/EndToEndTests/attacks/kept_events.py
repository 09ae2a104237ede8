"""What is kept of living streams is bounded in all, also when single events are large.

limits.replay_bytes is 1 MiB of one stream, limits.replay_live 256 MiB of all living streams. A tool says one
notification of 3.9 MiB and goes on running. 130 such calls (three sessions), whose clients read everything and then
leave: 507 MiB of newest events. The node's memory must not grow by more than 330 MiB.
"""
from lab import *

BIG = "x" * int(3.9 * (1 << 20))


def serve(self, head, body, s):
    if b'"big"' in body[:300]:
        sse_head(s)
        event(s, notice(BIG))
        time.sleep(90)
        return False
    return ordinary(self, head, body, s, version="2025-11-25")


def main():
    problems = []
    instance = Instance(serve)
    gateway = Gateway(config([instance.url]))
    try:
        sessions = [initialize(gateway.port, "2025-11-25") for _ in range(3)]
        before = gateway.memory
        for n in range(130):
            c = Client(gateway.port)
            c.post(call("big", id=n), sessions[n % 3])
            got = 0
            while got < len(BIG):
                got += len(c.s.recv(1 << 20))
            c.close()
        time.sleep(1)
        after = gateway.memory
        print(f"note: memory {before} -> {after} MiB")
        if after - before > 330:
            problems.append(f"memory grew by {after - before} MiB for 130 calls of three sessions; nothing bounds it "
                            "but the number of calls")
    finally:
        gateway.stop()
    verdict(problems)


main()
