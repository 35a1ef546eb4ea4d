# Says what would be done and does nothing.
cat >config.yaml <<'YAML'
name: dry
dataset: {path: fixtures/set.h5, images: 3}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5, label: tiny}]
methods: [gradcam, {name: scorecam, params: {max_channels: 8}}]
metrics: [average_drop, adcc]
YAML
try cambench run config.yaml --dry-run --threads 1
ls
