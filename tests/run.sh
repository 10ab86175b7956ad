#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, runs every suite. The last line of output is
#
#     N passed, N failed, N skipped
#
# counting single test cases. Exit code 0 only if nothing failed and something passed.
#
#   PLUMBLINE_REAL_DATA=DIR   also run the tests that need models and photographs from outside
#   PLUMBLINE_SANITIZE=1      also run the C suites under AddressSanitizer and UBSan
set -eu
cd "$(dirname "$0")/.."
. tests/support/setup.sh

need_packages "${build_packages[@]}" g++ libcmocka-dev libopencv-dnn-dev \
    python3 python3-numpy python3-opencv python3-pil ffmpeg jq make clang-format \
    chromium

logs=()

# run_suites TITLE FOLDER MESON-TEST-ARGUMENT...: build, run, and keep the log for the count.
run_suites() {
    local title=$1 folder=$2
    shift 2
    echo "== $title"
    if ! ninja -C "$folder" </dev/null >"$folder/build.log" 2>&1; then
        tail -n 40 "$folder/build.log"
        echo "$title: the build failed"
        echo "0 passed, 1 failed, 0 skipped"
        exit 1
    fi
    rm -f "$folder/meson-logs/testlog.json"
    meson test -C "$folder" --no-rebuild --timeout-multiplier 4 "$@" </dev/null || true
    logs+=("$title=$folder/meson-logs/testlog.json")
}

configure build/full
run_suites "all features" build/full

# The promise that every optional library can be left out, and that results stay the same.
configure build/plain -Dlibyuv=disabled -Dlibjpeg=disabled -Dstb=disabled -Djansson=disabled \
    -Dsimd=disabled -Dopencv_dnn=disabled
run_suites "no optional library, no SIMD" build/plain --no-suite house

if [ "${PLUMBLINE_SANITIZE:-0}" = 1 ]; then
    configure build/sanitize -Db_sanitize=address,undefined -Db_lundef=false
    run_suites "AddressSanitizer and UBSan" build/sanitize --no-suite house
fi

exec python3 tests/support/count.py "${logs[@]}"
