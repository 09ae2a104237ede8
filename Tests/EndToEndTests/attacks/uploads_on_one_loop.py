"""A bound of the whole node is not reached because one event loop has its part of it.

Four event loops, limits.incoming: 256 MiB by default. Of 80 connections every fourth, which as a rule are those of one
event loop, uploads a body of 3.9 MiB but for its last byte: 78 MiB. All of them must be read; with the last bytes all
20 calls must be served.
"""
from lab import *

BIG = "x" * int(3.9 * (1 << 20))


def main():
    problems = []
    instance = Instance()
    gateway = Gateway(config([instance.url], loops=4))
    try:
        session = initialize(gateway.port)
        idle = [Client(gateway.port) for _ in range(80)]
        body = json.dumps(call("x", big=BIG)).encode()
        head = (f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {ACCEPT}\r\nContent-Type: application/json\r\n"
                f"Mcp-Session-Id: {session}\r\nContent-Length: {len(body)}\r\n\r\n").encode()
        uploads = idle[::4]
        for c in uploads:
            with contextlib.suppress(OSError):
                c.send(head + body[:-1])
        time.sleep(0.5)
        statuses = []
        for c in uploads:
            try:
                c.send(body[-1:])
                statuses.append(c.response()[0])
            except (OSError, EOFError) as e:
                statuses.append(repr(e)[:60])
        bad = [each for each in statuses if each != 200]
        if bad:
            problems.append(f"{len(bad)} of {len(uploads)} uploads of 78 MiB in all get {bad[:3]}")
    finally:
        gateway.stop()
    verdict(problems)


main()
