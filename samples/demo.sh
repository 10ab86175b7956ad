#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The shot counter, from nothing: installs what is missing, builds, renders sixteen frames of
# air-pistol cards (eight orientations, JPEG and NV12), counts and scores them, and shows what
# the count would be without the card's regions and without its threshold.
#
# usage: samples/demo.sh [FOLDER]   results go to FOLDER, by default build/demo
set -eu
folder=${1:-}
case "$folder" in
    -*) sed -n '3,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    ""|/*) ;;
    *) folder=$PWD/$folder ;;
esac
cd "$(dirname "$0")/.."
folder=${folder:-$PWD/build/demo}
. tests/support/setup.sh

need_packages "${build_packages[@]}"
configure build/samples -Dtests=false -Dopencv_dnn=disabled
ninja -C build/samples >build/samples-build.log </dev/null || {
    tail -n 40 build/samples-build.log >&2
    exit 1
}
tool=build/samples/samples/shot_counter
card=samples/shot_counter/card.json

mkdir -p "$folder/frames" "$folder/overlays"
"$tool/make_frames" "$folder/frames"
frames=("$folder"/frames/card-*.[jf]*) # card-01...jpg, card-02...frame.json and so on
truth=$folder/frames/truth.ndjson

echo
echo "== with the card as it is"
result=0
"$tool/shot_counter" --truth "$truth" --overlay "$folder/overlays" "$card" "${frames[@]}" || result=$?

echo
echo "== without its regions: the detector also fires on printed numerals"
"$tool/shot_counter" --no-regions --truth "$truth" "$card" "${frames[@]}" || true

echo
echo "== without its threshold: every weak response counts"
"$tool/shot_counter" --no-threshold --truth "$truth" "$card" "${frames[@]}" || true

echo
if [ "$result" -eq 0 ]; then
    echo "Every shot was counted and scored right."
else
    echo "Some frames were not counted right; see the first table." >&2
fi
echo "Pictures: $folder/overlays"
exit "$result"
