# What the time of a run goes into: costs.csv and manifest.json agree, continued runs add up, and so do merged shards.
command -v python3 >/dev/null || skip "no python3"
cat >config.yaml <<'YAML'
name: small
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}, {arch: mobilenet_v2, weights: fixtures/mobilenet_v2.h5}]
methods: [gradcam, {name: scorecam, params: {max_channels: 4}}]
metrics: [average_drop, complexity]
report: {plots: false, overlays: 0, bootstrap: 0}
YAML
cat >times.py <<'PY'
import csv, json, sqlite3, sys

def times(folder):
    """Seconds by (activity, backbone, method) of the manifest, which must be those of costs.csv."""
    manifest = json.load(open(folder + "/manifest.json"))["time"]
    table = {}
    for row in manifest["activities"]:
        table[row["activity"], row["backbone"] or "", row["method"] or ""] = row["seconds"], row["wall_seconds"]
    for row in csv.DictReader(open(folder + "/costs.csv")):
        key = row["activity"], row["backbone"], row["method"]
        got = float(row["total_seconds"]), float(row["wall_seconds"])
        want = [sum(v[i] for k, v in table.items() if k[:2] == key[:2] and (key[2] in ("", k[2]))) for i in (0, 1)]
        assert all(abs(a - b) <= 1e-9 * (1 + b) for a, b in zip(got, want)), (folder, key, got, want)
    assert abs(manifest["wall_seconds"] - sum(wall for _, wall in table.values())) < 1e-9
    assert 0 < manifest["serial_share"] < 1
    return table

def calls(folder):
    return sqlite3.connect(folder + "/run.db").execute("SELECT count(DISTINCT call) FROM spent").fetchone()[0]

for folder in sys.argv[1:]:
    table = times(folder)
    print(folder, "calls:", calls(folder), "activities:", *sorted({key[0] for key in table} - {"helping", "idle"}))
if len(sys.argv) == 4: # the third is the first two, merged
    one, other, both = (times(folder) for folder in sys.argv[1:])
    for key, (seconds, _) in both.items():
        assert abs(seconds - one.get(key, (0, 0))[0] - other.get(key, (0, 0))[0]) < 1e-9, key
    print("the merged run has the sum")
PY
cambench run config.yaml --output whole --threads 2 | grep '^time'
python3 times.py whole
cambench run config.yaml --output whole --quiet # nothing is left to measure, so nothing is added
python3 times.py whole
cambench run config.yaml --output whole --quiet --set 'metrics=[average_drop, complexity, insertion]'
python3 times.py whole

cambench run config.yaml --output one --quiet --set 'methods=[gradcam]'
cambench run config.yaml --output other --quiet --set 'methods=[{name: scorecam, params: {max_channels: 4}}]'
cambench merge one other --output both --quiet
python3 times.py one other both
cambench merge one other --output both --quiet # again
python3 times.py one other both | tail -n 1
cambench report both --quiet && cambench report one other --output table --quiet
cut -d, -f 1-3,11 table/costs.csv | sed -n '1,5p'
