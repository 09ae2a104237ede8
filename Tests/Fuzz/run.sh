#!/bin/bash
# Builds the fuzz targets and runs each one from its corpus: Tests/Fuzz/run.sh [seconds per target] [target…]
# What a target finds goes to a scratch folder, never into the repository; see "minimise" below for how to keep it.
#
#   FUZZ_SCRATCH   where it is built and where new inputs go (default: Tests/Fuzz/.build)
#   FUZZ_MINIMISE  1: afterwards, write the smallest set of inputs with the same coverage to $FUZZ_SCRATCH/minimised
#
# The status is 1 when a target has found a violation; the input then lies in $FUZZ_SCRATCH/findings. To see it again:
# run the target with that file as its one argument.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
seconds=${1:-30}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(Requests Answers Chunks Messages Events Tokens)
scratch=${FUZZ_SCRATCH:-$here/.build}
mkdir -p "$scratch/findings"

# A crash is libFuzzer's to report; Swift's own backtrace would need a minute and say no more.
export SWIFT_BACKTRACE=enable=no

swift build --configuration release --package-path "$here" --scratch-path "$scratch"
binaries=$(swift build --configuration release --package-path "$here" --scratch-path "$scratch" --show-bin-path)

status=0
for target in "${targets[@]}"; do
    name=${target,,}
    inputs=$scratch/inputs/$name
    log=$scratch/$name.log
    mkdir -p "$inputs"
    echo "fuzz: $target, $seconds s, $(ls "$here/Corpora/$name" | wc -l) files in the corpus"
    # 4 KiB is enough for every rule but the size limits, which have tests of their own.
    # The timeout is long, so that a machine that sleeps for a while is not taken for a target that hangs.
    if ! "$binaries/$target" -max_total_time="$seconds" -max_len=4096 -timeout=120 -rss_limit_mb=2048 \
        -dict="$here/Dictionaries/$name.dict" -artifact_prefix="$scratch/findings/$name-" -print_final_stats=1 \
        "$inputs" "$here/Corpora/$name" 2>"$log"; then
        status=1
        grep -hE 'VIOLATION|ERROR:|SUMMARY:|Test unit written' "$log" || tail -20 "$log"
    fi
    grep -hE 'DONE' "$log" | tail -1 || true
    grep -hE 'stat::(number_of_executed_units|average_exec_per_sec)' "$log" || true
    if [ "${FUZZ_MINIMISE:-0}" = 1 ]; then
        rm -rf "$scratch/minimised/$name"
        mkdir -p "$scratch/minimised/$name"
        "$binaries/$target" -set_cover_merge=1 -max_len=1024 \
            "$scratch/minimised/$name" "$here/Corpora/$name" "$inputs" \
            2>>"$log"
        echo "fuzz: minimised to $(ls "$scratch/minimised/$name" | wc -l) files"
    fi
done
exit $status
