# Maps of a script, written to files by another program, have the script's values for all metrics, also of changed inputs.
python=/usr/bin/python3
$python -c 'import h5py, numpy' 2>/dev/null || skip "no h5py or numpy"
mkdir kept
cat >record.py <<'PYTHON'
import hashlib, cambench, numpy as np

@cambench.method()
def record(cam):
    cam_map = np.tensordot(cam.gradient("logit").mean(axis=(1, 2)), cam.activations(), 1)
    np.save("kept/" + hashlib.sha1(cam.input().tobytes()).hexdigest(), cam_map)
    return cam_map
PYTHON
cat >config.yaml <<YAML
name: record
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5, label: net}]
methods: [{name: process, label: Theirs, params: {command: $python record.py, files: [record.py]}}]
metrics: [average_drop, coherency, complexity, adcc, max_sensitivity]
report: {plots: false, overlays: 0, bootstrap: 0, maps: true}
YAML
sed 's/^methods:.*/methods: [{name: maps, label: Theirs, params: {file: record\/maps.h5}}]/; s/, maps: true//' config.yaml >maps.yaml
sed 's/file: record/explained: explained.h5, method: Theirs, &/; s/label: Theirs/label: Complete/' maps.yaml >complete.yaml
cambench run config.yaml --output record | tail -2 | head -1

# without the second file, a dry run names it, and metrics of changed inputs have no value
cambench run complete.yaml --output complete --dry-run 2>&1 | grep '^missing'
cambench run maps.yaml --quiet --output maps
cut -d, -f 2,4-6 maps/summary.csv
cambench export-explanations maps --output inputs.h5

$python - <<'PYTHON'
import hashlib
import h5py, numpy as np

with h5py.File("inputs.h5") as source, h5py.File("explained.h5", "w") as out:
    def visit(path, item):
        if path.endswith("/input"):
            group = path[:-len("input")]
            exists = source[group + "class"][()] >= 0
            kept = [np.load("kept/%s.npy" % hashlib.sha1(x.tobytes()).hexdigest()) for x in item[()][exists]]
            out[group + "map"] = np.stack(kept)
            out[group + "name"] = source[group + "name"][()][exists]
            out[group + "class"] = source[group + "class"][()][exists]
    source.visititems(visit)
PYTHON
cambench run complete.yaml --output complete --dry-run >dry.txt && echo "nothing is missing"
try cambench run complete.yaml --quiet --output complete
values() { cut -d, -f 4- "$1/per_image.csv"; }
values record | wc -l
cmp <(values record) <(values complete) && echo "same values"
# the groups of the second file have the first run's label
try cambench run complete.yaml --quiet --output other --threads 1 --set methods.0.params.method=Other
