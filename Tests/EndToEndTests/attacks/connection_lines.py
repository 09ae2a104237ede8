"""What a client or an instance names in `Connection` is for that connection alone and goes no further (RFC 9110,
§7.6.1).

A client names Authorization, traceparent, X-Tenant (in forward_headers) and Mcp-Param-A, in one line, in several and in
odd spelling: the instance must not see those lines, nor `Connection`, `Keep-Alive`, `TE` and `Upgrade`; without that it
sees them. An instance names WWW-Authenticate, Retry-After and X-Answer (in forward_answer_headers): the client must not
see them, and else it does.
"""
from lab import *

SENT = {"Authorization": "Bearer x", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "X-Tenant": "t", "Mcp-Param-A": "p"}
HOPS = {"Keep-Alive": "timeout=5", "TE": "trailers", "Upgrade": "h2c", "Proxy-Connection": "keep-alive",
        "Proxy-Authorization": "Basic x"}
ANSWERED = {"WWW-Authenticate": "Bearer", "Retry-After": "7", "X-Answer": "yes"}


def text(lines):
    return "".join(f"{name}: {value}\r\n" for name, value in lines.items())


def naming(names):
    """The ways to name some lines."""
    yield "Connection: " + ", ".join(names) + "\r\n"
    yield "".join(f"connection: {name.upper()}\r\n" for name in names)
    yield "Connection: keep-alive,," + " , ".join(name.lower() for name in names) + ",\r\n"


def serve(self, head, body, s):
    if b'"tools/call"' in body:
        return reply(s, 401, {"error": "x"}, extra=text(ANSWERED) + self.state.get("named", ""))
    return ordinary(self, head, body, s)


def main():
    problems = []
    instance = Instance(serve)
    gateway = Gateway(config([instance.url], upstream_extra=(
        "    forward_authorization: true\n    forward_headers: [x-tenant]\n    forward_answer_headers: [x-answer]")))
    try:
        session = initialize(gateway.port, lines=text(SENT))

        def exchange(lines, named=""):
            """What the instance saw of the request, and the client of the answer."""
            instance.state["named"] = named
            c = Client(gateway.port)
            c.post(call("x"), session, lines)
            fields = c.head()[1]
            c.close()
            return instance.requests[-1][0].fields, fields

        seen, told = exchange(text(SENT))
        missing = [name for name in SENT if name.lower() not in seen]
        missing += [name for name in ANSWERED if name.lower() not in told]
        if missing:
            problems.append(f"without Connection, {missing} do not pass")
        for line in naming(SENT):
            passed = [name for name in [*SENT, *HOPS] if name.lower() in exchange(text({**SENT, **HOPS}) + line)[0]]
            if passed:
                problems.append(f"the instance sees {passed} in spite of {line!r}")
        for line in naming(ANSWERED):
            passed = [name for name in ANSWERED if name.lower() in exchange(text(SENT), line)[1]]
            if passed:
                problems.append(f"the client sees {passed} in spite of {line!r}")
    finally:
        gateway.stop()
    verdict(problems)


main()
