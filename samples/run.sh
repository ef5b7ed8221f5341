#!/usr/bin/env bash
# From nothing to a fixed shot: installs what is missing, builds, puts a new room behind the actor of the sample production,
# relights him in his own, and turns his eyes into the lens in a close-up. Prints the measures and where the results are. May be run again at little cost. About eight minutes the first time
# on two cores, most of it building and 90 seconds of training.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
budget=${SHOTFIX_SAMPLE_BUDGET:-90s}
"$root/src/cmake/build.sh" release shotfix

shotfix="$root/build/release/bin/shotfix"
footage="$root/samples/production"
out="$root/samples/out"
export SHOTFIX_PROJECT="$out/sample.shotfix"
mkdir -p "$out"

if [ ! -e "$SHOTFIX_PROJECT/catalogue.db" ]; then
  "$shotfix" init "$SHOTFIX_PROJECT"
  "$shotfix" consent add --person actor1 --operations training,background,relight,eyeline --basis exception --approver "sample production" \
    --note "a rendered person; nobody is depicted"
fi
"$shotfix" ingest "$footage/take_a/base.mkv" --scene 1 --take A --person actor1
"$shotfix" ingest "$footage/take_a/clean.mkv" --scene 1 --role clean-plate
"$shotfix" ingest "$footage/take_a/newplate.mkv" --role plate
"$shotfix" ingest "$footage/light_a/lightwave.mkv" --role light-reference --person actor1
"$shotfix" hint lightwave --lights "$footage/light_a/lamp.csv"
"$shotfix" hint lightwave --frame 0 --matte "$footage/light_a/alpha.png"
for frame in 0004 0016 0028; do
  "$shotfix" hint "$footage/take_a/base.mkv" --frame "$((10#$frame))" --matte "$footage/painted/take_a.$frame.png"
done
if [ ! -e "$SHOTFIX_PROJECT/models/mini_model.safetensors" ]; then
  echo "training for $budget on three painted frames"
  "$shotfix" train --recipe fast --budget "$budget"
fi
"$shotfix" background "$footage/take_a/base.mkv" --plate newplate -o "$out/take_a_new_room.mkv" --overwrite
echo
"$shotfix" verify "$out/take_a_new_room.mkv" --source "$footage/take_a/base.mkv" --reference "$footage/take_a/newbg.mkv" \
  --region "$footage/take_a/alpha.mkv" --before-after "$out/before_after.png" \
  --max-outside-error 0 --max-warp-ratio 1.05 --min-psnr 36
echo
"$shotfix" relight "$footage/take_a/base.mkv" --key 59.8,19.1,0.62:0.80:1,0.02 -o "$out/take_a_relit.mkv" --overwrite
echo
"$shotfix" verify "$out/take_a_relit.mkv" --source "$footage/take_a/base.mkv" --before-after "$out/before_after_relit.png" \
  --max-outside-error 0 --max-warp-ratio 1.10
echo
"$shotfix" ingest "$footage/closeup_a/base.mkv" --scene 2 --take A --person actor1
# Where the actor looks on three frames, as the script says it: 0,0 is the lens.
for known in 3:-8.5,1.2 9:10.5,-2.3 20:0.3,0.5; do
  "$shotfix" hint "$footage/closeup_a/base.mkv" --frame "${known%%:*}" --gaze="${known#*:}"
done
"$shotfix" eyeline "$footage/closeup_a/base.mkv" --camera --sheet "$out/eyes_found.png" -o "$out/closeup_a_lens.mkv" --overwrite
echo
"$shotfix" verify "$out/closeup_a_lens.mkv" --source "$footage/closeup_a/base.mkv" --reference "$footage/closeup_a/gaze_cam.mkv" \
  --before-after "$out/before_after_eyes.png" --max-outside-error 0
echo
echo "results         $out/take_a_new_room.mkv $out/take_a_relit.mkv $out/closeup_a_lens.mkv"
echo "before / after  $out/before_after.png $out/before_after_relit.png $out/before_after_eyes.png"
echo "training page   $SHOTFIX_PROJECT/reports/training_matte.html"
