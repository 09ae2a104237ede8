"""A broadcast: one server sends the same event on 5,000 GET streams at once, and every client must get it.

Called by bench.py. Ways from server to clients: directly, so that the server's own loop is all there is; through a loop
in C that copies bytes; through one lone node; and through three nodes over each broker, where each client is at the
node that holds its stream (near) or at another one (far), so that every event crosses the broker. All streams of all
ways are open all the time, and the ways take turns. Nodes, broker and copying loop share the proxies' core.
"""

import json
import time
from dataclasses import dataclass

from brokers import cpu_us, turned, wait_for_session
from children import Failure, wait_until_idle
from variants import Variant, start_backend

NODES = 3
BURST = 5  # broadcasts one after another for one reading of CPU
OPEN_SECONDS = 300
IDLE_SECONDS = 1
PREFIX = "crowd"
DIRECT, LOOP, LONE = "direct", "C loop", "A"

CONFIG = """
listen: 127.0.0.1:0
admin: {{listen: 127.0.0.1:0}}
log_level: warning
node_name: {name}
secret: "${{env:PATCHBAY_SECRET}}"
cluster: {cluster}
timeouts: {{sse_comment: 1h}}
upstreams:
"""
UPSTREAM = '  - {{name: {name}, path: {path}, transport: http, instances: ["http://127.0.0.1:{port}/mcp"]}}\n'


@dataclass
class Way:
    """The server `backend` sends and `audience` hears; `programs` are those whose CPU is shown, {name: programs}."""

    backend: object
    audience: object
    programs: dict


def node(stage, name, cluster, upstreams):
    text = CONFIG.format(name=name, cluster=cluster) + "".join(
        UPSTREAM.format(name=upstream, path=path, port=port) for upstream, path, port in upstreams)
    return stage.configured(name, text)


def seat(stage, streams, name, backend, programs, ports, path="/mcp", shift=0):
    """Opens all streams of one way."""
    program = stage.programs["audience"]
    audience = stage.children.start(
        [program, path, streams, shift, *ports], stage.load_core, f"audience-{name.replace(' ', '-')}")
    said = stage.children.line(audience, OPEN_SECONDS)
    if said != f"streams {streams}":
        raise Failure(f"audience said '{said}'")
    return Way(backend, audience, programs)


def start_ways(stage, streams):
    """{way: Way}, all streams open."""

    def server(name):
        return start_backend(stage.children, stage.programs["backend"], stage.load_core, name)

    backend, port = server("direct")
    ways = {DIRECT: seat(stage, streams, DIRECT, backend, {"server": [backend]}, [port])}
    backend, port = server("copied")
    loop = stage.children.start([stage.programs["relay"], port], stage.proxy_core, "relay")
    listening = int(stage.children.line(loop).split()[1])
    ways[LOOP] = seat(stage, streams, LOOP, backend, {"loop": [loop]}, [listening])
    backend, port = server("lone")
    lone = node(stage, "lone-crowd", "{transport: memory}", [("main", "/mcp", port)])
    wait_for_session(lone)
    ways[LONE] = seat(stage, streams, LONE, backend, {"node": [lone.child]}, [lone.port])
    for broker in stage.brokers:
        servers = {name: server(f"{broker.name}-{name}") for name in ("near", "far")}
        cluster = start_cluster(stage, broker, {name: port for name, (_, port) in servers.items()})
        programs = {"node": [member.child for member in cluster], "broker": [broker.child]}
        for shift, (name, (backend, _)) in enumerate(servers.items()):
            way, ports = f"{name} over {broker.title}", [member.port for member in cluster]
            ways[way] = seat(stage, streams, way, backend, programs, ports, f"/{name}", shift)
    return ways


def start_cluster(stage, broker, servers):
    """Nodes with one upstream for each server, at a path of its name."""
    upstreams = [(name, f"/{name}", port) for name, port in servers.items()]
    cluster = [
        node(stage, f"{broker.name}-crowd-{number}", broker.cluster(PREFIX), upstreams) for number in range(NODES)]
    for member in cluster:
        for name in servers:
            wait_for_session(member, f"/{name}")
    return cluster


def settle(way):
    for group in way.programs.values():
        for child in group:
            wait_until_idle(child.pid)


def send(stage, way, streams):
    """One broadcast, to its end: {first_us, p50_us, last_us, sent_us}."""
    for child in (way.audience, way.backend):
        child.stdin.write(b"\n")
        child.stdin.flush()
    said, count, took = stage.children.line(way.backend, 60).split()
    if said != "sent" or int(count) != streams:
        raise Failure(f"{way.backend.name} sent its event on {count} of {streams} streams")
    return json.loads(stage.children.line(way.audience, 90)) | {"sent_us": int(took)}


def burst(stage, way, streams):
    """One turn: {cpu_us per delivery, parts: the same by program, idle: CPU that they take with nothing to do, as share
    of a core, which is not in the other figures, times: [of each broadcast]}."""
    settle(way)
    begin, before = time.monotonic(), cpu_us(way.programs)
    time.sleep(IDLE_SECONDS)
    started, early = time.monotonic(), cpu_us(way.programs)
    times = [send(stage, way, streams) for _ in range(BURST)]
    settle(way)
    ended, after = time.monotonic(), cpu_us(way.programs)
    idle = {name: (early[name] - before[name]) / (started - begin) for name in early}
    parts = {
        name: max(0, after[name] - early[name] - idle[name] * (ended - started)) / (streams * BURST)
        for name in after}
    return {"cpu_us": sum(parts.values()), "parts": parts, "idle": sum(idle.values()) / 1e6, "times": times}


def rounds(stage, chosen, streams):
    """[{way: figures}] of each round."""
    ways = start_ways(stage, streams)
    for way in ways.values():
        send(stage, way, streams)  # warm-up
    figures = [
        {name: burst(stage, ways[name], streams) for name in turned(list(ways), turn)}
        for turn in range(chosen.rounds)]
    end(stage, ways)
    return figures


def end(stage, ways):
    """Kills what has been started here: a node that lives a moment longer would begin to end thousands of streams."""
    lasting = [broker.child for broker in stage.brokers]
    started = [child for way in ways.values() for group in way.programs.values() for child in group]
    started += [child for way in ways.values() for child in (way.backend, way.audience)]
    for child in dict.fromkeys(started):
        if child not in lasting:
            stage.children.kill(child)
