# LayerCAM over four layers makes one backward pass for each map, as over one.
cat >config.yaml <<'YAML'
name: layers
dataset: {path: fixtures/set.h5, images: 3}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5, label: tiny}]
methods:
  - layercam
  - {name: layercam, label: four, params: {layers: [layer1, layer2, layer3, layer4]}}
metrics: [backward_passes, forward_passes, tail_passes]
report: {plots: false, overlays: 0}
YAML
cambench run config.yaml --output run --quiet
cut -d, -f 2,3,8-10 run/costs.csv | grep -v "^,"
