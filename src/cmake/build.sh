#!/usr/bin/env bash
# Sets up and builds one preset; nothing is installed or rebuilt that need not be. Usage: build.sh PRESET [TARGET ...]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
preset=$1
shift
"$root/src/cmake/setup.sh"
cd "$root"
log="build/$preset.log"
mkdir -p build
if ! { cmake --preset "$preset" && cmake --build --preset "$preset" --target "${@:-all}"; } >"$log" 2>&1; then
  grep -E 'error|FAILED|Error' "$log" | head -n 20 >&2 || true
  echo "build: preset $preset does not build; the whole output is in $log" >&2
  exit 70
fi
