# ROAD has the same values on one and on three threads, and whichever methods share its passes.
cat >config.yaml <<'END'
name: road
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam, layercam, random]
metrics: [{name: road, params: {singular: skip}}, srg]
report: {plots: false, overlays: 0, bootstrap: 20}
END
for threads in 1 3; do
    cambench run config.yaml --quiet --threads "$threads" --output "on$threads"
done
try cmp on1/per_image.csv on3/per_image.csv
try cmp on1/summary.csv on3/summary.csv
try grep -c ',road,-*[0-9]' on1/per_image.csv

# fewer images than threads: threads without a task share the passes of the others
for threads in 1 3; do
    cambench run config.yaml --quiet --threads "$threads" --set dataset.images=1 --output "one$threads"
done
cmp one1/per_image.csv one3/per_image.csv

cambench run config.yaml --quiet --set 'methods=[random]' --output alone
grep ',random,' on1/per_image.csv | diff - <(grep ',random,' alone/per_image.csv) && echo "the same alone"
