"""A 404 to GET says that a server offers no such stream, and leaves the session alive.

The instance knows POST and DELETE only and answers GET with 404, with a body of HTML, of JSON or with none. The client
must get 405, so that it does not ask again, at either of two nodes and also with Last-Event-ID; its session must go on.
When the instance really forgets the session, a call's 404 ends it.
"""
from lab import *

REFUSALS = {
    "404, HTML": (404, b"<html>Not Found</html>", "text/html"), "404, no body": (404, b"", "text/plain"),
    "404, JSON": (404, json.dumps({"detail": "Not Found"}).encode(), "application/json"),
    "404, JSON-RPC": (404, json.dumps({"jsonrpc": "2.0", "id": None, "error": {
        "code": -32601, "message": "Not Found"}}).encode(), "application/json"),
    "405": (405, b"", "text/plain"),
}


def serve(self, head, body, s):
    if head.method == "GET":
        status, text, kind = self.state["refusal"]
        return reply(s, status, text, kind)
    if self.state.get("forgotten") == head.fields.get("mcp-session-id", "-"):
        return reply(s, 404, {"jsonrpc": "2.0", "id": None, "error": SESSION_UNKNOWN})
    return ordinary(self, head, body, s, version="2025-11-25")


def main():
    problems = []
    instance = Instance(serve)
    nodes = two_nodes([instance.url])
    try:
        for what, refusal in REFUSALS.items():
            instance.state["refusal"] = refusal
            for place, node in enumerate(nodes):
                session = initialize(nodes[0].port, "2025-11-25")
                for lines in ("", "Last-Event-ID: 1\r\n"):
                    named = f"Accept: text/event-stream\r\nMcp-Session-Id: {session}\r\n{lines}"
                    status = request(node.port, "GET", "/mcp", named)[0]
                    if status != 405 and not (lines and status == 400):  # that is no id of the gateway's
                        problems.append(f"{what}: GET at node {place + 1} {lines.strip()} gets {status}")
                    after = ask(node.port, call("y"), session)[0]
                    if after != 200:
                        problems.append(f"{what}: after GET at node {place + 1} ({status}) a call gets {after}")
                        session = initialize(nodes[0].port, "2025-11-25")
        own = own_session(nodes[0].port, session)
        instance.state["forgotten"] = own
        statuses = [ask(node.port, call("y"), session)[0] for node in nodes]
        if statuses != [404, 404]:
            problems.append(f"the instance has forgotten the session, and calls get {statuses}")
    finally:
        for node in nodes:
            node.stop()
    verdict(problems)


main()
