# Stopped by SIGTERM or SIGINT, report and merge are gone at once, leave nothing behind, and the same command does it all.
cat >config.yaml <<'YAML'
name: long
dataset: {path: fixtures/set.h5}
backbones: [{arch: resnet18, weights: fixtures/resnet18.h5}]
methods: [gradcam, actmap, fakecam, random]
metrics: [average_drop, complexity, coherency, adcc, insertion]
report: {plots: true, overlays: 1, bootstrap: 20000}
YAML
command -v gnuplot >/dev/null || skip "no gnuplot"
cambench run config.yaml --quiet --output whole
for i in 1 2 3; do cambench run config.yaml --quiet --output shards --shard $i/3; done
cp -r whole reported

# stopped SIGNAL MS LOCK COMMAND...: when the lock has been there so long; counts those that were not done by then
stopped()
{
    local signal=$1 ms=$2 lock=$3 code=0 begun
    shift 3
    "$@" >said.txt 2>wrong.txt &
    until [ -e "$lock" ] || ! kill -0 $!; do :; done 2>/dev/null
    sleep "0.$ms"
    begun=$SECONDS
    kill "-$signal" $! 2>/dev/null
    wait $! || code=$?
    [ $code -eq 0 ] && return
    count=$((count + 1))
    [ $code -eq 130 ] || echo "$signal after $ms ms: exit $code"
    [ $((SECONDS - begun)) -le 10 ] || echo "$signal after $ms ms: gone after $((SECONDS - begun)) s"
    [ "$(cat wrong.txt)" = "cambench: interrupted; run the same command again to finish" ] || cat wrong.txt
    find reported merged shards \( -name '*.part*' -o -name '*-wal' -o -name '*.lock' -o -name '*.log' \) 2>/dev/null
}

count=0
for ms in 000 010 050 100 200 400 800; do
    stopped TERM $ms reported/run.lock cambench report reported --quiet
    stopped INT $ms reported/run.lock cambench report reported --quiet
done
[ $count -gt 6 ] && echo "report: stopped"
cambench report reported --quiet
diff -r -x index.html whole reported && echo same

count=0
for ms in 000 010 050 100 200 400 800; do
    rm -rf merged
    stopped TERM $ms merged/run.lock cambench merge shards --output merged --quiet
    stopped INT $ms shards/shard-2-of-3/run.lock cambench merge shards --output merged --quiet
done
[ $count -gt 6 ] && echo "merge: stopped"
cambench merge shards --output merged --quiet
cmp whole/summary.csv merged/summary.csv && cmp whole/per_image.csv merged/per_image.csv && echo same
