"""A session that was deleted at one node is over at each, also at one that has never met it, where the server refuses
DELETE.

Two nodes over HTTP peers; the server answers DELETE with 405, as servers do that leave the end of sessions to
themselves, so that it would serve the session on. Sessions begin and end at node 1. The very next call, at node 2, must
get 404 and must not reach the server; so must a GET and a notification. The same the other way round, for sessions that
node 2 knows.
"""
from lab import *

NOTE = {"jsonrpc": "2.0", "method": "notifications/x"}


def attempts(port, session):
    """Uses of the ended session, and what became of them."""
    named = f"Accept: text/event-stream\r\nMcp-Session-Id: {session}\r\n"
    yield "a call", ask(port, call("late"), session)[0]
    yield "a notification", ask(port, NOTE, session)[0]
    yield "a GET", request(port, "GET", "/mcp", named)[0]


def main():
    problems = []
    instance = Instance()
    instance.state["delete_status"] = 405
    nodes = two_nodes([instance.url])
    try:
        if not eventually(lambda: [metric(metrics(n.admin), "patchbay_members") for n in nodes] == [1, 1], 20):
            raise SystemExit("FAIL (lab): the nodes do not see each other")
        for n in range(40):
            one, two = nodes if n % 2 else reversed(nodes)
            known = n % 4 >= 2
            session = initialize(one.port)
            if known and ask(two.port, call("x"), session)[0] != 200:
                problems.append("lab: a live session is not served at the other node")
            status = end_session(one.port, session)
            for what, found in attempts(two.port, session):
                if found != 404:
                    where = "known there" if known else "never met there"
                    problems.append(f"after DELETE ({status}) {what} at the other node ({where}) gets {found}")
        late = sum(b'"late"' in body for _, body in instance.requests)
        if late:
            problems.append(f"{late} of 40 calls in ended sessions ran at the server")
    finally:
        for node in nodes:
            node.stop()
    verdict(problems[:8])


main()
