"""Medians, ratios and the tables that bench.py prints. It measures nothing and judges nothing."""

from statistics import median


def middle(rounds, key):
    """The median of one figure over the rounds, or None where it does not exist (CPU of the direct way)."""
    values = [figures[key] for figures in rounds if figures[key] is not None]
    return median(values) if values else None


def cpu_ratio(results, kind, name, peer):
    """CPU per request against a peer's: the median of the ratios within each round, so that drift cancels out."""
    if name not in results[kind] or peer not in results[kind]:
        return None
    pairs = zip(results[kind][name], results[kind][peer])
    ratios = [own["cpu_us"] / other["cpu_us"] for own, other in pairs if own["cpu_us"]]
    return median(ratios) if ratios else None


def added(paced, name, key):
    """What the variant adds to the direct way, in microseconds: the median of the rounds."""
    if name not in paced:
        return None
    return median(own[key] - direct[key] for own, direct in zip(paced[name], paced["direct"]))


def number(value, digits=1, suffix=""):
    return "–" if value is None else f"{value:,.{digits}f}{suffix}"


def waited(rounds):
    """How much of the time other work kept the proxy from its core; above a few percent, rates and p99 tell little."""
    share = middle(rounds, "waited")
    return "–" if share is None else f"{share:.0%}"


def table(title, header, rows):
    lines = [f"### {title}", "", "| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def throughput_table(results, kind):
    rows = []
    for name, rounds in results[kind].items():
        cpu = [figures["cpu_us"] for figures in rounds if figures["cpu_us"]]
        rows.append([
            name, number(middle(rounds, "cpu_us")), number(min(cpu) if cpu else None),
            number(cpu_ratio(results, kind, name, "nginx"), 2), number(cpu_ratio(results, kind, name, "haproxy"), 2),
            number(middle(rounds, "rate"), 0), number(middle(rounds, "p50_us"), 0),
            number(middle(rounds, "p99_us"), 0), waited(rounds)])
    header = [
        "", "CPU µs/request", "best round", "× nginx", "× HAProxy", "requests/s", "p50 µs", "p99 µs",
        "core taken away"]
    return table(f"{kind} answer, saturated", header, rows)


def paced_table(paced, rate):
    rows = []
    for name, rounds in paced.items():
        rows.append([
            name, number(middle(rounds, "p50_us"), 0), number(middle(rounds, "p99_us"), 0),
            number(added(paced, name, "p50_us"), 0), number(added(paced, name, "p99_us"), 0)])
    return table(f"Latency at {rate:,} requests/s", ["", "p50 µs", "p99 µs", "added p50", "added p99"], rows)


def by_way(rounds):
    """{way: [figures of each round]} of rounds of {way: figures}."""
    return {way: [figures[way] for figures in rounds] for way in rounds[0]}


def relay_table(rounds):
    ways = by_way(rounds)
    rows = []
    for way, figures in ways.items():
        row = [way]
        for key in ("p50_us", "p99_us", "first_p50_us", "first_p99_us"):
            # Within a round, what the other node adds to the one that holds the stream.
            pairs = zip(figures, ways[way.replace("other", "own")]) if "other" in way and key in figures[0] else ()
            more = [other[key] - own[key] for other, own in pairs]
            value = middle(figures, key) if key in figures[0] else None
            row += [number(value, 0), number(median(more) if more else None, 0)]
        rows.append(row)
    header = ["", "p50 µs", "added", "p99 µs", "added", "first replayed event p50 µs", "added", "p99 µs", "added"]
    return table("An event's way from server to client, at the node that holds its stream and at another", header, rows)


def resume_table(rounds, events):
    rows = []
    for way in sorted(rounds[0]):
        row = [way]
        for key in ("us", "own_cpu_us", "other_cpu_us", "cpu_us"):
            row.append(number(median(figures[way][key] for figures in rounds), 2))
            if key in ("us", "cpu_us"):
                # Within a round, so that drift cancels out.
                ratio = median(figures[way][key] / figures["live, own node"][key] for figures in rounds)
                row.append(number(ratio, 2))
        rows.append(row)
    header = [
        "", "µs per event", "× live", "CPU µs of own node", "CPU µs of other node", "CPU µs of both", "× live"]
    return table(f"{events:,} events of one stream, as fast as they go", header, rows)


def within(rounds, figure):
    """The median over the rounds of what is compared within one, so that drift cancels out."""
    return median(figure(each) for each in rounds)


def calls_tables(results, lone, goal):
    saturated, titles = results["saturated"], results["brokers"]
    rows = []
    for way in (lone, *titles):
        figures = [each[way] for each in saturated]
        rows.append([
            f"C over {titles[way]}" if way in titles else way, number(middle(figures, "rate"), 0),
            number(within(saturated, lambda each: each[way]["rate"] / each[lone]["rate"]), 2),
            *parts_of(figures, ("node", "broker", "attachment")), number(middle(figures, "cpu_us")),
            number(within(saturated, lambda each: each[way]["cpu_us"] / each[lone]["cpu_us"]), 2)])
    tables = [table(
        f"Calls through an attachment over a broker (C) and through one lone node ({lone}), saturated",
        ["", "calls/s", f"× {lone}", "CPU µs of node", "of broker", "of attachment", "of all", f"× {lone}"], rows)]
    rows = [row for measured in results["paced"] for row in paced_rows(measured, titles, lone, goal)]
    tables.append(table(
        "What the way over a broker adds to a call, beside a bare request and reply through the same broker",
        ["calls/s", "", "", f"{lone} µs", "C µs", "bare µs", "C adds", "× bare", "goal", f"CPU µs per call, {lone}",
         "C"], rows))
    return "\n".join(tables)


def parts_of(figures, names):
    """The CPU of each program of a way, as far as it has it."""
    return [
        number(middle([each["parts"] for each in figures], name) if name in figures[0]["parts"] else None)
        for name in names]


def paced_rows(measured, titles, lone, goal):
    rounds, name, rows = measured["rounds"], f"{measured['name']}: {measured['rate']:,}", []
    for way, title in titles.items():
        if not rounds or way not in rounds[0]:
            rows.append([name, title, "", "", "more than C does here", *[""] * 6])
            continue
        bare = f"bare {way}"
        for key in ("p50_us", "p99_us"):
            rows.append([
                name, title, key[:3],
                *(number(middle([each[column] for each in rounds], key), 0) for column in (lone, way, bare)),
                number(within(rounds, lambda each: each[way][key] - each[lone][key]), 0),
                number(within(rounds, lambda each: (each[way][key] - each[lone][key]) / each[bare][key]), 2),
                f"≤ {goal}, not judged" if key == "p50_us" else "–",
                *(number(middle([each[column] for each in rounds], "cpu_us")) for column in (lone, way))])
    return rows


def log_table(rounds, titles):
    rows = []
    for name, title in titles.items():
        log = [each[name] for each in rounds]
        rows.append([
            title, number(middle(log, "rate"), 0), number(middle(log, "messages"), 0),
            number(middle(log, "node_cpu_us")), number(middle(log, "broker_cpu_us")),
            *(number(within(log, lambda each: each[source]["us"]), 2) for source in ("host", "log")),
            number(within(log, lambda each: each["log"]["us"] / each["host"]["us"]), 2),
            *(number(within(log, lambda each: each[source]["first_us"] / 1000)) for source in ("host", "log"))])
    return table(
        "Events of a call whose client is away: into the broker's log, and resumed at another node",
        ["", "events/s", "messages", "CPU µs of node per event", "of broker", "µs per event from the living host",
         "from the log", "× host", "first event ms, host", "log"], rows)


def broadcast_table(rounds, streams, loop, lone):
    rows = []
    for way in rounds[0]:
        figures = [each[way] for each in rounds]
        last = sorted(time["last_us"] / 1000 for each in figures for time in each["times"])
        rows.append([
            way, *parts_of(figures, ("server", "loop", "node", "broker")), number(middle(figures, "cpu_us")),
            *(number(within(rounds, lambda each: each[way]["cpu_us"] / each[peer]["cpu_us"]), 2)
              for peer in (loop, lone)),
            number(median(last), 0), f"{number(last[0], 0)}–{number(last[-1], 0)}",
            number(within(rounds, lambda each: last_us(each[way]) / last_us(each[lone])), 2),
            f"{middle(figures, 'idle'):.1%}"])
    return table(
        f"A broadcast of one server to {streams:,} streams",
        ["", "CPU µs per delivery of server", "of loop", "of nodes", "of broker", "of all", f"× {loop}", f"× {lone}",
         "last delivery ms, p50", "all", f"× {lone}", "idle, of a core"], rows)


def last_us(figures):
    return median(time["last_us"] for time in figures["times"])


def memory_table(memory):
    rows = [
        [name, f"{figures['streams']:,}", number(figures["kib_per_stream"], 1), number(figures["kib_per_session"], 2)]
        for name, figures in memory.items()]
    return table("Idle event streams", ["", "held open", "KiB RSS per stream", "KiB RSS per session before"], rows)


def instruction_table(instructions, figures):
    rows = []
    for name, kinds in instructions.items():
        for kind, value in kinds.items():
            figure = figures.get(kind) if name == "patchbay" else None
            change = f"{value / figure - 1:+.1%}" if figure else "–"
            rows.append([f"{name}, {kind}", number(value, 0), number(figure, 0), change])
    return table("Instructions per request (user space)", ["", "measured", "checked in", "change"], rows)
