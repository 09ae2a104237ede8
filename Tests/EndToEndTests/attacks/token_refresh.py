"""What the gateway says in its own name bears the credentials that the instance has accepted last.

forward_authorization: true. A session begins with the token `old`, which then expires: the instance takes `new` alone.
The client makes one call with `new`, and a stranger one with `wrong`, which is refused. Then the instance pings on both
streams that were opened with `old`, and asks a question that nobody answers (question_timeout: 1 s). The answers to the
pings, the error for the question and, when the session has been idle, its DELETE must all come with `new`.
"""
from lab import *


def serve(self, head, body, s):
    message = json.loads(body) if body else {}
    if is_probe(head, message) or head.fields.get("mcp-session-id") == "patchbay-check":
        return ordinary(self, head, body, s, version="2025-11-25")
    token = head.fields.get("authorization")
    if head.method == "DELETE" and head.fields["mcp-session-id"] != self.state.get("own"):
        return ordinary(self, head, body, s)  # of a probe
    if head.method == "DELETE" or "result" in message or "error" in message:
        with self.lock:
            self.state["said"].append((message.get("id", "DELETE"), token))
    if token != f"Bearer {self.state['token']}":
        return reply(s, 401, {"error": "invalid_token"}, extra="WWW-Authenticate: Bearer\r\n")
    if head.method == "GET" or argument(message) == "slow":
        name = "get" if head.method == "GET" else "call"
        sse_head(s)
        event(s, notice("begun"))
        self.state["refreshed"].wait(30)
        event(s, {"jsonrpc": "2.0", "id": f"{name}-ping", "method": "ping"})
        event(s, {"jsonrpc": "2.0", "id": f"{name}-question", "method": "roots/list"})
        if name == "get":
            hold(s, 30)
            return False
        eventually(lambda: "call-question" in dict(self.state["said"]), 10)
        event(s, result(message["id"], "done"))
        end_chunks(s)
        return True
    return ordinary(self, head, body, s, version="2025-11-25")


def main():
    problems = []
    instance = Instance(serve)
    instance.state.update(token="old", said=[], refreshed=threading.Event())
    gateway = Gateway(config(
        [instance.url], "question_timeout: 1s\nsession_idle: 2s\ndetached_stream_ttl: 1s",
        upstream_extra="    forward_authorization: true"))
    old, new, wrong = (f"Authorization: Bearer {token}\r\n" for token in ("old", "new", "wrong"))
    try:
        session = initialize(gateway.port, "2025-11-25", old)
        instance.state["own"] = own_session(gateway.port, session, old)
        streams = [Client(gateway.port, 30), Client(gateway.port, 30)]
        streams[0].get(session, old)
        streams[1].post(call("slow", id=9), session, old)
        for each in streams:
            each.head()
            each.event()
        instance.state["token"] = "new"
        for lines, wanted in ((old, 401), (new, 200), (wrong, 401)):
            status = ask(gateway.port, call("y"), session, lines)[0]
            if status != wanted:
                problems.append(f"a call with {lines.strip()} gets {status}")
        instance.state["refreshed"].set()
        expected = ["get-ping", "get-question", "call-ping", "call-question"]
        eventually(lambda: set(expected) <= {name for name, _ in instance.state["said"]}, 10)
        for each in streams:
            each.close()
        eventually(lambda: "DELETE" in dict(instance.state["said"]), 20)
        said = instance.state["said"]
        print("note:", said)
        for name in [*expected, "DELETE"]:
            tokens = [token for each, token in said if each == name]
            if "Bearer new" not in tokens:
                problems.append(f"{name}: the instance heard it with {tokens} and not with the newest token")
    finally:
        gateway.stop()
    verdict(problems)


main()
