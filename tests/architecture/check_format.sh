#!/usr/bin/env bash
# Every source is as clang-format 14 leaves it. Exit 77 (skipped) where that version is not installed.
set -euo pipefail
cd "$1"
tool=$(command -v clang-format-14 || command -v clang-format || true)
if [ -z "$tool" ] || ! "$tool" --version | grep -q 'version 14\.'; then
  echo "SKIPPED: clang-format 14 is not installed"
  exit 77
fi
find src include tests -name '*.cpp' -o -name '*.h' | xargs "$tool" --dry-run --Werror
