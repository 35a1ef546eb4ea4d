#!/bin/sh
# What the demo's networks know. Top-1 accuracy on 2,000 scenes that they have never seen; on the same backgrounds without
# objects (chance is 10 %: backgrounds tell nothing of the class); on the same objects before other backgrounds. And in
# scenes with two objects, how often the map of the labelled one has more energy on it than on the other.
# usage: accuracy.sh PROGRAM WORK_FOLDER
set -eu
program=$1 work=$2
mkdir -p "$work"

measure() # NAME METHODS METRICS OPTION...
{
    name=$1 methods=$2 metrics=$3
    shift 3
    [ -e "$work/$name.h5" ] || "$program" generate demo --images 2000 --size 200 --seed 9001 "$@" --out "$work/$name.h5" --quiet
    cat >"$work/$name.yaml" <<END
name: $name
dataset: {path: "$work/$name.h5"}
backbones:
  - {arch: vgg16_bn, weights: backbones/demo/vgg16_bn.h5}
  - {arch: resnet18, weights: backbones/demo/resnet18.h5}
  - {arch: mobilenet_v2, weights: backbones/demo/mobilenet_v2.h5}
methods: [$methods]
metrics: [$metrics]
protocol: {preset: cambench, class: label}
report: {plots: false, overlays: 0, bootstrap: 0}
END
    echo "$name"
    "$program" run "$work/$name.yaml" --fresh --output "$work/$name" | grep top-1
}

measure scenes gradcam class_discrimination
measure backgrounds_alone fakecam complexity --no-objects
measure other_backgrounds fakecam complexity --backgrounds 9002

echo "two objects, Grad-CAM of the labelled one"
awk -F, '$5 == "class_discrimination" && $6 != "" { n[$1]++; on[$1] += $6 > 50 }
    END { for (b in n) printf "%s: more energy on it than on the other in %.1f %% of %d images\n", b, 100 * on[b] / n[b], n[b] }' \
    "$work/scenes/per_image.csv"
