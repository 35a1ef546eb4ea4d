# A dry run fails where the run would fail, with the same message, and leaves no files.
cat >config.yaml <<'YAML'
name: dry
dataset: {path: fixtures/set.h5, images: 3}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam]
metrics: [average_drop]
report: {plots: false, overlays: 0}
YAML
# both OPTION...: the dry run, then the run, with the stderr of each
both()
{
    for dry in --dry-run ""; do
        # shellcheck disable=SC2086 # none or one
        cambench run config.yaml $dry --quiet "$@" >out.txt 2>err.txt
        echo "$* $dry: exit $?" | sed 's/x\{50,\}/x.../'
        sed 's/process [0-9]* on .*/process N/; s/x\{50,\}/x.../; s/^/! /' err.txt
    done
    find . -mindepth 1 -name results -prune -exec find {} \;
    rm -rf results
}
echo file >file
both --output file
both --output file/below
both --output /proc/below
both --output "results/$(printf 'x%.0s' {1..300})"
both --set runtime.memory=1
both --set 'backbones=[{arch: resnet18, weights: fixtures/cut_weights.h5}]'
both --set 'backbones=[{arch: vgg16, weights: fixtures/resnet18.h5}]'
both --set 'backbones=[{arch: resnet18, weights: fixtures/resnet18.h5, layer: layer5}]'
both --set dataset.path=fixtures/cut_set.h5
both --set dataset.path=fixtures/unlabelled.h5 --set dataset.images=2 --set 'metrics=[pointing_game]'
both --set 'report.reference=[file]'

# a folder in the place of a file that the run writes last, and a file in the place of a folder
mkdir -p taken/summary.csv also
echo file >also/tables
cambench run config.yaml --dry-run --quiet --output taken 2>&1 | tail -n 1
cambench run config.yaml --dry-run --quiet --output also 2>&1 | tail -n 1
rm -rf taken also

# run directories with another run, with this run, and one in use
cambench run config.yaml --quiet --output held
both --output held
both --output held --set seed=2
both --output held --set 'methods=[gradcam, layercam]'
both --output held --set dataset.images=2
cambench run config.yaml --dry-run --quiet --output held --set seed=2 --fresh >out.txt && echo "fresh: exit 0"
cp fixtures/resnet18.h5 other.h5
cambench generate weights resnet18 --classes 5 --width 0.125 --size 64 --seed 2 --out other.h5 --quiet
both --output held --set backbones.0.weights=other.h5
(
    flock 9
    both --output held
    both --output held --fresh
) 9>held/run.lock
rm -f held/run.lock
(cd held && sha256sum run.db summary.csv config.yaml) >before.txt
cambench run config.yaml --dry-run --quiet --output held >out.txt
(cd held && sha256sum run.db summary.csv config.yaml) | cmp - before.txt
find held | sort | sed 's/run.db.*old//' >files.txt
grep -c 'lock\|try\|part-' files.txt

# several problems at once; files that would only be left out are warnings
echo not a network >text.h5
try cambench run config.yaml --dry-run --threads 1 --output file --set runtime.memory=1
try cambench run config.yaml --dry-run --threads 1 --output file --set dataset.path=missing.h5
# shellcheck disable=SC2123 # PATH deliberately has no gnuplot
mkdir bin && ln -s "$(command -v cambench)" bin
PATH=bin cambench run config.yaml --dry-run --set report.plots=true | tail -n 1
