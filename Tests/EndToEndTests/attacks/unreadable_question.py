"""A question that the gateway cannot scan is answered to the server with an error, and never reaches a client as it is.

A client would answer it under the server's own id, which the gateway refuses, and SDK clients take that for the end of
their session. What can be scanned reaches the client under an id of the gateway's.

The instance asks on the stream of a call and on the GET stream: nested 70 deep, with 10,001 members, with a number of
100 digits, with id and method behind the parameters, with an id too long for the gateway; and a plain one. For each
with an ordinary id either the client gets it under another id, or the server hears an error under its own; the client
sees no id of the server's; the plain ones arrive; the call ends with its result.
"""
from lab import *

PARAMS = {
    "deep": "[" * 70 + "]" * 70, "wide": json.dumps({f"k{n}": n for n in range(10_001)}),
    "digits": "[" + "7" * 100 + "]", "deep objects": '{"a":' * 70 + "1" + "}" * 70,
}


def question(name, params, last=False):
    """The text of a request to the client."""
    head = f'"jsonrpc":"2.0","id":"{name}","method":"sampling/createMessage"'
    rest = f'"params":{{"messages":[],"maxTokens":1,"systemPrompt":"for {name};","metadata":{params}}}'
    return "{" + (f"{rest},{head}" if last else f"{head},{rest}") + "}"


def questions(prefix):
    for name, params in PARAMS.items():
        yield f"{prefix} {name}", question(f"{prefix} {name}", params)
        yield f"{prefix} {name} last", question(f"{prefix} {name} last", params, last=True)


def say_all(s, prefix):
    for name, text in questions(prefix):
        chunk(s, f"event: message\ndata: {text}\n\n")
    chunk(s, f"data: {question(prefix + ' long ' + 'q' * 300, '{}')}\n\n")
    chunk(s, f"data: {question(prefix + ' plain', '{}')}\n\n")


def serve(self, head, body, s):
    if head.method == "GET":
        sse_head(s)
        say_all(s, "get")
        hold(s, 60)
        return False
    message = json.loads(body) if body else {}
    if "result" in message or "error" in message:
        with self.lock:
            self.state["heard"][message.get("id")] = "error" if "error" in message else "result"
        return reply(s, 202)
    if message.get("method") == "tools/call":
        sse_head(s)
        say_all(s, "call")
        eventually(lambda: all(name in self.state["heard"] for name, _ in questions("call")), 4)
        event(s, result(message["id"], "done"))
        end_chunks(s)
        return True
    return ordinary(self, head, body, s, version="2025-11-25")


def main():
    problems = []
    instance = Instance(serve)
    instance.state["heard"] = {}
    gateway = Gateway(config([instance.url]))
    try:
        session = initialize(gateway.port, "2025-11-25")
        streams = {"get": Client(gateway.port), "call": Client(gateway.port)}
        streams["get"].get(session)
        streams["call"].post(call("x", id=9), session)
        for prefix, c in streams.items():
            c.head()
            texts = []
            with contextlib.suppress(EOFError, OSError):
                while (found := c.event(12 if prefix == "call" else 3)) is not None:
                    texts.append(found[1])
            own = [text for text in texts if f'"{prefix} ' in text]
            if own:
                names = sorted(set(re.findall(rf'"({prefix} [a-z ]+?)(?: q+)?"', " ".join(own))))
                problems.append(f"the client sees {len(own)} questions under the server's own ids: {names}")
            arrived = {name for text in texts if text not in own for name in re.findall(r'"for ([^;]*);"', text)}
            if f"{prefix} plain" not in arrived:
                problems.append(f"on the {prefix} stream the plain question has not arrived")
            print(f"note: on the {prefix} stream arrived under another id:", sorted(each[:30] for each in arrived))
            if prefix == "call" and '"done"' not in (texts or [""])[-1]:
                problems.append(f"the call's stream does not end with its result, but {(texts or [''])[-1][:200]}")
            missing = [
                name for name, _ in questions(prefix)
                if name not in arrived and instance.state["heard"].get(name) != "error"]
            if missing:
                problems.append(f"nobody heard of the questions {missing}")
    finally:
        gateway.stop()
    verdict(problems)


main()
