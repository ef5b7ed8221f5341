#!/usr/bin/env bash
# Pictures of docs/relight.md, after samples/run.sh: the sample actor relit from five directions, beside the source; and
# under one key by each way in which the shape can be known, beside the truth.
#
#   samples/relight_sheet.sh CLIP OUT.png [RELIGHT OPTIONS...]
# draws another clip of the project in SHOTFIX_PROJECT the same way: first, middle and last frame, each beside the same
# relit from four directions. For looking at a shot of one's own.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
shotfix="$root/build/release/bin/shotfix"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sheet_of() { # CLIP OUT.png OPTIONS...
  local clip=$1 out=$2 file frames k
  shift 2
  file=$("$shotfix" --json list | python3 -c 'import json, sys
print(next(clip["path"] for clip in json.load(sys.stdin)["clips"] if clip["name"] == sys.argv[1]))' "$clip")
  frames=$(ffprobe -v error -count_packets -select_streams v -show_entries stream=nb_read_packets -of csv=p=0 "$file" | tr -d ,)
  row() { # FILE PNG
    local picks="eq(n,0)+eq(n,$((frames / 2)))+eq(n,$((frames - 1)))"
    ffmpeg -nostdin -v error -y -i "$1" -vf "select='$picks',scale=-2:480,tile=3x1" -frames:v 1 -pix_fmt rgb24 "$2"
  }
  row "$file" "$work/row0.png"
  k=1
  for key in -60,15 60,15 0,70 0,0; do
    "$shotfix" --quiet relight "$clip" --key="$key" "$@" -o "$work/relit.mkv" --overwrite
    row "$work/relit.mkv" "$work/row$k.png"
    k=$((k + 1))
  done
  ffmpeg -nostdin -v error -y -i "$work/row0.png" -i "$work/row1.png" -i "$work/row2.png" -i "$work/row3.png" -i "$work/row4.png" \
    -filter_complex "[0][1][2][3][4]vstack=5" "$out"
  echo "$out"
}
if [ $# -ge 2 ]; then
  sheet_of "$@"
  exit
fi

export SHOTFIX_PROJECT="$root/samples/out/sample.shotfix"
source="$root/samples/production/take_a/base.mkv"

still() { # FILE FRAME PNG
  ffmpeg -nostdin -v error -y -i "$1" -vf "select='eq(n,$2)',crop=320:300:160:40" -frames:v 1 -pix_fmt rgb24 "$3"
}
still "$source" 15 "$work/0.png"
number=1
for key in 0,10 70,10 0,60 -90,10 150,20; do
  "$shotfix" --quiet relight "$source" --key="$key" --frames 12:18 -o "$work/relit.mkv" --overwrite >/dev/null
  still "$work/relit.mkv" 3 "$work/$number.png"
  number=$((number + 1))
done
ffmpeg -nostdin -v error -y -i "$work/0.png" -i "$work/1.png" -i "$work/2.png" -i "$work/3.png" -i "$work/4.png" -i "$work/5.png" \
  -filter_complex "[0][1][2]hstack=3[above];[3][4][5]hstack=3[below];[above][below]vstack" "$root/docs/relight_directions.png"
own=-43.9,28.7,1:0.76:0.52
key=59.8,19.1,0.62:0.8:1,0.02
tier() { # NAME ARGUMENTS...
  local name=$1
  shift
  "$shotfix" --quiet relight "$source" --key="$key" --frames 8:25 "$@" -o "$work/$name.mkv" --overwrite >/dev/null
  still "$work/$name.mkv" 8 "$work/$name.png"
}
tier outline --no-take --no-face --light-from="$own"
tier face --no-take --light-from="$own"
tier take
still "$source" 16 "$work/source.png"
still "$root/samples/production/take_a/relit.mkv" 16 "$work/truth.png"
ffmpeg -nostdin -v error -y -i "$work/source.png" -i "$work/outline.png" -i "$work/face.png" -i "$work/take.png" -i "$work/truth.png" \
  -filter_complex "[0][1][2][3][4]hstack=5" "$root/docs/relight_tiers.png"
echo "$root/docs/relight_directions.png $root/docs/relight_tiers.png"
