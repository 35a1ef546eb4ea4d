# Pairs of a metric on the terminal, from run and report; a metric that the run has not, and a wrong reference method.
cat >config.yaml <<'YAML'
name: small
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam, layercam, actmap]
metrics: [average_drop, complexity, adcc, adcc_of_means]
report: {plots: false, overlays: 0, bootstrap: 50}
YAML
export COLUMNS=100
cambench run config.yaml --pairs adcc >run.txt
cambench report results/small --pairs adcc >report.txt
sed -n '/^ADCC ↑ %, ResNet-18, protocol/,$p' run.txt | grep -v '^time: ' >run_pairs.txt
sed -n '/^ADCC ↑ %, ResNet-18, protocol/,$p' report.txt | cmp - run_pairs.txt && echo "run and report say the same"
sed 's/[-+0-9.]*[0-9]\.[0-9]*/#/g; s/  */ /g' run_pairs.txt
head -n 1 results/small/pairwise.csv

cambench report results/small --pairs adcc_of_means | grep -a -A 3 '^minus' | wc -l
try cambench report results/small --pairs adcx
try cambench report results/small --pairs seconds_per_map
try cambench run config.yaml --output other --pairs adcx
ls other 2>&1
try cambench run config.yaml --output other --set report.reference_method=gradcamm
ls other 2>&1
sed 's/bootstrap: 50/bootstrap: 50, reference_method: actmapp/' config.yaml >wrong.yaml
try cambench run wrong.yaml
cambench run config.yaml --quiet --set report.reference_method=layercam
grep -c '^Each method minus LayerCAM:' results/small/tables/pairs.md

# numbers of the image set have no pairs
cat >set.yaml <<YAML
name: set
dataset: {path: $ROOT/datasets/demo/demo.h5, images: 4}
backbones: [{arch: resnet18, weights: $ROOT/backbones/demo/resnet18.h5}]
methods: [gradcam, layercam]
metrics: [complexity, max_box_acc]
report: {plots: false, overlays: 0, bootstrap: 50}
YAML
try cambench run set.yaml --quiet --pairs max_box_acc
cambench run set.yaml --quiet --pairs complexity
cut -d, -f 1-6 results/set/pairwise.csv
grep '^Not compared' results/set/tables/pairs.md
