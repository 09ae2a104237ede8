"""A credential in an instance's URL shows nowhere: not in logs, not in metrics, not in answers to clients.

README: "Logs never hold session ids, credentials, bodies or query strings." config/reference.yaml: values that come
from ${env:NAME} "are never printed". The instance's URL is ${env:URL} and has an API key in its query, as hosted MCP
servers have it.
"""
from lab import *

KEY = "sk-hunter2-very-secret"


def serve(self, head, body, s):
    if b'"hang"' in body:
        time.sleep(4)
        return False
    return ordinary(self, head, body, s)


def main():
    problems = []
    instance = Instance(serve)
    gateway = Gateway(
        config(["${env:URL}"], "access_log: true", upstream_extra="    answer_timeout: 1s"),
        {"URL": instance.url + "?api_key=" + KEY})
    try:
        session = initialize(gateway.port)
        ask(gateway.port, call("x"), session)
        assert any(KEY in head.target for head, _ in instance.requests), "the lab's instance did not get its key"
        _, _, body = ask(gateway.port, call("hang"), session)
        if KEY.encode() in body:
            problems.append(f"a CLIENT whose call times out is told it: {body[:260]!r}")
        text = metrics(gateway.admin)
        if KEY in text:
            problems.append("/metrics shows it: " + next(line for line in text.splitlines() if KEY in line))
        instance.close()
        time.sleep(0.3)
        _, _, body = ask(gateway.port, call("y"), session)
        if KEY.encode() in body:
            problems.append(f"a client is told it: {body[:200]!r}")
        time.sleep(4)
        seen = [line for line in gateway.stderr.splitlines() if KEY in line]
        if seen:
            problems.append(f"{len(seen)} log lines show it: {seen[-1][:260]}")
        url = "http://127.0.0.1:9/mcp?api_key=" + KEY
        out = subprocess.run(
            [BINARY, "print-config", "--config", gateway.file], capture_output=True, env={**os.environ, "URL": url})
        if KEY.encode() in out.stdout + out.stderr:
            problems.append("print-config shows it")
    finally:
        gateway.stop()
    verdict(problems)


main()
