#!/usr/bin/env python3
"""`make bench`: Patchbay beside nginx and HAProxy in one interleaved run, judged by the bounds below.

The proxy under test has one core and one thread, load and servers have another core. CPU per request, compared within
a round, is the figure to trust; requests/s and latency depend on what else the machine does. Exit code: 0 all bounds
held, 1 a bound was missed, 2 the measurement could not be made.
"""

import argparse
import json
import resource
import sys
from pathlib import Path

import attached
import broadcast
import brokers
import instructions
import load
import logged
import nodes
import report
from children import Children, Failure, build, cores
from variants import STARTERS, Variant, start_backend

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent.parent / ".bench"
PARTS = ("throughput", "latency", "relay", "resume", "memory", *brokers.BROKERS, "broadcast", "instructions")

# What Patchbay must reach: (name, part, bound, unit, how to read the figure from the results, True if more is better).
# The first column of the targets in the design: a first foundation; it is to be tightened, never loosened.
# Shown and not judged: on a shared machine the 99th percentile of one run is the others' doing. Four runs of one binary
# gave 0.3, 0.8, 1.5 and 2.3 times nginx's.
NOISY = {"added p99"}
BOUNDS = [
    ("CPU per request, JSON answer", "throughput", 1.3, "× nginx",
     lambda r: report.cpu_ratio(r["throughput"], "JSON", "patchbay", "nginx"), False),
    ("CPU per request, SSE answer", "throughput", 1.6, "× nginx",
     lambda r: report.cpu_ratio(r["throughput"], "SSE", "patchbay", "nginx"), False),
    ("added p50", "latency", 1.3, "× nginx's", lambda r: added_ratio(r["latency"], "p50_us"), False),
    ("added p99", "latency", 1.3, "× nginx's", lambda r: added_ratio(r["latency"], "p99_us"), False),
    ("RSS per idle stream", "memory", 16, "KiB", lambda r: r["memory"]["patchbay"]["kib_per_stream"], False),
    ("streams held open", "memory", 5_000, "", lambda r: r["memory"]["patchbay"]["streams"], True),
]


def added_ratio(paced, key):
    own, peer = report.added(paced, "patchbay", key), report.added(paced, "nginx", key)
    return own / peer if own is not None and peer is not None and peer > 0 else None


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each measurement (default 5)")
    parser.add_argument("--seconds", type=int, default=2, help="length of one measurement (default 2)")
    parser.add_argument("--quick", action="store_true", help="2 rounds of 1 s: shows that it works, says little")
    parser.add_argument(
        "--without", action="append", default=[], choices=[*STARTERS, *brokers.BROKERS],
        help="leave a proxy or a broker out")
    parser.add_argument("--only", action="append", default=[], choices=PARTS, help="measure these parts only")
    parser.add_argument("--update", action="store_true", help="write the measured instructions to callgrind.json")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.rounds, chosen.seconds = 2, 1
    if not (1 <= chosen.rounds <= 50 and 1 <= chosen.seconds <= 60):
        parser.error("at most 50 rounds of 60 s")
    chosen.only = chosen.only or list(PARTS)
    if chosen.update and ("patchbay" in chosen.without or "instructions" not in chosen.only):
        parser.error("--update needs the instructions of patchbay")
    return chosen


def say(text):
    print(text, file=sys.stderr, flush=True)


def interleaved(variants, rounds, measure):
    """{variant: [figures of each round]}; each round starts with another variant."""
    outcome = {variant.name: [] for variant in variants}
    for turn in range(rounds):
        shift = turn % len(variants)
        for variant in variants[shift:] + variants[:shift]:
            outcome[variant.name].append(measure(variant))
    say(f"  {rounds} rounds done")
    return outcome


def measure_times(children, chosen, backends, programs, results):
    proxy_core, load_core = cores()
    variants = [Variant("direct", backends[0])]
    variants += [STARTERS[name](children, backends, proxy_core) for name in STARTERS if name not in chosen.without]
    for variant in variants:
        load.session_file(variant, OUTPUT)
    if "throughput" in chosen.only:
        results["throughput"] = {}
        for kind in load.TOOLS:
            say(f"saturated, {kind} answers")

            def saturate(variant, seconds=chosen.seconds, kind=kind):
                return load.throughput(children, variant, kind, seconds, load_core, HERE)

            for variant in variants:
                saturate(variant, seconds=1)  # warm-up
            results["throughput"][kind] = interleaved(variants, chosen.rounds, saturate)
    if "latency" in chosen.only:
        say(f"latency at {load.PACED_RATE} requests/s")
        results["latency"] = interleaved(
            variants, chosen.rounds * chosen.seconds * 1000 // load.PACED_MILLISECONDS,
            lambda variant: load.paced(children, variant, programs["pace"], load_core))
    for variant in variants:
        if variant.child:
            children.stop(variant.child)


def measure_nodes(children, chosen, programs, results):
    proxy_core, load_core = cores()
    ticks = chosen.seconds * 1_000_000 // nodes.TICK_GAP_US + nodes.SPARE_TICKS, nodes.TICK_GAP_US
    _, backend = start_backend(children, programs["backend"], load_core, "ticks", *ticks)
    cluster = nodes.start(children, backend, programs["follow"], proxy_core, load_core)
    if "relay" in chosen.only:
        say("streams held and relayed")
        plain = [Variant("direct", backend)]
        plain += [STARTERS[name](children, [backend], proxy_core)
                  for name in STARTERS if name not in chosen.without and name != "patchbay"]
        results["relay"] = [nodes.relay(cluster, chosen.seconds, turn, plain) for turn in range(chosen.rounds)]
        for variant in plain:
            if variant.child:
                children.stop(variant.child)
    if "resume" in chosen.only:
        say(f"{nodes.REPLAYED:,} events resumed")
        results["resume"] = [nodes.resume(cluster, turn) for turn in range(chosen.rounds)]
    cluster.stop()


def measure_brokers(children, chosen, names, backends, programs, results):
    with brokers.start(children, programs, names, backends[0], *cores()) as stage:
        say(f"calls through attachments, over {' and '.join(broker.title for broker in stage.brokers)}")
        results["calls"] = attached.calls(stage, chosen, HERE)
        say(f"{logged.LOGGED:,} events logged and resumed")
        results["log"] = [
            {broker.name: logged.log_round(stage, broker) for broker in brokers.turned(stage.brokers, turn)}
            for turn in range(chosen.rounds)]


def measure_broadcast(children, chosen, backends, programs, results):
    names = [name for name in brokers.BROKERS if name not in chosen.without]
    with brokers.start(children, programs, names, backends[0], *cores()) as stage:
        say(f"broadcasts to {load.STREAMS:,} streams")
        results["broadcast"] = broadcast.rounds(stage, chosen, load.STREAMS)


def measure_memory(children, chosen, backends, programs, results):
    proxy_core, load_core = cores()
    results["memory"] = {}
    for name in STARTERS:
        if name not in chosen.without:
            say(f"{load.STREAMS} idle streams through {name}")
            variant = STARTERS[name](children, backends, proxy_core)
            results["memory"][name] = load.idle_streams(children, variant, programs["streams"], load_core)
            children.stop(variant.child)


def measure_instructions(children, chosen, backends, results):
    results["instructions"] = {}
    for name in ("patchbay", "nginx"):
        if name not in chosen.without:
            say(f"instructions of {name} under callgrind")
            results["instructions"][name] = instructions.per_request(children, name, backends, cores()[0])


def measure(chosen):
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if files < 2 * load.STREAMS + 500:
        raise Failure(f"the hard limit of open files is {files}; {load.STREAMS} proxied streams need twice as many")
    if len(set(cores())) == 1:
        say("only one core: proxy and load share it, so times mean little")
    OUTPUT.mkdir(exist_ok=True)
    names = ("backend", "pace", "streams", "follow", "audience", "relay")
    programs = {name: build(HERE / f"{name}.c", OUTPUT) for name in names}
    over = [name for name in brokers.BROKERS if name in chosen.only and name not in chosen.without]
    for broker in (brokers.BROKERS[name] for name in over):
        programs[broker.program] = build(HERE / f"{broker.program}.c", OUTPUT, broker.library)
    results = {}
    with Children(OUTPUT) as children:
        backends = [start_backend(children, programs["backend"], cores()[1], number)[1] for number in (1, 2)]
        if {"throughput", "latency"} & set(chosen.only):
            measure_times(children, chosen, backends, programs, results)
        if {"relay", "resume"} & set(chosen.only) and "patchbay" not in chosen.without:
            measure_nodes(children, chosen, programs, results)
        if "memory" in chosen.only:
            measure_memory(children, chosen, backends, programs, results)
        if over and "patchbay" not in chosen.without:
            measure_brokers(children, chosen, over, backends, programs, results)
        if "broadcast" in chosen.only and "patchbay" not in chosen.without:
            measure_broadcast(children, chosen, backends, programs, results)
        if "instructions" in chosen.only:
            measure_instructions(children, chosen, backends, results)
    return results


def judge(chosen, results):
    """(rows of the verdict table, what was missed)."""
    rows, missed = [], []
    for name, part, bound, unit, read, more in BOUNDS:
        if part not in results:
            continue
        value = read(results)
        held = value is not None and (value >= bound if more else value <= bound)
        sign = "≥" if more else "≤"
        verdict = "held" if held else "**missed**" if name not in NOISY else "above, not judged"
        rows.append([name, f"{sign} {bound:,} {unit}", report.number(value, 2), verdict])
        if not held and name not in NOISY:
            missed.append(f"{name}: {report.number(value, 2)} {unit}, the bound is {sign} {bound:,}")
    measured = results.get("instructions", {}).get("patchbay")
    if measured and not chosen.update:
        missed += instructions.compare(measured, instructions.load_figures())
    return rows, missed


def main():
    chosen = arguments()
    try:
        results = measure(chosen)
    except Failure as failure:
        say(f"bench: {failure}")
        return 2
    for kind in results.get("throughput", {}):
        print(report.throughput_table(results["throughput"], kind))
    if "latency" in results:
        print(report.paced_table(results["latency"], load.PACED_RATE))
    # Shown and not judged: what a relay adds depends on when the cores are free.
    if "relay" in results:
        print(report.relay_table(results["relay"]))
    if "resume" in results:
        print(report.resume_table(results["resume"], nodes.REPLAYED))
    if "memory" in results:
        print(report.memory_table(results["memory"]))
    if "calls" in results:
        print(report.calls_tables(results["calls"], attached.LONE, attached.GOAL))
        print(report.log_table(results["log"], results["calls"]["brokers"]))
    if "broadcast" in results:
        print(report.broadcast_table(results["broadcast"], load.STREAMS, broadcast.LOOP, broadcast.LONE))
    if "instructions" in results:
        print(report.instruction_table(results["instructions"], instructions.load_figures()))
    missed = []
    if "patchbay" in chosen.without:
        print("Nothing was judged: patchbay was left out.")
    else:
        rows, missed = judge(chosen, results)
        if rows:
            print(report.table("Bounds", ["", "bound", "measured", ""], rows))
        if chosen.update:
            instructions.save_figures(results["instructions"]["patchbay"])
    (OUTPUT / "result.json").write_text(json.dumps({"results": results, "missed": missed}, indent=2) + "\n")
    for line in missed:
        say(f"missed: {line}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
