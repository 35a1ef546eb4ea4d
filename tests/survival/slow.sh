#!/bin/bash
# A run of 600 cheap items on a disk of which each sync takes 10 ms, against the same run on a memory disk: alternating, the
# median of the ratios at most 1.05. Syncs of the store are what counts; ALL=1 makes those of tables slow too.
# usage: slow.sh LIBRARY [PAIRS]     LIBRARY: tests/survival/disk.c, built; PAIRS: 15; below 5 the ratio is only shown
. "${0%/*}/survival.sh"
library=$(realpath "$1")
pairs=${2:-15}
work=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
cambench generate demo --images 100 --size 40 --out set.h5 --quiet
cambench generate weights resnet18 --classes 10 --width 0.125 --size 64 --out net.h5 --quiet
cat >config.yaml <<'YAML'
name: slow
dataset: {path: set.h5}
backbones: [{arch: resnet18, weights: net.h5}]
methods: [gradcam, gradcam_pp, xgradcam, layercam, hirescam, eigencam]
metrics: [average_drop]
report: {plots: false, overlays: 0, bootstrap: 20}
YAML
[ "${ALL:-0}" = 1 ] || export DISK_WAIT_ON=run.db

# timed MILLISECONDS: how many microseconds the run takes when a sync takes that much longer; syncs in the file `count`
timed()
{
    local begun
    rm -rf run
    begun=$(date +%s%N)
    LD_PRELOAD=$library DISK_WAIT_MS=$1 DISK_COUNT=count cambench run config.yaml --quiet --threads 2 --output run 2>err ||
        complain "exit $?: $(cat err)"
    echo $((($(date +%s%N) - begun) / 1000))
}

timed 0 >first
[ "$(items run)" -eq 600 ] || complain "$(items run) items"
for ((i = 0; i < pairs; i++)); do
    if [ $((i % 2)) -eq 0 ]; then fast=$(timed 0) slow=$(timed 10); else slow=$(timed 10) fast=$(timed 0); fi
    echo "$fast $slow" | awk '{ printf "%.4f %d %d\n", $2 / $1, $1 / 1000, $2 / 1000 }'
done | sort -n >ratios
read -r ratio fast slow < <(sed -n "$((pairs / 2 + 1))p" ratios)
count=$(cat count)
# two at the end, two for each second
[ "$count" -le $((4 + 2 * slow / 1000)) ] || [ "${ALL:-0}" = 1 ] || complain "$count syncs of the store"
if [ "$pairs" -ge 5 ] && awk -v r="$ratio" 'BEGIN { exit !(r > 1.05) }'; then complain "$ratio times the time"; fi
echo "$pairs pairs: median ratio $ratio ($fast ms and $slow ms), $count syncs" >&2
conclude "no item waits for the disk"
