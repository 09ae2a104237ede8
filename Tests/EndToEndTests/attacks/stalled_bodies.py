"""A stranger with 66 stalled uploads does not keep others from posting ordinary bodies.

66 connections send up to 3.9 MiB of a 4 MiB body each, 256 MiB together, and stop (no session is needed for that). A
client then posts calls of 300 KiB, which arrive in several reads. They must be served: who has been uploading longest,
or sends nothing, is the one to go.
"""
from lab import *


def main():
    problems, stalled = [], []
    instance = Instance()
    gateway = Gateway(config([instance.url]))
    try:
        session = initialize(gateway.port)
        limit, sent = 256 << 20, 0
        while sent < limit - (64 << 10):
            part = b"x" * min(int(3.9 * (1 << 20)), limit - sent - (40 << 10))
            sent += len(part)
            c = Client(gateway.port)
            c.send(f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\nAccept: {ACCEPT}\r\n"
                   f"Content-Type: application/json\r\nContent-Length: {4 << 20}\r\n\r\n")
            with contextlib.suppress(OSError):
                c.send(part)
            stalled.append(c)
        time.sleep(1)
        text = "z" * (300 << 10)
        results = []
        for n in range(10):
            try:
                status, _, body = ask(gateway.port, call(text), session)
                results.append(status if text.encode() not in body else 200)
            except Exception as e:
                results.append(repr(e)[:40])
            time.sleep(0.3)
        bad = [r for r in results if r != 200]
        if bad:
            problems.append(f"{len(bad)} of 10 calls of 300 KiB were refused while 66 strange uploads stall: {bad[:3]}")
    finally:
        for c in stalled:
            c.close()
        gateway.stop()
    verdict(problems)


main()
