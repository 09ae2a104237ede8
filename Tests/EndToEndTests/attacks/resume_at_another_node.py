"""Nobody reads a session's events without credentials at a node that has never met the session either.

Two nodes over HTTP peers, forward_authorization: true. Alice's call runs and her GET stream is open at node 1. Mallory
has session id and event id and tries at node 2, which would fetch the streams from node 1; then at node 1. She must get
no event and end nothing. Alice reads on at node 2, also with credentials that are newer than those of the call.
"""
from lab import *

A = "Authorization: Bearer alice\r\n"


def main():
    problems = []
    guarded = Guarded("authorization", "Bearer alice")
    instance = Instance(guarded)
    nodes = two_nodes([instance.url], upstream_extra="    forward_authorization: true")
    one, two = nodes
    try:
        session = initialize(one.port, "2025-11-25", A)
        own = own_session(one.port, session, A)
        running = Client(one.port)
        running.post(call(name="slow", id=9), session, A)
        running.head()
        event_id, _ = running.event()
        running.close()
        stream = Client(one.port)
        stream.get(session, A)
        stream.head()
        stream.event()
        for place, node in (("node 2", two), ("node 1", one)):
            for what, more in (("GET with Last-Event-ID", f"Last-Event-ID: {event_id}\r\n"), ("GET", "")):
                for who in ("", "Authorization: Bearer mallory\r\n"):
                    c = Client(node.port, 5)
                    c.get(session, more + who)
                    status = c.head()[0]
                    if status == 200:
                        texts = re.findall("PRIVATE [A-Z]+", json.dumps(c.messages(3)))
                        problems.append(f"{what} at {place}: 200, and she reads {texts}")
                    c.close()
            status = end_session(node.port, session)
            if status < 400:
                problems.append(f"DELETE at {place}: {status}")
        if instance.heard("DELETE", own):
            problems.append("the instance was told to end the session")
        heard = [m["params"]["data"] for m in stream.messages(4) if "params" in m]
        if "PRIVATE NEWS" not in heard:
            problems.append(f"alice's own stream at node 1 has ended; she heard {heard}")
        guarded.values = {"Bearer alice-2"}  # her token was refreshed
        back = Client(two.port)
        back.get(session, f"Last-Event-ID: {event_id}\r\nAuthorization: Bearer alice-2\r\n")
        status = back.head()[0]
        if status != 200 or "PRIVATE RESULT" not in json.dumps(back.messages(6)):
            problems.append(f"alice comes back at node 2 with a newer token, gets {status} and not her result")
    finally:
        for node in nodes:
            node.stop()
    verdict(problems)


main()
