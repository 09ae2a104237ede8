"""limits.calls_per_session holds for sessions of 2024-11-05 too, and what is over no longer counts.

limits.calls_per_session: 4. A client of 2024-11-05 sends 10 calls to a tool that does not answer yet. The instance may
see 4 of them; for each of the others the client must get an error under its id, on the stream or as the answer to its
POST. When the 4 are answered 4 more may run; when these are cancelled by their client, which the server answers with
nothing, another 4 may.
"""
from lab import *


def answer(server, message, say):
    if argument(message) == "now":
        say(result(message["id"], "now"))


def main():
    problems = []
    server = LegacyServer(answer)
    instance = Instance(server)
    gateway = Gateway(config([instance.both_urls], "limits: {calls_per_session: 4}"))
    try:
        c = LegacyClient(gateway.port)
        c.post(initialize_message("2024-11-05"))
        c.message()
        told = set()

        def send(ids, text="later"):
            for n in ids:
                status, _, body = c.post(call(text, id=n))
                if b'"error"' in body:
                    told.add(json.loads(body)["id"])
            told.update(m["id"] for m in c.messages(2) if "error" in m)

        def running():
            return sorted(m["id"] for m in server.messages if m.get("method") == "tools/call")

        send(range(100, 110))
        seen = running()
        if len(seen) > 4:
            problems.append(f"{len(seen)} of 10 calls run at once, and calls_per_session is 4")
        silent = sorted(set(range(100, 110)) - set(seen) - told)
        if silent:
            problems.append(f"the client was told nothing of the calls {silent}")
        say = list(server.streams.values())[-1].put
        for n in seen:
            say(result(n, "done"))
        c.messages(1)
        send(range(200, 204))
        if len(running()) != len(seen) + 4:
            problems.append(f"after the first were answered {len(running()) - len(seen)} of 4 more run")
        for n in range(200, 204):
            c.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": n}})
        send(range(300, 304), "now")
        late = [n for n in range(300, 304) if n not in running()]
        if late:
            problems.append(f"after 4 calls were cancelled, {len(late)} of 4 more were refused")
        c.close()
    finally:
        gateway.stop()
    verdict(problems)


main()
