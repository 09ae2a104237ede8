"""Where instances check credentials (forward_authorization: true), nobody reads a session's events without them.

The instance answers 401 to everything without `Authorization: Bearer alice`. Alice runs a call whose result comes late,
and has a GET stream. Mallory has seen the session id and an event id (in a log, a crash report, a shared machine) and
has no credentials. She must get 401 (or 404) for: GET with Last-Event-ID, GET of the session's stream, DELETE. What she
must not get are Alice's events. She must not end Alice's stream or session either. Alice herself gets all of it.
"""
from lab import *

A = "Authorization: Bearer alice\r\n"


def mallory(gateway, session, lines, seconds=6):
    """What a GET with these lines gets: status and bytes."""
    c = Client(gateway.port, seconds)
    c.get(session, lines)
    status, fields = c.head()
    text, end = b"", time.time() + seconds
    with contextlib.suppress(EOFError, OSError):
        while "content-length" not in fields and time.time() < end and (part := c.chunk()) is not None:
            text += part
    c.close()
    return status, text


def main():
    problems = []
    instance = Instance(Guarded("authorization", "Bearer alice"))
    gateway = Gateway(config([instance.url], upstream_extra="    forward_authorization: true"))
    try:
        session = initialize(gateway.port, "2025-11-25", A)
        status = ask(gateway.port, call("x"), session)[0]
        assert status in (401, 404), f"a POST without credentials gets {status}"
        own = own_session(gateway.port, session, A)
        running = Client(gateway.port)
        running.post(call(name="slow", id=9), session, A)
        running.head()
        event_id, _ = running.event()
        running.close()  # alice's network breaks
        stream = Client(gateway.port)
        stream.get(session, A)
        stream.head()
        stream.event()
        for what, lines in (("GET with Last-Event-ID", f"Last-Event-ID: {event_id}\r\n"),
                            ("GET of the session's stream", "Authorization: Bearer mallory\r\n")):
            status, text = mallory(gateway, session, lines)
            if status == 200:
                shown = re.findall(rb"PRIVATE [A-Z]+", text) or text[:80]
                problems.append(f"{what}: 200, and she reads {shown}")
            elif status not in (401, 404):
                problems.append(f"{what}: {status}")
        status = end_session(gateway.port, session)
        after = ask(gateway.port, call("y"), session, A)[0]
        if after != 200:
            problems.append(f"DELETE without credentials gets {status}, and alice's session is gone ({after})")
        if instance.heard("DELETE", own):
            problems.append("the instance was told to end the session")
        heard = [m["params"]["data"] for m in stream.messages(4) if "params" in m]
        if "PRIVATE NEWS" not in heard:
            problems.append(f"alice's own stream has ended; she heard {heard}")
        back = Client(gateway.port)
        back.get(session, f"Last-Event-ID: {event_id}\r\n{A}")
        status = back.head()[0]
        texts = json.dumps(back.messages(5)) if status == 200 else ""
        if "PRIVATE RESULT" not in texts:
            problems.append(f"alice comes back with her own credentials, gets {status} and not her result")
    finally:
        gateway.stop()
    verdict(problems)


main()
