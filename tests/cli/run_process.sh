# A method in Perl, as a process: checked before the run, hashed, measured as the built-in one is; a changed script is refused.
command -v perl >/dev/null || skip "no perl"
cp "$ROOT/docs/examples/gradcam.pl" .

# config PARAMETERS...: of the script, after command and files
config()
{
    cat >config.yaml <<YAML
name: small
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods:
  - gradcam
  - {name: process, label: Perl-CAM, params: {command: perl gradcam.pl, files: [gradcam.pl]${1:-}}}
metrics: [average_drop, complexity]
report: {plots: false, overlays: 0, bootstrap: 20}
YAML
}

config ', powr: 2'
try cambench run config.yaml
config ', power: high'
try cambench run config.yaml
config ', power: [1, 2]'
try cambench run config.yaml
config ', bad-name: 1'
try cambench run config.yaml
try cambench run config.yaml --set 'methods=[process]'
try cambench run config.yaml --set 'methods=[{name: process, params: {command: [a, b]}}]'
try cambench run config.yaml --set 'methods=[{name: process, params: {command: no-such-program}}]'
try cambench run config.yaml --set 'methods=[{name: process, params: {command: perl gradcam.pl, files: [none.pl]}}]'

config
try cambench run config.yaml --quiet
grep -A 12 'label: Perl-CAM' results/small/config.yaml
# the numbers of both methods are the same, and so are the passes
awk -F, '$2 == "gradcam" { value[$4, $5] = $6 }
    $2 == "Perl-CAM" { d = $6 - value[$4, $5]; n++; if (d > 1e-4 || d < -1e-4) print $0, value[$4, $5] }
    END { print n, "values" }' results/small/per_image.csv
cut -d, -f 2,3,8-10 results/small/costs.csv | grep -v "^,"

# a longer time limit is the same run, a changed parameter or script is another
config ', timeout: 60'
try cambench run config.yaml --quiet
config ', power: 1'
try cambench run config.yaml --quiet
config
echo '# changed' >>gradcam.pl
try cambench run config.yaml --quiet
