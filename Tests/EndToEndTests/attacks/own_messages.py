"""What the gateway has to say by itself is said, or counted as dropped: more than 10,000 messages at once.

The instance pings 12,800 times at once, on the GET streams of 200 sessions, and answers nothing for 4 s. The answers to
the pings, and the DELETEs of the 200 sessions that go idle then (session_idle: 1 s), must reach it in the end; what
does not must be counted in a metric of /metrics and told in the log. Meanwhile other requests are answered.
"""
from lab import *

SESSIONS, PINGS = 200, 64


def serve(self, head, body, s):
    if head.method == "GET":
        sse_head(s)
        number = head.fields["mcp-session-id"].rsplit("-", 1)[1]
        text = "".join(
            "data: " + json.dumps({"jsonrpc": "2.0", "id": f"ping-{number}-{n}", "method": "ping"}) + "\n\n"
            for n in range(PINGS))
        self.state["go"].wait(120)
        chunk(s, text)
        hold(s, 60)
        return False
    if body.startswith(b"{") and b'"result"' in body and b"ping-" in body:
        with self.lock:
            self.state["heard"].add(json.loads(body)["id"])
        time.sleep(max(0, self.state["until"] - time.time()))
        return reply(s, 202)
    return ordinary(self, head, body, s, version="2025-11-25")


def main():
    problems = []
    threading.stack_size(256 * 1024)
    instance = Instance(serve)
    instance.state.update(go=threading.Event(), heard=set(), until=0)
    gateway = Gateway(config([instance.url], "session_idle: 1s\ndetached_stream_ttl: 1s"))
    streams = []
    try:
        for _ in range(SESSIONS):
            c = Client(gateway.port)
            session = initialize(gateway.port, "2025-11-25")
            c.get(session)
            streams.append(c)
        instance.state["until"] = time.time() + 5
        instance.state["go"].set()
        time.sleep(1)
        status = ask(gateway.port, initialize_message())[0]
        if status != 200:
            problems.append(f"initialize gets {status} meanwhile")
        expected = SESSIONS * PINGS
        eventually(lambda: len(instance.state["heard"]) >= expected, 60)
        heard = len(instance.state["heard"])
        for c in streams:
            c.close()
        eventually(lambda: len(set(instance.deleted)) >= SESSIONS, 30)
        text = metrics(gateway.admin)
        dropped = metric(text, r'patchbay_bound_hits_total\{bound="own_messages"\}') or 0
        ended = len(set(instance.deleted))
        print(f"note: {heard} of {expected} pings answered, {ended} sessions deleted, {dropped:.0f} counted as dropped")
        if heard + dropped < expected:
            problems.append(f"{expected - heard} answers to pings never came, and {dropped:.0f} are counted as dropped")
        if ended + dropped < SESSIONS:
            problems.append(f"{SESSIONS - ended} sessions were never deleted, and {dropped:.0f} are counted as dropped")
        if dropped and "own" not in gateway.stderr:
            problems.append("the log says nothing of what was dropped")
    finally:
        for c in streams:
            c.close()
        gateway.stop()
    verdict(problems)


main()
