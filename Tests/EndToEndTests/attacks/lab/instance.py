"""Instances for the attack scripts: an HTTP server in threads whose every byte the script decides, and one that is
well-behaved."""
import contextlib, json, socket, threading


class Head:
    def __init__(self, raw):
        lines = raw.decode("latin1").split("\r\n")
        self.start = lines[0]
        self.method, self.target = lines[0].split(" ")[:2]
        self.fields = {}
        for line in lines[1:]:
            if ":" in line:
                k, v = line.split(":", 1)
                self.fields[k.strip().lower()] = v.strip()


class Instance:
    """An HTTP server in threads. `serve(self, head, body, sock)` writes what it likes; False closes the connection.

    `receives`: bytes of each connection's receive buffer, where the kernel must not take a whole body.
    """

    def __init__(self, serve=None, receives=None):
        self.serve = serve or ordinary
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receives:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.listen(512)
        self.port = self.sock.getsockname()[1]
        self.requests = []
        self.open = set()
        self.lock = threading.Lock()
        self.sessions = 0
        self.deleted = []
        self.state = {}
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/mcp"

    @property
    def sse_url(self):
        return f"http://127.0.0.1:{self.port}/sse"

    @property
    def both_urls(self):
        """As an instance that also speaks 2024-11-05."""
        return {"url": self.url, "sse_url": self.sse_url}

    def _accept(self):
        while True:
            try:
                s, _ = self.sock.accept()
            except OSError:
                return
            with self.lock:
                self.open.add(s)
            threading.Thread(target=self._connection, args=(s,), daemon=True).start()

    def _connection(self, s):
        buffer = b""
        try:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                while b"\r\n\r\n" not in buffer:
                    part = s.recv(65536)
                    if not part:
                        return
                    buffer += part
                raw, buffer = buffer.split(b"\r\n\r\n", 1)
                head = Head(raw)
                length = int(head.fields.get("content-length", "0"))
                if self.state.get("early"):
                    if self.state["early"](self, head, s, buffer) is False:
                        return
                    if self.state.pop("skip", False):  # it has read the body and answered
                        buffer = b""
                        continue
                parts = [buffer]
                while sum(map(len, parts)) < length:
                    part = s.recv(1 << 20)
                    if not part:
                        return
                    parts.append(part)
                whole = b"".join(parts)
                body, buffer = whole[:length], whole[length:]
                with self.lock:
                    self.requests.append((head, body))
                if self.serve(self, head, body, s) is False:
                    return
        except OSError:
            pass
        finally:
            with self.lock:
                self.open.discard(s)
            with contextlib.suppress(OSError):
                s.close()

    def count(self, name, more=1):
        """Counts in `state`, for threads."""
        with self.lock:
            self.state[name] = self.state.get(name, 0) + more
            return self.state[name]

    def begin(self):
        """The id of a new session."""
        with self.lock:
            self.sessions += 1
            return f"upstream-{self.port}-{self.sessions}"

    def heard(self, method, session):
        """How many requests with that verb it got in a session of its own naming."""
        with self.lock:
            return sum(
                head.method == method and head.fields.get("mcp-session-id") == session for head, _ in self.requests)

    def break_connections(self):
        with self.lock:
            for s in list(self.open):
                with contextlib.suppress(OSError):
                    s.shutdown(socket.SHUT_RDWR)

    def close(self):
        # close() alone would leave the thread that waits in accept() with the port.
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
        self.break_connections()


# ---------------------------------------------------------------- answers

def reply(s, status, body=b"", kind="application/json", extra=""):
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    s.sendall(
        f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{extra}\r\n".encode() + body)


def sse_head(s, extra=""):
    s.sendall(
        f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n{extra}\r\n".encode())


def chunk(s, data):
    if isinstance(data, str):
        data = data.encode()
    s.sendall(f"{len(data):x}\r\n".encode() + data + b"\r\n")


def event(s, message, id=None):
    text = (f"id: {id}\n" if id else "") + "event: message\ndata: " + json.dumps(message) + "\n\n"
    chunk(s, text)


def end_chunks(s):
    s.sendall(b"0\r\n\r\n")


def hold(s, seconds):
    """Waits until the other side closes, for so long at most."""
    with contextlib.suppress(OSError):
        s.settimeout(seconds)
        while s.recv(65536):
            pass


def initialize_result(id, version="2025-06-18"):
    return {"jsonrpc": "2.0", "id": id, "result": {
        "protocolVersion": version, "capabilities": {"tools": {"listChanged": True}},
        "serverInfo": {"name": "x", "version": "1"}}}


def result(id, text="", **more):
    """A tool's answer."""
    return {"jsonrpc": "2.0", "id": id, "result": {"content": [{"type": "text", "text": text}], **more}}


def notice(data, **more):
    """A notification that says something."""
    return {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": data}, **more}


SESSION_UNKNOWN = {"code": -32001, "message": "Session not found"}


def is_probe(head, message):
    return message.get("id") in ("patchbay-check", "patchbay-probe")


def argument(message):
    """The text that a tool is called with."""
    try:
        return str(message["params"]["arguments"]["text"])
    except (KeyError, TypeError):
        return ""


def ordinary(self, head, body, s, version="2025-06-18"):
    """A stateful server: JSON answers; tool `echo`. Answers the gateway's own probes as SDK servers do."""
    if head.method == "DELETE":
        self.deleted.append(head.fields.get("mcp-session-id"))
        return reply(s, self.state.get("delete_status", 200))
    if head.method == "GET":
        return reply(s, self.state.get("get_status", 405))
    message = json.loads(body)
    id, method = message.get("id"), message.get("method")
    if method == "server/discover" or head.fields.get("mcp-session-id") == "patchbay-check":
        return reply(s, 404, {"jsonrpc": "2.0", "id": id, "error": SESSION_UNKNOWN})
    if method == "initialize":
        number = self.begin()
        return reply(s, 200, initialize_result(id, version), extra=f"Mcp-Session-Id: {number}\r\n")
    if id is None or "result" in message or "error" in message:
        return reply(s, 202)
    return reply(s, 200, result(id, argument(message), session=head.fields.get("mcp-session-id")))


def modern(self, head, body, s, answer=None):
    """A server of 2026-07-28 alone. `answer(self, message, sock)` writes the answers to calls."""
    message = json.loads(body) if body else {}
    if message.get("method") == "server/discover":
        return reply(s, 200, {"jsonrpc": "2.0", "id": message["id"], "result": {
            "supportedVersions": ["2026-07-28"], "capabilities": {}, "serverInfo": {"name": "x", "version": "1"}}})
    if message.get("method") == "tools/call":
        if answer:
            return answer(self, message, s)
        return reply(s, 200, result(message["id"], argument(message), resultType="complete"))
    return reply(s, 404, {"jsonrpc": "2.0", "id": message.get("id"), "error": {"code": -32601, "message": "no"}})
