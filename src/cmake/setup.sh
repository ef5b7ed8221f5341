#!/usr/bin/env bash
# Installs what is missing to build shotfix on Debian 12 (or a derivative with the same packages), and nothing else.
# Cheap to run again: when everything is there it only looks.
set -euo pipefail

packages=(g++ cmake ninja-build pkg-config ca-certificates git python3 python3-pip ccache mold ffmpeg xz-utils patchelf
  libavcodec-dev libavformat-dev libavutil-dev libswscale-dev libswresample-dev
  libopencv-core-dev libopencv-imgproc-dev libopencv-video-dev libopencv-calib3d-dev libopencv-objdetect-dev
  libopencv-features2d-dev opencv-data nettle-dev zlib1g-dev libtomlplusplus-dev libcli11-dev libspdlog-dev libfmt-dev
  catch2 nlohmann-json3-dev libsqlite3-dev libopencolorio-dev libopenexr-dev libzstd-dev openimageio-tools
  clang-14 libclang-rt-14-dev)
torch_version=2.11.0
cache="${XDG_CACHE_HOME:-$HOME/.cache}/shotfix"
torch_home="${SHOTFIX_LIBTORCH:-$cache/libtorch-$torch_version}"

fail() { echo "setup: $*" >&2; exit 69; }

missing=()
if command -v dpkg-query >/dev/null; then
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
elif ! command -v cmake >/dev/null; then
  fail "this is no Debian; install with your own package manager what corresponds to: ${packages[*]}"
fi
if [ "${#missing[@]}" -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "these packages are missing and you are not root: ${missing[*]}"
    as_root=(sudo)
  fi
  echo "setup: installing ${#missing[@]} packages: ${missing[*]}"
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  { "${as_root[@]}" apt-get -qq update && "${as_root[@]}" apt-get -qq -y install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
    { tail -n 5 "$log" >&2; fail "apt-get could not install: ${missing[*]}"; }
  rm -f "$log"
fi

if [ ! -e "$torch_home/torch/lib/libtorch_cpu.so" ]; then
  [ -z "${SHOTFIX_LIBTORCH:-}" ] || fail "SHOTFIX_LIBTORCH is \"$SHOTFIX_LIBTORCH\", but there is no torch/lib/libtorch_cpu.so in it"
  echo "setup: fetching LibTorch $torch_version (about 550 MB) into $torch_home"
  mkdir -p "$cache"
  part="$torch_home.part.$$"
  rm -rf "$part"
  python3 -m pip install -q --no-deps --no-compile --no-cache-dir --only-binary=:all: --python-version 3.12 --implementation cp \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
    --root-user-action=ignore --disable-pip-version-check \
    --target "$part" "torch==$torch_version" nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85 ||
    fail "pip could not fetch torch $torch_version from PyPI"
  rm -rf "$torch_home"
  mv "$part" "$torch_home"
fi
