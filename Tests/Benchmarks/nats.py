"""What NATS costs: calls through attachments (C) beside one lone node (A), and events that wait in the log.

Called by bench.py. A, and all of C but its instance, share the proxies' core: node, nats-server and attachment of a call
wake each other there, so C has no more of the machine than A. The same holds for the bare request and reply.
"""

import http.client
import json
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass

import load
import nodes
from children import Failure, free_port, require, schedule_us
from variants import Variant, patchbay_program, patchbay_ready

SECRET = "a-secret-of-the-benchmarks-and-of-nobody-else"
GOAL = 3  # what C adds at the median, in bare requests and replies; shown and not judged
SHARE = 0.3  # of the rate at which A saturates its core
LOW_RATE = 1_000
LOGGED = 9_900  # the log keeps 10,000 entries of one stream
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

    def patchbay(self, arguments, name):
        return self.children.start(
            [patchbay_program(self.children), *arguments], self.proxy_core, name,
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
    """`parts` are the programs of each way whose CPU is shown, by their names."""

    variants: dict
    parts: dict
    others: list

    def stop(self, children):
        for child in {id(child): child for child in self.others}.values():
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
         "--nats", stage.server.url, "--nats-prefix", "calls", "--nats-bucket-bytes", BUCKET, "--nats-stream-bytes", STREAM,
         "--log-level", "warning"], "nats-attach")
    variants = {"A": lone, "C": Variant("C", door.port, door.child)}
    for variant in (*variants.values(), second):
        wait_for_session(variant)
    for variant in variants.values():
        load.session_file(variant, stage.children.directory)
    parts = {
        "A": {"node": lone.child},
        "C": {"node": door.child, "nats-server": stage.server.child, "attachment": attachment}}
    return Ways(variants, parts, [lone.child, door.child, second.child, attachment])


def saturate(stage, ways, name, seconds, folder):
    """One turn: {rate, cpu_us, and cpu_us of each program by its name}, per call."""
    programs = ways.parts[name]
    before = cpu_us(*programs.values())
    outcome = load.saturated(stage.children, ways.variants[name], "JSON", seconds, stage.load_core, folder)
    parts = {
        part: (after - early) / outcome["requests"]
        for part, after, early in zip(programs, cpu_us(*programs.values()), before)}
    return {"rate": outcome["requests"] * 1e6 / outcome["duration_us"], "cpu_us": sum(parts.values()), "parts": parts}


def ask_bare(stage, rate):
    text = stage.children.output(
        [stage.programs["bare"], stage.server.url, "bare", rate, load.PACED_MILLISECONDS], stage.proxy_core, "bare", 30)
    return json.loads(text)


def calls(stage, chosen, folder):
    """{saturated: [{way: figures}], paced: {rate: [{way: figures}]}}, a round each; the first rate is the judged one."""
    ways = start_ways(stage)
    answerer = stage.children.start([stage.programs["bare"], stage.server.url, "bare"], stage.proxy_core, "answerer")
    stage.children.line(answerer)
    for name in WAYS:
        saturate(stage, ways, name, 1, folder)  # warm-up
    results = {"saturated": [], "paced": {}}
    for turn in range(chosen.rounds):
        results["saturated"].append(
            {name: saturate(stage, ways, name, chosen.seconds, folder) for name in turned(WAYS, turn)})
    own = sorted(figures["A"]["rate"] for figures in results["saturated"])[chosen.rounds // 2]
    for rate in (int(own * SHARE) // 100 * 100, LOW_RATE):
        def measure(name, rate=rate):
            if name == "bare":
                return ask_bare(stage, rate)
            return load.paced(stage.children, ways.variants[name], stage.programs["pace"], stage.load_core, rate)

        turns = chosen.rounds * chosen.seconds * 1000 // load.PACED_MILLISECONDS
        results["paced"][rate] = [
            {name: measure(name) for name in turned((*WAYS, "bare"), turn)} for turn in range(turns)]
    stage.children.stop(answerer)
    ways.stop(stage.children)
    return results


def turned(names, turn):
    shift = turn % len(names)
    return names[shift:] + names[:shift]


# MARK: The log


def log_round(stage):
    """One round: a call whose client leaves at once, its events' way into JetStream, and two resumes: at another node
    while the host lives, so from the host's memory, and after it was killed, so from the log."""
    reach = f'transport: http, instances: ["http://127.0.0.1:{stage.backend}/mcp"]'
    own, other = (stage.node(name, "log", reach) for name in ("host", "reader"))
    cluster = nodes.Cluster(
        stage.children, stage.backend, own, other, stage.programs["follow"], stage.load_core)
    wait_for_session(own)
    wait_for_session(other)
    nodes.join(cluster)
    session = cluster.session()
    cluster.settle()
    stream = "log-streams"
    begin = stage.server.logged(stream)
    before = cpu_us(own.child, stage.server.child)
    started = time.monotonic()
    source = cluster.left_call(session, LOGGED, 0)
    seconds = until_still(stage.server, stream, begin) - started
    node, server = (
        (after - early) / LOGGED for after, early in zip(cpu_us(own.child, stage.server.child), before))
    figures = {
        "rate": LOGGED / seconds, "messages": stage.server.logged(stream) - begin, "node_cpu_us": node,
        "server_cpu_us": server}
    figures["host"] = resumed(cluster, session, source)
    stage.children.kill(own.child)
    # Until its silence counts, a resume would wait for it.
    time.sleep(GONE_SECONDS + 1)
    figures["log"] = resumed(cluster, session, source)
    stage.children.stop(other.child)
    return figures


def cpu_us(*children):
    return [schedule_us(child.pid)[0] for child in children]


def until_still(server, stream, begin, seconds=60):
    """When the last message came, at most that many seconds after this call."""
    deadline = time.monotonic() + seconds
    last, changed = begin, time.monotonic()
    while time.monotonic() < deadline:
        now = server.logged(stream)
        if now != last:
            last, changed = now, time.monotonic()
        elif last != begin and time.monotonic() - changed > STANDS_STILL:
            return changed
        time.sleep(0.02)
    raise Failure(f"the log got {last - begin} messages and did not come to rest within {seconds} s")


def resumed(cluster, session, source):
    """Time to the first event, and time per event behind it."""
    followed = cluster.follow(cluster.other.port, session, source, LOGGED - 1)
    first = followed["first_p50_us"]
    return {"first_us": first, "us": (followed["total_us"] - first) / (LOGGED - 2)}
