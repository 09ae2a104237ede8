"""A call whose stream breaks off before its response always ends with an explicit error, whatever came before.

The instance sends a notification that the gateway cannot scan (nested 70 deep; an object with 10,001 members; no JSON
at all), then closes without a response. "A client that waits for ever is worse": the client must get an error for its
request as the last event. What cannot be scanned must arrive all the same.
"""
from lab import *

KINDS = {
    "plain": json.dumps(notice("mark")),
    "deep": json.dumps(notice("mark"))[:-2] + ',"more":' + "[" * 70 + "]" * 70 + "}}",
    "wide": json.dumps(notice({"mark": 1, **{f"k{n}": n for n in range(10_001)}})),
    "text": "hello mark",
    "array": "[mark]",
    "half": json.dumps(notice("mark"))[:-1],
}


def serve(self, head, body, s):
    if head.method == "POST" and b"tools/call" in body:
        sse_head(s)
        chunk(s, "event: message\ndata: " + KINDS[argument(json.loads(body))] + "\n\n")
        time.sleep(0.1)
        end_chunks(s)
        return True
    return ordinary(self, head, body, s)


def listen(c, fields):
    """All that the caller is told, and how it ended."""
    texts = []
    try:
        if "content-length" in fields:  # the instance's old connection was used: an explicit error, as JSON
            return [c.exactly(int(fields["content-length"])).decode()], "end"
        while (found := c.event()) is not None:
            texts.append(found[1])
        return texts, "end"
    except (EOFError, OSError) as e:
        return texts, type(e).__name__


def is_verdict(text):
    with contextlib.suppress(ValueError):
        message = json.loads(text)
        return isinstance(message, dict) and message.get("id") == 77 and ("result" in message or "error" in message)
    return False


def main():
    problems = []
    instance = Instance(serve)
    gateway = Gateway(config([instance.url]))
    try:
        session = initialize(gateway.port)
        for kind in KINDS:
            c = Client(gateway.port)
            c.post(call(kind, id=77), session)
            status, fields = c.head()
            texts, ended = listen(c, fields)
            if not any(map(is_verdict, texts)):
                problems.append(f"{kind}: the stream ended ({ended}) without any answer to the call")
            elif not is_verdict(texts[-1]) or sum(map(is_verdict, texts)) != 1:
                problems.append(f"{kind}: the answer is not the one last event")
            c.close()
    finally:
        gateway.stop()
    verdict(problems)


main()
