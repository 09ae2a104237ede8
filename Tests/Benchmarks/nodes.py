"""Two nodes joined over HTTP: what it costs to follow a stream at the node that does not hold it, and to resume one.

Called by bench.py. Both nodes share the proxies' core; clients and server share the other one. A stream is followed by
follow.c, whose ticks carry the time at which backend.c sent them.
"""

import http.client
import json
import time
from dataclasses import dataclass

from children import Failure, free_port, schedule_us, wait_until_idle
from load import make_session
from variants import Variant, patchbay_program, patchbay_ready

TICK_GAP_US = 1_000
SPARE_TICKS = 5_000  # more than what a GET stream sends before its follower is there
REPLAYED = 10_000
FIRST_EVENTS = 300  # resumes, for the time to the first event
JOIN_SECONDS = 20

CONFIG = """
listen: 127.0.0.1:0
admin: {{listen: 127.0.0.1:0}}
log_level: warning
secret: "${{file:{secret}}}"
cluster: {{transport: http, listen: "127.0.0.1:{own}", peers: ["http://127.0.0.1:{other}"]}}
limits: {{replay_events: 20000, replay_bytes: 64MiB, replay_total: 256MiB}}
upstreams:
  - {{name: main, path: /mcp, transport: http, instances: ["http://127.0.0.1:{backend}/mcp"]}}
"""


@dataclass
class Cluster:
    """`own` is the node at which every stream begins, so it holds them; `other` relays them."""

    children: object
    backend: int
    own: Variant
    other: Variant
    program: str
    core: int

    def follow(self, port, session, source, events, times=1):
        text = self.children.output(
            [self.program, port, session, source, events, times], self.core, "follow", 120)
        return json.loads(text)

    def session(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.own.port, timeout=10)
        session = make_session(connection)
        connection.close()
        return session

    def end(self, session):
        connection = http.client.HTTPConnection("127.0.0.1", self.own.port, timeout=10)
        connection.request("DELETE", "/mcp", headers={
            "Mcp-Session-Id": session, "MCP-Protocol-Version": "2025-11-25"})
        connection.getresponse().read()
        connection.close()

    def left_call(self, session, events, gap_us):
        """The id of the first event of a call whose client has gone after it."""
        return self.follow(self.own.port, session, f"call:{events}:{gap_us}", 1)["id"]

    def cpu_us(self):
        return [schedule_us(node.child.pid)[0] for node in (self.own, self.other)]

    def settle(self):
        for node in (self.own, self.other):
            wait_until_idle(node.child.pid)

    def stop(self):
        for node in (self.own, self.other):
            self.children.stop(node.child)


def start(children, backend, program, proxy_core, load_core):
    secret = children.directory / "secret"
    secret.write_text("a-secret-of-the-benchmarks-and-of-nobody-else\n")
    ports = free_port(), free_port()
    started = []
    for name, own, other in (("own", *ports), ("other", *reversed(ports))):
        config = children.directory / f"node-{name}.yaml"
        config.write_text(CONFIG.format(secret=secret, own=own, other=other, backend=backend))
        child = children.start(
            [patchbay_program(children), "serve", "--config", config], proxy_core, f"node-{name}",
            {"PATCHBAY_EVENT_LOOPS": "1"})
        started.append((name, child))
    own, other = (Variant(name, patchbay_ready(children, child), child) for name, child in started)
    cluster = Cluster(children, backend, own, other, program, load_core)
    join(cluster)
    return cluster


def join(cluster):
    """Waits until a stream that was begun at one node can be resumed at the other."""
    deadline = time.monotonic() + JOIN_SECONDS
    while True:
        session = cluster.session()
        try:
            cluster.follow(cluster.other.port, session, cluster.left_call(session, 3, 0), 2)
            return
        except Failure:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def in_turn(cluster, turn):
    return (cluster.own, cluster.other) if turn % 2 == 0 else (cluster.other, cluster.own)


def relay(cluster, seconds, turn, plain):
    """One round: {way: latency of an event that is sent now, and of the first replayed one after a resume}.

    A stream that is followed at the other node has begun at the own one, too. `plain` are ways without a node: the
    direct one, in which sender and receiver share a core and so never wait for another, and other proxies.
    """
    events = seconds * 1_000_000 // TICK_GAP_US
    figures = {}
    members = in_turn(cluster, turn)

    def paced(way, port, session, source, events=events):
        try:
            followed = cluster.follow(port, session, source, events)
        except Failure as failure:
            raise Failure(f"{way}: {failure}") from None
        figures[way] = {key: followed[key] for key in ("p50_us", "p99_us")}

    for variant in plain:
        paced(f"GET, {variant.name}", variant.port, "any", "get")
    for node in members:
        session = cluster.session()
        cluster.follow(cluster.own.port, session, "get", 1)
        paced(f"GET, {node.name} node", node.port, session, "get")
        cluster.end(session)
    for node in members:
        session = cluster.session()
        source = cluster.left_call(session, events, TICK_GAP_US)
        # To its very end, because a call goes on when its session has ended.
        paced(f"resume, {node.name} node", node.port, session, source, events - 1)
        cluster.end(session)
    session = cluster.session()
    source = cluster.left_call(session, 20, 0)
    cluster.settle()
    for node in members:
        first = cluster.follow(node.port, session, source, 1, FIRST_EVENTS)
        figures[f"resume, {node.name} node"] |= {key: first[key] for key in ("first_p50_us", "first_p99_us")}
    cluster.end(session)
    return figures


def resume(cluster, turn):
    """One round: {way: time and CPU of both nodes per event} of a long stream, live and after it has ended."""
    figures = {}

    def timed(name, port, session, source, events):
        cluster.settle()
        before = cluster.cpu_us()
        total = cluster.follow(port, session, source, events)["total_us"]
        cluster.settle()
        cpu = [after - early for after, early in zip(cluster.cpu_us(), before)]
        figures[name] = {
            "us": total / events, "own_cpu_us": cpu[0] / events, "other_cpu_us": cpu[1] / events,
            "cpu_us": sum(cpu) / events}

    session = cluster.session()
    timed("live, direct", cluster.backend, session, f"call:{REPLAYED}:0", REPLAYED)
    timed("live, own node", cluster.own.port, session, f"call:{REPLAYED}:0", REPLAYED)
    for node in in_turn(cluster, turn):
        source = cluster.left_call(session, REPLAYED, 0)
        timed(f"resumed, {node.name} node", node.port, session, source, REPLAYED - 1)
    cluster.end(session)
    return figures
