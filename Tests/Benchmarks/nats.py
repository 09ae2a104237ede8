"""What NATS costs: calls through attachments (C) beside one lone node (A), and events that wait in the log.

Called by bench.py. Nodes and nats-server share the proxies' core; the attachment is beside its instance, on the core of
load and servers. Of the bare request and reply who asks stands where a node does, and who answers beside the instance.
"""

import http.client
import json
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import load
import nodes
from children import Failure, free_port, require, schedule_us
from variants import Variant, patchbay_program, patchbay_ready

SECRET = "a-secret-of-the-benchmarks-and-of-nobody-else"
GOAL = 3  # what C adds at the median, in bare requests and replies; shown and not judged
SHARE = 0.3  # of the rate at which A is saturated
# Of the rate at which C is saturated. Calls that come one by one cost more than twice the CPU of calls in a crowd, for
# every message wakes somebody; so above this there is a queue and no latency to compare.
FEASIBLE = 0.4
LOW_RATE = 1_000
LOG = "log-streams"
LOGGED = 9_900  # the log keeps 10,000 entries of one stream
WRITES = 4  # streams whose way into the log is timed
REST_SECONDS = 1  # more than a stream takes into the log
STANDS_STILL = 0.3  # seconds without a new message: everything is in the log
GONE_SECONDS = 3
BUCKET, STREAM = "64MiB", "256MiB"
WAYS = ("A", "C")

NODE = """
listen: 127.0.0.1:0
admin: {{listen: 127.0.0.1:0}}
log_level: warning
node_name: {name}
secret: "${{env:PATCHBAY_SECRET}}"
heartbeat: 500ms
suspect_after: 1s
gone_after: {gone}s
limits: {{replay_events: 20000, replay_bytes: 64MiB, replay_total: 256MiB}}
cluster:
  transport: nats
  nats: {{url: "nats://127.0.0.1:{server}", prefix: {prefix}, bucket_bytes: {bucket}, stream_bytes: {stream}}}
upstreams: [{{name: main, path: /mcp, {reach}}}]
"""


@dataclass
class Server:
    """A nats-server with JetStream, and where its monitoring is."""

    child: object
    port: int
    monitor: int

    @property
    def url(self):
        return f"nats://127.0.0.1:{self.port}"

    def logged(self, stream):
        """The number of the last message of a JetStream stream, or 0."""
        connection = http.client.HTTPConnection("127.0.0.1", self.monitor, timeout=10)
        connection.request("GET", "/jsz?streams=true")
        accounts = json.loads(connection.getresponse().read()).get("account_details") or []
        connection.close()
        found = [each for account in accounts for each in account.get("stream_detail", ()) if each["name"] == stream]
        return found[0]["state"]["last_seq"] if found else 0


@dataclass
class Stage:
    """Everything that runs for this part."""

    children: object
    programs: dict
    server: Server
    backend: int
    proxy_core: int
    load_core: int

    def node(self, name, prefix, reach):
        config = self.children.directory / f"nats-{name}.yaml"
        config.write_text(NODE.format(
            name=name, server=self.server.port, prefix=prefix, reach=reach, gone=GONE_SECONDS,
            bucket=BUCKET, stream=STREAM))
        child = self.patchbay(["serve", "--config", config], f"nats-{name}")
        return Variant(name, patchbay_ready(self.children, child), child)

    def patchbay(self, arguments, name, core=None):
        return self.children.start(
            [patchbay_program(self.children), *arguments], self.proxy_core if core is None else core, name,
            {"PATCHBAY_EVENT_LOOPS": "1", "PATCHBAY_SECRET": SECRET})


@contextmanager
def start(children, programs, backend, proxy_core, load_core):
    port, monitor = free_port(), free_port()
    folder = tempfile.mkdtemp(prefix="jetstream-", dir=children.directory)
    child = children.start(
        [require("nats-server", "nats-server"), "-js", "-sd", folder, "-a", "127.0.0.1", "-p", port, "-m", monitor],
        proxy_core, "nats-server")
    try:
        children.wait_for_port(child, port)
        yield Stage(children, programs, Server(child, port, monitor), backend, proxy_core, load_core)
    finally:
        children.kill(child)
        shutil.rmtree(folder, ignore_errors=True)


def cpu_us(*children):
    return [schedule_us(child.pid)[0] for child in children]


def wait_for_session(variant, seconds=nodes.JOIN_SECONDS):
    """Returns once the node knows an instance, after which it knows it for good."""
    deadline = time.monotonic() + seconds
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", variant.port, timeout=10)
        try:
            return load.make_session(connection)
        except Failure:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        finally:
            connection.close()


# MARK: Calls


@dataclass
class Ways:
    """`parts` are the programs of each way whose CPU is shown, by their names; `programs` what is to be stopped."""

    variants: dict
    parts: dict
    programs: list

    def stop(self, children):
        for child in self.programs:
            children.stop(child)


def start_ways(stage):
    lone = stage.patchbay(
        ["serve", "--listen", "127.0.0.1:0", "--log-level", "warning", "--upstream",
         f"http://127.0.0.1:{stage.backend}/mcp"], "nats-lone")
    lone = Variant("A", patchbay_ready(stage.children, lone), lone)
    door = stage.node("door", "calls", "transport: nats")
    second = stage.node("second", "calls", "transport: nats")
    attachment = stage.patchbay(
        ["attach", "--upstream-name", "main", "--url", f"http://127.0.0.1:{stage.backend}/mcp", "--transport", "nats",
         "--nats", stage.server.url, "--nats-prefix", "calls", "--nats-bucket-bytes", BUCKET,
         "--nats-stream-bytes", STREAM, "--log-level", "warning"], "nats-attach", stage.load_core)
    variants = {"A": lone, "C": Variant("C", door.port, door.child)}
    for variant in (*variants.values(), second):
        wait_for_session(variant)
    for variant in variants.values():
        load.session_file(variant, stage.children.directory)
    parts = {
        "A": {"node": lone.child},
        "C": {"node": door.child, "nats-server": stage.server.child, "attachment": attachment}}
    return Ways(variants, parts, [lone.child, door.child, second.child, attachment])


def saturate(stage, ways, way, seconds, folder):
    """One turn: {rate, cpu_us, and of it that of each program by its name}, per call."""
    programs = ways.parts[way]
    before = cpu_us(*programs.values())
    outcome = load.saturated(stage.children, ways.variants[way], "JSON", seconds, stage.load_core, folder)
    return {
        "rate": outcome["requests"] * 1e6 / outcome["duration_us"],
        **per_call(programs, before, outcome["requests"])}


def pace(stage, ways, way, rate):
    """One turn: {p50_us, p99_us, cpu_us, and of it that of each program by its name}."""
    if way == "bare":
        return json.loads(stage.children.output(
            [stage.programs["bare"], stage.server.url, "bare", rate, load.PACED_MILLISECONDS], stage.proxy_core,
            "bare", 30))
    programs = ways.parts[way]
    before = cpu_us(*programs.values())
    figures = load.paced(stage.children, ways.variants[way], stage.programs["pace"], stage.load_core, rate)
    return figures | per_call(programs, before, rate * load.PACED_MILLISECONDS / 1000)


def per_call(programs, before, count):
    parts = {
        part: (after - early) / count
        for part, after, early in zip(programs, cpu_us(*programs.values()), before)}
    return {"cpu_us": sum(parts.values()), "parts": parts}


def calls(stage, chosen, folder):
    """{saturated: [{way: figures}], paced: [{name, rate, rounds: [{way: figures}] or None beyond what C does}]}."""
    ways = start_ways(stage)
    answerer = stage.children.start([stage.programs["bare"], stage.server.url, "bare"], stage.load_core, "answerer")
    stage.children.line(answerer)
    for name in WAYS:
        saturate(stage, ways, name, 1, folder)  # warm-up
    saturated = [
        {name: saturate(stage, ways, name, chosen.seconds, folder) for name in turned(WAYS, turn)}
        for turn in range(chosen.rounds)]
    lone, attached = (median(figures[name]["rate"] for figures in saturated) for name in WAYS)
    rates = (("30 % of A's", lone * SHARE), ("30 % of C's", attached * SHARE), ("low", LOW_RATE))
    turns = chosen.rounds * chosen.seconds * 1000 // load.PACED_MILLISECONDS
    paced = []
    for name, rate in rates:
        rate = max(int(rate) // 100 * 100, 100)
        rounds = None if rate > attached * FEASIBLE else [
            {way: pace(stage, ways, way, rate) for way in turned((*WAYS, "bare"), turn)} for turn in range(turns)]
        paced.append({"name": name, "rate": rate, "rounds": rounds})
    stage.children.stop(answerer)
    ways.stop(stage.children)
    return {"saturated": saturated, "paced": paced}


def turned(names, turn):
    shift = turn % len(names)
    return names[shift:] + names[:shift]


# MARK: The log


def log_round(stage):
    """One round: calls whose client leaves at once, their events' way into JetStream, and two resumes of the last one:
    at another node while the host lives, so from the host's memory, and after it was killed, so from the log."""
    reach = f'transport: http, instances: ["http://127.0.0.1:{stage.backend}/mcp"]'
    own, other = (stage.node(name, "log", reach) for name in ("host", "reader"))
    cluster = nodes.Cluster(
        stage.children, stage.backend, own, other, stage.programs["follow"], stage.load_core)
    wait_for_session(own)
    wait_for_session(other)
    nodes.join(cluster)
    session = cluster.session()
    cluster.settle()
    seconds = sum(timed_write(cluster, stage.server, session) for _ in range(WRITES))
    # Asking the server how far it is takes CPU of its own, so this one is not watched.
    programs = (own.child, stage.server.child)
    messages, before = stage.server.logged(LOG), cpu_us(*programs)
    source = cluster.left_call(session, LOGGED, 0)
    time.sleep(REST_SECONDS)
    node, server = ((after - early) / LOGGED for after, early in zip(cpu_us(*programs), before))
    figures = {
        "rate": WRITES * LOGGED / seconds, "messages": stage.server.logged(LOG) - messages, "node_cpu_us": node,
        "server_cpu_us": server}
    until_still(stage.server, messages)
    figures["host"] = resumed(cluster, session, source)
    stage.children.kill(own.child)
    time.sleep(GONE_SECONDS + 1)  # until its silence counts, a resume would wait for it
    figures["log"] = resumed(cluster, session, source)
    stage.children.stop(other.child)
    return figures


def timed_write(cluster, server, session):
    """Seconds from a call to the moment when all its events are in the log."""
    messages, started = server.logged(LOG), time.monotonic()
    cluster.left_call(session, LOGGED, 0)
    return until_still(server, messages) - started


def until_still(server, begin, seconds=60):
    """When the last message came; there must be one behind `begin`."""
    deadline = time.monotonic() + seconds
    last, changed = begin, time.monotonic()
    while time.monotonic() < deadline:
        now = server.logged(LOG)
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
