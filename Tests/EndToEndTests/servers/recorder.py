"""An instance without an MCP SDK that tells what reached it: for checks of headers, and of what no SDK server does.

Started by the end-to-end tests. It speaks just enough of 2025-11-25 to have sessions. `GET /record` (asked directly,
not through the gateway) answers with all requests so far, as a JSON list.
"""

import argparse
import json
import os
import secrets
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FLOOD = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x" * 32_768}}
FLOOD_EVENT = f"event: message\ndata: {json.dumps(FLOOD)}\n\n".encode()


class Recorder(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.record: list[dict[str, Any]] = []
        self.flooded = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Recorder

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/record":
            return self.answer(200, json.dumps({"requests": self.server.record, "flooded": self.server.flooded}))
        self.note({})
        self.begin_stream()
        self.flood(b": quiet\n\n", pause=0.2)

    def do_DELETE(self) -> None:
        self.note({})
        self.answer(200, "")

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
        self.note(message)
        method, id = message.get("method"), message.get("id")
        if id is None:
            self.answer(202, "")
        elif method == "initialize":
            result = {
                "protocolVersion": message["params"]["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "recorder", "version": "1"},
            }
            self.answer(200, self.result(id, result), {"Mcp-Session-Id": secrets.token_hex(16)})
        elif method == "tools/call":
            self.call(id, message["params"]["name"])
        else:
            error = {"code": -32601, "message": "there is no such method"}
            self.answer(404, json.dumps({"jsonrpc": "2.0", "id": id, "error": error}))

    def call(self, id: object, tool: str) -> None:
        if tool == "flood":
            self.begin_stream()
            return self.flood(FLOOD_EVENT)
        # An answer with header lines that are for this connection only.
        own = {"Connection": "keep-alive, X-Own", "X-Own": "1", "Keep-Alive": "timeout=5"}
        own["Proxy-Authenticate"] = "Basic"
        self.answer(200, self.result(id, {"content": [{"type": "text", "text": tool}]}), own)

    def note(self, message: dict[str, Any]) -> None:
        headers = [[name.lower(), value] for name, value in self.headers.items()]
        self.server.record.append(
            {"verb": self.command, "path": self.path, "headers": headers, "method": message.get("method")}
        )

    @staticmethod
    def result(id: object, result: dict[str, Any]) -> str:
        return json.dumps({"jsonrpc": "2.0", "id": id, "result": result})

    def answer(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if body:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def flood(self, piece: bytes, pause: float = 0) -> None:
        """Writes the piece again and again until the other side closes."""
        chunk = b"%x\r\n%s\r\n" % (len(piece), piece)
        self.close_connection = True
        try:
            while not threading.Event().wait(pause) if pause else True:
                self.wfile.write(chunk)
                self.server.flooded += len(chunk)
        except OSError:
            return


def exit_with_stdin() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--name", default="recorder", help="what its lines on stderr call it")
    chosen = parser.parse_args()
    recorder = Recorder(chosen.port)
    threading.Thread(target=exit_with_stdin, daemon=True).start()
    print(f"ready {recorder.server_address[1]}", flush=True)
    recorder.serve_forever()


if __name__ == "__main__":
    main()
