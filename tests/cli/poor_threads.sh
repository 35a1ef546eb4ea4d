# A library that cannot create a thread ends the process with exit code 1; the program makes it 2 and says so in one line.
[ -e "$BUILD/tests/survival/faults.so" ] || skip "no tests/survival/faults.so: make test builds it"
! nm -D "$BUILD/cambench" | grep -q asan_init || skip "a sanitizer must be loaded first"
[ "$(nproc)" -ge 2 ] || skip "one core: no second thread is created"
cambench --version | grep -q USE_OPENMP && ldd "$BUILD/cambench" | grep -q libgomp || skip "not GNU OpenMP with an OpenBLAS that uses it"
cat >config.yaml <<'YAML'
name: small
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam]
metrics: [average_drop]
report: {plots: false, bootstrap: 10, maps: true}
YAML
cambench run config.yaml --quiet --output whole --threads 2

# refused N: a run in which the N-th thread cannot be created
refused()
(
    export LD_PRELOAD=$BUILD/tests/survival/faults.so FAULT_KIND=thread FAULT_AT=$1
    cambench run config.yaml --quiet --output "run$1" --threads 2 2>err.txt
)

# the program's own trial: fewer threads, and the same numbers
refused 1
echo "the program's thread: exit $?"
sed 's/: could not.*//' err.txt
cmp run1/summary.csv whole/summary.csv

# OpenMP's thread
refused 2
echo "OpenMP's thread: exit $?"
grep -c '^libgomp: Thread creation failed' err.txt
grep '^cambench: ' err.txt
[ ! -e run2/summary.csv ] || echo "tables of half a run"
# the run can be continued
cambench run config.yaml --quiet --output run2 --threads 2
cmp run2/summary.csv whole/summary.csv && echo "continued: same"

# without the threads that write and sync results, workers do that themselves
for n in 4 5; do
    LD_PRELOAD=$BUILD/tests/survival/faults.so FAULT_KIND=thread FAULT_AT=$n \
        cambench run config.yaml --quiet --output one$n --threads 2 --set dataset.images=1 2>err.txt
    echo "thread $n: exit $?"
    find . -name '*.part-*'
done
