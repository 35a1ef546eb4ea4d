# Runs of different methods and backbones, joined, are the run of all, byte for byte; what contradicts is refused.
cat >config.yaml <<'YAML'
name: all
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5, label: first}]
methods: [gradcam, actmap, {name: scorecam, label: few, params: {max_channels: 8}}, random]
metrics: [average_drop, complexity, adcc, adcc_of_means, insertion]
protocol: [cambench, {preset: cambench, class: label, label: lab}]
report: {plots: false, bootstrap: 50, overlays: 1}
YAML
few='{name: scorecam, label: few, params: {max_channels: 8}}'
second='{arch: mobilenet_v2, weights: fixtures/mobilenet_v2.h5, label: second}'
# measure FOLDER METHODS [OPTION...]
measure()
{
    cambench run config.yaml --quiet --output "$1" --set "methods=[$2]" "${@:3}"
}
# same WHOLE FOLDER: the files that have no times
same()
{
    local file
    for file in summary.csv per_image.csv curves.csv tables/cambench.md tables/lab.md; do
        cmp "$1/$file" "$2/$file" || return
    done
    cmp <(cut -d, -f1-3,8-10 "$1/costs.csv") <(cut -d, -f1-3,8-10 "$2/costs.csv") &&
        cmp <(sed 1d "$1/config.yaml" | grep -v '^output') <(sed 1d "$2/config.yaml" | grep -v '^output') &&
        echo "same as the run of all"
}
measure whole "gradcam, actmap, $few, random"
measure a "gradcam, actmap"
measure b "$few, gradcam, random" --threads 1
try cambench merge a b --output joined --quiet
same whole joined
python3 - <<'PY'
import json
joined, whole = (json.load(open(f"{run}/manifest.json")) for run in ("joined", "whole"))
assert joined["methods"] == whole["methods"] and joined["items"] == whole["items"]
print("manifest.json:", [method["label"] for method in joined["methods"]], len(joined["joined_from"]), "runs")
PY
# overlays of a part of the methods are left out; run makes them, and measures nothing
ls joined
cambench run joined/config.yaml --quiet
diff -rq whole/overlays joined/overlays && echo "overlays are there"
grep -c '"kept_maps"' joined/manifest.json
cambench merge a b --output joined | head -n 1
same whole joined

# the order is that of the runs; the output may be one of them
cambench merge b a --output other --quiet
sed 1d other/summary.csv | cut -d, -f2 | uniq | head -n 4 | paste -sd ' '
cp -r a grown
cambench merge grown b --output grown | head -n 1
same whole grown
ls grown/overlays

# shards of different methods
for i in 1 2; do
    measure shards "gradcam, actmap" --shard $i/2
    measure others "$few, random" --shard $i/2
done
cambench merge shards others --output joined_shards | head -n 1
same whole joined_shards

# backbones: what no run has measured is missing, and run brings it
measure two "gradcam, actmap, $few, random" --set "backbones=[{arch: resnet18, weights: fixtures/resnet18.h5, label: first}, $second]"
measure c "gradcam, random" --set "backbones=[$second]"
try cambench merge joined c --output both --quiet
ls both/overlays
cambench run both/config.yaml --quiet
same two both
# of the same methods nothing is missing, and overlays are kept
measure d "gradcam, actmap, $few, random" --set "backbones=[$second]"
try cambench merge whole d --output full --quiet
same two full
diff -rq two/overlays full/overlays && echo "overlays are there"

# refused, and nothing is changed
sum=$(sha256sum <joined/run.db)
refused()
{
    try "$@"
    [ "$sum" = "$(sha256sum <joined/run.db)" ] || echo "joined/ has changed"
    [ ! -e new ] || ls new
}
measure params '{name: scorecam, label: few, params: {max_channels: 4}}, fakecam'
refused cambench merge joined params --output new
measure metrics fakecam --set 'metrics=[average_drop]'
refused cambench merge joined metrics --output new
measure protocols fakecam --set 'protocol=[cambench, {preset: poppi2021, label: lab}]'
refused cambench merge joined protocols --output new
measure images fakecam --set dataset.images=2
refused cambench merge joined images --output new
measure seed fakecam --set seed=2
refused cambench merge joined seed --output new
measure more fakecam
mv more/config.yaml config.aside
refused cambench merge joined more --output new
cp a/config.yaml more/config.yaml
refused cambench merge joined more --output new
mv config.aside more/config.yaml
# a value that differs leaves the lists of the output alone
cp -r b wrong
python3 -c 'import sqlite3
with sqlite3.connect("wrong/run.db") as store:
    store.execute("UPDATE value SET number = 0.5 WHERE method = 1 AND metric = 0")'
refused cambench merge more wrong --output joined
# so does an entry that the output's run has had with other parameters, and does not list now
measure had '{name: scorecam, label: few, params: {max_channels: 4}}, gradcam'
measure had 'gradcam'
try cambench merge b --output had --quiet
