# Several runs in one table: what is the same stands together, what differs is named.
cat >config.yaml <<'YAML'
name: all
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5, label: net}]
methods: [gradcam, actmap, fakecam, random]
metrics: [average_drop, complexity, adcc, adcc_of_means, insertion]
protocol: [cambench, {preset: cambench, class: label, label: lab}]
report: {plots: false, bootstrap: 50, overlays: 1}
YAML
mkdir results
# measure NAME METHODS [OPTION...]
measure()
{
    cambench run config.yaml --quiet --output "results/$1" --set "methods=[$2]" "${@:3}"
}
# same ONE OTHER: the files that have no times, and no name of the run
same()
{
    local file
    for file in summary.csv per_image.csv curves.csv; do
        cmp "$1/$file" "$2/$file" || return
    done
    cmp <(cut -d, -f1-3,8-10 "$1/costs.csv") <(cut -d, -f1-3,8-10 "$2/costs.csv") && echo "same"
}
measure whole "gradcam, actmap, fakecam, random"
measure a "gradcam, actmap"
measure b "fakecam, gradcam, random"
try cambench report results/a results/b --output results/table --quiet
same results/whole results/table
ls results/table
try cambench report results/whole --output results/again --quiet
same results/whole results/again

# a method with other parameters, then with the same ones; of another seed; with another number
measure prob "{name: gradcam, params: {score: prob}}"
mkdir more
cp -r results/prob more
cp -r results/b more/changed
python3 -c 'import sqlite3
with sqlite3.connect("more/changed/run.db") as store:
    store.execute("UPDATE value SET number = 0.5 WHERE method = 0 AND metric = 0 AND image = 1")'
measure seed "random, fakecam" --set seed=2
# report NAME...: the notes, and the methods of the table
report()
{
    echo "$*:"
    cambench report "$@" --output table --quiet
    echo "exit $?"
    [ ! -e table ] || sed 1d table/summary.csv | cut -d, -f1-4 | grep 'average_drop' | grep -v ,lab, | paste -sd ' '
    rm -rf table
} 2>&1
report results/a results/prob
report results/a results/prob more/prob
report results/b more/changed
report results/b results/seed
# images, protocols and metrics
measure two "fakecam" --set dataset.images=2
measure shuffled "random" --set dataset.images=3 --set dataset.shuffle=true
report results/a results/two results/shuffled
measure protocol "fakecam" --set 'protocol=[cambench, {preset: poppi2021, label: lab}]'
report results/a results/protocol
measure other "fakecam" --set 'protocol=[poppi2021]'
report results/a results/other results/b
measure metrics "fakecam" --set 'metrics=[average_drop, coherency]'
report results/a results/metrics
# backbones
measure layer "fakecam" --set backbones.0.layer=layer3
report results/a results/layer
second='{arch: mobilenet_v2, weights: fixtures/mobilenet_v2.h5, label: second}'
measure second "fakecam" --set "backbones=[$second]"
report results/a results/second
cp fixtures/resnet18.h5 copy.h5
measure copy "fakecam" --set backbones.0.weights=copy.h5
report results/a results/copy
cambench generate weights resnet18 --classes 5 --width 0.125 --size 64 --seed 2 --out copy.h5 --quiet
measure weights "fakecam" --set "backbones=[{arch: resnet18, weights: copy.h5, label: net}, $second]"
report results/a results/weights
# what a run has not measured is an empty cell, and the table says so
cambench report results/a results/metrics results/second --output table
rm -r table
# image sets
cp fixtures/unlabelled.h5 set.h5
cambench run config.yaml --quiet --output results/set --set dataset.path=set.h5 --set 'protocol=[cambench]'
report results/a results/set
# the terminal and the tables have the notes
try cambench report results/a results/prob --output table
grep -c 'shown as' table/tables/cambench.md

try cambench report results/a results/b
try cambench report results/a nowhere --output table
try cambench report results/a results/../results/a --output table
try cambench report results/a results/b --output results/whole
