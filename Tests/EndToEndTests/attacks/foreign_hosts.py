"""On an address that others reach, a Host that is not listed is refused, as the start warning and reference.yaml say.

listen: 0.0.0.0 with allow_anonymous and no allowed_hosts: a web page whose name was made to resolve to the node (DNS
rebinding) must get 403, in every verb, on every path, in every way of writing; localhost and 127.0.0.1 are served. With
allowed_hosts the listed name is served as well, and only that.
"""
from lab import *

FOREIGN = ["evil.example", "evil.example:{port}", "192.168.7.7:{port}", "localhost.evil.example",
           "127.0.0.1.evil.example", "evil.example#localhost", "localhost@evil.example", "[::2]:{port}",
           "0.0.0.0:{port}", "*", "gw.example."]
LOCAL = ["localhost", "LOCALHOST:{port}", "127.0.0.1:{port}", "[::1]:{port}"]


def status(port, host, method="POST", path="/mcp", form="origin"):
    c = Client(port)
    body = json.dumps(initialize_message()) if method == "POST" else ""
    target = f"http://{host}{path}" if form == "absolute" else path
    c.send(f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nAccept: {ACCEPT}\r\nContent-Type: application/json\r\n"
           f"Content-Length: {len(body)}\r\n\r\n{body}")
    found = c.response()[0]
    c.close()
    return found


def main():
    problems = []
    instance = Instance()
    for listed in ("", "allowed_hosts: [gw.example]"):
        gateway = Gateway(config([instance.both_urls], f"allow_anonymous: true\n{listed}", listen="0.0.0.0:0"))
        try:
            for host in [each.format(port=gateway.port) for each in FOREIGN]:
                for method, path in (("POST", "/mcp"), ("GET", "/mcp"), ("DELETE", "/mcp"), ("GET", "/mcp/sse")):
                    found = status(gateway.port, host, method, path)
                    if found not in (400, 403) or found == 400 and host == "evil.example":
                        problems.append(f"{listed} {method} {path} with Host: {host} gets {found}")
            # A target in absolute form counts instead of the Host line (RFC 9112 §3.2.2), and is refused or checked.
            found = status(gateway.port, "evil.example", form="absolute")
            if found not in (400, 403):
                problems.append(f"{listed} a target http://evil.example/mcp gets {found}")
            for host in [each.format(port=gateway.port) for each in LOCAL]:
                if (found := status(gateway.port, host)) != 200:
                    problems.append(f"{listed} Host: {host} gets {found}")
            for host in ("gw.example", f"gw.example:{gateway.port}"):
                if (found := status(gateway.port, host)) != (200 if listed else 403):
                    problems.append(f"{listed} Host: {host} gets {found}")
        finally:
            gateway.stop()
    verdict(problems)


main()
