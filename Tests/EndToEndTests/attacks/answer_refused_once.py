"""An answer that the instance refused (401, 429, 503) may be given again, and a question without an answer ends with an
error.

forward_authorization: true. A tool asks; the client's answer meets an instance that says 401 (the client's token has
just expired), 429 or 503. The client refreshes its token and answers again: that answer must reach the instance. If it
never answers again, the instance must be told after question_timeout (2 s here): its tool must not wait for ever.
"""
from lab import *

QUESTION = {"jsonrpc": "2.0", "id": 5, "method": "elicitation/create", "params": {
    "message": "?", "requestedSchema": {"type": "object", "properties": {}}}}


def serve(self, head, body, s):
    message = json.loads(body) if body else {}
    if message.get("method") == "tools/call":
        self.state["heard"] = None
        sse_head(s)
        event(s, QUESTION)
        eventually(lambda: self.state["heard"], 8)
        event(s, result(message["id"], heard=self.state["heard"]))
        end_chunks(s)
        return True
    if "result" in message or "error" in message:
        if self.state.get("refuse"):
            return reply(s, self.state.pop("refuse"), {"error": "no"}, extra="WWW-Authenticate: Bearer\r\n")
        self.state["heard"] = "error" if "error" in message else "answer"
        return reply(s, 202)
    return ordinary(self, head, body, s, version="2025-11-25")


def attempt(gateway, instance, status, again):
    """One call with one question. What is wrong, or None."""
    session = initialize(gateway.port, "2025-11-25")
    c = Client(gateway.port)
    c.post(call("x", id=9), session)
    c.head()
    answer = {"jsonrpc": "2.0", "id": json.loads(c.event()[1])["id"], "result": {"action": "accept", "content": {}}}
    instance.state["refuse"] = status
    first = ask(gateway.port, answer, session, "Authorization: Bearer old\r\n")[0]
    second = ask(gateway.port, answer, session, "Authorization: Bearer new\r\n")[0] if again else None
    heard = next((m["result"]["heard"] for m in c.messages(20) if m.get("id") == 9 and "result" in m), None)
    c.close()
    if again and heard != "answer":
        return f"{status}: the first answer got {first}, the second {second}, and the server heard {heard}"
    if not again and heard is None:
        return f"{status}: the only answer got {first}; the server heard nothing, also not after question_timeout"
    return None


def main():
    instance = Instance(serve)
    gateway = Gateway(config(
        [instance.url], "question_timeout: 2s", upstream_extra="    forward_authorization: true"))
    try:
        cases = [(status, again) for status in (401, 429, 503) for again in (True, False)]
        problems = [attempt(gateway, instance, *case) for case in cases]
    finally:
        gateway.stop()
    verdict([each for each in problems if each])


main()
