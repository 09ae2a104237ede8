"""Connections beyond limits.connections are turned away without taking the files that served clients need.

With `ulimit -n 256` the node says that 64 clients fit (the rest is for instances and for itself). 50 more clients are
connected and idle. A stranger opens 400 more connections at a time, reads nothing and closes none for a while. While
that goes on a client that was let in calls a tool, each time on a new upstream connection: it must be answered with its
result.
"""
import resource
from lab import *


def limit():
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))


def more(flood, port):
    """40 more connections; of 1,600 the oldest 400 go."""
    for _ in range(40):
        s = socket.socket()
        s.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            s.connect(("127.0.0.1", port))
        flood.append(s)
    if len(flood) > 1600:
        for s in flood[:400]:
            s.close()
        del flood[:400]


def main():
    problems, held, flood = [], [], []
    instance = Instance()
    gateway = Gateway(config([instance.url]), preexec=limit)
    try:
        print("note:", gateway.stderr.strip().splitlines()[0][:200] if gateway.stderr else "")
        session = initialize(gateway.port)
        worker = Client(gateway.port, 5)
        status, _, body = worker.ask(call("before"), session)
        assert status == 200, status
        while len(held) < 50:
            held.append(socket.create_connection(("127.0.0.1", gateway.port)))
        instance.break_connections()
        end, last, calls, failures = time.time() + 6, 0, 0, []
        while time.time() < end:
            more(flood, gateway.port)
            time.sleep(0.02)
            if time.time() - last < 0.5:
                continue
            last = time.time()
            calls += 1
            try:
                status, _, body = worker.ask(call("during"), session)
                if b"during" not in body:
                    failures.append(f"{status} {body[:160]!r}")
            except Exception as e:
                failures.append(repr(e)[:120])
                break
            instance.break_connections()  # the next call needs a new one
        if failures:
            problems.append(f"{len(failures)} of {calls} calls of a client that was let in failed: {failures[0]}")
        print(f"note: {calls} calls; open files of the gateway now: {gateway.files}")
    finally:
        for s in held + flood:
            s.close()
        gateway.stop()
    verdict(problems)


main()
