"""An answer that is held until it is whole is let go of when its client has left meanwhile.

Clients send batches of 2025-03-26 with three calls each, calls of 2026-07-28 and initialize. The instances answer with
2 MiB of JSON, of which the last half comes a second later; meanwhile the clients leave. A few seconds later no exchange
may run any more, nothing may be held, and a batch of a client that stays must be answered in whole.
"""
from lab import *

BIG = "y" * (2 << 20)


def serve(self, head, body, s):
    if head.method != "POST" or b'"big"' not in body:
        return ordinary(self, head, body, s, version="2025-03-26")
    message, line = json.loads(body), ""
    answer = result(message["id"], BIG, resultType="complete")
    if message["method"] == "initialize":
        answer, line = initialize_result(message["id"], "2025-03-26"), f"Mcp-Session-Id: {self.begin()}\r\n"
        answer["result"]["instructions"] = BIG
    text = json.dumps(answer).encode()
    s.sendall(
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n{line}\r\n".encode())
    s.sendall(text[:len(text) // 2])
    self.count("asked")
    time.sleep(1)
    s.sendall(text[len(text) // 2:])
    return True


def state(gateway):
    """Exchanges that run, and MiB that are held of answers."""
    text = metrics(gateway.admin)
    held = metric(text, r'patchbay_held_bytes\{of="answers"\}') or 0
    return metric(text, "patchbay_exchanges_active"), held / (1 << 20)


def main():
    problems = []
    instances = [Instance(serve), Instance(serve)]
    gateway = Gateway(config([each.url for each in instances], upstream_extra="    era: both"))
    try:
        session = initialize(gateway.port, "2025-03-26")
        begin = initialize_message("2025-03-26")
        begin["params"]["clientInfo"]["name"] = "big"
        batch = [call("big", id=n) for n in range(3)]
        for what, send, count in (
            ("batches", lambda c: c.post(batch, session), 24), ("2026-07-28", lambda c: c.post(
                modern_call("big"), lines=MODERN), 8), ("initialize", lambda c: c.post(begin), 8),
        ):
            before = sum(each.state.get("asked", 0) for each in instances)
            clients = [Client(gateway.port) for _ in range(8)]
            for c in clients:
                send(c)
            eventually(lambda: sum(each.state.get("asked", 0) for each in instances) >= before + count, 10)
            for c in clients:
                c.close()
            if not eventually(lambda: state(gateway) == (0, 0), 10):
                running, held = state(gateway)
                problems.append(
                    f"{what}: 10 s after the clients left {running:.0f} exchanges run, {held:.0f} MiB are held")
        try:
            status, _, body = ask(gateway.port, batch, session, timeout=20)
            if status != 200 or body.count(BIG[:1000].encode()) < 3:
                problems.append(f"a batch of a client that stays gets {status} and {len(body)} bytes")
        except (OSError, EOFError) as e:
            problems.append(f"a batch of a client that stays gets no answer: {e!r}")
    finally:
        gateway.stop()
    verdict(problems)


main()
