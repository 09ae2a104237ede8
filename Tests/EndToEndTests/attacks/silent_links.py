"""Strangers that open 1,000 connections a second to cluster.listen and say nothing do not keep nodes from linking.

README: that port may be reachable. The flood begins before the second node starts, and holds its connections as long as
it is let. The nodes are 40 ms apart in each direction, as those of two towns are. They must see each other as members
within 20 s, must still see each other after 6 s more of the flood, and the record of a session must pass between them:
after DELETE at one node, a call at the other gets 404.
"""
import collections
from lab import *

RATE, HELD = 1000, 4000
DELAY = 0.04


class Distance:
    """A port that leads to another one, with every byte late by DELAY."""

    def __init__(self, port):
        self.target, self.sock = port, socket.create_server(("127.0.0.1", 0))
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near = self.sock.accept()[0]
            try:
                far = socket.create_connection(("127.0.0.1", self.target), 5)
            except OSError:
                near.close()
                continue
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self.carry, args=pair, daemon=True).start()

    @staticmethod
    def carry(source, sink):
        parts, more = collections.deque(), threading.Condition()

        def deliver():
            while True:
                with more:
                    more.wait_for(lambda: parts)
                    due, part = parts.popleft()
                time.sleep(max(0, due - time.time()))
                try:
                    if not part:
                        return sink.shutdown(socket.SHUT_WR)
                    sink.sendall(part)
                except OSError:
                    with contextlib.suppress(OSError):
                        source.shutdown(socket.SHUT_RDWR)
                    return
        threading.Thread(target=deliver, daemon=True).start()
        part = b"-"
        while part:
            try:
                source.settimeout(None)
                part = source.recv(65536)
            except OSError:
                part = b""
            with more:
                parts.append((time.time() + DELAY, part))
                more.notify()


class Flood:
    """Silent connections to a port."""

    def __init__(self, port):
        self.port, self.count, self.over = port, 0, False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        held, began = [], time.time()
        while not self.over:
            if self.count > (time.time() - began) * RATE:
                time.sleep(0.005)
                continue
            for _ in range(10):
                s = socket.socket()
                s.setblocking(False)
                with contextlib.suppress(OSError):
                    s.connect(("127.0.0.1", self.port))
                held.append(s)
                self.count += 1
            while len(held) > HELD:
                held.pop(0).close()
        for s in held:
            s.close()


def main():
    problems = []
    instance = Instance()
    ports, shared = [free_port(), free_port()], secret()
    ways = [Distance(port) for port in ports]
    texts = [config([instance.url], peer_lines(ports[n], ways[1 - n].port)) for n in range(2)]
    floods, nodes = [], []
    try:
        nodes.append(Gateway(texts[0], {"SECRET": shared}))
        floods.append(Flood(ports[0]))
        time.sleep(2)
        began = time.time()
        nodes.append(Gateway(texts[1], {"SECRET": shared}))
        floods.append(Flood(ports[1]))
        both = lambda: [metric(metrics(node.admin), "patchbay_members") for node in nodes]
        linked = eventually(lambda: both() == [1, 1], 20)
        count = sum(each.count for each in floods)
        print(f"note: linked {bool(linked)} after {time.time() - began:.1f} s, {count} connections")
        if not linked:
            problems.append(f"after 20 s the nodes see {both()} other members")
        for _ in range(6):
            time.sleep(1)
            if linked and both() != [1, 1]:
                problems.append(f"under the flood the nodes see {both()} other members")
                break
        session = initialize(nodes[0].port)
        first = ask(nodes[1].port, call("x"), session)[0]
        end_session(nodes[0].port, session)
        second = ask(nodes[1].port, call("y"), session)[0]
        if (first, second) != (200, 404):
            problems.append(f"a session of node 1 gets {first} at node 2, and {second} after its end")
    finally:
        for each in floods:
            each.over = True
        for each in nodes:
            each.stop()
    verdict(problems)


main()
