"""A standard error that nobody reads stops no node.

Standard error is a pipe of 4 KiB whose other end is never read. 200 clients send notifications to an instance that cuts
them off, so that each makes a line in the log, and there is a line for each request in the access log as well: 2,000 in
all. Every call in between must be answered within 5 s; and the node must still end by SIGTERM within 15 s.
"""
from lab import *

F_SETPIPE_SZ = 1031


def serve(self, head, body, s):
    if b"notifications/cut" in body:
        return False
    return ordinary(self, head, body, s)


def main():
    problems = []
    instance = Instance(serve)
    unread, stderr = os.pipe()
    fcntl.fcntl(stderr, F_SETPIPE_SZ, 4096)
    gateway = Gateway(config(
        [instance.url], "access_log: true\nlog_level: debug\ndrain_timeout: 1s",
        upstream_extra="    health: {unhealthy_after: 100}"), stderr=stderr)
    answered = 0
    try:
        for n in range(200):
            session = initialize(gateway.port, timeout=5)
            c = Client(gateway.port, 5)
            for _ in range(5):
                c.ask({"jsonrpc": "2.0", "method": "notifications/cut"}, session)
                status, _, body = c.ask(call(f"mark {n}"), session)
                answered += 1
                if b"mark" not in body:
                    problems.append(f"call {answered} gets {status} {body[:100]!r}")
            c.close()
    except OSError as e:
        problems.append(f"after {answered} of 1,000 calls nothing is answered any more: {e!r}")
    try:
        if metric(metrics(gateway.admin), "patchbay_sessions") is None:
            problems.append("/metrics is not served")
    except OSError as e:
        problems.append(f"/metrics is not served: {e!r}")
    gateway.child.send_signal(signal.SIGTERM)
    if not eventually(lambda: not gateway.alive, 15):
        problems.append("the node does not end by SIGTERM")
        gateway.stop()
    os.close(unread)
    verdict(problems)


main()
