# An image that cannot be decoded is named, counted and left out; with --strict the exit code says so.
cp fixtures/set.h5 set.h5
first=$(grep -abo $'\xff\xd8\xff' set.h5 | head -n 1 | cut -d: -f1)
printf 'xxx' | dd of=set.h5 bs=1 seek="$first" conv=notrunc status=none
cat >config.yaml <<'YAML'
name: skipped
dataset: {path: set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam]
metrics: [average_drop, complexity]
report: {plots: false, overlays: 0, bootstrap: 0}
YAML
try cambench run config.yaml --quiet
cut -d, -f1-6 results/skipped/summary.csv
try cambench run config.yaml --quiet --strict --output results/strict
cmp results/skipped/summary.csv results/strict/summary.csv && echo same
