# Stopped while it works, the run says so by its exit code; the same command goes on and ends with the same bytes.
cambench generate weights vgg11 --classes 5 --width 0.125 --size 64 --out vgg11.h5 --quiet
cat >config.yaml <<'YAML'
name: long
dataset: {path: fixtures/set.h5}
backbones: [{arch: vgg11, weights: vgg11.h5}]
methods: [gradcam, scorecam, {name: scorecam, label: all, params: {scoring: paper}}]
metrics: [average_drop, coherency, adcc]
report: {plots: false, overlays: 4, bootstrap: 50}
YAML
cambench run config.yaml --quiet --output whole
for delay in 0.4 0.2 0.1 0.05 0; do # shorter where the machine was faster
    rm -rf halves
    cambench run config.yaml --quiet --threads 1 --set report.plots=true --output halves 2>said.txt &
    while [ ! -e halves/run.db ]; do sleep 0.01; done
    sleep $delay
    kill -TERM $! 2>/dev/null
    wait $!
    code=$?
    [ $code -eq 0 ] || break
done
echo "stopped: exit $code"
cat said.txt
ls halves/tables
[ ! -e halves/plots ] || echo "plots were drawn"
cambench run config.yaml --quiet --output halves
echo "again: exit $?"
cmp whole/summary.csv halves/summary.csv && echo same
