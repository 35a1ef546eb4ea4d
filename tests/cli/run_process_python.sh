# A method in Python: the example of docs/process-methods.md gives the numbers of Grad-CAM; --try draws one map.
python=/usr/bin/python3
[ -x $python ] && $python -c 'import numpy' 2>/dev/null || skip "no python3-numpy"
cp "$ROOT/docs/examples/mycam.py" .
cat >config.yaml <<YAML
name: small
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods:
  - gradcam
  - {name: process, label: My-CAM, params: {command: $python mycam.py, files: [mycam.py]}}
  - {name: process, label: squared, params: {command: $python mycam.py, files: [mycam.py], power: 2}}
metrics: [average_drop, complexity]
report: {plots: false, overlays: 0, bootstrap: 20}
YAML
try cambench run config.yaml --quiet
cut -d, -f 2,8-10 results/small/costs.csv | grep -v "^,"

awk -F, '$2 == "gradcam" { value[$4, $5] = $6 }
    $2 == "My-CAM" { d = $6 - value[$4, $5]; n++; if (d > 1e-4 || d < -1e-4) print $0, value[$4, $5] }
    END { print n, "values" }' results/small/per_image.csv

# the parameters' types are those of the function
try cambench run config.yaml --quiet --set methods.1.params.power=x
sed 's/power=1.0/power: int/' mycam.py >typed.py
try cambench run config.yaml --quiet --set "methods.1.params.command=$python typed.py"

export PYTHONPATH=$ROOT/python
cp "$ROOT/tests/golden/pictures/colour_420.jpg" picture.jpg
try $python mycam.py --try picture.jpg --weights fixtures/resnet18.h5 -p power=2
ls ./*.png
try $python mycam.py
sed 's/"logit"/"logitt"/' mycam.py >wrong.py
$python wrong.py --try picture.jpg --weights fixtures/resnet18.h5 2>stderr.txt || echo "exit $?"
sed -n '1p;$p' stderr.txt
