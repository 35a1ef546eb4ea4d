# A dry run finds that the disk has no space for the maps, before it is full.
unshare -rm true 2>/dev/null || skip "no file system of its own can be mounted here"
mkdir small
cat >config.yaml <<'YAML'
name: dry
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam, fakecam]
metrics: [average_drop]
report: {plots: false, overlays: 0, maps: true}
YAML
export -f try
# shellcheck disable=SC2016 # expanded by the inner shell
unshare -rm bash -c '
    mount -t tmpfs -o size=32k none small || exit 1
    try cambench run config.yaml --dry-run --threads 1 --output small/run
    try cambench run config.yaml --dry-run --threads 1 --output small/run --set report.maps=false
    ls small'
