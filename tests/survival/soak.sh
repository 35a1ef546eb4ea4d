#!/bin/bash
# A long run over small images with three small networks: memory flat after the first 500 images of each network (within
# 2 %), its peak at most what --dry-run has said, file descriptors flat. One line a network.
# usage: soak.sh [IMAGES] [METHODS]     20000 gradcam; minutes. METHODS is a list such as gradcam,actmap,random
# With cheap and expensive methods in one list, each network has a step between the two (docs/performance.md);
# SAMPLES=FILE keeps the samples: memory and its peak in KiB, descriptors, phase.
. "${0%/*}/survival.sh"
images=${1:-20000} methods=${2:-gradcam}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

networks="resnet18 mobilenet_v2 mobilenet_v3_small"
cambench generate demo --out set.h5 --images "$images" --size 40 --quiet || exit 2
{
    printf 'name: soak\ndataset: {path: set.h5}\nbackbones:\n'
    for network in $networks; do
        cambench generate weights "$network" --classes 16 --width 0.125 --size 64 --out "$network.h5" --quiet || exit 2
        printf -- '- {arch: %s, weights: %s.h5}\n' "$network" "$network"
    done
    printf 'methods: [%s]\nmetrics: [average_drop]\nreport: {plots: false, overlays: 1, bootstrap: 20}\n' "$methods"
} >config.yaml
promised=$(cambench run config.yaml --threads 2 --dry-run |
    sed -n 's/^memory: .* \([0-9.]*\) \([MG]\)iB in all$/\1 \2/p' |
    awk '{ print int($1 * ($2 == "G" ? 1048576 : 1024)) }')

cambench run config.yaml --threads 2 --output run >/dev/null 2>progress &
pid=$!
: >samples
while kill -0 $pid 2>/dev/null; do
    memory=$(awk '/^VmHWM/ { peak = $2 } /^VmRSS/ { rss = $2 } END { print rss, peak }' /proc/$pid/status 2>/dev/null)
    descriptors=$(find /proc/$pid/fd -mindepth 1 2>/dev/null | wc -l)
    phase=measure
    [ ! -e run/manifest.json ] || phase=report
    [ -e run/config.yaml ] && [ -n "${memory# }" ] && echo "$memory $descriptors $phase" >>samples
    sleep 0.2
done
code=0
wait $pid || code=$?
[ $code -eq 0 ] || complain "exit $code: $(cat progress)"
each=$(echo "$methods" | tr , '\n' | wc -l)
[ "$(items run)" -eq $((3 * images * each)) ] || complain "$(items run) items"
cp samples "${SAMPLES:-/dev/null}"

# The weights of a network are closed when it has been made, so the count of descriptors says which one is at work.
awk -v images="$images" -v promised="$promised" '
    { if ($2 > peak) peak = $2 }
    $4 == "measure" {
        if ($3 != now) { now = $3; last++; count[last] = 0; open[last] = now }
        rss[last, ++count[last]] = $1
    }
    END {
        for (i = 1; i <= last; i++) {
            from = int(count[i] * 500 / images) + 2
            if (count[i] < from + 3) continue # between two networks
            low = high = rss[i, from]
            for (k = from; k < count[i]; k++) {
                if (rss[i, k] < low) low = rss[i, k]
                if (rss[i, k] > high) high = rss[i, k]
            }
            growth = 100 * (high - low) / low
            printf "network %d: %d samples, %.2f to %.2f MiB (%.2f %%), %d descriptors\n", ++networks, count[i] - from,
                low / 1024, high / 1024, growth, open[i]
            if (growth > 2) { print "memory grows"; wrong = 1 }
            if (before && open[i] >= before) { print "descriptors are not closed"; wrong = 1 }
            before = open[i]
        }
        printf "peak %.1f MiB, promised %.1f MiB\n", peak / 1024, promised / 1024
        if (networks != 3) { print "these are not three networks"; wrong = 1 }
        if (peak > promised) { print "more than promised"; wrong = 1 }
        exit wrong
    }' samples || wrong=$((wrong + 1))
exit $((wrong > 0))
