# --output takes any folder's name as it is, also one that means something in YAML.
cat >config.yaml <<'YAML'
name: names
dataset: {path: fixtures/set.h5, images: 1}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [actmap]
metrics: [complexity]
report: {plots: false, overlays: 0, bootstrap: 0}
YAML
mkdir names
for name in 'a #1' 'b: c' '[d]' '*e' '"f' 'null' "it's" 'back\slash' $'tab\tx'; do
    try cambench run config.yaml --quiet --output "names/$name" >>log.txt
    [ -e "names/$name/summary.csv" ] || { echo "not there: $name"; cat log.txt; }
done
(cd names && cambench run ../config.yaml --quiet --output null --set dataset.path=../fixtures/set.h5 \
    --set backbones.0.weights=../fixtures/resnet18.h5 --fresh)
(cd names && ls -1 | cat -v)
