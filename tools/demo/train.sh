#!/bin/sh
# Makes the demo's scenes and those to train on, trains its three networks; writes datasets/demo/demo.h5,
# backbones/demo/*.h5 and the log of each beside train.py.
# Takes about an hour on two cores; needs python3-torch, -torchvision, -h5py, -pil (make deps-golden).
# usage: train.sh PROGRAM WORK_FOLDER [ARCH...]
set -eu
program=$1 work=$2
shift 2
[ $# -gt 0 ] || set -- resnet18 mobilenet_v2 vgg16_bn
here=$(dirname "$0")
mkdir -p "$work" backbones/demo datasets/demo
"$program" generate demo --images 100 --size 200 --seed 1 --out datasets/demo/demo.h5

scenes() # FILE IMAGES SEED
{
    [ -e "$work/$1" ] || "$program" generate demo --images "$2" --size 200 --seed "$3" --out "$work/$1"
}
scenes a.h5 10000 101 &
scenes b.h5 10000 102
wait
scenes validation.h5 1000 103
for arch in "$@"; do
    [ "$arch" = mobilenet_v2 ] && epochs=5 || epochs=6
    /usr/bin/python3 "$here/train.py" "$arch" "backbones/demo/$arch.h5" --epochs "$epochs" --train "$work/a.h5" "$work/b.h5" \
        --validation "$work/validation.h5" | tee "$here/$arch.log"
done
