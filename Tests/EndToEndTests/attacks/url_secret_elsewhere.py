"""A credential in an instance's URL shows nowhere, wherever that URL stands.

Three URLs of one host, port and path with three keys, so that the instances cannot be told apart without them; a key in
an sse_url; a key in the URL that an attachment is given. Log level trace, and everything fails once: nothing of a key
may stand in any log, in /metrics of node or attachment, in answers to clients, in what check-config says. The three
instances must still be three in /metrics.
"""
from lab import *

KEYS = [f"sk-hunter2-{n}-very-secret" for n in range(5)]


def serve(self, head, body, s):
    self.count(next((key for key in KEYS if key in head.target), "none"))
    if b'"hang"' in body:
        time.sleep(3)
        return False
    if head.method == "GET" and head.target.startswith("/sse"):
        return self.state["legacy"](self, head, body, s)
    return ordinary(self, head, body, s)


def check(problems, place, text):
    text = text if isinstance(text, str) else text.decode(errors="replace")
    for line in text.splitlines():
        if "hunter2" in line:
            problems.append(f"{place}: {line[:240]}")
            return


def attachment(instance, shared, port):
    """`patchbay attach` beside the instance, with a key in its URLs."""
    admin = free_port()
    return admin, Process(
        [BINARY, "attach", "--upstream-name", "other", "--url", f"{instance.url}?k={KEYS[4]}", "--transport", "http",
         "--peers", f"http://127.0.0.1:{port}", "--log-level", "trace", "--admin", f"127.0.0.1:{admin}"],
        {"PATCHBAY_SECRET": shared})


def main():
    problems = []
    instance, attached = Instance(serve), Instance(serve)
    for each in (instance, attached):
        each.state["legacy"] = LegacyServer(endpoint=f"/messages?session_id={{}}&k={KEYS[3]}")
    rows = [{"url": f"{instance.url}?k={key}"} for key in KEYS[:3]]
    rows[0]["sse_url"] = f"{instance.sse_url}?k={KEYS[3]}"
    port, shared = free_port(), secret()
    text = config(
        rows, f'log_level: trace\naccess_log: true\nsecret: "${{env:SECRET}}"\n'
        f"cluster: {{transport: http, listen: 127.0.0.1:{port}, peers: []}}",
        upstream_extra="    answer_timeout: 1s\n  - name: other\n    path: /other\n    instances: []")
    check(problems, "check-config", check_config(text.replace("trace", "tracy"), {"SECRET": shared})[1])
    gateway = Gateway(text, {"SECRET": shared})
    admin, beside = attachment(attached, shared, port)
    try:
        eventually(lambda: request(gateway.port, "GET", "/other")[0] != 404 and attached.requests, 10)
        sessions = [(initialize(gateway.port), "/mcp") for _ in range(6)]
        eventually(lambda: ask(gateway.port, initialize_message(), path="/other")[0] == 200, 10)
        sessions.append((initialize(gateway.port, path="/other"), "/other"))
        for session, path in sessions:
            for what in ("x", "hang"):
                check(problems, f"a call of {path}", ask(gateway.port, call(what), session, path=path)[2])
        legacy = Client(gateway.port)
        legacy.get(path="/mcp/sse")
        legacy.head()
        check(problems, "the endpoint event", legacy.chunk())
        rows = set(re.findall(r'patchbay_instance_up\{upstream="main",instance="([^"]*)"', metrics(gateway.admin)))
        if len(rows) != 3:
            problems.append(f"/metrics shows {len(rows)} instances of 3: {rows}")
        for each in (instance, attached):
            each.close()
        for session, path in sessions:
            check(problems, f"a call of {path}", ask(gateway.port, call("y"), session, path=path)[2])
        time.sleep(2)
        check(problems, "the node's /metrics", metrics(gateway.admin))
        check(problems, "the attachment's /metrics", metrics(admin))
        check(problems, "the node's log", gateway.stderr)
        check(problems, "the attachment's log", beside.stderr + beside.stdout)
        missing = [key for key in KEYS if not instance.state.get(key) and not attached.state.get(key)]
        if missing:
            problems.append(f"lab: nobody came with the keys {missing}")
    finally:
        gateway.stop()
        beside.stop()
    verdict(problems)


main()
