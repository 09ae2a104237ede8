"""Questions that nobody answers and that expire together do not hold up an event loop.

1,200 sessions' servers ask 60 questions each on their GET streams, nobody answers, all expire within a second
(question_timeout: 14 s). Meanwhile another client asks for a path that is not there every 20 ms: no 404 may take longer
than 500 ms. (Or, in a debug build, than a third of what it takes while the questions are asked.)
"""
from lab import *

SESSIONS, QUESTIONS = 1200, 60


def serve(self, head, body, s):
    if head.method == "GET":
        sse_head(s)
        number = head.fields["mcp-session-id"].split("-")[-1]
        text = "".join(
            "event: message\ndata: "
            + json.dumps({"jsonrpc": "2.0", "id": f"q{number}-{n}", "method": "roots/list"}) + "\n\n"
            for n in range(QUESTIONS))
        self.state["go"].wait(120)
        with contextlib.suppress(OSError):
            chunk(s, text)
            s.recv(10)
        return False
    if b'"error"' in body:
        self.count("errors")
        return reply(s, 202)
    return ordinary(self, head, body, s, version="2025-11-25")


def worst(caller, seconds):
    """The longest time that the gateway took for an answer of its own, so that only its event loop counts."""
    most, end = 0, time.time() + seconds
    while time.time() < end:
        began = time.time()
        caller.request("GET", "/nothing", "Accept: */*\r\n")
        caller.response()
        most = max(most, time.time() - began)
        time.sleep(0.02)
    return most


def main():
    problems = []
    threading.stack_size(256 * 1024)
    instance = Instance(serve)
    instance.state["go"] = threading.Event()
    gateway = Gateway(config([instance.url], "question_timeout: 14s"))
    streams = []
    try:
        for n in range(SESSIONS):
            session = initialize(gateway.port, "2025-11-25")
            c = Client(gateway.port)
            c.get(session)
            streams.append(c)
        caller = Client(gateway.port, 30)
        calm = worst(caller, 1)
        instance.state["go"].set()
        asking = worst(caller, 13)
        expiring = worst(caller, 10)
        print(f"note: longest wait: calm {calm * 1000:.0f} ms, while asked {asking * 1000:.0f} ms, while expiring "
              f"{expiring * 1000:.0f} ms; {instance.state.get('errors', 0)} errors reached the instance")
        if expiring > max(0.5, asking / 3):
            problems.append(f"a request that needs no instance waited {expiring * 1000:.0f} ms while "
                            f"{SESSIONS * QUESTIONS} questions expired")
    finally:
        for c in streams:
            c.close()
        gateway.stop()
    verdict(problems)


main()
