# The normalisation and the size of a network's input: from the config; ImageNet's, given again, change nothing.
cat >config.yaml <<'END'
name: input
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5, layer: layer3}]
methods: [gradcam, {name: scorecam, params: {max_channels: 4, mask_space: pixel}}]
metrics: [average_drop, complexity, insertion]
report: {plots: false, overlays: 0, bootstrap: 0}
END
imagenet='{mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], size: 64}'
cambench run config.yaml --quiet --output usual
cambench run config.yaml --quiet --output same --set "backbones.0.input=$imagenet"
cambench run config.yaml --quiet --output half --set 'backbones.0.input={mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]}'
cambench run config.yaml --quiet --output large --set 'backbones.0.input={size: [96, 64]}'
cambench run config.yaml --quiet --output squash --set 'backbones.0.input={resize: squash}'
for run in same half large squash; do
    if cmp -s usual/per_image.csv $run/per_image.csv; then echo "$run: equal"; else echo "$run: differs"; fi
done
for run in usual half large squash; do
    sed -n '/"input": {/,/}/p' $run/manifest.json | tr -d ' \n'
    echo
done
# a run goes on with what it was begun with only
try cambench run config.yaml --quiet --output usual --set "backbones.0.input=$imagenet"
try cambench run config.yaml --quiet --output usual --set 'backbones.0.input={mean: [0.5, 0.5, 0.5]}'
try cambench run config.yaml --set 'backbones.0.input={std: [1, 0, 1]}'
# the config as it was understood gives the same run
cambench run half/config.yaml --quiet --output again
cmp half/per_image.csv again/per_image.csv

# the weights file may hold the values; the config goes before it
try cambench import weights fixtures/resnet18.h5 --out half.h5 --mean 0.5,0.5,0.5 --std 0.5,0.5,0.5 --input-size 64 --quiet
cambench inspect half.h5 | grep -E '^(input|mean|std) '
cambench run config.yaml --quiet --output file --set backbones.0.weights=half.h5
cmp half/per_image.csv file/per_image.csv
cambench run config.yaml --quiet --output back --set backbones.0.weights=half.h5 --set "backbones.0.input=$imagenet"
cmp usual/per_image.csv back/per_image.csv
try cambench run config.yaml --quiet --output file --set backbones.0.weights=half.h5 --set "backbones.0.input=$imagenet"
try cambench import weights fixtures/resnet18.h5 --out no.h5 --mean 127,127,127
try cambench import weights fixtures/resnet18.h5 --out no.h5 --std 1,1
try cambench import weights fixtures/resnet18.h5 --out no.h5 --std 1,x,1
try cambench import weights fixtures/resnet18.h5 --out no.h5 --input-size 0
try cambench import weights fixtures/resnet18.h5 --out no.h5 --resize crop
ls no.h5 2>/dev/null
cambench compare usual half | grep 'input mean'
