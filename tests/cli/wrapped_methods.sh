# Methods that wrap methods: in a config by name or with parameters, in explain by --param; what cannot be wrapped is named.
ln -s "$ROOT/datasets" datasets
ln -s "$ROOT/backbones" backbones
cat >c.yaml <<END
name: wrapped
dataset: {path: datasets/demo/demo.h5, images: 2}
backbones: [{arch: resnet18, weights: backbones/demo/resnet18.h5}]
metrics: [complexity]
report: {plots: false, overlays: 0}
methods:
  - gradcam
  - {name: finercam, params: {gamma: 0}}
  - {name: refinecam, params: {base: {name: layercam, params: {score: prob}}, layers: [layer3, layer4]}}
  - {name: refinecam, label: nested, params: {base: finercam(base=gradcam_pp)}}
  - {name: aug_smooth, params: {base: eigen_smooth}}
END
cambench run c.yaml --output run >log.txt; echo "exit $?"
sed -n '/label: nested/,/layers:/p' run/config.yaml
cambench run run/config.yaml --output run >again.txt; echo "exit $?"
cut -d, -f2,8-10 run/costs.csv | grep -v "^,"
awk -F, '$2 == "gradcam" { own = $0; sub(/gradcam/, "", own) } $2 == "finercam" { sub(/finercam/, ""); print (own == $0) }' run/summary.csv

for base in gradcamm scorecam '{name: layercam, params: {score: max}}' 'gradcam(score=prob)'; do
    cambench run c.yaml --dry-run --set "methods=[{name: finercam, params: {base: $base}}]"
    echo "exit $?"
done
cambench run c.yaml --dry-run --set 'methods=[{name: refinecam, params: {base: layercam(layers=layer9)}}]'
echo "exit $?"
cambench explain "$ROOT/tests/golden/pictures/colour_444.jpg" --methods refinecam,eigen_smooth -p 'base=layercam(score=prob)' --quiet
echo "exit $?"
