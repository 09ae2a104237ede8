"""Clients that do not read do not make the node hold whole answers.

2026-07-28, two instances (so that results are held for their tags). A tool returns 12 MiB of JSON. 40 clients call it
and read nothing. The node's memory must stay within what limits.stream_buffer (1 MiB) per client suggests, 150 MiB in
all; and what it holds must be gone once timeouts.write (2 s here) is over.
"""
from lab import *

BIG = "y" * (12 << 20)


def answer(self, message, s):
    self.count("served")
    return reply(s, 200, result(message["id"], BIG, resultType="complete"))


def serve(self, head, body, s):
    return modern(self, head, body, s, answer)


def main():
    problems = []
    one, two = Instance(serve), Instance(serve)
    gateway = Gateway(config([one.url, two.url], "timeouts: {write: 2s}", upstream_extra="    era: stateless"))
    clients = []
    try:
        before = gateway.memory
        for n in range(40):
            c = Client(gateway.port, receives=4096)
            c.post(modern_call(), lines=MODERN)
            clients.append(c)
        served = lambda: one.state.get("served", 0) + two.state.get("served", 0)
        eventually(lambda: served() >= 40, 20)
        time.sleep(2)
        peak = gateway.memory
        time.sleep(8)
        later, files = gateway.memory, gateway.files
        print(f"note: {served()} answers; memory {before} -> {peak} -> {later} MiB 8 s later, {files} files")
        if peak - before > 150:
            problems.append(f"{peak - before} MiB are held for 40 clients that read nothing")
        if files > 30:
            problems.append(f"8 s later (timeouts.write is 2 s) {files} files are still open, memory {later} MiB")
    finally:
        for c in clients:
            c.close()
        gateway.stop()
    verdict(problems)


main()
