"""Instances of the attack scripts whose sessions have streams: the one stream of 2024-11-05, and servers that want
credentials."""
import json, queue, threading, time
from lab.instance import end_chunks, event, hold, is_probe, notice, ordinary, reply, result, sse_head, chunk


class LegacyServer:
    """A server of 2024-11-05. `answer(self, message, say)` gets each message; `say(message or text)` is its stream.

    What it gets besides those is answered as by a server that also speaks later revisions.
    """

    def __init__(self, answer=None, endpoint="/messages?session_id={}", greeting=""):
        self.answer = answer or (lambda server, message, say: say(result(message["id"], "x")))
        self.endpoint, self.greeting = endpoint, greeting
        self.streams = {}
        self.messages = []
        self.lock = threading.Lock()

    def __call__(self, instance, head, body, s):
        if head.method == "GET" and head.target.startswith("/sse"):
            return self._stream(s)
        if head.method == "POST" and head.target.startswith("/messages"):
            return self._message(head, json.loads(body), s)
        return ordinary(instance, head, body, s)

    def _stream(self, s):
        out = queue.Queue()
        with self.lock:
            name = f"s{len(self.streams) + 1}"
            self.streams[name] = out
        sse_head(s)
        chunk(s, f"event: endpoint\ndata: {self.endpoint.format(name)}\n\n" + self.greeting)
        while True:
            try:
                message = out.get(timeout=120)
            except queue.Empty:
                return False
            if message is None:
                return False
            chunk(s, message) if isinstance(message, str) else event(s, message)

    def _message(self, head, message, s):
        say = self.streams[head.target.split("session_id=")[1]].put
        with self.lock:
            self.messages.append(message)
        reply(s, 202)
        if message.get("method") == "initialize":
            say({"jsonrpc": "2.0", "id": message["id"], "result": {
                "protocolVersion": "2024-11-05", "capabilities": {}, "serverInfo": {"name": "x", "version": "1"}}})
        elif message.get("id") is not None and "method" in message:
            self.answer(self, message, say)


class Guarded:
    """A server that lets nobody in who does not show the header line `name: value`, and has something to say to its
    owner: on the session's stream at once, 2 s after that, and as the late result of the tool `slow`."""

    def __init__(self, name, value, refusal=401):
        self.name, self.values, self.refusal = name.lower(), {value}, refusal

    def __call__(self, instance, head, body, s):
        message = json.loads(body) if body else {}
        if is_probe(head, message) or head.fields.get("mcp-session-id") == "patchbay-check":
            return ordinary(instance, head, body, s, version="2025-11-25")
        if head.fields.get(self.name) not in self.values:
            instance.count("refused")
            return reply(s, self.refusal, {"error": "invalid_token"}, extra='WWW-Authenticate: Bearer realm="x"\r\n')
        if head.method == "GET":
            sse_head(s)
            event(s, notice("for the owner"))
            time.sleep(2)
            event(s, notice("PRIVATE NEWS"))
            hold(s, 60)
            return False
        if message.get("method") == "tools/call" and message["params"]["name"] == "slow":
            sse_head(s)
            event(s, {"jsonrpc": "2.0", "method": "notifications/progress", "params": {
                "progressToken": 1, "progress": 1}})
            time.sleep(1.5)
            event(s, result(message["id"], "PRIVATE RESULT"))
            end_chunks(s)
            return True
        return ordinary(instance, head, body, s, version="2025-11-25")
