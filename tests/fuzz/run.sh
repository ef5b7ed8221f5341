#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the fuzzers and runs each parser for a while, two at a time. Findings are kept in build/fuzz/findings.
#   tests/fuzz/run.sh           30 seconds a parser
#   tests/fuzz/run.sh 600       ten minutes a parser
#   tests/fuzz/run.sh 60 job    one parser
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
seconds=${1:-30}
# Short runs take the same way each time; long ones a new one (0).
seed=$((seconds <= 60 ? 1 : 0))
"$root/src/cmake/build.sh" fuzz fuzz_parsers
fuzzer="$root/build/fuzz/bin/fuzz_parsers"
work="$root/build/fuzz/corpus"
findings="$root/build/fuzz/findings"
mkdir -p "$work" "$findings"
parsers=$(SHOTFIX_FUZZ_SEEDS="$work/seeds" "$fuzzer" 2>/dev/null)
[ -z "${2:-}" ] || parsers=$2
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1

scratch=$(mktemp -d -p "$([ -d /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")" shotfix-fuzz-XXXXXX)
trap 'rm -rf "$scratch"' EXIT

fuzz_one() {
  local name=$1 log="$work/$1.log" seeds=()
  mkdir -p "$work/$name"
  for folder in "$work/seeds/$name" "$root/tests/fuzz/seeds/$name"; do [ ! -d "$folder" ] || seeds+=("$folder"); done
  if SHOTFIX_FUZZ=$name "$fuzzer" -seed="$seed" -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=3072 \
    -artifact_prefix="$findings/$name-" -print_final_stats=1 "$work/$name" "${seeds[@]}" >"$log" 2>&1; then verdict=ok; else verdict=FINDING; fi
  runs=$(sed -nE 's/^stat::number_of_executed_units: ([0-9]+)$/\1/p' "$log")
  cover=$(grep -oE 'cov: [0-9]+' "$log" | tail -1 | cut -d' ' -f2)
  printf '%-10s %9s runs %6s edges  %s\n' "$name" "${runs:-0}" "${cover:-0}" "$verdict"
}
export -f fuzz_one
export seconds seed work findings root fuzzer
export SHOTFIX_FUZZ_FOLDER=$scratch
status=0
printf '%s\n' $parsers | xargs -P 2 -I{} bash -c 'fuzz_one {}' | tee "$work/summary"
if grep -q FINDING "$work/summary"; then
  echo "fuzz: findings are in $findings; SHOTFIX_FUZZ=PARSER $fuzzer FILE shows one" >&2
  status=1
fi
exit "$status"
