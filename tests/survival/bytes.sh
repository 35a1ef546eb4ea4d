#!/bin/bash
# The same summary.csv and per_image.csv whatever the threads, the batch, the order of work and the interruptions.
# usage: bytes.sh [short]     threads {1,2,3,7} x batch {1,4,32} x two orders, each whole and resumed; short: a few
. "${0%/*}/survival.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
small_set .
threads="1 2 3 7" batches="1 4 32" ways="whole resumed"
[ "${1:-}" != short ] || { threads="1 7" batches="1 32" ways=resumed; }

cat >config.yaml <<'YAML'
name: same
dataset: {path: set.h5}
backbones: [{arch: resnet18, weights: resnet18.h5}]
methods: [gradcam, reciprocam, scorecam]
metrics: [average_drop, coherency, adcc, insertion]
report: {plots: false, overlays: 0, bootstrap: 100}
YAML

sums=$work/sums
for t in $threads; do
    for b in $batches; do
        for order in 0 4; do
            for way in $ways; do
                rm -rf run
                # an image whose overlay is wanted is measured by all methods at once: another order of work
                options=(--threads "$t" --set "runtime.batch=$b" --set "report.overlays=$order")
                if [ "$way" = resumed ]; then
                    cambench run config.yaml --quiet --output run "${options[@]}" 2>err &
                    sleep "0.$((RANDOM % 4 + 1))"
                    kill -KILL $! 2>/dev/null
                    wait $! 2>/dev/null
                fi
                cambench run config.yaml --quiet --output run "${options[@]}" 2>err ||
                    complain "threads $t, batch $b, order $order, $way: $(cat err)"
                cat run/summary.csv run/per_image.csv | sha256sum >>"$sums"
            done
        done
    done
done
echo "$(wc -l <"$sums") runs" >&2
[ "$(sort -u "$sums" | wc -l)" -eq 1 ] || complain "$(sort "$sums" | uniq -c)"
conclude "one SHA-256"
