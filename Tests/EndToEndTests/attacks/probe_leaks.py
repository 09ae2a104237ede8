"""The health check and the probe of the era leave no session behind in a server, also in one that is slow to initialize
or keeps its answer open.

README: "an active check that leaves no session behind in your server". The server needs 2.5 s for `initialize` (the
check's timeout is 2 s), or answers it at once on an SSE stream that it keeps open for a while. After 14 s every session
that was begun by the gateway's own requests must have been deleted, and the instance must be in use.
"""
from lab import *


def slow(self, head, body, s):
    if b'"patchbay-probe"' in body and b'"initialize"' in body:
        time.sleep(2.5)
        number = self.begin()
        with contextlib.suppress(OSError):
            reply(s, 200, initialize_result("patchbay-probe"), extra=f"Mcp-Session-Id: {number}\r\n")
        return True
    return ordinary(self, head, body, s)


def lingering(self, head, body, s):
    if b'"patchbay-probe"' in body and b'"initialize"' in body:
        sse_head(s, f"Mcp-Session-Id: {self.begin()}\r\n")
        event(s, initialize_result("patchbay-probe"))
        hold(s, 10)
        return False
    return ordinary(self, head, body, s)


def main():
    problems, pairs = [], []
    for name, serve in (("slow", slow), ("lingering", lingering)):
        instance = Instance(serve)
        pairs.append((name, instance, Gateway(config([instance.url]))))
    try:
        time.sleep(14)
        for name, instance, gateway in pairs:
            left = instance.sessions - len(set(instance.deleted))
            print(f"note: {name}: {instance.sessions} sessions begun, {left} not deleted")
            if left > 1:  # one may be on its way
                problems.append(f"{name}: {instance.sessions} sessions were begun by probes within 14 s, {left} were "
                                f"never deleted; log: {gateway.stderr.strip().splitlines()[-1][-120:]}")
            if metric(metrics(gateway.admin), "patchbay_instance_up") != 1:
                problems.append(f"{name}: the instance answers, and is not in use")
    finally:
        for _, _, gateway in pairs:
            gateway.stop()
    verdict(problems)


main()
