#!/usr/bin/env bash
# The demo: three unchanged MCP servers, one gateway in front of them, one client that knows only the gateway.
# Called by `make demo` after setup.sh and the build, and by one end-to-end test. It installs and builds nothing.
#
#   PATCHBAY_BIN   the gateway's binary   (default: .build/release/patchbay)
#   KEEP=1         leave servers and gateway running afterwards, and say how to stop them
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
gateway=${PATCHBAY_BIN:-$root/.build/release/patchbay}
python=$root/.venvs/mcp-1.30.0/bin/python
start_limit=60
stop_limit=30

pids=()
keep_running=no

say() { printf '%s\n' "$*"; }
fail() { printf 'demo: error: %s\n' "$*" >&2; exit 1; }

# Newest first: the gateway goes before the servers behind it. What does not obey within the limit is killed.
stop_all() {
    local index pid
    for ((index = ${#pids[@]} - 1; index >= 0; index--)); do
        pid=${pids[index]}
        kill -TERM "$pid" 2>/dev/null || true
        timeout "$stop_limit" tail --pid="$pid" -s 0.1 -f /dev/null || kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    pids=()
}

finish() {
    local status=$?
    trap - EXIT INT TERM
    if [ "$keep_running" = yes ] && [ "$status" -eq 0 ]; then
        return
    fi
    stop_all
    if [ "$status" -eq 0 ] || [ "$status" -gt 128 ]; then
        rm -rf "$logs"
    else
        say "The logs are in $logs" >&2
    fi
    exit "$status"
}

# start NAME WORD COMMAND...: runs the command in the background and waits for its line "... WORD VALUE" on stdout.
# Sets `value`. What it writes to stderr goes to NAME.log.
start() {
    local name=$1 expected=$2 line ready="$logs/$1.ready" descriptor
    shift 2
    mkfifo "$ready"
    if [ -n "${KEEP:-}" ]; then
        # Its own session, so that neither the end of this terminal nor its Ctrl-C reaches it later.
        setsid "$@" >"$ready" 2>"$logs/$name.log" </dev/null &
    else
        "$@" >"$ready" 2>"$logs/$name.log" </dev/null &
    fi
    pids+=($!)
    exec {descriptor}<"$ready"
    if ! read -r -t "$start_limit" -u "$descriptor" line; then
        tail -n 20 "$logs/$name.log" >&2 || true
        fail "$name ended before it was ready, or took more than $start_limit seconds: $*"
    fi
    case $line in
        "$expected "*) value=${line#"$expected "} ;;
        *) fail "$name said '$line' where '$expected ...' was expected" ;;
    esac
}

[ -x "$gateway" ] || fail "there is no gateway at $gateway. Build it (swift build -c release) or set PATCHBAY_BIN"
[ -x "$python" ] || fail "there is no Python environment at $python. Make it: deploy/quickstart/setup.sh demo"
logs=$(mktemp -d "${TMPDIR:-/tmp}/patchbay-demo.XXXXXX")
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "Three MCP servers (official Python SDK 1.30.0), unchanged:"
upstreams=()
for name in red green blue; do
    start "$name" ready "$python" "$here/server.py" --name "$name"
    upstreams+=(--upstream "http://127.0.0.1:$value/mcp")
    say "    $name at http://127.0.0.1:$value/mcp"
done

start gateway "patchbay ready" "$gateway" serve --listen 127.0.0.1:0 "${upstreams[@]}"
url=$value
say "One gateway in front of them, started as"
say "    patchbay serve ${upstreams[*]}"
say "    and ready at $url"
say ""
say "One client (official Python SDK 1.30.0) that knows only $url:"

# In the background, so that a signal to this script is heard at once.
"$python" "$here/client.py" "$url" &
pids+=($!)
status=0
wait $! || status=$?
unset 'pids[-1]'
[ "$status" -eq 0 ] || fail "the client found something wrong (above)"

if [ -n "${KEEP:-}" ]; then
    keep_running=yes
    say ""
    say "Left running, as KEEP=1 asks:"
    say "    the gateway    $url"
    say "    logs           $logs"
    say "    to stop them   kill ${pids[*]}"
fi
