# Maps on networks with random weights: of an ONNX file they have a value; those of a network that another process runs, and
# maps that come from files, have none, and the reason is given.
command -v perl >/dev/null || skip "no perl"
cp "$ROOT/docs/examples/network.pl" "$ROOT/docs/examples/gradcam.pl" "$ROOT/tests/golden/onnx_models/residual.onnx" .
cat >config.yaml <<'YAML'
name: altered
dataset: {path: fixtures/set.h5}
backbones:
  - {model: residual.onnx, label: onnx}
  - {model: process, command: perl network.pl, files: [network.pl], label: process}
methods: [gradcam, {name: process, label: script, params: {command: perl gradcam.pl}}]
metrics: [{name: cascading_randomization, params: {stages: 2}}]
report: {plots: false, overlays: 0, bootstrap: 0, maps: true}
YAML
try cambench run config.yaml --quiet --output first
cut -d, -f1,2,5,7 first/per_image.csv | sort | uniq -c
awk -F, '$1 == "onnx" { n++; if ($6 < -1 || $6 > 1 || $6 == "") print } END { print n, "values" }' first/per_image.csv
# the same maps from files, and the smoothed map of a method
sed -i 's|^methods: .*|methods: [{name: maps, label: file, params: {file: first/maps.h5, method: gradcam}}]|' config.yaml
try cambench run config.yaml --quiet --output second
cut -d, -f1,2,5,6,7 second/per_image.csv | sort | uniq -c
