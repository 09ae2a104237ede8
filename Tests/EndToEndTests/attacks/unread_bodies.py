"""Instances that do not take their requests do not make the node hold more of them than limits.requests allows.

limits.requests: 64MiB, two event loops, two instances that read no byte of a body. 100 calls of 3.9 MiB wait for them:
390 MiB. The node's memory must not grow by more than 64 MiB and what its sockets and allocator take for that (150 MiB
in all); calls beyond are told 503 or an error that nothing was run, and small calls to another instance go on.
"""
from lab import *

BIG = "x" * int(3.9 * (1 << 20))


def early(self, head, s, buffer):
    """Before the body is read: a call's body is not."""
    if int(head.fields.get("content-length", "0")) > 1 << 20:
        self.count("deaf")
        self.state["go"].wait(120)
        return False


def main():
    problems = []
    deaf = [Instance(receives=4096) for _ in range(2)]
    for each in deaf:
        each.state.update(early=early, go=threading.Event())
    healthy = Instance()
    healthy_row = f'\n  - name: healthy\n    path: /healthy\n    instances: ["{healthy.url}"]'
    gateway = Gateway(config(
        [each.url for each in deaf], "limits: {requests: 64MiB}", upstream_extra=healthy_row, loops=2))
    waiting = []
    try:
        sessions = [initialize(gateway.port) for _ in range(4)]
        calm = initialize(gateway.port, path="/healthy")
        before = gateway.memory
        text = json.dumps(call(id=7, big=BIG))
        refused = 0
        for n in range(100):
            c = Client(gateway.port, 30)
            c.post(text, sessions[n % 4])
            waiting.append(c)
            c.s.settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                status, _, body = c.response()
                refused += 1
                if status != 503 and b"nothing was run" not in body:
                    problems.append(f"a call beyond the bound gets {status} {body[:120]!r}")
        time.sleep(1)
        after = gateway.memory
        print(f"note: {sum(each.state.get('deaf', 0) for each in deaf)} reached the instances, {refused} were refused; "
              f"memory {before} -> {after} MiB")
        if after - before > 150:
            problems.append(f"memory grew by {after - before} MiB with limits.requests at 64 MiB")
        if refused < 50:
            problems.append(f"only {refused} of 100 calls were refused, and 390 MiB do not fit into 64")
        status = ask(gateway.port, call("x"), calm, path="/healthy")[0]
        if status != 200:
            problems.append(f"a small call to another instance gets {status}")
    finally:
        for each in deaf:
            each.state["go"].set()
        for c in waiting:
            c.close()
        gateway.stop()
    verdict(problems)


main()
