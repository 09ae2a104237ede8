"""What is measured: Patchbay, nginx and HAProxy in front of two servers, and the first server directly.

nginx and HAProxy are tuned as their own users would for MCP (the settings are in the texts below); each runs in the
foreground, on one core, on a free loopback port, with its own folder. No system service is touched.
"""

import os
import resource
import subprocess
from dataclasses import dataclass

from children import Failure, free_port, require

NGINX_CONFIG = """
daemon off;
worker_processes 1;
worker_rlimit_nofile {files};
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 100000000;
    upstream servers {{
        hash $http_mcp_session_id;
        {servers}
        keepalive 64;
        keepalive_requests 100000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://servers;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_read_timeout 600s;
        }}
    }}
}}
"""

HAPROXY_CONFIG = """
global
    nbthread 1
    maxconn {connections}
defaults
    mode http
    timeout connect 5s
    timeout client 600s
    timeout server 600s
    option abortonclose
    option http-no-delay
listen servers
    bind 127.0.0.1:{port} backlog 4096
    stick-table type string len 64 size 1m expire 30m
    stick store-response res.hdr(mcp-session-id)
    stick match req.hdr(mcp-session-id)
    {servers}
"""


@dataclass
class Variant:
    """One thing under test: `child` is None for the direct way."""

    name: str
    port: int
    child: object = None


def start_backend(children, program, core, name, *ticks):
    """A server on a port of its own choice; returns both. `ticks` says what its GET streams get (see backend.c)."""
    child = children.start([program, *ticks], core, f"backend-{name}")
    return child, int(children.line(child).split()[1])


def start_nginx(children, backends, core, instrument=()):
    folder = children.directory / "nginx"
    folder.mkdir(exist_ok=True)
    port = free_port()
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    config = folder / "nginx.conf"
    config.write_text(NGINX_CONFIG.format(
        folder=folder, port=port, files=files, connections=files - 100,
        servers="\n        ".join(f"server 127.0.0.1:{backend};" for backend in backends)))
    command = [*instrument, require("nginx", "nginx-light"), "-p", folder, "-c", config, "-e", "stderr"]
    if instrument:
        command += ["-g", "master_process off;"]
    child = children.start(command, core, "nginx")
    children.wait_for_port(child, port)
    return Variant("nginx", port, child)


def start_haproxy(children, backends, core):
    port = free_port()
    config = children.directory / "haproxy.cfg"
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    config.write_text(HAPROXY_CONFIG.format(
        port=port, connections=min((files - 200) // 2, 100_000),
        servers="\n    ".join(f"server s{backend} 127.0.0.1:{backend}" for backend in backends)))
    child = children.start([require("haproxy", "haproxy"), "-db", "-f", config], core, "haproxy")
    children.wait_for_port(child, port)
    return Variant("haproxy", port, child)


def patchbay_program(children):
    program = children.directory.parent / ".build/release/patchbay"
    if not os.access(program, os.X_OK):
        raise Failure("no release build of patchbay: swift build -c release --product patchbay")
    return program


def patchbay_ready(children, child, seconds=20):
    """The port that a started patchbay says it listens on."""
    ready = children.line(child, seconds)
    if not ready.startswith("patchbay ready http://"):
        raise Failure(f"patchbay printed '{ready}' instead of 'patchbay ready URL'")
    return int(ready.rsplit(":", 1)[1].split("/")[0])


def start_patchbay(children, backends, core, instrument=(), seconds=20):
    program = patchbay_program(children)
    if instrument:
        # Valgrind 3.19 gives up on the debug lines of newer compilers; the names of functions stay.
        bare = children.directory / "patchbay-bare"
        subprocess.run(["strip", "--strip-debug", "-o", bare, program], check=True)
        program = bare
    command = [*instrument, program, "serve", "--listen", "127.0.0.1:0", "--log-level", "warning"]
    for backend in backends:
        command += ["--upstream", f"http://127.0.0.1:{backend}/mcp"]
    child = children.start(command, core, "patchbay", {"PATCHBAY_EVENT_LOOPS": "1"})
    return Variant("patchbay", patchbay_ready(children, child, seconds), child)


STARTERS = {"patchbay": start_patchbay, "nginx": start_nginx, "haproxy": start_haproxy}
