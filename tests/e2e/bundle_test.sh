#!/usr/bin/env bash
# The bundle is under 60 MB and runs in an empty root that holds glibc, LibTorch and nothing else.
# Usage: bundle_test.sh BUNDLE_SCRIPT BINARY LIBTORCH. Exit 77 (skipped) without the right to chroot.
set -euo pipefail
root=$(mktemp -d -p "$(dirname "$3")")
trap 'rm -rf "$root"' EXIT
"$1" "$2" "$root/bundle.tar.xz"
size=$(stat -c %s "$root/bundle.tar.xz")
[ "$size" -lt 60000000 ] || { echo "the bundle has $size bytes, at most 60000000"; exit 1; }
if [ "$(id -u)" -ne 0 ]; then echo "SKIPPED: chroot needs root"; exit 77; fi
mkdir -p "$root/r/bin" "$root/r/lib64" "$root/r/lib/x86_64-linux-gnu" "$root/r/tmp" "$root/r/libtorch/torch"
tar -C "$root/r" -xf "$root/bundle.tar.xz"
cp -L /lib64/ld-linux-x86-64.so.2 "$root/r/lib64/"
for name in libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libresolv.so.2 libmvec.so.1 libutil.so.1 libanl.so.1; do
  cp -L "/lib/x86_64-linux-gnu/$name" "$root/r/lib/x86_64-linux-gnu/"
done
cp -al "$3/torch/lib" "$root/r/libtorch/torch/lib"
cp -al "$3/nvidia" "$root/r/libtorch/nvidia"
cp -L /bin/dash "$root/r/bin/sh"
cp -L /usr/bin/dirname "$root/r/bin/dirname"
output=$(chroot "$root/r" /bin/sh -c 'export PATH=/bin SHOTFIX_LIBTORCH=/libtorch
  /shotfix/shotfix doctor && /shotfix/shotfix init /tmp/p && /shotfix/shotfix --project /tmp/p list')
echo "$output"
grep -q '^codec prores  *reads, writes' <<<"$output"
grep -q 'p.shotfix' <<<"$output"
