#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test; ends with "N passed, N failed". May be run again at little cost.
#   tests/run.sh          all tests, and half a minute of fuzzing for each parser
#   tests/run.sh --quick  the tests that need no training and no long media, under three minutes
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
label=()
[ "${1:-}" != "--quick" ] || label=(-LE slow)
"$root/src/cmake/build.sh" release
# As many tests as cores at once: threads that spin while they wait would take the cores from each other.
export OMP_WAIT_POLICY=PASSIVE
log="$root/build/tests.log"
status=0
ctest --preset release -j "$(nproc)" "${label[@]}" 2>&1 | tee "$log" || status=$?
total=$(sed -nE 's/^[0-9]+% tests passed, ([0-9]+) tests failed out of ([0-9]+)$/\1 \2/p' "$log")
[ -n "$total" ] || { echo "tests: ctest ran nothing; see $log" >&2; exit 70; }
fuzzed=0
findings=0
if [ -z "${label[*]}" ]; then
  echo "tests: fuzzing each parser for 30 seconds"
  "$root/tests/fuzz/run.sh" 30 || status=1
  fuzzed=$(grep -c ' ok$' "$root/build/fuzz/corpus/summary" || true)
  findings=$(grep -c ' FINDING$' "$root/build/fuzz/corpus/summary" || true)
fi
skipped=$(grep -cE '^ *[0-9]+/[0-9]+ .*\*\*\*Skipped' "$log" || true)
echo "$((${total#* } - ${total% *} - skipped + fuzzed)) passed, $((${total% *} + findings)) failed, $skipped skipped"
exit "$status"
