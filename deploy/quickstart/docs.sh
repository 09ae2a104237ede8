#!/usr/bin/env bash
# Builds the documentation of the core (pages and symbols) with the toolchain's own docc. Called by `make docs`; it
# installs nothing.
#
#   deploy/quickstart/docs.sh            builds the package, then everything, into .build/docs
#   deploy/quickstart/docs.sh --pages    the pages alone, in a second, without a build: for whoever writes them. Links
#                                        to symbols are not checked then.
#
#   SWIFT    the swift command (default: swift)
#   OUTPUT   where the result goes (default: .build/docs). To read it: python3 -m http.server -d OUTPUT, then
#            open /documentation/gatewaycore
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
swift=${SWIFT:-swift}
output=${OUTPUT:-$root/.build/docs}
catalogue=$root/Sources/GatewayCore/Documentation.docc

fail() { printf 'docs: error: %s\n' "$*" >&2; exit 1; }

# docc stands beside the compiler. `swift` itself may be a link or a version manager's proxy, so the compiler is asked.
find_docc() {
    local resources
    resources=$("$swift" -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
    if [ -x "$resources/../../bin/docc" ]; then
        (cd "$resources/../../bin" && printf '%s/docc\n' "$PWD")
    else
        command -v docc || fail "there is no docc beside $swift and none on PATH. Use a Swift toolchain that has it"
    fi
}

mode=${1:-all}
docc=$(find_docc)
symbols=$(mktemp -d "${TMPDIR:-/tmp}/patchbay-docs.XXXXXX")
trap 'rm -rf "$symbols"' EXIT

case $mode in
    --pages)
        # Without symbols every link to one is dead; what is asked here is whether the pages can be read.
        diagnostics=(--diagnostic-filter error)
        ;;
    all)
        "$swift" package --package-path "$root" dump-symbol-graph \
            --minimum-access-level internal --skip-synthesized-members
        while IFS= read -r graph; do
            cp "$graph" "$symbols/"
        done < <(find "$root"/.build/*/symbolgraph -name 'GatewayCore.symbols.json' -o \
            -path '*/symbolgraph/GatewayCore@*.symbols.json')
        [ -s "$symbols/GatewayCore.symbols.json" ] || fail "dump-symbol-graph wrote nothing for GatewayCore"
        diagnostics=(--diagnostic-filter warning)
        ;;
    *) fail "usage: docs.sh [--pages]" ;;
esac

rm -rf "$output"
mkdir -p "$output"
status=0
"$docc" convert "$catalogue" --additional-symbol-graph-dir "$symbols" --output-path "$output" \
    --fallback-display-name GatewayCore --fallback-bundle-identifier patchbay.GatewayCore "${diagnostics[@]}" \
    >"$symbols/said" 2>&1 || status=$?
cat "$symbols/said" >&2
[ "$status" -eq 0 ] || fail "docc could not convert $catalogue"
# A parameter without a text may be; a link that leads nowhere may not.
if grep -qE "doesn't exist at|is ambiguous at|isn't a disambiguation" "$symbols/said"; then
    fail "links lead nowhere, see above"
fi
printf 'docs: written to %s\n' "$output"
