# The night's exit code tells a difference from a failure, also in a file, since make ends with 2 for both.
mkdir configs tools
cp "$ROOT/tools/nightly.sh" tools
cat >configs/nightly.yaml <<'YAML'
name: nightly
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam, random]
metrics: [complexity]
report: {plots: false, overlays: 0, bootstrap: 20}
YAML
night()
{
    tools/nightly.sh "$(command -v cambench)" 2>&1
    echo "exit $?, file $(cat results/nightly.exit)"
}
night
night
sed -i 's/random/layercam, random/' configs/nightly.yaml
night
sed -i 's/layercam, random/random/; s/gradcam/{name: gradcam, params: {score: probability}}/' configs/nightly.yaml
night | tail -n 1
echo 'name: [' >configs/nightly.yaml
night | tail -n 2
