"""Messages of one client that go wrong make some lines in the log, not one for each.

The instance cuts every notification off. One client sends 2,000 of them within some seconds, in one session and then in
20 sessions of its own; another 2,000 are answers that nobody awaits. The log (level info) may have 20 lines and 10 more
for each second that it took, and must say that lines were left out.
"""
from lab import *


def serve(self, head, body, s):
    if b"notifications/" in body or b'"id": "nobody' in body:
        self.count("cut")
        return False
    return ordinary(self, head, body, s)


def lines(gateway):
    return [line for line in gateway.stderr.splitlines() if "level=warning" in line or "may not have" in line]


def main():
    problems = []
    instance = Instance(serve)
    gateway = Gateway(config([instance.url], upstream_extra="    health: {unhealthy_after: 100}"))
    try:
        sessions = [initialize(gateway.port) for _ in range(20)]
        began, sent = time.time(), 0
        for n in range(2000):
            session = sessions[0] if n < 1000 else sessions[n % 20]
            c = Client(gateway.port, 10)
            for message in ({"jsonrpc": "2.0", "method": f"notifications/{n}"},
                            {"jsonrpc": "2.0", "id": f"nobody {n}", "result": {}}):
                c.ask(message, session)
                sent += 1
            c.close()
        took = time.time() - began
        count = len(lines(gateway))
        print(f"note: {sent} messages in {took:.1f} s, {instance.state.get('cut')} met the instance, {count} lines")
        if instance.state.get("cut", 0) < 1000:
            problems.append("lab: too few of them met the instance")
        if count > 20 + 10 * took:
            problems.append(f"{sent} failed messages in {took:.1f} s made {count} lines: {lines(gateway)[-1][:200]}")
        if count == 0:
            problems.append("the log says nothing at all of them")
        # Whoever reads the log must know that it is not all.
        told = eventually(lambda: re.search(r"suppressed|left out|not written|more like", gateway.stderr), 12)
        if not told and count < sent:
            problems.append("nothing in the log says that lines were left out")
    finally:
        gateway.stop()
    verdict(problems)


main()
