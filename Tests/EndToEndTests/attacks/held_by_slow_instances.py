"""What is held of answers that are not whole is bounded for the whole node, and a bound that is reached starves nobody.

2026-07-28, four instances, two event loops, limits.held: 32MiB. 60 calls get 10 MiB of JSON each, of which the last
byte never comes: 600 MiB would be held for their tags. The node's memory must not grow by more than 32 MiB, one answer
for each event loop, and what sockets and allocator take for that (150 MiB in all). Meanwhile clients of the same
instances call for a small and for a 2 MiB answer: all of them must get it within 40 s, since instances that say nothing
while others wait are given up.
"""
from lab import *

BIG = 10 << 20


def answer(self, message, s):
    what = argument(message)
    if what != "stall":
        return reply(s, 200, result(message["id"], "z" * int(what), resultType="complete"))
    self.count("stalled")
    s.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {BIG + 1}\r\n\r\n".encode())
    s.sendall(b'{"jsonrpc":"2.0","id":1,"result":{"content":"' + b"y" * (BIG - 45))
    hold(s, 120)
    return False


def main():
    problems = []
    instances = [Instance(lambda self, head, body, s: modern(self, head, body, s, answer)) for _ in range(4)]
    gateway = Gateway(config(
        [each.url for each in instances], "limits: {held: 32MiB}", upstream_extra="    era: stateless", loops=2))
    clients, peak = [], 0
    try:
        before = gateway.memory
        for n in range(60):
            c = Client(gateway.port)
            c.post(modern_call("stall"), lines=MODERN)
            clients.append(c)
        eventually(lambda: sum(each.state.get("stalled", 0) for each in instances) >= 60, 10)
        for _ in range(20):
            time.sleep(0.1)
            peak = max(peak, gateway.memory)
        slowest = 0
        for size in (10, 10, 2 << 20, 2 << 20):
            began = time.time()
            try:
                status, _, body = ask(gateway.port, modern_call(str(size)), lines=MODERN, timeout=40)
                if b"z" * size not in body:
                    problems.append(f"a call for {size} bytes gets {status} {body[:160]!r}")
            except OSError as e:
                problems.append(f"a call for {size} bytes gets nothing within 40 s: {e!r}")
            slowest = max(slowest, time.time() - began)
            peak = max(peak, gateway.memory)
        print(f"note: memory {before} -> {peak} MiB; the slowest of the others' calls took {slowest:.1f} s")
        if peak - before > 150:
            problems.append(f"memory grew by {peak - before} MiB with limits.held at 32 MiB")
    finally:
        for c in clients:
            c.close()
        gateway.stop()
    verdict(problems)


main()
