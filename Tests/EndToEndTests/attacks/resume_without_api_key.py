"""What is true of Authorization is true of a key in another header line that instances get through forward_headers.

The instance answers 401 to everything without `X-Api-Key: alice`. Mallory has Alice's session id and an event id, and
tries: no key, a wrong key, Alice's key under Authorization, and first a notification that the gateway receipts by
itself because the instance cut it off: that is no acceptance. She must get no event and end nothing. Alice then reads
all of it.
"""
from lab import *

KEY = "X-Api-Key: alice\r\n"
STRANGERS = {
    "no key": "", "a wrong key": "X-Api-Key: mallory\r\n", "the key elsewhere": "Authorization: alice\r\n",
    "an empty key": "X-Api-Key: \r\n",
}
guarded = Guarded("x-api-key", "alice")


def serve(self, head, body, s):
    if b"notifications/cut" in body:
        return False
    return guarded(self, head, body, s)


def steal(gateway, session, event_id, lines):
    """What a stranger gets who asks for everything that the gateway could serve by itself."""
    seen = []
    for more in (f"Last-Event-ID: {event_id}\r\n", ""):
        c = Client(gateway.port, 4)
        c.get(session, lines + more)
        status, fields = c.head()
        if status == 200:
            texts = re.findall("PRIVATE [A-Z]+", json.dumps(c.messages(3)))
            seen.append(f"GET{' with Last-Event-ID' if more else ''}: 200 and {texts}")
        c.close()
    return seen


def main():
    problems = []
    instance = Instance(serve)
    gateway = Gateway(config([instance.url], upstream_extra="    forward_headers: [x-api-key]"))
    try:
        session = initialize(gateway.port, "2025-11-25", KEY)
        own = own_session(gateway.port, session, KEY)
        running = Client(gateway.port)
        running.post(call(name="slow", id=9), session, KEY)
        running.head()
        event_id, _ = running.event()
        running.close()
        for what, lines in STRANGERS.items():
            ask(gateway.port, {"jsonrpc": "2.0", "method": "notifications/cut"}, session, lines)
            problems += [f"{what}: {each}" for each in steal(gateway, session, event_id, lines)]
            status = end_session(gateway.port, session, lines)
            if status < 400:
                problems.append(f"{what}: DELETE gets {status}")
        if instance.heard("DELETE", own):
            problems.append("the instance was told to end the session")
        status = ask(gateway.port, call("y"), session, KEY)[0]
        if status != 200:
            problems.append(f"afterwards the owner's call gets {status}")
        back = Client(gateway.port)
        back.get(session, f"Last-Event-ID: {event_id}\r\n{KEY}")
        status = back.head()[0]
        if status != 200 or "PRIVATE RESULT" not in json.dumps(back.messages(5)):
            problems.append(f"the owner comes back, gets {status} and not the result")
    finally:
        gateway.stop()
    verdict(problems)


main()
