"""A 404 that an instance gives to a stranger's credentials never ends the owner's session; one that it gives to the
owner's does.

forward_authorization: true. The instance answers 404 to everybody but Alice, as servers do that do not want to say what
there is. Strangers with Alice's session id call a tool, notify, answer, ask for streams and delete, with wrong
credentials and with none. Alice's call must work after each. Then the instance forgets the session: her next call gets
404, and the one after that does not reach the instance any more.
"""
from lab import *

A = "Authorization: Bearer alice\r\n"
NOTE = {"jsonrpc": "2.0", "method": "notifications/x"}
ANSWER = {"jsonrpc": "2.0", "id": "abc", "result": {}}


def serve(self, head, body, s):
    message = json.loads(body) if body else {}
    if is_probe(head, message) or head.fields.get("mcp-session-id") == "patchbay-check":
        return ordinary(self, head, body, s, version="2025-11-25")
    if head.fields.get("authorization") != "Bearer alice" or self.state.get("forgotten"):
        return reply(s, 404, {"jsonrpc": "2.0", "id": message.get("id"), "error": SESSION_UNKNOWN})
    return ordinary(self, head, body, s, version="2025-11-25")


def main():
    problems = []
    instance = Instance(serve)
    gateway = Gateway(config([instance.url], upstream_extra="    forward_authorization: true"))
    try:
        session = initialize(gateway.port, "2025-11-25", A)
        own = own_session(gateway.port, session, A)
        named = f"Mcp-Session-Id: {session}\r\n"
        deeds = {
            "a call": lambda lines: ask(gateway.port, call("x"), session, lines),
            "a notification": lambda lines: ask(gateway.port, NOTE, session, lines),
            "an answer": lambda lines: ask(gateway.port, ANSWER, session, lines),
            "a GET": lambda lines: request(
                gateway.port, "GET", "/mcp", f"Accept: text/event-stream\r\n{named}{lines}"),
            "a DELETE": lambda lines: request(gateway.port, "DELETE", "/mcp", named + lines),
        }
        for what, deed in deeds.items():
            for lines in ("Authorization: Bearer mallory\r\n", ""):
                status = deed(lines)[0]
                if status < 400:
                    problems.append(f"a stranger's {what} gets {status}")
                after = ask(gateway.port, call("y"), session, A)[0]
                if after != 200:
                    problems.append(f"after {what} of a stranger, which got {status}, the owner's call gets {after}")
                    session = initialize(gateway.port, "2025-11-25", A)
                    named = f"Mcp-Session-Id: {session}\r\n"
        if instance.heard("DELETE", own):
            problems.append("the instance was told to end the session")
        instance.state["forgotten"] = True
        first = ask(gateway.port, call("y"), session, A)[0]
        before = sum(b"tools/call" in body for _, body in instance.requests)
        second = ask(gateway.port, call("y"), session, A)[0]
        after = sum(b"tools/call" in body for _, body in instance.requests)
        if (first, second) != (404, 404) or after != before:
            problems.append(f"the instance has forgotten the owner's session: her calls get {first} and {second}, and "
                            f"{after - before} calls reach the instance after the 404")
    finally:
        gateway.stop()
    verdict(problems)


main()
