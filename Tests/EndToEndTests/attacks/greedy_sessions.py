"""Nobody takes all of limits.sessions: beyond a share it is that one's own longest-idle session that ends.

limits.sessions: 60. B opens 5 sessions. A then opens 200. All that A loses must be A's own: B's sessions live, B can
begin another one, a third one too, and A's newest session lives. Once with principal_from, so that A and B are users
behind one address; once without it, so that they are the addresses 127.0.0.1 and 127.0.0.2. A also tries with running
calls in its sessions, which must not make them untouchable.
"""
from lab import *


def serve(self, head, body, s):
    if b'"hang"' in body:
        hold(s, 60)
        return False
    return ordinary(self, head, body, s)


class User:
    """Opens sessions and calls as one user or from one address."""

    def __init__(self, port, name, address):
        self.port, self.lines, self.source = port, f"X-User: {name}\r\n", address

    def begin(self):
        c = Client(self.port, 20, self.source)
        status, fields, _ = c.ask(initialize_message(), lines=self.lines)
        c.close()
        return status, fields.get("mcp-session-id")

    def call(self, session):
        return ask(self.port, call("x"), session, self.lines, source=self.source)[0]


def attempt(gateway, users, busy):
    """What is wrong when the first user is greedy."""
    greedy, other, third = users
    mine = [other.begin()[1] for _ in range(5)]
    running, statuses, newest = [], [], None
    for n in range(200):
        status, session = greedy.begin()
        statuses.append(status)
        newest = session or newest
        if session and busy and len(running) < 60:
            c = Client(gateway.port, 20, greedy.source)
            c.post(call("hang"), session, greedy.lines)
            running.append(c)
    problems = []
    if (refused := len(statuses) - statuses.count(200)) and not busy:
        problems.append(f"{refused} of the greedy one's 200 sessions were refused: {set(statuses)}")
    lives = [other.call(session) for session in mine]
    if lives != [200] * 5:
        problems.append(f"calls in the other's 5 sessions get {lives}")
    status, session = other.begin()
    if status != 200 or other.call(session) != 200:
        problems.append(f"the other's initialize gets {status}")
    status = third.begin()[0]
    if status != 200:
        problems.append(f"the initialize of a third one gets {status}")
    status = greedy.call(newest)
    if status != 200 and not busy:
        problems.append(f"a call in the greedy one's newest session gets {status}")
    for c in running:
        c.close()
    return problems


def main():
    problems = []
    instance = Instance(serve)
    for what, line in (("users", "principal_from: x-user"), ("addresses", "")):
        for busy in (False, True):
            gateway = Gateway(config([instance.url], f"limits: {{sessions: 60}}\n{line}"))
            try:
                addresses = ["127.0.0.1", "127.0.0.2", "127.0.0.3"] if what == "addresses" else ["127.0.0.1"] * 3
                users = [User(gateway.port, name, address) for name, address in zip("abc", addresses)]
                found = attempt(gateway, users, busy)
                problems += [f"{what}{', with running calls' if busy else ''}: {each}" for each in found]
            finally:
                gateway.stop()
    verdict(problems)


main()
