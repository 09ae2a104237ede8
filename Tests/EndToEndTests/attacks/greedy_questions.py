"""Nobody's unanswered questions keep others from being asked: each has a share of them.

principal_from: x-user, one event loop. A's sessions come by 102,000 questions that nobody answers (60 in each of
1,700), which is more than a loop holds. Then B's server asks B on its GET stream, and C's in the middle of a call: both
questions must arrive, and the answers must reach the server. A's servers are told an error for what was too much, and
A's own calls go on.
"""
from lab import *

SESSIONS, QUESTIONS = 1700, 60


def ask_text(name):
    return "data: " + json.dumps({"jsonrpc": "2.0", "id": name, "method": "roots/list"}) + "\n\n"


def serve(self, head, body, s):
    message = json.loads(body) if body else {}
    if head.method == "GET":
        sse_head(s)
        name = head.fields["mcp-session-id"]
        count = QUESTIONS if head.fields.get("x-user") == "a" else 1
        chunk(s, "".join(ask_text(f"{name} {n}") for n in range(count)))
        hold(s, 200)
        return False
    if "result" in message or "error" in message:
        self.count("errors" if "error" in message else message["result"]["who"])
        return reply(s, 202)
    if argument(message) == "asking":
        sse_head(s)
        chunk(s, ask_text("in a call"))
        eventually(lambda: self.state.get("c"), 20)
        event(s, result(message["id"], "done"))
        end_chunks(s)
        return True
    return ordinary(self, head, body, s, version="2025-11-25")


def answer(gateway, c, session, lines, who):
    """Answers the first question on a stream. What is wrong, or None."""
    try:
        found = json.loads(c.event(10)[1])
    except (OSError, TypeError, EOFError) as e:
        return f"{who} was not asked: {e!r}"
    if found.get("method") != "roots/list":
        return f"{who} was not asked, but got {found}"
    status = ask(gateway.port, {"jsonrpc": "2.0", "id": found["id"], "result": {"roots": [], "who": who}}, session,
                 lines)[0]
    return None if status == 202 else f"{who}'s answer gets {status}"


def main():
    problems, streams = [], []
    threading.stack_size(256 * 1024)
    instance = Instance(serve)
    gateway = Gateway(config([instance.url], "principal_from: x-user", upstream_extra="    forward_headers: [x-user]"))
    a, b, c = (f"X-User: {name}\r\n" for name in "abc")
    try:
        for _ in range(SESSIONS):
            session = initialize(gateway.port, "2025-11-25", a)
            stream = Client(gateway.port)
            stream.get(session, a)
            streams.append(stream)
        time.sleep(3)
        print("note: questions that wait:", metric(metrics(gateway.admin), r'patchbay_waiting\{what="questions"\}'))
        if ask(gateway.port, call("x"), session, a)[0] != 200:
            problems.append("A's own calls do not go on")
        for who, lines in (("b", b), ("c", c)):
            session = initialize(gateway.port, "2025-11-25", lines)
            stream = Client(gateway.port)
            if who == "b":
                stream.get(session, lines)
            else:
                stream.post(call("asking", id=9), session, lines)
            stream.head()
            if wrong := answer(gateway, stream, session, lines, who):
                problems.append(wrong)
            if not eventually(lambda: instance.state.get(who), 5):
                problems.append(f"the answer of {who} has not reached the server")
            streams.append(stream)
        errors = instance.state.get("errors", 0)
        print(f"note: {errors} questions were answered with an error")
    finally:
        for stream in streams:
            stream.close()
        gateway.stop()
    verdict(problems)


main()
