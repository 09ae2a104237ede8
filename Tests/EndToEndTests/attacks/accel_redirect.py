"""An instance cannot have the nginx in front of the gateway hand out files.

A real nginx with an `internal` location, as sites have for downloads that an application permits, stands before the
gateway. The instance answers with X-Accel-Redirect to it, in every sort of answer. The client must get the instance's
answer and never the file, whose text only that location has. That the trap works is shown first, without the gateway.
"""
from lab import *

NGINX = next((path for path in ("/usr/sbin/nginx", shutil.which("nginx")) if path and os.path.exists(path)), None)
SECRET = "TEXT OF THE INTERNAL FILE"
ORDER = "X-Accel-Redirect: /internal/secret.txt\r\nX-Accel-Buffering: no\r\n"
TEXT = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        proxy_http_version 1.1;
        proxy_buffering off;
        location /internal/ {{ internal; alias {folder}/internal/; }}
        location /direct/ {{ proxy_pass http://127.0.0.1:{direct}/mcp; }}
        location / {{ proxy_pass http://127.0.0.1:{gateway}; proxy_set_header Host 127.0.0.1; }}
    }}
}}
"""


def serve(self, head, body, s):
    if head.method == "GET":
        sse_head(s, ORDER)
        event(s, notice("mark"))
        return False
    message = json.loads(body) if body else {}
    if is_probe(head, message) or head.fields.get("mcp-session-id") == "patchbay-check":
        return modern(self, head, body, s) if message["method"] == "server/discover" else ordinary(self, head, body, s)
    if message.get("method") == "initialize":
        lines = f"Mcp-Session-Id: {self.begin()}\r\n{ORDER}"
        return reply(s, 200, initialize_result(message["id"]), extra=lines)
    what = argument(message)
    if what == "stream":
        sse_head(s, ORDER)
        event(s, result(message["id"], "mark"))
        end_chunks(s)
        return True
    if head.method == "DELETE" or message.get("id") is None:
        return reply(s, 200 if head.method == "DELETE" else 202, extra=ORDER)
    return reply(s, int(what) if what.isdigit() else 200, result(message["id"], "mark"), extra=ORDER)


def start_nginx(direct, gateway):
    """Where it listens, and the process."""
    folder, port = scratch(), free_port()
    os.mkdir(f"{folder}/internal")
    with open(f"{folder}/internal/secret.txt", "w") as f:
        f.write(SECRET)
    # Started as root, its workers are somebody else.
    for each in (folder, f"{folder}/internal"):
        os.chmod(each, 0o755)
    with open(f"{folder}/nginx.conf", "w") as f:
        f.write(TEXT.format(folder=folder, port=port, direct=direct, gateway=gateway))
    nginx = Process([NGINX, "-p", folder, "-c", f"{folder}/nginx.conf", "-e", "stderr"])

    def listens():
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        return not nginx.alive
    eventually(listens, 20)
    if not nginx.alive:
        raise SystemExit("FAIL (lab): nginx did not start:\n" + nginx.stderr)
    return port, nginx


def main():
    if NGINX is None:
        raise SystemExit("FAIL (lab): there is no nginx; install the package nginx-light")
    problems = []
    instance = Instance(serve)
    gateway = Gateway(config([instance.both_urls]))
    port, nginx = start_nginx(instance.port, gateway.port)
    try:
        shown = request(port, "GET", "/direct/")[2].decode()
        assert shown == SECRET, f"lab: without the gateway the client gets {shown!r}"
        session = initialize(gateway.port)
        sorts = {
            "initialize": lambda c: c.post(initialize_message()), "a call": lambda c: c.post(call("x"), session),
            "a stream": lambda c: c.post(call("stream"), session), "401": lambda c: c.post(call("401"), session),
            "503": lambda c: c.post(call("503"), session), "GET": lambda c: c.get(session),
            "a receipt": lambda c: c.post({"jsonrpc": "2.0", "method": "notifications/x"}, session),
            "2026-07-28": lambda c: c.post(modern_call(), lines=MODERN),
            "DELETE": lambda c: c.request("DELETE", "/mcp", f"Mcp-Session-Id: {session}\r\n"),
        }
        for what, send in sorts.items():
            c = Client(port)
            send(c)
            status, fields = c.head()
            # What nginx hands out itself comes at once, with its length.
            c.s.settimeout(0.4)
            body, end = c.buffer, time.time() + 0.4
            with contextlib.suppress(OSError):
                while time.time() < end and (part := c.s.recv(65536)):
                    body += part
            if SECRET.encode() in body or fields.get("content-type") == "text/plain":
                problems.append(f"{what} ({status}): the client gets {body[:80]!r}")
            c.close()
    finally:
        nginx.stop(hard=False)
        gateway.stop()
    verdict(problems)


main()
