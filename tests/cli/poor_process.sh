# Limits on address space, stacks and files, and the environment's settings of threads: one line and exit 2, or success.
! nm -D "$BUILD/cambench" | grep -q asan_init || skip "a sanitizer takes all of the address space"
cat >config.yaml <<'YAML'
name: small
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam, reciprocam]
metrics: [average_drop]
report: {plots: false, bootstrap: 10}
YAML
cambench run config.yaml --quiet --output whole --threads 1

# limited WHAT LIMIT COMMAND...: prints the exit code and the lines on stderr
limited()
{
    local code=0
    (
        ulimit "$1" "$2"
        shift 2
        exec timeout 60 "$@"
    ) >out.txt 2>err.txt || code=$?
    case $code in
    0 | 127) ;; # 127: the loader failed
    2) [ "$(grep -vc warning err.txt)" -eq 1 ] || cat err.txt ;;
    *) echo "$1 $2: exit $code: $(cat err.txt)" ;;
    esac
    return $code
}

for kib in 100000 200000 350000 450000 600000 800000; do
    rm -rf run
    limited -v $kib cambench run config.yaml --quiet --output run --threads 8 && cmp run/summary.csv whole/summary.csv
done
limited -v 450000 cambench explain "$ROOT/tests/golden/pictures/grey.jpg" --weights fixtures/resnet18.h5 --quiet --threads 8
limited -v 450000 "$BUILD/cambench-bench" forward --arch squeezenet1_1 --threads 8 --rounds 1 --seconds 0
limited -v 6000000 cambench run config.yaml --quiet --output run --threads 2 && echo "much: done"

# stacks
limited -s 64 cambench inspect fixtures/resnet18.h5
cat err.txt
limited -Ss 64 cambench inspect fixtures/resnet18.h5 && echo "soft limit: done"
for size in 1 16K 1000G; do
    OMP_STACKSIZE=$size GOMP_STACKSIZE=$size cambench run config.yaml --quiet --output stack$size --threads 2
    cmp stack$size/summary.csv whole/summary.csv && echo "OMP_STACKSIZE=$size: same"
done

# reaching a file's largest size is an error, like a full disk
rm -rf run
limited -f 8 cambench run config.yaml --quiet --output run
sed 's/run[a-z./]*/RUN/' err.txt
limited -f 2 cambench compare whole whole --quiet --speed 0 --history nights.db
cat err.txt

# the environment
for setting in OMP_NUM_THREADS=x OMP_NUM_THREADS=100000 OMP_DYNAMIC=true OMP_MAX_ACTIVE_LEVELS=0 OPENBLAS_NUM_THREADS=-3 \
    OPENBLAS_NUM_THREADS=100000 GOMP_SPINCOUNT=x OMP_PLACES=x OMP_THREAD_LIMIT=1; do
    env "$setting" cambench run config.yaml --quiet --output "$setting" 2>err.txt
    echo "$setting: exit $?"
    cmp "$setting/summary.csv" whole/summary.csv
done

# more threads than are useful
cambench run config.yaml --quiet --output many --threads 1000 2>err.txt
echo "1000 threads: exit $?"
sed 's/[0-9]* are used: more do not help on [0-9]* cores*/N are used: more do not help on N cores/' err.txt
cmp many/summary.csv whole/summary.csv
