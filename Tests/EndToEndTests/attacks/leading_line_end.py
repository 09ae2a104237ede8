"""One empty line before a request line is ignored (RFC 9112 §2.2), at the beginning and between requests; no more.

Clients of old send a line end behind a body that is not part of it. Two empty lines, a lone CR, two lone LF and a space
are 400, and nothing behind them is served.
"""
from lab import *

GET = "GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def statuses(port, text):
    """All that comes back until the connection ends or nothing comes for a while."""
    c = Client(port, 0.6)
    c.send(text)
    found = []
    with contextlib.suppress(EOFError, OSError):
        while True:
            found.append(c.response()[0])
    c.close()
    return found


def main():
    problems = []
    instance = Instance()
    gateway = Gateway(config([instance.url]))
    try:
        session = initialize(gateway.port)
        body = json.dumps(call("x"))
        post = (f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {ACCEPT}\r\nContent-Type: application/json\r\n"
                f"Mcp-Session-Id: {session}\r\nContent-Length: {len(body)}\r\n\r\n{body}")
        for what, text, wanted in (
            ("none", GET, [404]), ("one before the first", "\r\n" + GET, [404]),
            ("one between two", GET + "\r\n" + GET, [404, 404]),
            ("one behind a body", post + "\r\n" + GET, [200, 404]),
            ("one before each", ("\r\n" + GET) * 3, [404] * 3),
            ("two", "\r\n\r\n" + GET, [400]), ("two between", GET + "\r\n\r\n" + GET, [404, 400]),
            ("CR alone", "\r" + GET, [400]), ("LF twice", "\n\n" + GET, [400]), ("space", " \r\n" + GET, [400]),
        ):
            found = statuses(gateway.port, text)
            if found != wanted:
                problems.append(f"{what}: {found} instead of {wanted}")
    finally:
        gateway.stop()
    verdict(problems)


main()
