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

# What is missing is listed, each file once with the command that brings it, and everything else is said all the same.
cat >config.yaml <<'YAML'
name: dry
dataset: {path: "data/my val's.h5", images: 100}
backbones:
  - {arch: squeezenet1_1, weights: data/weights/squeezenet1_1.h5}
  - {arch: squeezenet1_1, weights: data/weights/squeezenet1_1.h5, layer: features.10, label: earlier}
  - {arch: resnet18, weights: fixtures/resnet18.h5}
  - {arch: mobilenet_v2, weights: data/weights/mobilenet_v2_v2.h5}
  - {arch: mobilenet_v2, weights: mine.h5, label: mine}
methods: [gradcam]
metrics: [insertion]
report: {reference: [a.csv]}
YAML
try cambench run config.yaml --dry-run --threads 1
try cambench run config.yaml --dry-run --set dataset.images=all --set 'backbones=[{arch: resnet18, weights: fixtures/resnet18.h5}]' --set 'report.reference=[]'
try cambench run config.yaml --dry-run --set dataset.path=fixtures/resnet18.h5
