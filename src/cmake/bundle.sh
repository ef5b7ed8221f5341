#!/usr/bin/env bash
# Packs shotfix and the shared libraries it needs, beside LibTorch, CUDA and glibc, into one archive.
# Usage: bundle.sh BINARY ARCHIVE.tar.xz. In the archive, shotfix/shotfix starts it; it looks for LibTorch in
# SHOTFIX_LIBTORCH (the folder that holds torch/lib), or in whatever LD_LIBRARY_PATH says.
set -euo pipefail
binary=$1
archive=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/shotfix/bin" "$work/shotfix/lib"
cp "$binary" "$work/shotfix/bin/shotfix"
strip "$work/shotfix/bin/shotfix"
patchelf --remove-rpath "$work/shotfix/bin/shotfix"

# glibc and the loader belong to the machine; LibTorch and CUDA come in their own package.
skip='^(linux-vdso|ld-linux|libc\.so|libm\.so|libdl|libpthread|librt|libresolv|libutil|libnsl|libmvec|libanl|libtorch|libc10|libcud|libnv)'
ldd "$binary" | awk '/=> \// {print $1, $3}' | while read -r name path; do
  case "$path" in */torch/lib/*) continue ;; esac
  if [[ "$name" =~ $skip ]]; then continue; fi
  cp -L "$path" "$work/shotfix/lib/$name"
done
strip --strip-unneeded "$work/shotfix/lib/"*.so* 2>/dev/null || true
cat >"$work/shotfix/shotfix" <<'START'
#!/bin/sh
# Starts shotfix with the libraries beside it. SHOTFIX_LIBTORCH names the folder that holds torch/lib.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
torch=
if [ -n "${SHOTFIX_LIBTORCH:-}" ]; then
  torch=":$SHOTFIX_LIBTORCH/torch/lib"
  for cuda in "$SHOTFIX_LIBTORCH"/nvidia/*/lib; do torch="$torch:$cuda"; done
fi
export LD_LIBRARY_PATH="$here/lib$torch${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
exec "$here/bin/shotfix" "$@"
START
chmod +x "$work/shotfix/shotfix"
tar -C "$work" --sort=name --owner=0 --group=0 --mtime=@0 -cf - shotfix | xz -T1 --x86 --lzma2=preset=9,dict=192MiB >"$archive.part"
mv "$archive.part" "$archive"
echo "bundle: $(find "$work/shotfix/lib" -type f | wc -l) libraries, $(($(stat -c %s "$archive") / 1000000)) MB: $archive"
