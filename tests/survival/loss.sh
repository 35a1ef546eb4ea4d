#!/bin/bash
# Runs that are killed again and again, and what each kill costs: items that were measured and are not in the store. Only
# those of the last 250 ms may be; in the end the tables are those of an undisturbed run. The metric `logged` writes the
# time of each item that it measures.
# usage: loss.sh [KILLS] [SEED]     20; ALLOWED: milliseconds, for a machine that has other work
. "${0%/*}/survival.sh"
kills=${1:-20}
RANDOM=${2:-1}
allowed=${ALLOWED:-250} # milliseconds
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# shellcheck disable=SC2016 # not to be expanded
sed -e 's/metric_complexity/metric_logged/; s/\.name = "complexity"/.name = "logged"/' \
    -e 's/^#include.*/&\n#include <stdio.h>\n#include <time.h>/' \
    -e 's/^    \*value = .*/&\n    struct timespec now;\n    clock_gettime(CLOCK_REALTIME, \&now);\n    FILE *log = fopen("log", "a");\n    fprintf(log, "%lld\\n", now.tv_sec * 1000LL + now.tv_nsec \/ 1000000);\n    fclose(log);/' \
    "$ROOT/metrics/complexity.c" >logged.c
${CC:-cc} -std=gnu17 -O2 -fPIC -shared "-I$ROOT" logged.c -o logged.so || exit 2
cambench generate demo --images 150 --size 40 --out set.h5 --quiet
cambench generate weights resnet18 --classes 10 --width 0.125 --size 64 --out net.h5 --quiet
cat >config.yaml <<'YAML'
name: loss
dataset: {path: set.h5}
plugins: [logged.so]
backbones: [{arch: resnet18, weights: net.h5}]
methods: [gradcam, gradcam_pp, xgradcam, layercam, reciprocam, scorecam]
metrics: [average_drop, logged]
report: {plots: false, overlays: 2, bootstrap: 20}
YAML

: >log
cambench run config.yaml --quiet --threads 2 --output whole || exit 2
takes=$(($(tail -n 1 log) - $(head -n 1 log)))
hits=0 ends=0 lost_all=0 oldest=0 most=0
while [ $hits -lt "$kills" ]; do
    before=$(items run)
    : >log
    cambench run config.yaml --quiet --threads 2 --output run 2>err &
    program=$!
    until [ -s log ] || ! kill -0 $program 2>/dev/null; do sleep 0.005; done
    delay=$((RANDOM % (takes + 1)))
    sleep "$((delay / 1000)).$(printf %03d $((delay % 1000)))"
    at=$(($(date +%s%N) / 1000000))
    kill -KILL $program 2>/dev/null
    code=0
    wait $program 2>/dev/null || code=$?
    if [ $code -eq 0 ]; then # it had ended
        same_tables run whole "after $hits kills"
        rm -rf run
        ends=$((ends + 1))
        continue
    fi
    [ $code -eq 137 ] || complain "exit $code: $(cat err)"
    hits=$((hits + 1))
    is_sound run "after $hits kills"
    kept=$(($(items run) - before))
    lost=$(($(wc -l <log) - kept))
    # items are committed in the order in which tasks end, so the last ones of the log are missing
    age=$((lost > 0 ? at - $(sort -n log | sed -n "$((kept + 1))p") : 0))
    [ $lost -ge 0 ] || complain "more items than were measured: $lost"
    [ $age -le "$allowed" ] || complain "an item of $age ms before the kill is lost ($lost of $(wc -l <log))"
    lost_all=$((lost_all + lost))
    [ $age -le $oldest ] || oldest=$age
    [ $lost -le $most ] || most=$lost
done
cambench run config.yaml --quiet --threads 2 --output run || complain "at last: exit $?"
same_tables run whole "at last"
no_leftovers run "at last"
echo "kills: $hits, runs to the end between: $ends; measured again: $lost_all items in all, at most $most after a kill, the" \
    "oldest $oldest ms before it; $(items run) items take $takes ms" >&2
conclude "only the latest items are measured again"
