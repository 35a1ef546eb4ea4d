# A run grows by methods, metrics, protocols, images and backbones, shrinks, and grows again. Each time its tables are
# those of a run from scratch, byte for byte, and the passes of the session are those of what was missing.
cat >config.yaml <<'YAML'
name: grow
dataset: {path: fixtures/set.h5, images: 2}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5, label: first}]
methods: [gradcam, gradcam_pp, xgradcam, layercam, ablationcam, random, fakecam, actmap, reciprocam, clustercam]
metrics: [average_drop, complexity, insertion, forward_passes, repeated_passes]
protocol: {preset: cambench, curve_steps: 7}
runtime: {exact_passes: true} # so that the counts do not depend on whether two maps are equal by chance
report: {plots: false, overlays: 1, bootstrap: 20}
YAML
ten='gradcam, gradcam_pp, xgradcam, layercam, ablationcam, random, fakecam, actmap, reciprocam, clustercam'
five='average_drop, complexity, insertion, forward_passes, repeated_passes'
usual='{preset: cambench, curve_steps: 7}'
first='{arch: resnet18, weights: fixtures/resnet18.h5, label: first}'

# prints a key of the last session in a manifest
last()
{
    sed -n '/"sessions"/,$p' "$1/manifest.json" | sed -n "s/.*\"$2\": \([0-9.]*\).*/\1/p" | tail -n 1
}

# compares all files but the store, the times, and the config and manifest
same()
{
    diff -rq -x 'run.db*' -x manifest.json -x config.yaml -x 'costs.*' -x index.html "$1" "$2" &&
        cmp <(cut -d, -f1-3,8-10 "$1/costs.csv") <(cut -d, -f1-3,8-10 "$2/costs.csv") && echo "as from scratch"
}

# grow WHAT OPTION...: the options, on the run that has grown so far, and from scratch
grow()
{
    echo "$1:"
    shift
    cambench run config.yaml --output grown --quiet "$@"
    rm -rf scratch
    cambench run config.yaml --output scratch --quiet "$@"
    same grown scratch
}

# prints, of each count, the last session's of the grown run, and whether it is the difference of the whole runs'
counts()
{
    local key
    for key in items values maps kept_maps base_passes full_passes tail_passes backward_passes; do
        echo "  $key $(last grown $key) of $(last scratch $key)"
    done
}

cambench run config.yaml --output grown --quiet
cambench run config.yaml --output plain --quiet
counts_of_plain=$(for key in maps full_passes tail_passes backward_passes; do last plain $key; done)
echo "ten methods:" $counts_of_plain

grow "an eleventh method" --set "methods=[$ten, {name: scorecam, label: few, params: {max_channels: 8}}]"
counts
grow "without it" --set "methods=[$ten]"
grow "in another order" --set "methods=[$ten]" --set "metrics=[insertion, average_drop, complexity, repeated_passes, forward_passes]"
grow "a metric" --set "metrics=[$five, coherency, adcc]"
counts
grow "a protocol before the others" --set "protocol=[poppi2021, $usual, {preset: cambench, class: label, label: lab}]" --set "metrics=[average_drop, complexity]"
counts
grow "without the first" --set "protocol=[$usual]"
grow "two more images" --set dataset.images=4
counts
grow "other images" --set dataset.images=3 --set dataset.shuffle=true
grow "a backbone" --set "backbones=[{arch: mobilenet_v2, weights: fixtures/mobilenet_v2.h5, label: second}, $first]"
counts
grow "two of ten" --set "methods=[random, gradcam]"
echo "sessions: $(grep -c '"kept_maps"' grown/manifest.json)"
grow "all again" --set dataset.images=4 --set "metrics=[$five, coherency]" --set "protocol=[poppi2021, $usual]"

# a program that did not know a parameter yet: its default is the same
python3 -c 'import sqlite3
with sqlite3.connect("grown/run.db") as run:
    print(run.execute("UPDATE manifest SET text = replace(text, ?, \"\") WHERE key = ?",
                      ("    channel_order: deviation\n", "identity of method few")).rowcount)'
try cambench run config.yaml --output grown --quiet --set 'methods=[{name: scorecam, label: few, params: {max_channels: 8}}]'
try cambench run config.yaml --output grown --quiet --set 'methods=[{name: scorecam, label: few, params: {max_channels: 8, channel_order: gradient}}]'

# what is not the same is refused
try cambench run config.yaml --output grown --quiet --set 'methods=[{name: scorecam, label: few, params: {max_channels: 4}}]'
try cambench run config.yaml --output grown --quiet --set 'backbones.0.weights=fixtures/mobilenet_v2.h5' --set backbones.0.arch=mobilenet_v2
try cambench run config.yaml --output grown --quiet --set seed=3
try cambench run config.yaml --output grown --quiet --set 'protocol={preset: cambench, curve_steps: 8, label: "cambench+curve_steps=7"}'
grow "as it was" --set "methods=[$ten]"
same grown plain

# what is there and what is left, before it is measured and while it is
cambench run config.yaml --dry-run --output grown --set "methods=[gradcam, hirescam]" --set "metrics=[average_drop, deletion]" | head -n 3
cambench run config.yaml --output grown --set "methods=[gradcam]" --set "metrics=[average_drop, deletion]" | head -n 3
echo "passes: $(last grown full_passes) full, $(last grown backward_passes) backward"
cambench run config.yaml --output grown --dry-run --set "methods=[gradcam]" --set "metrics=[average_drop, deletion]" | head -n 2
