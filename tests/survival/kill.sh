#!/bin/bash
# Processes that are killed at random moments, and what the same command makes of what they leave: the same bytes in the
# end, nothing committed lost on the way, nothing temporary left.
# usage: kill.sh [KILLS] [STOPS] [SEED]     SIGKILLs, shared by run, import, merge and report; SIGTERMs and SIGINTs of run
. "${0%/*}/survival.sh"
kills=${1:-12} stops=${2:-4}
RANDOM=${3:-1}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
small_set .

cat >config.yaml <<'YAML'
name: killed
dataset: {path: set.h5}
backbones: [{arch: resnet18, weights: resnet18.h5}, {arch: vgg11, weights: vgg11.h5}]
methods: [gradcam, reciprocam, scorecam]
metrics: [average_drop, coherency, adcc, insertion, deletion]
report: {plots: false, overlays: 1, maps: true, bootstrap: 50}
YAML

milliseconds()
{
    echo $(($(date +%s%N) / 1000000))
}

# killed SIGNAL MILLISECONDS COMMAND...: the command's exit code, when it gets the signal after that time
killed()
{
    local signal=$1 delay=$2 code=0
    shift 2
    "$@" >out 2>err &
    sleep "$((delay / 1000)).$(printf %03d $((delay % 1000)))"
    kill "-$signal" $! 2>/dev/null
    wait $! 2>/dev/null || code=$?
    return $code
}

# Of each command: COMMAND_go runs it, COMMAND_check says whether the result is whole, COMMAND_forget starts anew.
run_go() { "$@" cambench run config.yaml --quiet --output run; }
run_check() { same_tables run whole "$1"; no_leftovers run "$1"; is_sound run "$1"; cmp -s run/maps.h5 whole/maps.h5 || complain "$1: maps.h5 differs"; }
run_forget() { rm -rf run; }
import_go() { "$@" cambench import dataset ./pictures --out imported/set.h5 --quiet; }
import_check() { no_leftovers imported "$1"; cmp -s imported/set.h5 set.h5 || complain "$1: the image set differs"; }
import_forget() { rm -f imported/set.h5; }
report_go() { "$@" cambench report reported --quiet; }
report_check() { same_tables reported whole "$1"; no_leftovers reported "$1"; is_sound reported "$1"; }
report_forget() { rm -f reported/summary.csv; }
merge_go() { "$@" cambench merge shards --output merged --quiet; }
merge_check() { same_tables merged whole "$1"; no_leftovers merged "$1"; is_sound merged "$1"; }
merge_forget() { rm -rf merged; }

mkdir imported
cambench run config.yaml --quiet --output whole || complain "the undisturbed run has failed"
cp -r whole reported
commands=(run run import report)
if cambench merge --help >/dev/null 2>&1; then
    commands+=(merge)
    for i in 1 2; do
        cambench run config.yaml --quiet --set report.maps=false --shard "$i/2" --output shards >/dev/null || complain "shard $i has failed"
    done
fi

# How long each takes, so that moments spread over all of it.
declare -A takes
for command in "${commands[@]}"; do
    begun=$(milliseconds)
    "${command}_go" >/dev/null 2>err || complain "$command: $(cat err)"
    takes[$command]=$(($(milliseconds) - begun + 1))
    "${command}_check" "$command"
    "${command}_forget"
done

# cut_short COMMAND SIGNAL: begins it or goes on, with the signal at some moment of the whole duration; false when it was done
# before.
cut_short()
{
    local before=0 after code=0
    [ "$1" != run ] || before=$(items run)
    "$1_go" killed "$2" $((RANDOM % (takes[$1] + 1))) || code=$?
    [ $code -ne 0 ] || return 1
    [ "$1" != run ] || {
        after=$(items run)
        [ "$after" -ge "$before" ] || complain "run: $before items, then $after"
        is_sound run "run, killed"
    }
    return 0
}

hits=0 ends=0
for ((i = 0; hits < kills && i < 4 * kills + 20; i++)); do
    command=${commands[i % ${#commands[@]}]}
    if cut_short "$command" KILL; then
        hits=$((hits + 1))
        [ $((RANDOM % 3)) -eq 0 ] || continue # most are killed again before they get to the end
        "${command}_go" >/dev/null 2>err || complain "$command, again: exit $?: $(cat err)"
    fi
    "${command}_check" "$command after $hits kills"
    "${command}_forget"
    ends=$((ends + 1))
done
for command in "${commands[@]}"; do
    "${command}_go" >/dev/null 2>err || complain "$command, at last: exit $?: $(cat err)"
    "${command}_check" "$command at last"
done
[ $hits -eq "$kills" ] || complain "only $hits of $kills kills came in time"

run_forget
slowest=0 stopped=0
for ((i = 0; stopped < stops && i < 4 * stops + 20; i++)); do
    signals=(TERM INT)
    begun=$(milliseconds)
    delay=$((RANDOM % takes[run]))
    code=0
    run_go killed "${signals[i % 2]}" $delay || code=$?
    if [ $code -eq 0 ]; then run_forget; continue; fi
    [ $code -eq 130 ] || [ -e run ] || continue           # before its first line
    [ $code -ne 143 ] || [ $delay -ge 200 ] || continue    # the same, in the run folder of the one before
    took=$(($(milliseconds) - begun - delay))
    [ $took -le $slowest ] || slowest=$took
    [ $code -eq 130 ] || complain "stopped after $delay ms: exit $code: $(cat err)"
    [ -s run/summary.csv ] || complain "stopped after $delay ms: no tables"
    no_leftovers run "stopped after $delay ms"
    stopped=$((stopped + 1))
done
[ $stopped -eq "$stops" ] || complain "only $stopped of $stops signals came in time"
[ $slowest -lt 10000 ] || complain "a run needed $slowest ms to stop"
run_go >/dev/null 2>err || complain "run after signals: exit $?: $(cat err)"
run_check "run after signals"

echo "kills: $hits, runs to the end between: $ends; signals: $stopped, slowest stop $slowest ms" >&2
conclude "every kill was survived"
