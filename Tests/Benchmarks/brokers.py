"""The brokers that nodes and attachments can meet at, and a stage on which both run.

Used by attached.py, logged.py and broadcast.py. Each broker is a server of its own on a free port, with its own folder,
on the proxies' core. What differs between brokers stands here and in the C programs of bare requests.
"""

import http.client
import json
import shutil
import socket
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import load
import nodes
from children import Failure, free_port, require, schedule_us
from variants import Variant, patchbay_program, patchbay_ready

SECRET = "a-secret-of-the-benchmarks-and-of-nobody-else"
GONE_SECONDS = 3

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
cluster: {cluster}
upstreams: [{{name: main, path: /mcp, {reach}}}]
"""


class NATS:
    """A nats-server with JetStream."""

    name, title, package = "nats", "NATS", "nats-server"
    program, library = "bare-nats", "libnats"
    SIZES = {"bucket": "64MiB", "stream": "256MiB"}

    def __init__(self, children, core, folder):
        self.port, self.monitor = free_port(), free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self.child = children.start(
            [require(self.package, self.package), "-js", "-sd", folder, "-a", "127.0.0.1", "-p", self.port,
             "-m", self.monitor], core, self.package)

    def cluster(self, prefix):
        """What stands behind `cluster:` in a node's configuration. Two prefixes are two clusters."""
        sizes = ", ".join(f"{name}_bytes: {size}" for name, size in self.SIZES.items())
        return f'{{transport: nats, nats: {{url: "{self.url}", prefix: {prefix}, {sizes}}}}}'

    def flags(self, prefix):
        """The same for an attachment."""
        sizes = [part for name, size in self.SIZES.items() for part in (f"--nats-{name}-bytes", size)]
        return ["--transport", "nats", "--nats", self.url, "--nats-prefix", prefix, *sizes]

    def appends(self, prefix):
        """How many messages the log of a cluster has ever got."""
        connection = http.client.HTTPConnection("127.0.0.1", self.monitor, timeout=10)
        connection.request("GET", "/jsz?streams=true")
        accounts = json.loads(connection.getresponse().read()).get("account_details") or []
        connection.close()
        streams = [each for account in accounts for each in account.get("stream_detail", ())]
        found = [each for each in streams if each["name"] == f"{prefix}-streams"]
        return found[0]["state"]["last_seq"] if found else 0


class Redis:
    """A redis-server that writes what it is told to an append-only file, flushed every second."""

    name, title, package = "redis", "Redis", "redis-server"
    program, library = "bare-redis", "hiredis"

    def __init__(self, children, core, folder):
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self.child = children.start(
            [require(self.package, self.package), "--port", self.port, "--bind", "127.0.0.1", "--dir", folder,
             "--appendonly", "yes", "--save", "", "--daemonize", "no"], core, self.package)

    def cluster(self, prefix):
        return f'{{transport: redis, redis: {{url: "{self.url}", prefix: {prefix}}}}}'

    def flags(self, prefix):
        return ["--transport", "redis", "--redis", self.url, "--redis-prefix", prefix]

    def appends(self, _):
        """Redis counts for all clusters together."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line, line.makefile("rb") as answers:
            line.sendall(b"INFO commandstats\r\n")
            size = answers.readline()
            if not size.startswith(b"$"):
                raise Failure(f"redis-server says {size!r} to INFO")
            lines = answers.read(int(size[1:])).decode().splitlines()
        calls = [line for line in lines if line.startswith("cmdstat_xadd:calls=")]
        return int(calls[0].split("=")[1].split(",")[0]) if calls else 0


BROKERS = {broker.name: broker for broker in (NATS, Redis)}


@dataclass
class Stage:
    """Everything that runs for a part."""

    children: object
    programs: dict
    brokers: list
    backend: int
    proxy_core: int
    load_core: int

    def configured(self, name, text):
        """A node with a configuration of its own."""
        config = self.children.directory / f"node-{name}.yaml"
        config.write_text(text)
        child = self.patchbay(["serve", "--config", config], f"node-{name}")
        return Variant(name, patchbay_ready(self.children, child), child)

    def node(self, broker, name, prefix, reach):
        return self.configured(f"{broker.name}-{name}", NODE.format(
            name=name, reach=reach, gone=GONE_SECONDS, cluster=broker.cluster(prefix)))

    def patchbay(self, arguments, name, core=None):
        return self.children.start(
            [patchbay_program(self.children), *arguments], self.proxy_core if core is None else core, name,
            {"PATCHBAY_EVENT_LOOPS": "1", "PATCHBAY_SECRET": SECRET})


@contextmanager
def start(children, programs, names, backend, proxy_core, load_core):
    """A stage with these brokers, which end with the `with` block."""
    with ExitStack() as ending:
        brokers = []
        for name in names:
            folder = tempfile.mkdtemp(prefix=f"{name}-", dir=children.directory)
            ending.callback(shutil.rmtree, folder, ignore_errors=True)
            broker = BROKERS[name](children, proxy_core, folder)
            ending.callback(children.kill, broker.child)
            children.wait_for_port(broker.child, broker.port)
            brokers.append(broker)
        yield Stage(children, programs, brokers, backend, proxy_core, load_core)


def cpu_us(programs):
    """{name: run time} of {name: programs}."""
    return {name: sum(schedule_us(child.pid)[0] for child in group) for name, group in programs.items()}


def cpu_per(programs, before, count):
    """{cpu_us: what all have run since, of each of `count`; parts: the same by names}."""
    parts = {name: (after - before[name]) / count for name, after in cpu_us(programs).items()}
    return {"cpu_us": sum(parts.values()), "parts": parts}


def turned(names, turn):
    shift = turn % len(names)
    return names[shift:] + names[:shift]


def wait_for_session(variant, path="/mcp", seconds=nodes.JOIN_SECONDS):
    """Returns once the node knows an instance, after which it knows it for good."""
    deadline = time.monotonic() + seconds
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", variant.port, timeout=10)
        try:
            return load.make_session(connection, path)
        except Failure:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        finally:
            connection.close()
