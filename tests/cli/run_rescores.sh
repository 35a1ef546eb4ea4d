# A metric or a protocol that needs only what is stored is added without a pass: maps, the class of the base pass and
# values of other metrics. The tables are those of a run from scratch.
cat >config.yaml <<'YAML'
name: rescore
dataset: {path: fixtures/set.h5, images: 3}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam, layercam, random, {name: scorecam, params: {max_channels: 8}}]
metrics: [average_drop, coherency, insertion]
protocol: {preset: cambench, curve_steps: 5}
report: {plots: false, overlays: 1, bootstrap: 20}
YAML
metrics='average_drop, coherency, insertion'
usual='{preset: cambench, curve_steps: 5}'

# prints the counts of the last session in a manifest
counts()
{
    for key in items values maps kept_maps base_passes full_passes tail_passes backward_passes; do
        printf ' %s %s' $key "$(sed -n '/"sessions"/,$p' "$1/manifest.json" | sed -n "s/.*\"$key\": \([0-9.]*\).*/\1/p" | tail -n 1)"
    done
    echo
}

# grow WHAT OPTION...: the options, on the run that has grown so far, and from scratch
grow()
{
    echo "$1:"
    shift
    cambench run config.yaml --output grown --dry-run "$@" | grep -E '^(grown|  .*(no pass|passes))'
    cambench run config.yaml --output grown --quiet "$@"
    rm -rf scratch
    cambench run config.yaml --output scratch --quiet "$@"
    diff -rq -x 'run.db*' -x manifest.json -x config.yaml -x 'costs.*' -x index.html grown scratch && echo "as from scratch"
    counts grown
}

cambench run config.yaml --output grown --quiet
counts grown
grow "maps are enough" --set "metrics=[$metrics, complexity, sparseness, effective_complexity]"
grow "and values of other metrics" --set "metrics=[$metrics, complexity, sparseness, effective_complexity, adcc]"
grow "a protocol with other post-processing, for metrics of the map" --set "metrics=[complexity, sparseness]" \
    --set "protocol=[$usual, {preset: cambench, curve_steps: 5, enlarge: bicubic, label: bicubic}]"
grow "a protocol that takes passes for one of two metrics" --set "metrics=[complexity, average_drop]" \
    --set "protocol=[$usual, {preset: cambench, curve_steps: 5, mask_space: pixel, label: pixel}]"
grow "the label's class, where the maps are others" --set "metrics=[complexity]" \
    --set "protocol=[$usual, {preset: cambench, curve_steps: 5, class: label, label: lab}]"
grow "more for the second class" --set "metrics=[complexity, average_drop]" \
    --set "protocol=[$usual, {preset: cambench, curve_steps: 5, class: second, label: second}]"
grow "another area under the stored curves" --set "metrics=[insertion]" \
    --set "protocol=[$usual, {preset: cambench, curve_steps: 5, curve_area: reciprocam2024, label: area}]"
grow "a metric for the second class" --set "metrics=[complexity, sparseness]" \
    --set "protocol=[$usual, {preset: cambench, curve_steps: 5, class: second, label: second}]"

# the report of a config.yaml that names what is not measured
sed -i 's/^metrics:$/metrics:\n- name: average_gain/' grown/config.yaml
try cambench report grown
cambench run grown/config.yaml --output grown --quiet && cambench report grown --quiet && echo reported
