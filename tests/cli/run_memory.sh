# The peak memory of a run is what --dry-run predicts, within 15 %. tests/survival/memory.sh with 1 2 4 16 64 is the long form.
command -v python3 >/dev/null || skip "no python3"
! nm -D "$BUILD/cambench" | grep -q asan_init || skip "a sanitizer takes memory of its own"
cat >config.yaml <<YAML
name: memory
dataset: {path: $ROOT/datasets/demo/demo.h5, images: 8}
backbones: [{arch: mobilenet_v2, weights: $ROOT/backbones/demo/mobilenet_v2.h5}]
methods: [gradcam, gradcam_pp, layercam, reciprocam, {name: scorecam, params: {max_channels: 8}}]
metrics: [average_drop, coherency, complexity, adcc]
report: {plots: false, overlays: 0, bootstrap: 20}
YAML
bash "$ROOT/tests/survival/memory.sh" config.yaml 1 4 >out.txt || cat out.txt
wc -l <out.txt
