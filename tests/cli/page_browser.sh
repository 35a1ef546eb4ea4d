# The page in a browser: keyboard, layout, console and requests; with axe-core where CAMBENCH_AXE names axe.min.js.
if ! command -v chromium >/dev/null || ! command -v chromedriver >/dev/null; then skip "no chromium or no chromedriver"; fi
cat >config.yaml <<'YAML'
name: '<script>window.hacked = 1<!--'
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5, label: '"><img src=x onerror=hacked=1>'}]
methods: [gradcam, {name: reciprocam, label: '<b onclick=hacked=1>'}, layercam, fakecam]
metrics: [average_drop, coherency, complexity, adcc, insertion]
protocol: [cambench, torchcam]
report: {plots: false, bootstrap: 100}
YAML
cambench run config.yaml --quiet --output run
python3 "$ROOT/tests/page/page.py" run ${CAMBENCH_AXE:+--axe "$CAMBENCH_AXE"} 2>browser.txt | grep -v 'axe-core, .*'
