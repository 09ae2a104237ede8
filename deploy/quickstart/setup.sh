#!/usr/bin/env bash
# Installs what building, testing or measuring Patchbay needs on Debian 12, and makes the Python environments that the
# demo and the end-to-end tests run real MCP servers in. Called by `make demo`, `make test` and `make bench`; safe to
# call again at any time. It starts no service, and needs no network once everything is there.
#
#   deploy/quickstart/setup.sh demo     build tools, Python
#   deploy/quickstart/setup.sh test     the same, and what the tests check with
#   deploy/quickstart/setup.sh matrix   the same, and valkey-server, unpacked into .tools
#   deploy/quickstart/setup.sh bench    what is there for test, and what the benchmarks measure with and against
set -euo pipefail

python=/usr/bin/python3
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
policy=/usr/sbin/policy-rc.d
policy_is_ours=no
mark="only while Patchbay's setup.sh runs"

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: error: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

packages_for() {
    local demo="libssl-dev libnats-dev libhiredis-dev pkg-config python3-venv"
    local test="$demo nats-server redis-server prometheus curl openssl"
    local bench="$test nginx-light haproxy wrk nghttp2-client valgrind gcc"
    case $1 in
        demo) echo "$demo" ;;
        test | matrix) echo "$test" ;;
        bench) echo "$bench" ;;
        *) return 1 ;;
    esac
}

# What of the given packages is not installed.
missing_of() {
    local name
    for name in "$@"; do
        if [ "$name" = nginx-light ] && [ -x /usr/sbin/nginx ]; then
            continue  # any flavour of nginx will do, and another one must not be replaced
        fi
        if [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" != installed ]; then
            echo "$name"
        fi
    done
}

# Debian starts a service as soon as its package is installed, unless this file forbids it. We want the programs
# (nginx, haproxy, promtool, nats-server, redis-server), not their services on this machine's ports.
forbid_service_starts() {
    if [ -e "$policy" ] && ! grep -q "$mark" "$policy"; then
        say "$policy exists already: left as it is"
        return
    fi
    policy_is_ours=yes
    printf '#!/bin/sh\n# %s\nexit 101\n' "$mark" | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
}

allow_service_starts() {
    if [ "$policy_is_ours" = yes ]; then
        as_root rm -f "$policy"
        policy_is_ours=no
    fi
}

# Nor may they start at the next boot. Only for services that came with this very run.
disable_services_of() {
    local name service
    for name in "$@"; do
        case $name in
            nginx-light) service=nginx ;;
            haproxy | prometheus | nats-server | redis-server) service=$name ;;
            *) continue ;;
        esac
        say "switching off the service $service that came with $name"
        disable_service "$service" || say "warning: could not switch off $service; it may start at boot"
    done
}

# The older way needs a script in /etc/init.d, which some packages do not have; the other needs no running systemd.
disable_service() {
    if [ -e "/etc/init.d/$1" ]; then
        as_root update-rc.d "$1" disable || return
    fi
    if command -v systemctl >/dev/null; then
        as_root systemctl disable "$1.service"
    fi
}

install_packages() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        fail "this is not Debian. Install the counterparts of these packages by hand: $*"
    fi
    local missing
    mapfile -t missing < <(missing_of "$@")
    if [ "${#missing[@]}" -eq 0 ]; then
        say "Debian packages: all there ($*)"
        return
    fi
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        fail "these Debian packages are missing and installing needs root or sudo: ${missing[*]}"
    fi
    say "installing Debian packages, without starting any service: ${missing[*]}"
    forbid_service_starts
    as_root apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
    allow_service_starts
    disable_services_of "${missing[@]}"
}

# valkey-server is in Debian 12's backports only. Unpacked and not installed: nobody's list of package sources changes
# for a test, and what it needs came with redis-server.
unpack_valkey() {
    local home="$root/.tools/valkey" key=/usr/share/keyrings/debian-archive-keyring.gpg work
    if [ -x "$home/usr/bin/valkey-server" ]; then
        say "valkey-server: there"
        return
    fi
    say "unpacking valkey-server from Debian's backports into .tools/valkey"
    work=$(mktemp -d)
    mkdir -p "$work/lists/partial"
    echo "deb [signed-by=$key] http://deb.debian.org/debian bookworm-backports main" >"$work/sources.list"
    local apt=(apt-get -q -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State::lists=$work/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
        -o APT::Sandbox::User="$(id -un)")
    if ! "${apt[@]}" update || ! (cd "$work" && "${apt[@]}" download valkey-server valkey-tools); then
        rm -rf "$work"
        fail "could not fetch valkey-server; is deb.debian.org reachable? Or put one into $home/usr/bin"
    fi
    local package
    mkdir -p "$home"
    for package in "$work"/*.deb; do dpkg -x "$package" "$home"; done
    rm -rf "$work"
    "$home/usr/bin/valkey-server" --version || fail "valkey-server does not start; remove $home to try again"
}

# One virtual environment per SDK version. The stamp holds what it was made from, so that a changed lock file or
# another Python makes it anew, and an interrupted run (no stamp) too.
make_environment() {
    local name=$1 lock="$root/Tests/EndToEndTests/locks/$1.txt" home="$root/.venvs/$1" made_from
    made_from="$(sha256sum <"$lock" | cut -d' ' -f1) $("$python" --version)"
    if [ "$(cat "$home/made-from" 2>/dev/null)" = "$made_from" ]; then
        say "Python environment .venvs/$name: up to date"
        return
    fi
    say "making the Python environment .venvs/$name from Tests/EndToEndTests/locks/$name.txt"
    rm -rf "$home"
    "$python" -m venv "$home"
    "$home/bin/python" -m pip install --quiet --disable-pip-version-check \
        --require-hashes --only-binary=:all: -r "$lock" ||
        fail "could not install $lock; is the package index reachable?"
    printf '%s\n' "$made_from" >"$home/made-from"
}

profile=${1:-}
packages=$(packages_for "$profile") || fail "usage: setup.sh demo|test|matrix|bench"
trap allow_service_starts EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir -p "$root/.venvs"
exec 9>"$root/.venvs/.lock"
flock 9

# shellcheck disable=SC2086  # a list of plain package names
install_packages $packages

case $("$python" --version) in
    "Python 3.11."*) ;;
    *) fail "the lock files are for Python 3.11 (Debian 12), but $python is $("$python" --version)" ;;
esac
make_environment mcp-1.30.0
make_environment mcp-2.3.0
if [ "$profile" = matrix ]; then unpack_valkey; fi
say "ready for '$profile'"
