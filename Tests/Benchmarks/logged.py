"""Events that wait in a broker's log: how fast they get there, and what it takes to resume them from there.

Called by bench.py. Nodes and broker share the proxies' core; clients and servers share the other one.
"""

import time

import nodes
from brokers import GONE_SECONDS, cpu_us, wait_for_session
from children import Failure

LOGGED = 9_900  # the log keeps 10,000 entries of one stream
WRITES = 4  # streams whose way into the log is timed
REST_SECONDS = 1  # more than a stream takes into the log
STANDS_STILL = 0.3  # seconds without a new message: everything is in the log
PREFIX = "log"


def log_round(stage, broker):
    """One round: calls whose client leaves at once, their events' way into the log, and two resumes of the last one:
    at another node while the host lives, so from the host's memory, and after it was killed, so from the log."""
    reach = f'transport: http, instances: ["http://127.0.0.1:{stage.backend}/mcp"]'
    own, other = (stage.node(broker, name, PREFIX, reach) for name in ("host", "reader"))
    cluster = nodes.Cluster(
        stage.children, stage.backend, own, other, stage.programs["follow"], stage.load_core)
    wait_for_session(own)
    wait_for_session(other)
    nodes.join(cluster)
    session = cluster.session()
    cluster.settle()
    seconds = sum(timed_write(cluster, broker, session) for _ in range(WRITES))
    # Asking the broker how far it is takes CPU of its own, so this one is not watched.
    programs = {"node_cpu_us": [own.child], "broker_cpu_us": [broker.child]}
    messages, before = broker.appends(PREFIX), cpu_us(programs)
    source = cluster.left_call(session, LOGGED, 0)
    time.sleep(REST_SECONDS)
    figures = {name: (after - before[name]) / LOGGED for name, after in cpu_us(programs).items()}
    figures |= {"rate": WRITES * LOGGED / seconds, "messages": broker.appends(PREFIX) - messages}
    until_still(broker, messages)
    figures["host"] = resumed(cluster, session, source)
    stage.children.kill(own.child)
    time.sleep(GONE_SECONDS + 1)  # until its silence counts, a resume would wait for it
    figures["log"] = resumed(cluster, session, source)
    stage.children.stop(other.child)
    return figures


def timed_write(cluster, broker, session):
    """Seconds from a call to the moment when all its events are in the log."""
    messages, started = broker.appends(PREFIX), time.monotonic()
    cluster.left_call(session, LOGGED, 0)
    return until_still(broker, messages) - started


def until_still(broker, begin, seconds=60):
    """When the last message came; there must be one behind `begin`."""
    deadline = time.monotonic() + seconds
    last, changed = begin, time.monotonic()
    while time.monotonic() < deadline:
        now = broker.appends(PREFIX)
        if now != last:
            last, changed = now, time.monotonic()
        elif last != begin and time.monotonic() - changed > STANDS_STILL:
            return changed
        time.sleep(0.005)
    raise Failure(f"the log got {last - begin} messages and did not come to rest within {seconds} s")


def resumed(cluster, session, source):
    """Time per event, and to the first one."""
    followed = cluster.follow(cluster.other.port, session, source, LOGGED - 1)
    return {"us": followed["total_us"] / (LOGGED - 1), "first_us": followed["first_p50_us"]}
