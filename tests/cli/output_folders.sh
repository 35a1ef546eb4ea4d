# every command makes the folders above what it writes, and leaves none of them when it fails
here()
{
    find . -mindepth 1 -not -path './fixtures*' -not -name config.yaml -not -name '*.txt' | sort
}
works()
{
    "$@" >out.txt 2>err.txt
    echo "exit $?: $(find a -maxdepth 2 | sort | tr '\n' ' ')"
    rm -rf a
}
works cambench generate weights resnet18 --width 0.1 --size 32 --classes 4 --out a/b/w.h5 --quiet
works cambench generate demo --images 2 --size 32 --out a/b/d.h5 --quiet
works cambench import dataset fixtures/pictures --out a/b/c.h5 --quiet
works cambench import weights fixtures/resnet18.h5 --out a/b/c.h5 --quiet
works cambench explain fixtures/pictures/cat/*.jpg --weights fixtures/resnet18.h5 --methods gradcam --output a/b --quiet
cat >config.yaml <<'YAML'
name: one
output: a/b/run
dataset: {path: fixtures/set.h5, images: 2}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam]
metrics: [average_drop]
report: {plots: false, overlays: 0}
YAML
cambench run config.yaml --quiet --output run
works cambench run config.yaml --quiet --output a/b/run
works cambench compare run run --quiet --speed 0 --junit a/b/j.xml --history a/c/h.db
works cambench compare a/b/base run --quiet --update-baseline
works cambench merge run --output a/b/whole --quiet
rm -rf run

# a command that fails leaves no folder
fails()
{
    try "$@"
    here
}
echo nothing >none.txt
fails_with_a_full_disk()
{
    (trap '' XFSZ; ulimit -f 8; fails "$@")
}
fails_with_a_full_disk cambench generate weights resnet18 --width 0.1 --size 32 --out a/b/w.h5
fails_with_a_full_disk cambench generate demo --images 4 --size 64 --out a/b/d.h5
fails_with_a_full_disk cambench import dataset fixtures/pictures --out a/b/c.h5
fails_with_a_full_disk cambench import weights fixtures/resnet18.h5 --out a/b/c.h5
fails cambench generate weights resnet19 --out a/b/w.h5
fails cambench import dataset none.txt --out a/b/c.h5
fails cambench import weights none.txt --out a/b/c.h5
fails cambench explain none.txt --weights fixtures/resnet18.h5 --methods gradcam --output a/b
fails cambench run config.yaml --set runtime.memory=1 --quiet
fails cambench run config.yaml --set dataset.path=none.h5
fails cambench fetch weights resnet18 --base "file:///proc/none" --to a/b --quiet
fails cambench merge none --output a/b
fails cambench compare none none --junit a/b/j.xml
fails cambench history none.db --plots a/b
fails cambench report none

# a folder in the place of a file, and a file in the place of a folder
mkdir folder
for out in folder folder/ new/ none.txt/c.h5 ""; do
    fails cambench import dataset fixtures/pictures --out "$out"
    fails cambench generate demo --images 1 --size 32 --out "$out"
done
