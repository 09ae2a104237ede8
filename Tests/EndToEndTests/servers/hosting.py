"""What both test servers share: a listening socket, the ready line, the tally file, and an end that leaves no orphan.

Imported by stateful.py and modern.py. Knows nothing of MCP, so it works with every SDK version.
"""

import argparse
import os
import socket
import sys
import threading
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

DRAIN_SECONDS = 1


class Tally:
    """A file that gets one line per tool execution: `SERVER TOOL LABEL [NOTE]`.

    Tests read it to learn what really ran, and where. Several servers may share one file: each line is one write.
    """

    def __init__(self, server: str, path: Path | None) -> None:
        self._server = server
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) if path else None

    def add(self, tool: str, label: str, note: str = "") -> None:
        if self._descriptor is not None:
            line = f"{self._server} {tool} {label} {note}".rstrip() + "\n"
            os.write(self._descriptor, line.encode())


def options(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options that every test server has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--name", default="server", help="what whoami and the tally call this server; no spaces")
    parser.add_argument("--json", action="store_true", help="answer calls with JSON instead of SSE")
    parser.add_argument("--tally", type=Path, help="append one line per tool execution to this file")
    parser.add_argument("--tls-cert", type=Path, help="speak https with this certificate (PEM)")
    parser.add_argument("--tls-key", type=Path, help="the key of the certificate (PEM)")
    return parser


def serve(app: ASGIApp, chosen: argparse.Namespace) -> None:
    """Serves on loopback until SIGTERM, or until stdin closes: whoever started this server holds the other end."""
    # The protocol is named because asyncio switches Nagle's delay off only where it is.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", chosen.port))
    listener.listen(1024)
    threading.Thread(target=_exit_with_stdin, daemon=True).start()
    config = uvicorn.Config(
        app,
        log_level="warning",
        timeout_graceful_shutdown=DRAIN_SECONDS,
        ssl_certfile=chosen.tls_cert,
        ssl_keyfile=chosen.tls_key,
    )
    # The socket listens already: whoever connects from here on is served.
    print(f"ready {listener.getsockname()[1]}", flush=True)
    uvicorn.Server(config).run(sockets=[listener])


def _exit_with_stdin() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)
