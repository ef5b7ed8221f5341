#!/usr/bin/env bash
# Builds and measures what docs/benchmarks.md promises; prints one table. About 25 minutes on two cores.
# Usage: tests/bench/run.sh [--only dancer rendered_mattes background speed memory] [--json FILE]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
"$root/src/cmake/build.sh" release shotfix bench_matte bench_relight bench_take bench_photos bench_eyeline bench_gaze_pair
exec python3 "$root/tests/bench/measure.py" "$root/build/release" "$@"
