#!/bin/sh
# The demonstration: makes images and weights where they are not there yet, then does the main job on them.
# usage: demo.sh BUILD_FOLDER
set -eu
program=$1/cambench folder=$1/demo
mkdir -p "$folder"

echo "The demo's images and weights are generated: its figures show that everything works, not which method is better."
[ -e "$folder/demo.h5" ] || "$program" generate demo --out "$folder/demo.h5"
# small networks on small inputs, so that all methods take seconds: name, multiplier of the channels
while read -r arch width; do
    weights=$folder/$arch.h5
    [ -e "$weights" ] || "$program" generate weights "$arch" --classes 10 --width "$width" --size 96 --seed 1 --out "$weights"
done <<END
vgg16 0.25
resnet18 0.5
mobilenet_v2 0.5
END
exec "$program" run configs/demo.yaml --fresh
