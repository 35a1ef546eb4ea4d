#!/bin/bash
# Runs test programs that were built for aarch64 under qemu-user, then two images of the demo with the aarch64 program
# and with this machine's: no value may differ by more than 1e-4 points.
# usage: aarch64_test.sh FOLDER CAMBENCH TEST...     FOLDER: build/aarch64; CAMBENCH: this machine's program
set -eu
folder=$1 program=$2
shift 2
export RUNNER="qemu-aarch64-static -L $folder/root" TEST_TIMEOUT=${TEST_TIMEOUT:-7200}

# run_demo OUTPUT COMMAND...: runs the demo without plots and pictures
run_demo()
{
    local output=$1
    shift
    "$@" run configs/demo.yaml --set dataset.images=2 --set report.plots=false --set report.overlays=0 --output "$output" \
        --fresh >"$output.log" || { cat "$output.log"; return 1; }
}

echo "demo, 2 images, here and for aarch64"
run_demo "$folder/demo-here" "$program"
# shellcheck disable=SC2086 # several words
run_demo "$folder/demo" $RUNNER "$folder/cambench"
"$program" compare "$folder/demo-here" "$folder/demo" --tolerance 1e-4 --speed 0
tools/run_tests.sh "$@"
