# One line on stderr and exit code 2 for each; nothing is written.
config='
name: errors
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam]
metrics: [average_drop]
report: {plots: false}'

try_config <<<"$config" --set dataset.path=nowhere.h5
try_config <<<"$config" --set dataset.path=fixtures/text.h5
try_config <<<"$config" --set dataset.path=fixtures/empty.h5
try_config <<<"$config" --set dataset.path=fixtures/cut_set.h5
try_config <<<"$config" --set dataset.path=fixtures/resnet18.h5
try_config <<<"$config" --set dataset.path=fixtures
try_config <<<"$config" --set dataset.path=fixtures/unlabelled.h5 --set 'protocol={preset: cambench, class: label}'
try_config <<<"$config" --set dataset.images=5
try_config <<<"$config" --set backbones.0.weights=nowhere.h5
try_config <<<"$config" --set backbones.0.weights=fixtures/text.h5
try_config <<<"$config" --set backbones.0.weights=fixtures/cut_weights.h5
try_config <<<"$config" --set backbones.0.weights=fixtures/set.h5
try_config <<<"$config" --set backbones.0.weights=fixtures/mobilenet_v2.h5
try_config <<<"$config" --set 'backbones=[{arch: resnet18}]'
try_config <<<"$config" --set output=config.yaml/below
try_config <<<"$config" --set output=/proc/results
try_config <<<"$config" --set runtime.memory=1
try_config <<<"$config" --output config.yaml/below
ls
