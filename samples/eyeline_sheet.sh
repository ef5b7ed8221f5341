#!/usr/bin/env bash
# The sample close-up with its eyes turned, beside the source and the truth: docs/eyeline_lens.png, and by five angles:
# docs/eyeline_turns.png. After samples/run.sh.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
shotfix="$root/build/release/bin/shotfix"
export SHOTFIX_PROJECT="$root/samples/out/sample.shotfix"
footage="$root/samples/production/closeup_a"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

eyes() { # FILE FRAME PNG
  ffmpeg -nostdin -v error -y -i "$1" -vf "select='eq(n,$2)',crop=300:84:330:164,scale=480:134:flags=lanczos" -frames:v 1 -pix_fmt rgb24 "$3"
}
stack() { # PNG ROWS COLUMNS, from row.column.png
  local inputs=() filter="" names="" row column number=0
  for ((row = 0; row < $2; ++row)); do
    names=""
    for ((column = 0; column < $3; ++column)); do
      inputs+=(-i "$work/$row.$column.png")
      names+="[$number]"
      number=$((number + 1))
    done
    filter+="${names}hstack=$3[r$row];"
  done
  for ((row = 0; row < $2; ++row)); do filter+="[r$row]"; done
  ffmpeg -nostdin -v error -y "${inputs[@]}" -filter_complex "${filter}vstack=$2" "$1"
  echo "$1"
}

row=0
for frame in 2 9 14 20; do
  eyes "$footage/base.mkv" "$frame" "$work/$row.0.png"
  eyes "$root/samples/out/closeup_a_lens.mkv" "$frame" "$work/$row.1.png"
  eyes "$footage/gaze_cam.mkv" "$frame" "$work/$row.2.png"
  row=$((row + 1))
done
stack "$root/docs/eyeline_lens.png" 4 3
number=0
for by in 0,0 -10,0 10,0 0,6 0,-6 -15,3; do
  if [ "$by" = 0,0 ]; then cp "$footage/base.mkv" "$work/turned.mkv"
  else "$shotfix" --quiet eyeline "$footage/base.mkv" --by="$by" -o "$work/turned.mkv" --overwrite >/dev/null; fi
  eyes "$work/turned.mkv" 20 "$work/$((number / 3)).$((number % 3)).png"
  number=$((number + 1))
done
stack "$root/docs/eyeline_turns.png" 2 3
