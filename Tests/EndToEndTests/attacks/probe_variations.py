"""The gateway's own requests leave nothing behind in servers that answer them in other ways than SDK servers do.

Servers that give a session with the head of an answer whose body then never comes, with a stream that has no event,
with a head after which they cut the connection, with the refusal of a probe, with an answer to server/discover, and
with an answer to the ping that checks their health; and one that takes 2.5 s for each DELETE as well. After 20 s every
session that was begun must have been deleted, but for those on their way, and there may have been one a second.
"""
from lab import *


def begun(self):
    return f"Mcp-Session-Id: {self.begin()}\r\n"


def headed(self, message, s):
    if message["method"] != "initialize":
        return None
    s.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n{begun(self)}\r\n".encode())
    hold(s, 30)
    return False


def mute(self, message, s):
    if message["method"] != "initialize":
        return None
    sse_head(s, begun(self))
    hold(s, 30)
    return False


def cut(self, message, s):
    if message["method"] != "initialize":
        return None
    sse_head(s, begun(self))
    return False


def refusing(self, message, s):
    if message["method"] != "initialize":
        return None
    reply(s, 400, {"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32602, "message": "no"}},
          extra=begun(self))
    return True


def discovering(self, message, s):
    if message["method"] != "server/discover":
        return None
    reply(s, 200, {"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32601, "message": "no"}},
          extra=begun(self))
    return True


def welcoming(self, message, s):
    if message["method"] != "ping":
        return None
    reply(s, 200, {"jsonrpc": "2.0", "id": message["id"], "result": {}}, extra=begun(self))
    return True


def slow(self, message, s):
    if message["method"] != "initialize":
        return None
    time.sleep(2.5)
    reply(s, 200, initialize_result(message["id"]), extra=begun(self))
    return True


def serving(probe, delay=0):
    def serve(self, head, body, s):
        if head.method == "DELETE":
            time.sleep(delay)
        message = json.loads(body) if body else {}
        if head.method == "POST" and is_probe(head, message):
            with contextlib.suppress(OSError):
                done = probe(self, message, s)
                if done is not None:
                    return done
        return ordinary(self, head, body, s)
    return serve


KINDS = {
    "a head and no body": serving(headed), "a stream without an event": serving(mute), "a head and a cut": serving(cut),
    "a refusal": serving(refusing), "an answer to server/discover": serving(discovering),
    "an answer to ping": serving(welcoming), "slow answers, also to DELETE": serving(slow, 2.5),
}


def main():
    problems, labs = [], []
    for name, serve in KINDS.items():
        instance = Instance(serve)
        labs.append((name, instance, Gateway(config(
            [instance.url], upstream_extra="    health: {interval: 2s, timeout: 1s}"))))
    try:
        time.sleep(20)
        for name, instance, gateway in labs:
            # DELETE is slow there: two may be on their way.
            left, most = instance.sessions - len(set(instance.deleted)), 4 if "DELETE" in name else 1
            print(f"note: {name}: {instance.sessions} sessions begun, {left} left")
            if left > most:
                problems.append(f"{name}: {instance.sessions} sessions were begun within 20 s, {left} never deleted")
            if instance.sessions > 21:
                problems.append(f"{name}: {instance.sessions} sessions were begun within 20 s")
    finally:
        for _, _, gateway in labs:
            gateway.stop()
    verdict(problems)


main()
