"""What a broker costs a call: calls through attachments over each broker (C) beside one lone node (A).

Called by bench.py. Nodes and brokers share the proxies' core; attachments are beside their instance, on the core of
load and servers. Of the bare request and reply who asks stands where a node does, and who answers beside the instance.
"""

import json
from dataclasses import dataclass
from statistics import median

import load
from brokers import cpu_per, cpu_us, turned, wait_for_session
from variants import Variant, patchbay_ready

GOAL = 3  # what C adds at the median, in bare requests and replies; shown and not judged
SHARE = 0.3  # of the rate at which A is saturated
# Of the rate at which C is saturated. Calls that come one by one cost more than twice the CPU of calls in a crowd, for
# every message wakes somebody; so above this there is a queue and no latency to compare.
FEASIBLE = 0.4
LOW_RATE = 1_000
PREFIX = "calls"
LONE = "A"


@dataclass
class Way:
    """`programs` are those whose CPU is shown, {name: programs}; `asks` a bare request's program and its server."""

    variant: Variant = None
    programs: dict = None
    asks: tuple = None


def bare(broker):
    return f"bare {broker.name}"


def start_lone(stage):
    child = stage.patchbay(
        ["serve", "--listen", "127.0.0.1:0", "--log-level", "warning", "--upstream",
         f"http://127.0.0.1:{stage.backend}/mcp"], "lone")
    return Way(Variant("lone", patchbay_ready(stage.children, child), child), {"node": [child]}), [child]


def start_attached(stage, broker):
    """A node, a second one as there is in a cluster, and an attachment; and who answers bare requests."""
    door, second = (stage.node(broker, name, PREFIX, f"transport: {broker.name}") for name in ("door", "second"))
    attachment = stage.patchbay(
        ["attach", "--upstream-name", "main", "--url", f"http://127.0.0.1:{stage.backend}/mcp",
         *broker.flags(PREFIX), "--log-level", "warning"], f"{broker.name}-attachment", stage.load_core)
    wait_for_session(second)
    answerer = stage.children.start(
        [stage.programs[broker.program], broker.url, "bare"], stage.load_core, f"{broker.name}-answerer")
    stage.children.line(answerer)
    programs = {"node": [door.child], "broker": [broker.child], "attachment": [attachment]}
    return Way(door, programs), [door.child, second.child, attachment, answerer]


def saturate(stage, way, seconds, folder):
    """One turn: {rate, cpu_us, and of it that of each program by its name}, per call."""
    before = cpu_us(way.programs)
    outcome = load.saturated(stage.children, way.variant, "JSON", seconds, stage.load_core, folder)
    return {
        "rate": outcome["requests"] * 1e6 / outcome["duration_us"],
        **cpu_per(way.programs, before, outcome["requests"])}


def pace(stage, way, rate):
    """One turn: {p50_us, p99_us, cpu_us, and of it that of each program by its name}."""
    if way.asks:
        return json.loads(stage.children.output(
            [*way.asks, "bare", rate, load.PACED_MILLISECONDS], stage.proxy_core, "bare", 30))
    before = cpu_us(way.programs)
    figures = load.paced(stage.children, way.variant, stage.programs["pace"], stage.load_core, rate)
    return figures | cpu_per(way.programs, before, rate * load.PACED_MILLISECONDS / 1000)


def calls(stage, chosen, folder):
    """{brokers: their titles by names, saturated: [{way: figures}], paced: [{name, rate, rounds: [{way: figures}]}]}.
    Ways are A, the brokers, and their bare requests; at a rate that is beyond what C does over a broker it lacks."""
    lone, started = start_lone(stage)
    ways = {LONE: lone}
    for broker in stage.brokers:
        ways[broker.name], more = start_attached(stage, broker)
        started += more
    for way in ways.values():
        wait_for_session(way.variant)
        load.session_file(way.variant, stage.children.directory)
        saturate(stage, way, 1, folder)  # warm-up
    saturated = [
        {name: saturate(stage, ways[name], chosen.seconds, folder) for name in turned(list(ways), turn)}
        for turn in range(chosen.rounds)]
    reached = {name: median(figures[name]["rate"] for figures in saturated) for name in ways}
    slowest = min(reached[broker.name] for broker in stage.brokers)
    rates = (("30 % of A's", reached[LONE] * SHARE), ("30 % of C's", slowest * SHARE), ("low", LOW_RATE))
    paced = [
        {"name": name, **paced_rounds(stage, chosen, ways, reached, max(int(rate) // 100 * 100, 100))}
        for name, rate in rates]
    for child in started:
        stage.children.stop(child)
    titles = {broker.name: broker.title for broker in stage.brokers}
    return {"brokers": titles, "saturated": saturated, "paced": paced}


def paced_rounds(stage, chosen, ways, reached, rate):
    taking_part = {LONE: ways[LONE]}
    for broker in stage.brokers:
        if rate <= reached[broker.name] * FEASIBLE:
            taking_part[broker.name] = ways[broker.name]
            taking_part[bare(broker)] = Way(asks=(stage.programs[broker.program], broker.url))
    turns = chosen.rounds * chosen.seconds * 1000 // load.PACED_MILLISECONDS if len(taking_part) > 1 else 0
    rounds = [
        {name: pace(stage, taking_part[name], rate) for name in turned(list(taking_part), turn)}
        for turn in range(turns)]
    return {"rate": rate, "rounds": rounds}
