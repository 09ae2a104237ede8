"""Clients for the attack scripts: one connection to the gateway, byte by byte, and the few requests that all need."""
import contextlib, json, re, socket, time

ACCEPT = "application/json, text/event-stream"


class Client:
    """One connection to the gateway, byte by byte. `source`: the address of 127.0.0.0/8 that it comes from."""

    def __init__(self, port, timeout=20, source=None, receives=None):
        self.port = port
        self.s = socket.socket()
        self.s.settimeout(timeout)
        if receives:
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        if source:
            self.s.bind((source, 0))
        self.s.connect(("127.0.0.1", port))
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.text = b""
        self.last_id = None

    def send(self, data):
        self.s.sendall(data if isinstance(data, bytes) else data.encode())

    def _more(self):
        part = self.s.recv(1 << 18)
        if not part:
            raise EOFError(self.buffer[:300])
        return part

    def until(self, mark, limit=1 << 26):
        while mark not in self.buffer:
            self.buffer += self._more()
            if len(self.buffer) > limit:
                raise OverflowError
        head, self.buffer = self.buffer.split(mark, 1)
        return head

    def exactly(self, count):
        parts, have = [self.buffer], len(self.buffer)
        while have < count:
            parts.append(self._more())
            have += len(parts[-1])
        whole = b"".join(parts)
        data, self.buffer = whole[:count], whole[count:]
        return data

    def head(self):
        self.raw_head = self.until(b"\r\n\r\n")
        raw = self.raw_head.decode("latin1").split("\r\n")
        fields = {}
        for line in raw[1:]:
            k, v = line.split(":", 1)
            fields[k.lower()] = v.strip()
        return int(raw[0].split(" ")[1]), fields

    def response(self):
        status, fields = self.head()
        if "content-length" in fields:
            return status, fields, self.exactly(int(fields["content-length"]))
        if fields.get("transfer-encoding") == "chunked":
            body = b""
            while (part := self.chunk()) is not None:
                body += part
            return status, fields, body
        return status, fields, b""

    def chunk(self):
        """One chunk of a stream; None at its end."""
        size = int(self.until(b"\r\n"), 16)
        data = self.exactly(size)
        self.exactly(2)
        return data if size else None

    def raw_event(self, timeout=None):
        """The next event, comments included, as bytes; None at the end."""
        if timeout:
            self.s.settimeout(timeout)
        while not (end := re.search(rb"\n\n|\r\n\r\n|\r\r", self.text)):
            part = self.chunk()
            if part is None:
                return None
            self.text += part
        raw, self.text = self.text[:end.start()], self.text[end.end():]
        return raw

    def event(self, timeout=None):
        """The next event that has data, as (id, data text); None at the end."""
        while (raw := self.raw_event(timeout)) is not None:
            id, data = None, []
            for line in raw.split(b"\n"):
                if line.startswith(b"id: "):
                    id = line[4:].decode()
                if line.startswith(b"data: "):
                    data.append(line[6:].decode())
            if data and "".join(data).strip():
                return id, "\n".join(data)
            if id:
                self.last_id = id
        return None

    def messages(self, seconds):
        """All messages of a stream until it ends or breaks, or for so long."""
        found, end = [], time.time() + seconds
        with contextlib.suppress(EOFError, OSError):
            while (left := end - time.time()) > 0 and (each := self.event(max(left, 0.01))) is not None:
                with contextlib.suppress(ValueError):
                    found.append(json.loads(each[1]))
        return found

    def request(self, method, path, lines="", body=None):
        text = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n{lines}"
        if body is not None:
            if not isinstance(body, (bytes, str)):
                body = json.dumps(body)
            if isinstance(body, str):
                body = body.encode()
            text += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self.send(text.encode() + b"\r\n" + (body or b""))

    def post(self, message, session=None, lines="", path="/mcp"):
        if session:
            lines += f"Mcp-Session-Id: {session}\r\n"
        self.request("POST", path, f"Accept: {ACCEPT}\r\n" + lines, message)

    def ask(self, message, session=None, lines="", path="/mcp"):
        self.post(message, session, lines, path)
        return self.response()

    def get(self, session=None, lines="", path="/mcp"):
        """Asks for a stream."""
        if session:
            lines += f"Mcp-Session-Id: {session}\r\n"
        self.request("GET", path, "Accept: text/event-stream\r\n" + lines)

    def close(self):
        with contextlib.suppress(OSError):
            self.s.close()


def initialize_message(version="2025-06-18", id=1):
    return {"jsonrpc": "2.0", "id": id, "method": "initialize", "params": {
        "protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}}}


def initialize(port, version="2025-06-18", lines="", path="/mcp", source=None, timeout=20):
    """A new session; returns its id."""
    c = Client(port, timeout, source)
    try:
        status, fields, body = c.ask(initialize_message(version), lines=lines, path=path)
    finally:
        c.close()
    assert status == 200, (status, body)
    return fields.get("mcp-session-id")


def call(text="x", id=2, name="echo", **more):
    return {"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {
        "name": name, "arguments": {"text": text, **more}}}


MODERN = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: echo\r\n"


def modern_call(text="x", id=2):
    """A call of 2026-07-28; its header lines are `MODERN`."""
    message = call(text, id)
    message["params"]["_meta"] = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
    return message


def ask(port, message, session=None, lines="", path="/mcp", timeout=20, source=None):
    c = Client(port, timeout, source)
    try:
        return c.ask(message, session, lines, path)
    finally:
        c.close()


def request(port, method, path="/mcp", lines="", timeout=20):
    """Status, header fields and body of one request without a body."""
    c = Client(port, timeout)
    try:
        c.request(method, path, lines)
        return c.response()
    finally:
        c.close()


def own_session(port, session, lines=""):
    """What the (ordinary) instance calls the session."""
    return json.loads(ask(port, call("x"), session, lines)[2])["result"]["session"]


def end_session(port, session, lines=""):
    return request(port, "DELETE", "/mcp", f"Mcp-Session-Id: {session}\r\n{lines}")[0]


def metrics(port):
    """The text of /metrics at the operators' port."""
    return request(port, "GET", "/metrics")[2].decode()


def metric(text, name):
    """The sum of all series whose name matches the pattern, labels or not; None if there is none."""
    found = re.findall(rf"^(?:{name})(?:\{{.*\}})? ([0-9.e+-]+)$", text, re.M)
    return sum(map(float, found)) if found else None


class LegacyClient:
    """A session of 2024-11-05: one open stream, and messages that are posted beside it."""

    def __init__(self, port, lines="", path="/mcp/sse", timeout=20):
        self.port, self.lines = port, lines
        self.stream = Client(port, timeout)
        self.stream.get(lines=lines, path=path)
        self.status, self.fields = self.stream.head()
        assert self.status == 200, self.status
        self.path = self.stream.event()[1]

    def post(self, message, lines=""):
        return ask(self.port, message, lines=self.lines + lines, path=self.path)

    def messages(self, seconds):
        return self.stream.messages(seconds)

    def message(self, timeout=20):
        found = self.stream.event(timeout)
        return json.loads(found[1]) if found else None

    def close(self):
        self.stream.close()
