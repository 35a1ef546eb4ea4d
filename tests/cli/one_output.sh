# A network with one output: the logit of a sigmoid, two classes.
cambench generate weights mobilenet_v2 --classes 1 --width 0.125 --size 64 --seed 1 --out one.h5 --quiet
try cambench import weights one.h5 --out copy.h5
cambench inspect one.h5 | grep -E '^(classes|outputs)'
cat >config.yaml <<'YAML'
name: one
dataset: {path: fixtures/set.h5}
backbones: [{arch: mobilenet_v2, weights: copy.h5}]
methods: [gradcam, gradcam_pp, scorecam]
metrics: [average_drop, adcc, insertion]
report: {plots: false, bootstrap: 0}
YAML
cambench run config.yaml >log.txt
echo "exit $?"
grep note: log.txt
# methods on pictures: the drops are not all 0
grep ",average_drop," results/one/per_image.csv | cut -d, -f1-7
cp "$ROOT/tests/golden/pictures/rgb.png" .
try cambench explain rgb.png --weights copy.h5 --methods gradcam --class 1
try cambench explain rgb.png --weights copy.h5 --methods gradcam --class 2
