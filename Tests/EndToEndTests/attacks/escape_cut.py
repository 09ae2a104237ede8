"""What a client wrote is never cut inside an escape or a character: every answer of the gateway is valid JSON.

The gateway tells back versions and ids. Versions in `_meta`, in the parameters of initialize and in the header line
MCP-Protocol-Version, of every length around 64 bytes, whose bytes at the cut are a backslash, an escape in six
characters, a pair of them, a character of two, three or four bytes, or bytes that are no UTF-8; ids with the same ends,
in requests that the gateway refuses. Each answer must be JSON in UTF-8, and an id must come back as it was.
"""
from lab import *

# As JSON text, and as the header line that equals it.
TAILS = {
    "backslash": (b"\\\\", b"\\"), "quote": (b'\\"', b'"'), "u escape": (b"\\u0041", b"A"), "slash": (b"\\/", b"/"),
    "two bytes": ("é".encode(), "é".encode()), "three bytes": ("€".encode(), "€".encode()),
    "four bytes": ("😀".encode(), "😀".encode()), "pair": (b"\\ud83d\\ude00", "😀".encode()),
    "lone half": (b"\\ud83d", b"?"), "no UTF-8": (b"\xff", b"\xff"), "tab": (b"\\t", b"\t"),
}


def attempts():
    """Texts of requests: what, method of the header, header line of the version, body."""
    for name, (text, plain) in TAILS.items():
        for length in range(54, 70):
            for repeats in (1, 4):
                version, line = b"9" * length + text * repeats, b"9" * length + plain * repeats
                meta = (b'"_meta":{"io.modelcontextprotocol/protocolVersion":"' + version
                        + b'","io.modelcontextprotocol/clientCapabilities":{}}')
                yield (f"{name} at {length}, _meta", b"tools/list", line,
                       b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{' + meta + b"}}")
                yield (f"{name} at {length}, initialize", None, None,
                       b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"' + version
                       + b'","capabilities":{},"clientInfo":{"name":"a","version":"1"}}}')
                yield (f"{name} at {length}, header line", None, line,
                       b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}')
        for length in (10, 60, 63, 64, 65, 120, 200, 240):
            yield (f"{name} at {length}, id", None, None,
                   b'{"jsonrpc":"2.0","id":"' + b"i" * length + text + b'","method":"tools/list"}')


def check(answer, body):
    """What is wrong with the answer, or None."""
    try:
        message = json.loads(answer.decode())
    except ValueError as e:
        return f"is no JSON in UTF-8 ({e})"
    sent = re.match(rb'\{"jsonrpc":"2.0","id":("(?:[^"\\]|\\.)*")', body)
    with contextlib.suppress(ValueError):
        if sent and message.get("id") not in (None, json.loads(sent.group(1).decode())):
            return "bears another id than the request"
    return None


def main():
    problems, count = [], 0
    labs = [Instance(), Instance(modern)]
    rows = f'    era: stateful\n  - {{name: modern, path: /modern, era: stateless, instances: ["{labs[1].url}"]}}'
    gateway = Gateway(config([labs[0].url], upstream_extra=rows))
    try:
        clients = {path: Client(gateway.port) for path in ("/mcp", "/modern")}
        for what, method, line, body in attempts():
            for path in clients:
                c = clients[path]
                lines = b"" if line is None else b"MCP-Protocol-Version: " + line + b"\r\n"
                if method:
                    lines += b"Mcp-Method: " + method + b"\r\n"
                c.send(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {ACCEPT}\r\nContent-Type: application/json"
                       f"\r\nContent-Length: {len(body)}\r\n".encode() + lines + b"\r\n" + body)
                status, fields, answer = c.response()
                count += status == 400
                if answer and (wrong := check(answer, body)):
                    problems.append(f"{what} at {path}: the answer ({status}) {wrong}: {answer[-160:]!r}")
                if fields.get("connection") == "close":
                    clients[path] = Client(gateway.port)
        print(f"note: {count} refusals")
        if count < 500:
            problems.append(f"lab: only {count} refusals")
    finally:
        gateway.stop()
    verdict(problems[:10] + ([f"and {len(problems) - 10} more"] if len(problems) > 10 else []))


main()
