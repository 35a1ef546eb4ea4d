# Tables come again from the store, byte for byte; what is no run is refused.
cat >config.yaml <<'YAML'
name: small
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam, actmap]
metrics: [average_drop, complexity, adcc]
report: {plots: false, overlays: 0, bootstrap: 50}
YAML
cambench run config.yaml --quiet
mkdir before
mv results/small/*.csv results/small/tables before
try cambench report results/small --quiet
for file in summary.csv per_image.csv costs.csv tables/cambench.md tables/cambench.tex; do
    cmp "before/$file" "results/small/$file" && echo "$file is the same"
done
try cambench report
try cambench report nowhere
try cambench report fixtures
try cambench report config.yaml
head -c 5000 results/small/run.db >cut.db && mv cut.db results/small/run.db
try cambench report results/small
